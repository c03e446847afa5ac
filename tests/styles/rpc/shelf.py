"""A contract with what field masks are about: nested records, maps, unions, null, defaults, names in camel case."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

import dragoman as dm


class Size(dm.Struct):
    page_count: Annotated[int, dm.Ge(0)] = 0
    page_2: int | None = None


class Origin(dm.Struct):
    country: Annotated[str, dm.Length(2, 2)] = "GB"
    size: Size = Size()


class Weight(dm.Struct):
    grams: Annotated[int, dm.Ge(0)]
    unit: str = "g"


class Hard(dm.Struct, tag="hard"):
    cloth: str = ""


class Soft(dm.Struct, tag="soft"):
    pass


class Writer(dm.Resource, prefix="wri"):
    name: Annotated[str, dm.Length(1, 20), dm.Unique()]


class Book(dm.Resource, prefix="bok"):
    title: Annotated[str, dm.Length(1, 40), dm.Filter("ne", "in"), dm.Sort()]
    writer: Annotated[dm.Id[Writer] | None, dm.Ref(reverse="books")] = None
    subtitle: str | None = None
    stock: Annotated[int, dm.Ge(0), dm.Filter("gte", "lt"), dm.Sort()] = 3
    isbn: dm.Int64 = dm.Int64(0)
    genre: Annotated[Literal["prose", "verse"], dm.Filter("in")] = "prose"
    signed: Annotated[bool, dm.Filter()] = False
    printed_at: Annotated[datetime | None, dm.Filter("gte")] = None
    tags: list[str] = msgspec.field(default_factory=list)
    notes: dict[str, str] = msgspec.field(default_factory=dict)
    origin: Origin = Origin()
    reprint: Origin | None = None
    weight: Weight | None = None
    cover: Hard | Soft | None = None
    rank: Annotated[int | None, dm.Only("operator")] = None


class Move(dm.Struct):
    by: Annotated[int, dm.Ge(1)]


class Moved(dm.Struct):
    title: str
    by: int


shelf: Final = dm.Contract("shelf")
writers, books = shelf.resource(Writer), shelf.resource(Book)


@books.method
async def move(book: Book, move: Move, ctx: dm.Context) -> Moved:
    return Moved(title=book.title, by=move.by)


@books.method(effect="idempotent")
async def sign(book: Book, ctx: dm.Context) -> Book:
    if book.signed:
        raise dm.FailedPrecondition("it is signed")
    return ctx.save(dm.replace(book, signed=True))


@books.method(effect="safe")
async def weigh(book: Book, ctx: dm.Context) -> Size:
    return book.origin.size


class Compared(dm.Struct):
    """Its fields are called as those of requests that change something."""

    etag: str
    request_id: str = ""


@books.method(effect="safe")
async def compare(book: Book, other: Compared, ctx: dm.Context) -> Compared:
    return other


def make_app(folder: Path) -> dm.App:
    """The application, on a database of its own. Its numbers are settled anew."""
    principals = {
        name: dm.Principal(name, "one", frozenset({"*"}), frozenset({dm.Audience.INTERNAL})) for name in ("ann", "bob")
    }
    surface = dm.rpc(
        "shelf",
        "/shelf",
        audience="internal",
        auth=dm.api_keys(fixed=principals),
        exposes=[writers, books],
        lock=folder / "dragoman.lock",
    )
    app = dm.App(surface, database=folder / "shelf.db")
    files: dict[Path, bytes] = {}
    app.surfaces[0].endpoint.lock(files)
    for path, text in files.items():
        path.write_bytes(text)
    return dm.App(surface, database=folder / "shelf.db")
