"""Tenants and visibility: rows belong to their creator's tenant, and a rule narrows them further. It is part of every
query, so that somebody else's note is not found.

    dragoman serve 06_tenants:app
    curl localhost:8000/v1/notes  # 401
    curl localhost:8000/v1/writeNote -H 'Authorization: Bearer ann' --json '{"text": "mine"}'
    curl localhost:8000/v1/notes -H 'Authorization: Bearer ann'
    curl localhost:8000/v1/notes -H 'Authorization: Bearer bob'
    curl localhost:8000/v1/notes -H 'Authorization: Bearer boss'
    curl localhost:8000/v1/notes -H 'Authorization: Bearer eve'

Ann, Bob and their boss share a tenant; Eve is in another. Keys in the source are for trying: the server refuses to
listen beyond this machine with them. Real ones are made with `dragoman keys create`.
"""

from typing import Annotated

import dragoman as dm


class Note(dm.Resource, prefix="note"):
    text: Annotated[str, dm.Length(1, 1000)]
    owner: Annotated[str, dm.ReadOnly()] = ""


class NewNote(dm.Struct):
    text: Annotated[str, dm.Length(1, 1000)]


diary = dm.Contract("diary")
notes = diary.resource(Note)


@notes.visible
def own_notes(principal: dm.Principal) -> dm.Expression:
    return dm.EVERYTHING if "staff" in principal.scopes else notes.field.owner == principal.identity


@diary.operation
async def write_note(new: NewNote, ctx: dm.Context) -> Note:
    """Write a note of the caller's own."""
    return ctx.create(Note(text=new.text, owner=ctx.principal.identity))


def person(name: str, tenant: str, *scopes: str) -> dm.Principal:
    return dm.Principal(name, tenant, frozenset(scopes), frozenset({dm.Audience.PARTNER}))


keys = dm.api_keys(
    fixed={
        "ann": person("ann", "acme", "*"),
        "bob": person("bob", "acme", "*"),
        "boss": person("boss", "acme", "*", "staff"),
        "eve": person("eve", "other", "*", "staff"),
    }
)

app = dm.App(dm.rest("partner", "/v1", audience="partner", auth=keys, exposes=[notes.without("create"), write_note]))
