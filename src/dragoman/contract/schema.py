"""The neutral schema: what a value looks like, whoever wrote it down.

Every type that a contract speaks of is one of the frozen values below. They know no Python class, no JSON and
no protocol buffer, so that a reader of OpenAPI, ``.proto`` or SDL can build them as well as the reader of
Python types (:mod:`dragoman.contract.reading`). Two schemas are equal when they describe the same values: the
link back to a Python class (``native``) takes no part in comparison.

Named types (:class:`Record`, :class:`Enum`, :class:`Union` with a name) are kept once, in :class:`Types`, and
referred to by :class:`Ref`; that is how a type contains itself.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from .traits import Traits

MAX_SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8259, section 6)."""

MAX_NESTING: Final = 64
"""How deeply a message may nest arrays and objects."""


class Kind(enum.StrEnum):
    """The scalar kinds. Their ranges and wire forms never depend on a value."""

    BOOLEAN = "boolean"
    INT = "int"  # within ±(2^53 − 1); a JSON number
    INT32 = "int32"
    INT64 = "int64"  # always a JSON string
    UINT32 = "uint32"
    UINT64 = "uint64"  # always a JSON string
    FLOAT = "float"  # IEEE 754 binary32
    DOUBLE = "double"  # IEEE 754 binary64
    STRING = "string"
    BYTES = "bytes"  # base64 in JSON (RFC 4648, section 4)
    DATETIME = "datetime"  # RFC 3339, with a zone
    DATE = "date"
    TIME = "time"
    DURATION = "duration"  # ISO 8601
    UUID = "uuid"
    DECIMAL = "decimal"  # always a JSON string
    ANY = "any"  # any JSON value; readers of foreign contracts need it


INTEGERS: Final = frozenset({Kind.INT, Kind.INT32, Kind.INT64, Kind.UINT32, Kind.UINT64})

RANGES: Final[Mapping[Kind, tuple[int, int]]] = {
    Kind.INT: (-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER),
    Kind.INT32: (-(2**31), 2**31 - 1),
    Kind.INT64: (-(2**63), 2**63 - 1),
    Kind.UINT32: (0, 2**32 - 1),
    Kind.UINT64: (0, 2**64 - 1),
}
"""The inclusive range of each integer kind."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """Bounds on a value. Lengths count characters, bytes, items or entries, as the type has them.

    Bounds of decimals are integers or decimal strings. ``pattern`` is a regular expression that must match
    somewhere in the string (JSON Schema's rule: write ``^…$`` to anchor it).
    """

    ge: int | float | str | None = None
    gt: int | float | str | None = None
    le: int | float | str | None = None
    lt: int | float | str | None = None
    multiple_of: int | float | str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    unique_items: bool = False

    def __bool__(self) -> bool:
        return self != NO_CONSTRAINTS


NO_CONSTRAINTS: Final = Constraints()


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value without parts. ``format`` refines it for readers and documents (``email``, ``uri``).

    In foreign documents it also says what a kind leaves open: an ``INT`` of format ``int64`` is a JSON number of
    up to 64 bits, an ``INT64`` of format ``sint64`` another encoding of the same number.
    """

    kind: Kind
    constraints: Constraints = NO_CONSTRAINTS
    format: str | None = None


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One member: its wire value, a description, and the number some formats give it."""

    value: str
    description: str = ""
    number: int | None = None
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Enum:
    """A closed set of strings on input, an open one on output. An enum without a name is written in place.

    ``kind`` is STRING in contracts written in Python. Foreign documents also have enums of integers, whose values
    are kept in decimal.
    """

    values: tuple[EnumValue, ...]
    name: str | None = None
    description: str = ""
    native: Any = field(default=None, compare=False, repr=False)
    kind: Kind = Kind.STRING
    traits: Traits = field(default_factory=Traits)

    @property
    def names(self) -> tuple[str, ...]:
        """The wire values, in order of declaration."""
        return tuple(each.value for each in self.values)


@dataclass(frozen=True, slots=True)
class List:
    """Zero or more items in order."""

    item: Type
    constraints: Constraints = NO_CONSTRAINTS


@dataclass(frozen=True, slots=True)
class Map:
    """Values under string-like keys."""

    key: Type
    value: Type
    constraints: Constraints = NO_CONSTRAINTS


@dataclass(frozen=True, slots=True)
class Nullable:
    """The type, or null. Absent and null are different things: absence is :attr:`Field.required`."""

    of: Type


@dataclass(frozen=True, slots=True)
class Variant:
    """One alternative of a union; ``tag`` is what tells it apart on the wire (or the name of a ``oneof``
    member, which has the field number ``number``).
    """

    tag: str | None
    type: Type
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Union:
    """One of several types. ``discriminator`` names the field that holds the tag; None where nothing on the
    wire does.

    Contracts written in Python always have one; the untagged form describes what foreign documents contain. A
    variant's record may hold the discriminator as a field of its own; where it does not, the tag stands beside its
    fields.
    """

    variants: tuple[Variant, ...]
    discriminator: str | None = None
    name: str | None = None
    description: str = ""
    native: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Ref:
    """A named type of the same :class:`Types`."""

    name: str


class _Missing(enum.Enum):
    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing.MISSING
"""The field has no default."""


@dataclass(frozen=True, slots=True)
class Field:
    """One named part of a record.

    ``required`` says whether the input must contain it; ``default`` is the wire value that stands for its absence, and
    ``example`` one that its author wants to be shown. ``read_only`` fields are set by the server: they are part of
    every output and of no input. ``number`` is the tag that binary formats give it; ``arguments`` are what a field of a
    GraphQL type takes.
    """

    name: str
    type: Type
    required: bool = True
    default: Any = MISSING
    read_only: bool = False
    description: str = ""
    deprecated: bool = False
    number: int | None = None
    traits: Traits = field(default_factory=Traits)
    arguments: tuple[Field, ...] = ()
    example: Any = MISSING

    def __hash__(self) -> int:
        return hash((self.name, self.type, self.required, self.read_only, self.number))


@dataclass(frozen=True, slots=True)
class Record:
    """Named fields. ``open`` records keep fields they do not know; contracts written in Python are closed.

    ``implements`` names the interfaces (in GraphQL's sense) or the bases (``allOf``) it takes part in.
    """

    name: str | None
    fields: tuple[Field, ...]
    description: str = ""
    implements: tuple[str, ...] = ()
    interface: bool = False
    open: bool = False
    deprecated: bool = False
    traits: Traits = field(default_factory=Traits)
    native: Any = field(default=None, compare=False, repr=False)

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        for each in self.fields:
            if each.name == name:
                return each
        return None


Named: TypeAlias = Record | Enum | Union | Scalar
"""What may stand under a name."""

Type: TypeAlias = Scalar | Enum | List | Map | Nullable | Union | Ref | Record


class Types(Mapping[str, Named]):
    """The named types of a contract. A name stands for one type; adding another under it is refused by the
    caller.
    """

    __slots__ = ("_named",)

    def __init__(self, named: Mapping[str, Named] | None = None) -> None:
        self._named: dict[str, Named] = dict(named or {})

    def __getitem__(self, name: str) -> Named:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __repr__(self) -> str:
        return f"Types({', '.join(self._named)})"

    def add(self, name: str, named: Named) -> None:
        """Keep ``named`` under ``name``, replacing what a forward reference reserved there."""
        self._named[name] = named

    def resolve(self, type_: Type) -> Type:
        """Follow references until something that is not one. Raises KeyError for an unknown name."""
        while isinstance(type_, Ref):
            type_ = self._named[type_.name]
        return type_
