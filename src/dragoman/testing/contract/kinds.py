"""Every kind of type, with every bound and every fact that a field can have."""

from __future__ import annotations

import dataclasses
import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pydantic

import dragoman as dm


@dataclasses.dataclass(frozen=True, slots=True)
class Reviewed(dm.Trait):
    """A trait that no part of Dragoman reads: contracts carry what others attach."""

    by: str


@dm.ProtoName("Magnitude", zero="MAGNITUDE_UNKNOWN", values={"small": "TINY"})
class Size(enum.StrEnum):
    """How large it is."""

    SMALL = "small"
    """It fits a hand."""
    LARGE = "large"
    """It does not."""


class Box(dm.Struct):
    """A cuboid; it may hold others."""

    width: Annotated[float, dm.Gt(0), dm.Le(10)]
    inside: list[Box] = msgspec.field(default_factory=list)
    note: Annotated[str | None, dm.Only("operator")] = None


class Card(dm.Struct, tag="card"):
    """Paid by card."""

    number: Annotated[str, dm.Pattern("^[0-9]{4}$")]


class Transfer(dm.Struct, tag="transfer"):
    """Paid by bank transfer."""

    iban: Annotated[str, dm.Length(15, 34)]
    reference: str | None = None


@dataclasses.dataclass
class Circle:
    kind: Literal["circle"]
    radius: Annotated[float, dm.Ge(0)] = 1.0


@dataclasses.dataclass
class Square:
    kind: Literal["square"]
    side: Annotated[float, dm.Ge(0)]


class Label(pydantic.BaseModel):
    """A Pydantic model."""

    text: str = pydantic.Field(min_length=1, max_length=20, description="What it says.")
    lines: int = pydantic.Field(1, ge=1, multiple_of=1)


class Maker(dm.Resource, prefix="mkr"):
    """Who makes things."""

    name: Annotated[str, dm.Length(1, 80), dm.Unique(), dm.Filter("ne"), dm.Sort()]
    country: Annotated[
        str, dm.Pattern("^[A-Z]{2}$"), dm.Filter("in"), dm.Description("ISO 3166-1 alpha-2."), dm.Example("GB")
    ]


class Thing(dm.Resource, prefix="thg"):
    """One of everything."""

    maker: Annotated[dm.Id[Maker], dm.Ref(reverse="things"), dm.Filter()]
    heir: Annotated[dm.Id[Maker] | None, dm.Ref(reverse="bequests", on_delete="null")] = None
    flag: Annotated[bool, dm.Filter()] = False
    count: Annotated[int, dm.Ge(0), dm.Lt(1000), dm.MultipleOf(5), dm.Filter("gte", "lt"), dm.Sort()] = 0
    small: Annotated[dm.Int32, dm.Gt(-10)]
    natural: dm.UInt32 = 7
    big: Annotated[dm.Int64, dm.Ge(0), dm.Filter("lt", "in")] = 9007199254740993
    huge: dm.UInt64 | None = None
    ratio: Annotated[float, dm.Gt(0), dm.Lt(1)]
    rough: Annotated[dm.Float32, dm.MultipleOf(0.5)] = 0.5
    text: Annotated[str, dm.Length(0, 12), dm.Pattern("^[a-z]*$")] = ""
    email: dm.Email | None = None
    home: dm.Url | None = None
    blob: Annotated[bytes, dm.Length(2, 8)] = b"ab"
    at: Annotated[datetime | None, dm.Filter("gte", "lt"), dm.Sort()] = None
    day: Annotated[date, dm.Filter("gte")] = date(2026, 11, 22)
    clock: time = time(19, 0)
    lasts: timedelta = timedelta(minutes=90)
    key: UUID | None = None
    price: Annotated[Decimal, dm.Ge("0.01"), dm.Lt(100)] = Decimal("1.50")
    size: Annotated[Size, dm.Filter("ne", "in"), dm.Sort()] = Size.SMALL
    state: (
        Annotated[Literal["new"], dm.Description("Never used.")]
        | Annotated[Literal["old"], dm.Deprecated("Ask for its age.")]
        | None
    ) = None
    only_one: Literal["this"] = "this"
    tags: Annotated[list[Annotated[str, dm.Length(1, 5)]], dm.Length(0, 3)] = msgspec.field(default_factory=list)
    sizes: set[Size] = msgspec.field(default_factory=set)
    by_size: dict[Size, int] = msgspec.field(default_factory=dict)
    by_key: Annotated[dict[UUID, Box | None], dm.Length(0, 2)] = msgspec.field(default_factory=dict)
    words: dict[str, str] = msgspec.field(default_factory=dict)
    box: Box = Box(width=1.0)
    spare: Box | None = None
    payment: Card | Transfer
    refund: Card | Transfer | None = None
    shape: Circle | Square | None = None
    stamp: Annotated[str, dm.ReadOnly()] = ""
    secret: Annotated[str, dm.Only("operator"), dm.Filter()] = ""
    old_name: Annotated[str | None, dm.Deprecated("use text"), dm.Filter()] = None
    checked: Annotated[bool, Reviewed(by="the kit")] = False


class Order(dm.Struct):
    """What is ordered."""

    amount: Annotated[int, dm.Ge(1)] = 1
    box: Box | msgspec.UnsetType = msgspec.UNSET
    label: Label | None = None
    approved: Annotated[bool, dm.ReadOnly()] = False


class Receipt(dm.Struct):
    """What was ordered."""

    order: Order
    cents: int


@dm.ProtoName("Enquiry")
class Question(dm.Struct):
    text: Annotated[str, dm.Length(1), dm.Description("What is asked.")]
    size: Size = Size.SMALL
    numbers: list[int] = msgspec.field(default_factory=list)
    since: date | None = None
    loud: bool = False
    asked_by: Annotated[str, dm.ReadOnly()] = ""


class Answer(dm.Struct):
    text: Annotated[str, dm.Number(3)]
    likely: Annotated[float, dm.ProtoName("likelihood"), dm.Ge(0), dm.Le(1)]
