"""Types that msgspec decodes by calling a function of ours, in the same pass as everything around them."""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Final, Generic, TypeVar, Union, get_args, get_origin

import msgspec

PLAIN: Final = (str, int, float, bool, NoneType)


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


def is_hooked(type_: Any) -> bool:
    """Whether a function of ours is called somewhere in a type. Where none is, msgspec is not told of them: what it is
    given by name costs it as much as converting a small record.
    """
    if type_ in PLAIN:
        return False
    if isinstance(type_, msgspec.StructMeta):
        found = type_.__annotations__
        return len(found) < len(type_.__struct_fields__) or any(map(is_hooked, found.values()))
    if get_origin(type_) is Annotated:
        return is_hooked(get_args(type_)[0])
    if get_origin(type_) in (list, Union, UnionType):
        return any(map(is_hooked, get_args(type_)))
    return True  # or nobody knows: of what contains itself, for one


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
