"""How operations over HTTP say that something went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dragoman.contract.schema import Types, Union
from dragoman.review.wire import Answer, Http

from .call import Call
from .shape import fields_of, plain, record_of

PROBLEM: Final = frozenset({"type", "title", "status", "detail", "instance"})
"""The members of a problem (RFC 9457, section 3.1)."""

_WRAPPERS: Final = frozenset({"error", "errors", "fault", "data"})


def failures(call: Call[Http]) -> tuple[Answer, ...]:
    """The answers that are errors: 4xx, 5xx and ``default``."""
    return tuple(each for each in call.wire.answers if is_failure(each))


def is_failure(answer: Answer) -> bool:
    """Whether it tells of an error."""
    return answer.status[:1] in "45" or (answer.status == "default")


def described(call: Call[Http]) -> Iterator[Answer]:
    """Those of the failures that say what they hold."""
    return (each for each in failures(call) if each.type is not None)


def shape_of(types: Types, answer: Answer) -> frozenset[str] | None:
    """What tells an error's form from another: the names of its fields, with those within a wrapper such as ``error``.
    Of alternatives, the first that has fields. None where nothing is said.
    """
    if answer.type is None:
        return None
    found = plain(types, answer.type)
    several = [each.type for each in found.variants] if isinstance(found, Union) else [answer.type]
    record = next((found_ for type_ in several if (found_ := record_of(types, type_)) is not None), None)
    if record is None:
        return frozenset({f"a bare {type(found).__name__.lower()}"})
    names = set[str]()
    for each in fields_of(types, record):
        inner = record_of(types, each.type) if each.name in _WRAPPERS else None
        names |= {f"{each.name}.{part.name}" for part in fields_of(types, inner)} if inner else {each.name}
    return frozenset(names) or None


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether a client that reads one form also reads the other: a problem with more members is a problem, and of two
    forms where one has all that the other has, one extends the other.
    """
    return one <= other or other <= one or len(one & other) * 2 > min(len(one), len(other)) or _are_problems(one, other)


def _are_problems(one: frozenset[str], other: frozenset[str]) -> bool:
    return all(len(each & PROBLEM) >= 2 and "title" in each for each in (one, other))
