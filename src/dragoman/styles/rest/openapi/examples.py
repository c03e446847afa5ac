"""Examples: what a request may hold and an answer may look like, made of the contract, or as its author gave them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dragoman.contract.example import NoExample, example
from dragoman.contract.fault import CANONICAL, Fault, InvalidArgument, Violation
from dragoman.contract.resource import ResourceDescription
from dragoman.contract.schema import MISSING, Enum, Field, Ref, Type
from dragoman.runtime.http import problem

from .names import sentence
from .schemas import Mode, Part, Schemas, Source

REQUEST_ID: Final = "req_01kaqv3cyd6d3s8m1t7h2x9w4p"
VIOLATION: Final = Violation(("name",), "must have at most 200 characters, got 201", "max_length")


class Examples:
    """The examples of one surface. MISSING stands for one that cannot be made: of a pattern that is not read."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def of(self, source: Source, type_: Type, mode: Mode) -> Any:
        """A value that travels in this mode."""
        try:
            value = example(type_, source.types, whole=True)
        except NoExample:
            return MISSING
        shown = self._schemas.shown(source, type_, value, mode)
        return shown if self._whole(source, type_, mode, shown) else MISSING

    def one(self, source: Source, field: Field, mode: Mode) -> Any:
        """A value of a field: the one that its author gave, if any."""
        if field.example is MISSING:
            value = self.of(source, field.type, mode)
        else:
            value = self._schemas.shown(source, field.type, field.example, mode)
        return MISSING if value is None else value

    def _whole(self, source: Source, type_: Type, mode: Mode, value: Any) -> bool:
        """Whether nothing is left out that must be there."""
        made = self._schemas.parts.get(Part(source, type_.name, mode), {}) if isinstance(type_, Ref) else {}
        return not isinstance(value, dict) or set(made.get("required", ())) <= set(value)

    def page(self, source: Source, resource: ResourceDescription) -> Any:
        """A page, the last one, with one item."""
        item = self.of(source, Ref(resource.name), Mode.OUTPUT)
        return MISSING if item is MISSING else {resource.plural: [item], "next_page_token": ""}

    def update(self, source: Source, resource: ResourceDescription) -> Any:
        """A patch of one field: one that creating may leave out, if there is any."""
        fields = self._schemas.view(Mode.UPDATE).fields(resource.record)
        live = [each for each in fields if not each.deprecated] or fields
        chosen = next((each for each in reversed(live) if not each.required), live[0] if live else None)
        if chosen is None:
            return {}
        value = self._other(source, chosen)
        return MISSING if value is MISSING else {chosen.name: value}

    def _other(self, source: Source, field: Field) -> Any:
        """A value for the field, another than its default where that is easy."""
        type_ = source.types.resolve(field.type)
        if isinstance(type_, Enum) and field.example is MISSING:
            return next((each for each in type_.names if each != field.default), type_.names[0])
        return self.one(source, field, Mode.CREATE)


def with_example(media: dict[str, Any], value: Any) -> dict[str, Any]:
    """A media type object or a parameter, with its example if there is one."""
    return media if value is MISSING else {**media, "example": value}


def faults_of(status: int) -> list[type[Fault]]:
    """Our own faults that are answered with a status, where one of HTTP's own is not meant."""
    finer = {**problem.FINER, **problem.HTTP_ONLY}
    return [each for each in (*finer, *CANONICAL) if problem.status_of(each) == status]


def problems(faults: Iterable[type[Fault]]) -> dict[str, Any]:
    """Problem documents of the faults, as named examples: by reason, else by code."""
    return {fault.reason or fault.code.name: {"summary": _said(fault), "value": _problem(fault)} for fault in faults}


def _said(fault: type[Fault]) -> str:
    text = sentence((fault.__doc__ or "").replace("``", "`"))
    return text or (fault.reason or fault.code.name).replace("_", " ").capitalize()


def _problem(fault: type[Fault]) -> dict[str, Any]:
    shown = fault.__new__(fault)  # its own constructor may want what only its author knows
    violations = [VIOLATION] if fault is InvalidArgument else ()
    Fault.__init__(shown, _said(fault), violations=violations)
    return problem.document(shown, request_id=REQUEST_ID)
