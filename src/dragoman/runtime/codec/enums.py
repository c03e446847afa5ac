"""Enums: closed on input, and a handler may return no value that is not declared."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from dragoman.contract.schema import Enum

from .hooks import converted
from .scalar_values import Refused, kind_of, quoted

MAX_LISTED: Final = 10
"""How many allowed values a message lists."""


_literal: Any = Literal
"""``Literal``, for values that are known only now."""


@dataclass(frozen=True, slots=True)
class EnumForm:
    """One enum, compiled, as :class:`~.scalars.ScalarForm` is for scalars."""

    phrase: str
    input: Any
    output: Any
    read: Callable[[Any], Any]
    accept: Callable[[Any], Any]
    write: Callable[[Any], Any]


def enum_form(type_: Enum) -> EnumForm:
    """The form of an enum: a plain string, or a member of the Python enum that declared it."""
    members = _members(type_)
    names = type_.names
    listed = ", ".join(f'"{each}"' for each in names[:MAX_LISTED])
    if len(names) > MAX_LISTED:
        listed += f" or {len(names) - MAX_LISTED} others"
    phrase = f"one of {listed}" if names else "nothing: no value is allowed"
    by_name: dict[str, Any] = members if members is not None else {each: each for each in names}

    def read(value: Any) -> Any:
        if isinstance(value, str) and value in by_name:
            return by_name[value]
        raise Refused("enum", f"must be {phrase}, got {quoted(value) if isinstance(value, str) else kind_of(value)}")

    if members is None:

        def accept(value: Any) -> Any:
            if isinstance(value, enum.Enum):
                value = value.value
            return read(value)

        if not names:
            return EnumForm(phrase, converted("Enum", read), converted("Enum", accept), read, accept, _same)
        literal: Any = _literal[names]
        return EnumForm(phrase, literal, literal, read, accept, _same)

    values = {member: name for name, member in members.items()}

    def accept_member(value: Any) -> Any:
        if isinstance(value, enum.Enum) and value in values:
            return value
        return read(value)

    def write(value: Any) -> Any:
        return values[value]

    return EnumForm(
        phrase,
        type_.native if _decodes_alike(type_.native, members) else converted("Enum", read),
        converted("Enum", lambda value: write(accept_member(value))),
        read,
        accept_member,
        write,
    )


def _same(value: Any) -> Any:
    return value


def _decodes_alike(native: type[enum.Enum], members: dict[str, enum.Enum]) -> bool:
    """Whether msgspec, which goes by the members' values alone, takes exactly these."""
    missing: Any = native._missing_
    own: Any = enum.Enum._missing_
    return (
        missing.__func__ is own.__func__
        and {each.value: each for each in native} == members
        and all(type(each.value) is str for each in native)
    )


def _members(type_: Enum) -> dict[str, enum.Enum] | None:
    """Wire value → member, where a Python enum stands behind it; members go by value, else by name."""
    native = type_.native
    if not (isinstance(native, type) and issubclass(native, enum.Enum)):
        return None
    by_value = {each.value: each for each in native if isinstance(each.value, str)}
    found: dict[str, enum.Enum] = {}
    for name in type_.names:
        member = by_value.get(name, native.__members__.get(name))
        if member is None:
            return None
        found[name] = member
    return found
