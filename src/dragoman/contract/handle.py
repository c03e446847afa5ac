"""Handles: what a developer holds after declaring something, and names in ``exposes=``.

A handle pairs the declaration, a value, with the handler, code. They may be given in two places, so that
reading a contract never imports what the handlers need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, TypeAlias, TypeVar, overload

from .declaration import DeclarationError
from .expression import Expression, FieldExpression
from .operation import Effect, Interaction, Method, Operation
from .principal import Principal
from .resource import Resource, ResourceDescription
from .signature import Signature, read_signature

if TYPE_CHECKING:
    from .annotations import Deprecated
    from .contract import Contract
    from .fault import Fault
    from .traits import Trait

P = ParamSpec("P")
Out = TypeVar("Out")
R = TypeVar("R", bound=Resource)
F = TypeVar("F", bound=Callable[..., Any])
EffectName: TypeAlias = Literal["safe", "idempotent", "unsafe"]
InteractionName: TypeAlias = Literal["unary", "server_stream", "client_stream", "bidirectional"]

STANDARD = (Method.LIST, Method.GET, Method.CREATE, Method.UPDATE, Method.DELETE)


class Handle(Generic[P, Out]):
    """An operation and, once bound, its handler. Calling the handle calls the handler, as plain Python."""

    def __init__(self, operation: Operation, contract: Contract, resources: Resources[Any] | None = None) -> None:
        self.operation = operation
        self.contract = contract
        self.resources = resources
        self.signature: Signature | None = None
        self._handler: Callable[..., Any] | None = None

    def __repr__(self) -> str:
        return f"<operation {self.operation.name}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Out:
        result: Out = self.bound_handler(*args, **kwargs)
        return result

    @property
    def bound_handler(self) -> Callable[..., Any]:
        """The handler. Raises DeclarationError where none was bound."""
        if self._handler is None:
            raise DeclarationError(
                self.operation.name,
                "the operation is declared and has no handler",
                f"Import the module that binds one with @{self.operation.short_name}.handler",
            )
        return self._handler

    @property
    def has_handler(self) -> bool:
        """Whether a handler was bound."""
        return self._handler is not None

    def handler(self, function: F) -> F:
        """Bind the handler of an operation that was declared without one. Use as a decorator."""
        self.bind(function, read_signature(function, self.operation, resource=self._native))
        return function

    def bind(self, function: Callable[..., Any], signature: Signature) -> None:
        """Keep the handler. A second one is refused."""
        if self._handler is not None:
            raise DeclarationError(
                self.operation.name,
                f"the operation has a handler: {self._handler.__qualname__}",
                "Bind one handler to an operation, or declare another operation",
            )
        self._handler, self.signature = function, signature

    @property
    def _native(self) -> Any:
        return self.resources.description.native if self.resources is not None else None


class _Fields:
    """The fields of a resource, by attribute, to build conditions from."""

    def __init__(self, description: ResourceDescription) -> None:
        self._description = description

    def __getattr__(self, name: str) -> FieldExpression:
        if name.startswith("__") or self._description.record.field(name) is None:
            names = ", ".join(each.name for each in self._description.record.fields)
            raise AttributeError(f"{self._description.name} has no field {name!r}; it has {names}")
        return FieldExpression(name)


@dataclass(frozen=True)
class Selection:
    """Some operations of a resource, by name. The names are checked when a surface is bound."""

    resources: Resources[Any]
    names: tuple[str, ...]
    excluded: bool = False


class Resources(Generic[R]):
    """A resource of a contract: its description, its standard methods, and the custom methods added to it."""

    def __init__(self, contract: Contract, description: ResourceDescription, standard: Iterable[Operation]) -> None:
        self.contract = contract
        self.description = description
        self.handles: dict[str, Handle[Any, Any]] = {each.short_name: Handle(each, contract, self) for each in standard}
        self.visibility: Callable[[Principal], Expression] | None = None
        self.field = _Fields(description)

    def __repr__(self) -> str:
        return f"<resource {self.description.plural}>"

    def only(self, *names: str) -> Selection:
        """These operations and no others."""
        return Selection(self, names)

    def without(self, *names: str) -> Selection:
        """Every operation but these."""
        return Selection(self, names, excluded=True)

    def visible(self, rule: Callable[[Principal], Expression]) -> Callable[[Principal], Expression]:
        """Declare which rows a principal may see, as an expression over :attr:`field`. Use as a decorator.

        It becomes part of every query. What is not visible is not found.
        """
        if self.visibility is not None:
            raise DeclarationError(
                f"{self.description.plural}.visible",
                "a rule is declared already",
                "Combine the two into one expression with & or |",
            )
        self.visibility = rule
        return rule

    @overload
    def method(self, function: Callable[Concatenate[R, P], Out], /) -> Handle[Concatenate[R, P], Out]: ...
    @overload
    def method(
        self,
        /,
        *,
        effect: EffectName = "unsafe",
        name: str | None = None,
        deadline: float | None = None,
        rerun: bool = False,
        external: bool = False,
        faults: Iterable[type[Fault]] = (),
        traits: Iterable[Trait] = (),
        deprecated: bool | Deprecated = False,
    ) -> _MethodDecorator[R]: ...
    def method(self, function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """Declare a custom method (AIP-136) by its handler: ``(resource)``, then the input, then the context,
        where it needs them. The resource is read, and its version checked, before the handler sees it.
        """

        def declare(function: Callable[..., Any]) -> Handle[Any, Any]:
            return self.contract.declare_from(function, resources=self, **options)

        return declare if function is None else declare(function)

    def declare(
        self,
        name: str,
        *,
        input: Any = None,
        output: Any = None,
        effect: EffectName = "unsafe",
        interaction: Interaction | InteractionName = "unary",
        deadline: float | None = None,
        rerun: bool = False,
        external: bool = False,
        faults: Iterable[type[Fault]] = (),
        traits: Iterable[Trait] = (),
        description: str = "",
        deprecated: bool | Deprecated = False,
    ) -> Handle[..., Any]:
        """Declare a custom method without a handler; bind one with ``@handle.handler``."""
        return self.contract.declare_operation(
            name,
            resources=self,
            input=input,
            output=output,
            effect=effect_called(effect, name),
            interaction=interaction_called(interaction, name),
            deadline=deadline,
            rerun=rerun,
            external=external,
            faults=faults,
            traits=traits,
            description=description,
            deprecated=deprecated,
        )


if TYPE_CHECKING:
    from typing import Protocol

    class _MethodDecorator(Protocol[R]):
        def __call__(self, function: Callable[Concatenate[R, P], Out], /) -> Handle[Concatenate[R, P], Out]: ...


def effect_called(name: str, place: str) -> Effect:
    """The effect of that name. Raises DeclarationError for an unknown one."""
    try:
        return Effect(name)
    except ValueError:
        raise DeclarationError(
            place,
            f"the effect {name!r} is unknown{_suggestion(name, Effect)}",
            'Write effect="safe", "idempotent" or "unsafe"',
        ) from None


def interaction_called(name: str, place: str) -> Interaction:
    """The interaction of that name. Raises DeclarationError for an unknown one."""
    try:
        return Interaction(name)
    except ValueError:
        raise DeclarationError(
            place,
            f"the interaction {name!r} is unknown{_suggestion(name, Interaction)}",
            'Write interaction="server_stream", "client_stream" or "bidirectional", or leave it out',
        ) from None


Exposable: TypeAlias = Resources[Any] | Selection | Handle[..., Any]
"""What may stand in ``exposes=``."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """One operation on a surface: its declaration, its handle, and the resource it belongs to."""

    operation: Operation
    handle: Handle[Any, Any]
    resources: Resources[Any] | None


def expand(exposes: Iterable[Exposable], place: str) -> tuple[Exposed, ...]:
    """Every operation that a surface exposes, once each, in order. Refuses unknown names."""
    found: dict[tuple[int, str], Exposed] = {}
    for exposable in exposes:
        for handle in _handles(exposable, place):
            found[(id(handle), handle.operation.name)] = Exposed(handle.operation, handle, handle.resources)
    return tuple(found.values())


def _handles(exposable: Exposable, place: str) -> list[Handle[Any, Any]]:
    if isinstance(exposable, Handle):
        return [exposable]
    if isinstance(exposable, Resources):
        return list(exposable.handles.values())
    if not isinstance(exposable, Selection):
        raise DeclarationError(
            place,
            f"{exposable!r} cannot be exposed",
            "Name resources (what contract.resource returned), operations, or resource.only(…)",
        )
    handles, plural = exposable.resources.handles, exposable.resources.description.plural
    for name in exposable.names:
        if name not in handles:
            raise DeclarationError(
                place,
                f"{plural} has no operation {name!r}{_suggestion(name, handles)}",
                f"It has {', '.join(handles)}",
            )
    if exposable.excluded:
        return [handle for name, handle in handles.items() if name not in exposable.names]
    return [handles[name] for name in exposable.names]


def _suggestion(name: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, [str(each) for each in known], 1, 0.7)
    return f"; did you mean {close[0]!r}?" if close else ""
