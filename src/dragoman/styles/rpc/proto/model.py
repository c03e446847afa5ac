"""Messages, enums and services: what a ``.proto`` file says, as values. They are made when a surface is bound; numbers
are given to them by its lock file.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from dragoman.contract.operation import Effect, Interaction
from dragoman.contract.schema import MISSING, Kind


class Label(enum.StrEnum):
    """How often a field may stand in a message. A PLAIN one has no presence: absent is its zero value."""

    PLAIN = ""
    OPTIONAL = "optional"
    REPEATED = "repeated"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value without parts. ``word`` is its type in the file: a scalar's, or a well-known message's full name.
    ``kind`` is what it is in the contract; None for what only a request has, such as a field mask.
    """

    word: str
    kind: Kind | None = None

    @property
    def well_known(self) -> bool:
        """Whether it is a message of protobuf's own."""
        return "." in self.word


TIMESTAMP, DURATION = "google.protobuf.Timestamp", "google.protobuf.Duration"
VALUE, FIELD_MASK, EMPTY = "google.protobuf.Value", "google.protobuf.FieldMask", "google.protobuf.Empty"
ANY = "google.protobuf.Any"

LEAVES = {
    Kind.BOOLEAN: Leaf("bool", Kind.BOOLEAN),
    Kind.INT: Leaf("int64", Kind.INT),
    Kind.INT32: Leaf("int32", Kind.INT32),
    Kind.INT64: Leaf("int64", Kind.INT64),
    Kind.UINT32: Leaf("uint32", Kind.UINT32),
    Kind.UINT64: Leaf("uint64", Kind.UINT64),
    Kind.FLOAT: Leaf("float", Kind.FLOAT),
    Kind.DOUBLE: Leaf("double", Kind.DOUBLE),
    Kind.STRING: Leaf("string", Kind.STRING),
    Kind.BYTES: Leaf("bytes", Kind.BYTES),
    Kind.DATETIME: Leaf(TIMESTAMP, Kind.DATETIME),
    Kind.DATE: Leaf("string", Kind.DATE),
    Kind.TIME: Leaf("string", Kind.TIME),
    Kind.DURATION: Leaf(DURATION, Kind.DURATION),
    Kind.UUID: Leaf("string", Kind.UUID),
    Kind.DECIMAL: Leaf("string", Kind.DECIMAL),
    Kind.ANY: Leaf(VALUE, Kind.ANY),
}
"""What each kind of scalar is in protocol buffers. What has no type there is text, written as in JSON."""


@dataclass(slots=True, eq=False)
class EnumNumber:
    """A value of an enum: its name in the file, the contract's value, and its number."""

    name: str
    value: str
    number: int = 0
    description: str = ""
    deprecated: bool = False
    fixed: bool = False


@dataclass(slots=True, eq=False)
class EnumType:
    """An enum. ``zero`` is the name of what stands for no value; empty where one of its own has the number 0.
    ``reserved`` are values that it had once, by number: what is stored with one of them can still be sent.
    ``own`` is the full name by the contract's words, where ``name`` was given by hand.
    """

    name: str
    values: list[EnumNumber]
    zero: str
    description: str = ""
    reserved: dict[int, str] = field(default_factory=dict)
    own: str = ""

    @property
    def locked(self) -> str:
        """The name that the lock file goes by: a name given by hand changes no number."""
        return self.own or self.name

    @property
    def short(self) -> str:
        """The name without what it stands in."""
        return self.name.rpartition(".")[2]

    @property
    def absent(self) -> str | None:
        """The value with the number 0, which is that of an absent field; None where that is none."""
        return next((each.value for each in self.values if each.number == 0), None) if not self.zero else None


