"""What a developer writes beside a field's type, in ``Annotated[…]``: bounds, and facts about the field.

Bounds become :class:`~dragoman.contract.schema.Constraints`; the rest are traits of the field. Bounds of
other libraries with the same attribute names (``annotated_types.Ge``, ``msgspec.Meta``) are read as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal, TypeAlias, get_args

from .declaration import DeclarationError
from .principal import Audience
from .schema import Field
from .traits import Trait

FilterOperator: TypeAlias = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in"]
OPERATORS: Final[tuple[str, ...]] = get_args(FilterOperator)


@dataclass(frozen=True, slots=True)
class Ge:
    """At least this."""

    ge: int | float | str


@dataclass(frozen=True, slots=True)
class Gt:
    """More than this."""

    gt: int | float | str


@dataclass(frozen=True, slots=True)
class Le:
    """At most this."""

    le: int | float | str


@dataclass(frozen=True, slots=True)
class Lt:
    """Less than this."""

    lt: int | float | str


@dataclass(frozen=True, slots=True)
class MultipleOf:
    """Divisible by this without a remainder."""

    multiple_of: int | float | str


@dataclass(frozen=True, slots=True)
class Length:
    """Between ``min_length`` and ``max_length`` characters, bytes, items or entries, both included."""

    min_length: int = 0
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """Matches this regular expression somewhere; anchor it with ``^…$`` to match the whole."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Description:
    """A sentence on the field, for documents."""

    description: str


_LINK: Final = re.compile(r"(?:https?://[A-Za-z0-9]|/)[A-Za-z0-9._~!$&'()*+,;=:@/?%#-]*")


@dataclass(frozen=True, slots=True, init=False)
class Deprecated(Trait):
    """Still works, and should not be used by new callers; ``note`` says what to use instead.

    For a field, an operation, a resource (among its traits) or a whole surface. ``since`` is when it was, or will be,
    deprecated; ``sunset`` when it stops working; ``link`` leads to a page that says more. A date stands for its first
    moment in UTC. Raises DeclarationError for dates that contradict each other and for a link that is none.
    """

    note: str
    since: datetime | None
    sunset: datetime | None
    link: str

    def __init__(
        self,
        note: str = "",
        *,
        since: date | None = None,
        sunset: date | None = None,
        link: str = "",
        place: str = "Deprecated",
    ) -> None:
        start, end = _moment(since, "since"), _moment(sunset, "sunset")
        if start is not None and end is not None and end < start:
            raise DeclarationError(
                place,
                f"it stops working on {end:%Y-%m-%d}, before it is deprecated, on {start:%Y-%m-%d}",
                "Give a sunset after since (RFC 8594 and RFC 9745 want it so), or leave one of them out",
            )
        if link and not _LINK.fullmatch(link):
            raise DeclarationError(
                place, f"its link {link!r} is no URL", 'Write link="https://example.com/changes", or "/changes"'
            )
        for name, value in (("note", note), ("since", start), ("sunset", end), ("link", link)):
            object.__setattr__(self, name, value)


def _moment(given: date | None, name: str) -> datetime | None:
    if given is None or (isinstance(given, datetime) and given.tzinfo is not None):
        return None if given is None else given.astimezone(UTC)
    if isinstance(given, datetime) or not isinstance(given, date):
        raise DeclarationError(
            "Deprecated",
            f"{name}={given!r} is neither a date nor a time with a zone",
            f"Write {name}=date(2027, 6, 30), or a datetime with tzinfo=UTC",
        )
    return datetime(given.year, given.month, given.day, tzinfo=UTC)


class Example(Trait):
    """A value of the field to show in documents, as Python has it: ``dm.Example(date(2026, 11, 22))``."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Example) and self.value == other.value

    def __hash__(self) -> int:
        return hash(Example)

    def __repr__(self) -> str:
        return f"Example({self.value!r})"


class Filter(Trait):
    """Lists may be filtered by this field: ``status=paid``, and ``total_cents.gte=100`` for the operators
    named.

    ``eq`` is always among them. Each filterable field gets an index.
    """

    __slots__ = ("operators",)

    def __init__(self, *operators: FilterOperator) -> None:
        if unknown := [each for each in operators if each not in OPERATORS]:
            raise DeclarationError(
                f"Filter({', '.join(map(repr, operators))})",
                f"there is no operator {unknown[0]!r}",
                f"Write {', '.join(OPERATORS)}",
            )
        self.operators: tuple[FilterOperator, ...] = tuple(dict.fromkeys(("eq", *operators)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self.operators == other.operators

    def __hash__(self) -> int:
        return hash(self.operators)

    def __repr__(self) -> str:
        return f"Filter({', '.join(map(repr, self.operators))})"


@dataclass(frozen=True, slots=True)
class Sort(Trait):
    """Lists may be ordered by this field, both ways."""


@dataclass(frozen=True, slots=True)
class Unique(Trait):
    """No two resources of a tenant hold the same value. ``among`` names further fields of the same key.

    Null is equal to nothing, so that any number of rows may hold it.
    """

    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ref(Trait):
    """The field holds the id of another resource. ``reverse`` names the list on the other side
    (``orders`` gives ``/customers/{id}/orders``). ``on_delete`` says what deleting the other one does here.
    """

    reverse: str | None = None
    on_delete: Literal["restrict", "cascade", "null"] = "restrict"


@dataclass(frozen=True, slots=True)
class ReadOnly(Trait):
    """Set by handlers alone: part of every output and of no input (AIP-203, OUTPUT_ONLY)."""


class Only(Trait):
    """The field exists for these audiences alone; for all others it is in no input, output or document."""

    __slots__ = ("audiences",)

    def __init__(self, *audiences: str) -> None:
        known = ", ".join(Audience)
        if not audiences:
            raise DeclarationError("Only()", "it names no audience", f"Write one or more of {known}")
        if unknown := [each for each in audiences if each not in [*Audience]]:
            raise DeclarationError(
                f"Only({', '.join(map(repr, audiences))})",
                f"there is no audience {unknown[0]!r}",
                f"Write one or more of {known}",
            )
        self.audiences: frozenset[Audience] = frozenset(map(Audience, audiences))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Only) and self.audiences == other.audiences

    def __hash__(self) -> int:
        return hash(self.audiences)

    def __repr__(self) -> str:
        return f"Only({', '.join(sorted(self.audiences))})"


def visible_to(field: Field, audience: Audience) -> bool:
    """Whether the field exists for that audience: the one rule of :class:`Only`."""
    only = field.traits.get(Only)
    return only is None or audience in only.audiences
