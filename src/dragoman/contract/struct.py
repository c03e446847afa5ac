"""Messages: what operations take and return where it is no resource."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

import msgspec

from .declaration import DeclarationError

T = TypeVar("T")


def annotated_names(namespace: Mapping[str, Any]) -> Collection[str]:
    """The names that a class's body gives a type."""
    if sys.version_info >= (3, 14):
        import annotationlib

        function = annotationlib.get_annotate_from_class_namespace(namespace)
        if function is not None:
            return annotationlib.call_annotate_function(function, annotationlib.Format.FORWARDREF)
    names: Collection[str] = namespace.get("__annotations__", {})
    return names


def check_attributes(name: str, namespace: Mapping[str, Any]) -> None:
    """A value without a type would be no field, which nobody would notice. Raises DeclarationError."""
    annotated = annotated_names(namespace)
    for attribute, value in namespace.items():
        if attribute in annotated or (attribute.startswith("__") and attribute.endswith("__")):
            continue
        # Functions, properties and the like; classes and aliases of types, which annotations may use.
        if inspect.isroutine(value) or hasattr(value, "__get__") or isinstance(value, type):
            continue
        if typing.get_origin(value) is not None or type(value).__name__ == "TypeAliasType":
            continue
        given = repr(value) if len(repr(value)) <= 40 else "…"
        raise DeclarationError(
            f"{name}.{attribute}",
            "it has a value and no type, so that it is no field",
            f"Write {attribute}: {type(value).__name__} = {given}, or {attribute}: ClassVar = … for what is no field",
        )


if TYPE_CHECKING:

    @dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
    class Struct:
        """A message: an immutable value with named fields. Subclass it::

            class Score(dm.Struct):
                value: Annotated[float, dm.Ge(0), dm.Le(1)]

        Fields are given by name. With ``tag=True`` (the class's name) or ``tag="…"`` it can be one of a
        union; the tag stands in the field ``tag_field`` (``type``) of its JSON.
        """

        def __init_subclass__(cls, *, tag: str | bool | None = None, tag_field: str | None = None) -> None: ...

else:

    class StructMeta(msgspec.StructMeta):
        """Makes message classes: frozen, keyword-only structs. msgspec does not inherit the latter."""

        def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
            check_attributes(name, namespace)
            return super().__new__(mcls, name, bases, namespace, **{"frozen": True, "kw_only": True, **options})

    class Struct(msgspec.Struct, metaclass=StructMeta):
        """A message: an immutable value with named fields."""


def replace(value: T, /, **changes: Any) -> T:
    """A copy of a resource, message, dataclass or Pydantic model, with these fields changed.

    The new values are checked when the result is staged or sent, not here.
    """
    result: Any
    if isinstance(value, msgspec.Struct):
        result = msgspec.structs.replace(value, **changes)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        result = dataclasses.replace(value, **changes)
    elif isinstance(known := getattr(type(value), "model_fields", None), dict):
        if unknown := changes.keys() - known.keys():
            raise TypeError(f"{type(value).__name__} has no field {min(unknown)!r}")
        model: Any = value
        result = model.model_copy(update=changes)
    else:
        raise TypeError(f"{type(value).__name__} has no fields to replace; give a struct, a dataclass or a model")
    copied: T = result
    return copied