@dataclass(slots=True, eq=False)
class MessageField:
    """A field. ``key`` is the contract's name for it, in JSON. ``map_key`` is the type of a map's keys.
    ``null``: it has to be there, and may be null, which is to be absent. ``output_only``: the server sets it, so that
    it is passed over in what is received. ``asked``: it is the request's, and no field of the contract.
    ``default`` is what the contract's JSON may leave out; MISSING where that is nothing. ``own`` is the name by the
    contract's words, where ``name`` was given by hand.
    """

    name: str
    value: Value
    label: Label = Label.PLAIN
    key: str = ""
    map_key: Leaf | None = None
    oneof: str = ""
    number: int = 0
    fixed: bool = False
    null: bool = False
    output_only: bool = False
    asked: bool = False
    default: Any = MISSING
    description: str = ""
    deprecated: bool = False
    own: str = ""

    @property
    def locked(self) -> str:
        """The name that the lock file goes by: a name given by hand changes no number."""
        return self.own or self.name

    @property
    def holds_null(self) -> bool:
        """Whether null is a value of it, and not its absence."""
        return self.label is Label.PLAIN and isinstance(self.value, Leaf) and self.value.word == VALUE and not self.null


class Shape(enum.StrEnum):
    """What of the contract a message stands for."""

    RECORD = "record"
    UNION = "union"  # a oneof, whose fields are called by their tags
    WRAPPER = "wrapper"  # a list or a null where protobuf has none: in a list, in a map


@dataclass(slots=True, eq=False)
class Message:
    """A message. ``name`` is the full one: ``fraud.v1.Score``. ``nested`` are the messages and enums that only it uses.
    ``discriminator`` holds a union's tag, in JSON. ``reserved`` are numbers and names that fields had once. ``own`` is
    the full name by the contract's words, where ``name`` was given by hand.
    """

    name: str
    fields: list[MessageField]
    shape: Shape = Shape.RECORD
    nested: list[Message | EnumType] = field(default_factory=list)
    discriminator: str = ""
    description: str = ""
    deprecated: bool = False
    reserved: dict[int, str] = field(default_factory=dict)
    recursive: bool = False
    own: str = ""

    @property
    def locked(self) -> str:
        """The name that the lock file goes by: a name given by hand changes no number."""
        return self.own or self.name

    @property
    def short(self) -> str:
        """The name without what it stands in."""
        return self.name.rpartition(".")[2]

    @property
    def levels(self) -> int:
        """By how many levels it nests the contract's JSON: a wrapper of a list does, for the list; a union is the
        object that its variant is.
        """
        if self.shape is Shape.WRAPPER:
            # A client takes fields away that its lock file has no number for, of a wrapper the only one.
            return sum(each.label in (Label.REPEATED, Label.MAP) for each in self.fields)
        return 0 if self.shape is Shape.UNION else 1


Value: TypeAlias = Leaf | Message | EnumType


@dataclass(frozen=True, slots=True)
class Procedure:
    """A method of a service. Without a message, input or output is ``google.protobuf.Empty``."""

    name: str
    operation: str
    input: Message | None
    output: Message | None
    interaction: Interaction
    effect: Effect
    description: str = ""
    deprecated: bool = False


@dataclass(slots=True, eq=False)
class Service:
    """A service. ``name`` is the full one, which paths begin with."""

    name: str
    procedures: list[Procedure] = field(default_factory=list)
    description: str = ""

    @property
    def short(self) -> str:
        """The name without the package."""
        return self.name.rpartition(".")[2]


@dataclass(slots=True, eq=False)
class Package:
    """What one ``.proto`` file holds."""

    name: str
    services: dict[str, Service] = field(default_factory=dict)
    types: dict[str, Message | EnumType] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The file's path, as buf wants it: ``fraud/v1/fraud.proto``."""
        parts = self.name.split(".")
        name = next((each for each in reversed(parts) if not _is_version(each)), parts[0])
        return "/".join([*parts, f"{name}.proto"])

    def everything(self) -> Iterator[Message | EnumType]:
        """All messages and enums, those that stand in others too."""
        return _nested(self.types.values())


def _nested(types: Any) -> Iterator[Message | EnumType]:
    for each in types:
        yield each
        if isinstance(each, Message):
            yield from _nested(each.nested)


def _is_version(part: str) -> bool:
    return part[:1] == "v" and part[1:2].isdigit()
