"""Enums, and what their author says of each value."""

from __future__ import annotations

import ast
import enum
import inspect
import textwrap
import typing
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from dragoman.contract.annotations import Deprecated, Description
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.schema import Enum, EnumValue, Nullable, Type
from dragoman.contract.traits import traits_of

from . import refusals
from .members import docstring
from .scope import At

if TYPE_CHECKING:
    from .reader import Reader


def literal(arguments: Sequence[Any], at: At) -> Type:
    """The enum of a ``Literal``; None among its values makes it nullable."""
    values = tuple(each for each in arguments if each is not None)
    if wrong := [each for each in values if not isinstance(each, str) or isinstance(each, enum.Enum)]:
        raise DeclarationError(
            at.place,
            f"its literal {wrong[0]!r} is not a string",
            'Write strings, as in Literal["low", "high"]',
        )
    if not values:
        raise refusals.unknown(None, at)
    found = Enum(tuple(EnumValue(each) for each in dict.fromkeys(values)))
    return Nullable(found) if None in arguments else found


def described_values(arguments: Sequence[Any], reader: Reader, at: At) -> Enum | None:
    """The enum of ``Annotated[Literal["a"], dm.Description("…")] | Literal["b"]``, or None for any other union."""
    peeled = []
    for each in arguments:
        with reader.aliases():
            peeled.append(reader.peel(each, at))
    if not peeled or any(typing.get_origin(bare) is not Literal for bare, _ in peeled):
        return None
    values: dict[str, EnumValue] = {}
    for bare, marks in peeled:
        found = literal(typing.get_args(bare), at)
        if not isinstance(found, Enum):
            raise DeclarationError(at.place, "None stands in a Literal of its union", "Write … | None behind all of it")
        description, deprecated = _said(marks, at)
        for name in found.names:
            if name in values:
                raise DeclarationError(at.place, f"its literal {name!r} is given twice", "Give it once")
            values[name] = EnumValue(name, description, deprecated=deprecated)
    return Enum(tuple(values.values()))


def _said(marks: Sequence[Any], at: At) -> tuple[str, bool]:
    """What stands beside a value: its description, and whether it is deprecated."""
    said, deprecated = [], False
    for mark in marks:
        match mark:
            case Description():
                said.append(mark.description)
            case Deprecated():
                deprecated = True
                said += [mark.note] if mark.note else []
            case _:
                raise DeclarationError(
                    at.place,
                    f"{mark!r} stands beside one value",
                    "A value takes dm.Description(…) and dm.Deprecated(…); the rest belongs to the field",
                )
    return " ".join(said), deprecated


def python_enum(cls: type[enum.Enum], at: At) -> Enum:
    """The enum that a Python class declares. A member is described by its own ``__doc__``, or by a string below it."""
    values: list[EnumValue] = []
    below = _strings_below(cls)
    for member in cls:
        if not isinstance(member.value, str):
            raise DeclarationError(
                f"{cls.__name__}.{member.name}",
                f"its value {member.value!r} is not a string",
                f'Write class {cls.__name__}(enum.StrEnum) and {member.name} = "{member.name.lower()}"',
            )
        own = vars(member).get("__doc__")
        said = inspect.cleandoc(own) if isinstance(own, str) else below.get(member.name, "")
        values.append(EnumValue(str(member.value), " ".join(said.split())))
    if not values:
        raise DeclarationError(at.place, f"the enum {cls.__name__} has no members", "Give it at least one")
    return Enum(tuple(values), name=cls.__name__, description=docstring(cls), native=cls, traits=traits_of(cls))


def _strings_below(cls: type[enum.Enum]) -> Mapping[str, str]:
    """The strings that stand below members, as documentation tools read them. Python does not keep them, so that they
    are read from the source; there are none where it is not at hand.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = tree.body[0].body if tree.body and isinstance(tree.body[0], ast.ClassDef) else []
    return {
        target.id: below.value.value
        for member, below in pairwise(body)
        if isinstance(member, ast.Assign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(below.value.value, str)
        for target in member.targets
        if isinstance(target, ast.Name)
    }
