"""What only a request has, so that no contract looks at it: ``page_size``, ``update_mask``, ``etag`` and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dragoman.contract.fault import Path, Violation
from dragoman.runtime.codec.scalar_values import kind_of
from dragoman.styles.rpc.proto.model import FIELD_MASK, Label, Leaf, MessageField

_TYPES: Final[dict[str, type]] = {"string": str, "bool": bool, "int32": int, FIELD_MASK: list}
_PHRASES: Final = {str: "a string", bool: "a boolean", int: "an integer", list: "an array"}


def taken(
    field: MessageField,
    value: Any,
    path: Path,
    found: list[Violation],
    read: Callable[[Any], Any] | None = None,
    mask: str = "an array",
) -> Any:
    """The value of such a field, if it is one. ``read`` makes it of the form that it came in, which calls a field mask
    a ``mask``.
    """
    assert isinstance(field.value, Leaf)
    expected = _TYPES.get(field.value.word)

    def one(value: Any, path: Path) -> Any:
        made = value if read is None else read(value)
        if expected is not None and type(made) is not expected:
            phrase = mask if expected is list else _PHRASES[expected]
            found.append(Violation(path, f"must be {phrase}, got {kind_of(value)}", "type"))
        elif expected is list:
            wrong = [(at, each) for at, each in enumerate(made) if type(each) is not str]
            found.extend(Violation((*path, at), f"must be a string, got {kind_of(each)}", "type") for at, each in wrong)
        return made

    if field.label is not Label.REPEATED:
        return one(value, path)
    if type(value) is not list:
        found.append(Violation(path, f"must be an array, got {kind_of(value)}", "type"))
        return value
    return [one(each, (*path, at)) for at, each in enumerate(value)]
