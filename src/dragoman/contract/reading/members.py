"""The fields of a class, whichever library made it, in order of declaration."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import msgspec

from dragoman.contract.annotations import Description
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.schema import MISSING

from .scope import Scope, hints, scope_of


class _Probe(msgspec.Struct):
    probe: list[int] = msgspec.field(default_factory=list)


# msgspec keeps a factory among the defaults, in a class that it does not export.
_FACTORY: type[Any] = type(_Probe.__struct_defaults__[0])


SERIALIZERS: Final = frozenset({"PlainSerializer", "WrapSerializer"})
"""Pydantic's marks that write something else than the value."""


@dataclass(frozen=True, slots=True)
class Member:
    """A field as its class declares it. ``default`` is a Python value; ``marks`` stand beside its type."""

    name: str
    annotation: Any
    scope: Scope
    default: Any = MISSING
    factory: Callable[[], Any] | None = None
    marks: tuple[Any, ...] = ()
    deprecated: bool = False


def is_struct(cls: Any) -> TypeGuard[type[msgspec.Struct]]:
    """Whether the class is one of msgspec's, ``dm.Struct`` and ``dm.Resource`` among them."""
    return isinstance(cls, msgspec.StructMeta)


def is_pydantic(cls: Any) -> bool:
    """Whether the class is a Pydantic (version 2) model; Pydantic is not imported to find out."""
    return isinstance(cls, type) and isinstance(getattr(cls, "model_fields", None), dict)


def is_record(cls: Any) -> bool:
    """Whether the class declares fields in a way that is read here."""
    return isinstance(cls, type) and (is_struct(cls) or is_pydantic(cls) or dataclasses.is_dataclass(cls))


def members(cls: type) -> list[Member]:
    """The fields of a record class."""
    if is_struct(cls):
        return list(_struct(cls))
    return list(_pydantic(cls) if is_pydantic(cls) else _dataclass(cls))


def docstring(cls: type) -> str:
    """What the author wrote about the class; not what a base or ``dataclass`` says."""
    text = vars(cls).get("__doc__")
    if not isinstance(text, str) or (dataclasses.is_dataclass(cls) and text.startswith(f"{cls.__name__}(")):
        return ""
    return inspect.cleandoc(text)


def _struct(cls: type[msgspec.Struct]) -> Iterator[Member]:
    if cls.__struct_config__.array_like:
        raise DeclarationError(cls.__name__, "array_like=True makes it an array on the wire", "Remove array_like")
    fields, defaults = cls.__struct_fields__, cls.__struct_defaults__
    by_name = dict(zip(fields, (msgspec.NODEFAULT,) * (len(fields) - len(defaults)) + defaults, strict=True))
    encoded = dict(zip(fields, cls.__struct_encode_fields__, strict=True))
    for name, (annotation, scope) in hints(cls).items():
        if name not in by_name:
            continue
        if encoded[name] != name:
            raise _renamed(cls, name, encoded[name], "rename=… and msgspec.field(name=…)")
        default = by_name[name]
        if default is not msgspec.NODEFAULT and isinstance(default, _FACTORY):
            yield Member(name, annotation, scope, factory=default.factory)
        else:
            yield Member(name, annotation, scope, MISSING if default is msgspec.NODEFAULT else default)


def _dataclass(cls: type) -> Iterator[Member]:
    annotations = hints(cls)
    for field in dataclasses.fields(cls):
        annotation, scope = annotations.get(field.name, (field.type, scope_of(cls)))
        if not field.init:
            raise DeclarationError(
                f"{cls.__name__}.{field.name}",
                "init=False keeps it from being given",
                "Remove init=False, or the field",
            )
        yield Member(
            field.name,
            annotation,
            scope,
            default=MISSING if field.default is dataclasses.MISSING else field.default,
            factory=None if field.default_factory is dataclasses.MISSING else field.default_factory,
        )


def _pydantic(cls: Any) -> Iterator[Member]:
    config = getattr(cls, "model_config", {})
    if getattr(cls, "__pydantic_root_model__", False):
        raise DeclarationError(
            cls.__name__,
            "a root model is a value without a field",
            "Write a model with one field that holds it",
        )
    if not getattr(cls, "__pydantic_complete__", True):
        cls.model_rebuild(raise_errors=False)
    if config.get("extra") == "allow":
        raise DeclarationError(
            cls.__name__,
            'extra="allow" lets in fields that nobody declared',
            "Remove it, or hold them in a dict[str, str]",
        )
    if computed := next(iter(getattr(cls, "model_computed_fields", ())), None):
        raise DeclarationError(
            f"{cls.__name__}.{computed}", "computed fields are not read", "Make it a plain field, and set it"
        )
    _check_serializers(cls)
    annotations = hints(cls)
    for name, info in cls.model_fields.items():
        if info.exclude:
            raise DeclarationError(
                f"{cls.__name__}.{name}",
                "exclude=True would keep it from answers",
                "Leave the field out, or say who sees it: Annotated[…, dm.Only(…)]",
            )
        if writer := next((each for each in info.metadata if type(each).__name__ in SERIALIZERS), None):
            raise _written_otherwise(f"{cls.__name__}.{name}", type(writer).__name__)
        for alias in (info.alias, info.validation_alias, info.serialization_alias):
            if alias not in (None, name):
                raise _renamed(cls, name, alias, "the alias")
        scope = annotations[name][1] if name in annotations else scope_of(cls)
        required = info.is_required()
        yield Member(
            name,
            info.annotation,
            scope,
            default=MISSING if required or info.default_factory is not None else info.default,
            factory=info.default_factory,
            marks=tuple(spread(info)),
            deprecated=bool(info.deprecated),
        )


def _check_serializers(cls: Any) -> None:
    """Values are written from the fields, in one pass. Raises DeclarationError for what would write others."""
    decorators = cls.__pydantic_decorators__
    for method, decorator in decorators.field_serializers.items():
        raise _written_otherwise(f"{cls.__name__}.{', '.join(decorator.info.fields)}", method)
    if method := next(iter(decorators.model_serializers), None):
        raise DeclarationError(
            cls.__name__,
            f"the serializer {method} would write something else than its fields",
            "Remove it, or write a class with the fields that it makes",
        )


def _written_otherwise(place: str, by: str) -> DeclarationError:
    return DeclarationError(
        place,
        f"the serializer {by} would write another value than the field has",
        "Remove it, and set the field to what is to be written",
    )


def spread(mark: Any) -> Iterator[Any]:
    """The marks that Pydantic's ``Field(…)`` stands for; any other mark is itself."""
    if type(mark).__name__ == "FieldInfo" and type(mark).__module__.startswith("pydantic"):
        yield from mark.metadata
        if mark.description:
            yield Description(mark.description)
        if mark.discriminator is not None:
            yield Discriminator(getattr(mark.discriminator, "discriminator", mark.discriminator))
    elif type(mark).__name__ == "Discriminator" and type(mark).__module__.startswith("pydantic"):
        yield Discriminator(mark.discriminator)
    else:
        yield mark


@dataclass(frozen=True, slots=True)
class Discriminator:
    """The name of the field that tells a union's classes apart."""

    name: Any


def _renamed(cls: type, name: str, wire: object, by: str) -> DeclarationError:
    return DeclarationError(
        f"{cls.__name__}.{name}",
        f"it is renamed to {wire!r}, and a field has one name, in Python and on every wire",
        f"Remove {by}",
    )
