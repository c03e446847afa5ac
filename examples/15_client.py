"""A client: the contract's own handles are called from another process, with their types, and without generated code.

    dragoman serve 15_client:app
    curl localhost:8000/library.v1.LibraryService/Shelve --json '{"title": "Dune", "copies": 2}'
    curl localhost:8000/library.v1.LibraryService/Shelve --json '{"title": "Dune", "copies": 0}'  # 400

In another terminal, in the same folder:

    python 15_client.py

`over="rest", path="/v1"` would call the other surface; the calls stay as they are. So they do with `over="grpc"` and
`lock="dragoman.lock"`, once the first surface has such a file: take its `lock=None` away, and `dragoman lock
15_client:app` writes it. (gRPC needs the extra `dragoman[client]`.)
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Annotated

import dragoman as dm


class Book(dm.Resource, prefix="boo"):
    title: Annotated[str, dm.Length(1, 200), dm.Filter()]
    copies: Annotated[int, dm.Ge(0), dm.Filter("gte"), dm.Sort()]


class Delivery(dm.Struct):
    title: str
    copies: Annotated[int, dm.Ge(1)]


class Title(dm.Struct):
    title: str


class NotInStock(dm.FailedPrecondition):
    reason = "NOT_IN_STOCK"


library = dm.Contract("library")
books = library.resource(Book)


@library.operation
async def shelve(delivery: Delivery, ctx: dm.Context) -> Book:
    """Put a delivery on the shelf."""
    return ctx.create(Book(title=delivery.title, copies=delivery.copies))


@books.method(faults=[NotInStock])
async def lend(book: Book, ctx: dm.Context) -> Book:
    """Lend one copy."""
    if not book.copies:
        raise NotInStock(f"{book.title} is lent out")
    return ctx.save(dm.replace(book, copies=book.copies - 1))


@library.operation(effect="safe")
async def titles(ctx: dm.Context) -> AsyncIterator[Title]:
    """Every title, one after the other."""
    for each in await ctx.list(Book, order_by="id"):
        yield Title(title=each.title)


exposed = [books, lend, shelve, titles]
app = dm.App(
    dm.rpc("inner", "/internal", audience="internal", auth=dm.anonymous(), exposes=exposed, lock=None),
    dm.rest("public", "/v1", audience="public", auth=dm.anonymous(), exposes=exposed),
)


def main(url: str) -> None:
    """Borrow until there is nothing left."""
    with dm.Client(url) as client:
        book = client.call(shelve, Delivery(title="The Dispossessed", copies=2))
        try:
            while True:
                book = client.call(lend, book)  # of the version that was read; sent again by its key, if need be
                print(f"{book.title}: {book.copies} left")
        except NotInStock as fault:
            print(fault.message)
        client[books].update(book, copies=5)
        print([each.title for each in client[books].list(books.field.copies >= 5)])


async def read(url: str) -> None:
    """The same without blocking, over the other surface."""
    async with dm.AsyncClient(url, over="rest", path="/v1", timeout=5) as client:
        async for each in client.stream(titles):
            print(each.title)


if __name__ == "__main__":
    url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
    main(url)
    asyncio.run(read(url))
