"""What an author's own class refuses, as violations."""

from __future__ import annotations

from typing import Any, cast

from dragoman.contract.fault import Path, Violation


class Sentence(Violation):
    """A violation in an author's own words: a whole sentence, where other messages go on from what is wrong."""

    __slots__ = ()


def from_error(error: Exception, path: Path) -> list[Sentence]:
    """What a class's own validation said, as violations: Pydantic's list, or the message of a ``__post_init__``."""
    details: Any = getattr(error, "errors", None)
    if not callable(details):
        return [Sentence(path, str(error)[:200] or "is not valid", "invalid")]
    found = cast("list[Any]", details(include_url=False, include_context=False, include_input=False))
    return [
        Sentence(
            (*path, *each["loc"]),
            each["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")[:200],
            PYDANTIC_RULES.get(each["type"], "invalid"),
        )
        for each in found
    ]


PYDANTIC_RULES = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "greater_than_equal": "ge",
    "greater_than": "gt",
    "less_than_equal": "le",
    "less_than": "lt",
    "multiple_of": "multiple_of",
    "string_too_short": "min_length",
    "string_too_long": "max_length",
    "too_short": "min_length",
    "too_long": "max_length",
    "string_pattern_mismatch": "pattern",
    "enum": "enum",
    "literal_error": "enum",
}
