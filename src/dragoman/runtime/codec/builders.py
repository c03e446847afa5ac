"""The small functions that constructors are put together from, for each shape of a value."""

from __future__ import annotations

from collections import abc
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, TypeAlias, get_args, get_origin

from msgspec import UNSET

Builder: TypeAlias = Callable[[Any], Any] | None
"""From what was decoded to what the author declared; None where that is the same."""


def compiled(source: str, scope: dict[str, Any], name: str) -> Callable[..., Any]:
    """A function from generated source. Of what others wrote, only Python identifiers stand in it, and texts by repr."""
    exec(_code(source, name), scope)
    function: Callable[..., Any] = scope[name]
    return function


@lru_cache(maxsize=1024)
def _code(source: str, name: str) -> CodeType:
    """What is compiled is remembered: most of it is needed once more, for another operation or another surface."""
    return compile(source, f"<dragoman {name}>", "exec")


def argument(hint: Any, position: int) -> Any:
    arguments = get_args(hint)
    return arguments[position] if len(arguments) > position else None


_COLLECTIONS: dict[Any, Callable[[Any], Any] | None] = {
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Set: frozenset,
    abc.MutableSet: set,
}


def collection(hint: Any) -> Callable[[Any], Any] | None:
    return _COLLECTIONS.get(get_origin(hint) or hint)


def or_none(build: Builder) -> Builder:
    if build is None:
        return None
    return lambda value: None if value is None else build(value)


def each_item(build: Builder, collect: Callable[[Any], Any] | None) -> Builder:
    if build is None:
        return collect
    if collect is None:
        return lambda value: [build(each) for each in value]
    return lambda value: collect([build(each) for each in value])


def each_value(key: Builder, build: Builder) -> Builder:
    if key is not None:
        return lambda value: {key(name): each if build is None else build(each) for name, each in value.items()}
    if build is None:
        return None
    return lambda value: {name: build(each) for name, each in value.items()}


def in_place(changed: Sequence[tuple[str, Builder]]) -> Builder:
    def build(value: Any) -> Any:
        for attribute, make in changed:
            part = getattr(value, attribute)
            if part is not UNSET and make is not None:
                setattr(value, attribute, make(part))
        return value

    return build
