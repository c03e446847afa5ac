"""The service of ``booking.proto``, as a contract with names of its own."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import msgspec

import dragoman as dm


@dm.ProtoName("RoomKind", zero="UNKNOWN", values={"one": "SINGLE", "two": "double"})
class Kind(enum.StrEnum):
    ONE = "one"
    TWO = "two"


@dm.ProtoName("RateRequest")
class Stay(dm.Struct):
    guest: Annotated[str, dm.Number(1), dm.ProtoName("guestName"), dm.Length(1, 40)]
    kind: Annotated[Kind, dm.Number(3), dm.ProtoName("kind_of_room")]
    extras: Annotated[dict[str, int], dm.Number(4), dm.ProtoName("extrasByName")] = msgspec.field(default_factory=dict)
    board: Annotated[
        Literal["half", "full"], dm.Number(5), dm.ProtoName(zero="NONE", values={"half": "HALF", "full": "FULL"})
    ]
    nights: Annotated[int, dm.Number(6), dm.ProtoName("total_nights")]


@dm.ProtoName("RateReply")
class Price(dm.Struct):
    cents: Annotated[int, dm.Number(1), dm.ProtoName("Cents")]
    kind: Annotated[Kind, dm.Number(2)]
    guest: Annotated[str, dm.Number(3)]


@dm.ProtoName("Room_Info")
class Room(dm.Resource, prefix="roo"):
    floor: Annotated[int, dm.ProtoName("level"), dm.Filter("gte"), dm.Sort()]
    beds: Annotated[int, dm.ProtoName("Bed_Count")] = 1


booking = dm.Contract("booking")
rooms = booking.resource(Room)


@booking.operation(effect="safe", traits=[dm.Procedure(service="Desk", method="Rate")])
async def rate(stay: Stay) -> Price:
    """What a stay costs."""
    return Price(cents=100 * stay.nights + sum(stay.extras.values()), kind=stay.kind, guest=stay.guest)


keys = {"ann": dm.Principal("ann", "one", frozenset({"*"}), frozenset({dm.Audience.INTERNAL}))}
app = dm.App(
    dm.rpc(
        "desk",
        "/desk",
        audience="internal",
        auth=dm.api_keys(fixed=keys),
        exposes=[rate, rooms],
        package="legacy.booking",
        lock="booking.lock",
        reflection=True,
    )
)
