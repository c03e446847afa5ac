"""Types that msgspec decodes by calling a function of ours, in the same pass as everything around them."""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Any, Generic, TypeVar


class _Converted(type):
    """The class of such types. msgspec asks whether the function's result is an instance of the type: it always is."""

    function: Callable[[Any], Any]

    def __instancecheck__(cls, instance: object) -> bool:
        return True


def converted(name: str, function: Callable[[Any], Any]) -> Any:
    """A type whose values are what ``function`` makes of the untyped value. It raises ValueError to refuse one."""
    return _Converted(name, (), {"function": staticmethod(function)})


def call_hook(type_: Any, value: Any) -> Any:
    """The ``dec_hook`` of every decoder here. No other type that msgspec does not know ever reaches it."""
    return type_.function(value)


T = TypeVar("T")


class Later(Generic[T]):
    """A value that is made when it is first asked for: types that contain themselves are whole only then."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: T | None = None

    def __call__(self) -> T:
        made = self._made
        if made is None:
            made = self._made = self._make()
        return made


def list_of(item: Any) -> Any:
    """``list[item]``, for a type that is known only now."""
    return GenericAlias(list, (item,))


def dict_of(key: Any, value: Any) -> Any:
    """``dict[key, value]``, for types that are known only now."""
    return GenericAlias(dict, (key, value))
