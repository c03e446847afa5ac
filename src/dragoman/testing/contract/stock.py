"""Who sees and who refers to what: tenants, visibility, references of each kind, values computed at commit."""

from __future__ import annotations

from typing import Annotated

import dragoman as dm

from .kinds import Thing
from .things import OutOfStock, all_things, things


class Country(dm.Resource, prefix="cty", plural="countries", tenant=False):
    """Everybody's: it belongs to no tenant."""

    code: Annotated[str, dm.Pattern("^[A-Z]{2}$"), dm.Unique()]


class Part(dm.Resource, prefix="prt"):
    """A part of a thing, which goes when the thing goes."""

    thing: Annotated[dm.Id[Thing], dm.Ref(reverse="parts", on_delete="cascade"), dm.Filter()]
    position: Annotated[int, dm.Ge(1), dm.Le(99), dm.Unique(among=("thing",)), dm.Filter("lte", "gt"), dm.Sort()]
    origin: Annotated[dm.Id[Country] | None, dm.Ref(reverse="parts")] = None
    spare_for: Annotated[dm.Id[Part] | None, dm.Ref(reverse="spares", on_delete="null")] = None
    left: Annotated[int, dm.Ge(0), dm.Le(1000)] = 0
    serial: Annotated[int, dm.ReadOnly()] = 0


class Note(dm.Resource, prefix="note"):
    """Seen by its author, and by staff."""

    text: Annotated[str, dm.Length(1, 200), dm.Sort()]
    author: Annotated[str, dm.ReadOnly()] = ""


class Amount(dm.Struct):
    amount: Annotated[int, dm.Ge(-100), dm.Le(100)] = 1


class NewPart(dm.Struct):
    position: Annotated[int, dm.Ge(1), dm.Le(99)]


class NewNote(dm.Struct):
    text: Annotated[str, dm.Length(1, 200)]


countries, parts = things.resource(Country, traits=[dm.Fresh(60)]), things.resource(Part)
notes = things.resource(Note, traits=[dm.Procedure(service="Notebook", standard={"list": "FindNotes"})])


@notes.visible
def own_notes(principal: dm.Principal) -> dm.Expression:
    """Staff sees all, nobody in particular sees nothing, and everybody else what is their own."""
    if "staff" in principal.scopes:
        return dm.EVERYTHING
    return notes.field.author == principal.identity if principal.identity != "anonymous" else dm.NOTHING


@things.operation
async def write_note(new: NewNote, ctx: dm.Context) -> Note:
    """Write a note of the caller's own."""
    return ctx.create(Note(text=new.text, author=ctx.principal.identity))


@parts.method(rerun=True, faults=[OutOfStock])
async def take(part: Part, input: Amount, ctx: dm.Context) -> Part:
    """Take some out, or put some back. The number is computed at the commit."""
    if part.left < input.amount:
        raise OutOfStock("not so many are left", metadata={"left": str(part.left)})
    return ctx.save(dm.replace(part, left=dm.add(-input.amount)))


class Reorder(dm.Struct):
    what: Annotated[str, dm.Length(1, 50)]
    amount: Annotated[int, dm.Ge(1), dm.Le(1000)] = 1


class Ordered(dm.Struct):
    """An order as the supplier knows it."""

    key: str
    amount: int


@things.operation(external=True, faults=[OutOfStock])
async def reorder(input: Reorder, ctx: dm.Context) -> Ordered:
    """Order more from the supplier, who is not asked twice for one order."""
    if input.what == "nothing":
        raise OutOfStock("the supplier has none", metadata={"left": "0"})
    return Ordered(key=ctx.downstream_key, amount=input.amount)


@all_things.method
async def assemble(thing: Thing, new: NewPart, ctx: dm.Context) -> Part:
    """Add a part, with a serial number. A thing has at most five."""
    await ctx.guard("assembling", thing.id)
    if len(await ctx.list(Part, parts.field.thing == thing.id, limit=5)) == 5:
        raise dm.FailedPrecondition("the thing has five parts, which is all that it can have")
    return ctx.create(Part(thing=thing.id, position=new.position, serial=dm.next("serials")))
