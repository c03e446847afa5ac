"""RPC: a resource and a stream as procedures, by plain POST, Connect and gRPC on the same port.

    dragoman serve 14_rpc:app
    curl localhost:8000/internal/pages.create --json '{"page": {"title": "Home", "text": "Welcome home"}}'
    curl localhost:8000/wiki.v1.PageService/ListPages --json '{"pageSize": 5}'
    curl localhost:8000/wiki.v1.PageService/ListPages --json '{"pageSiz": 5}'  # 400
    curl 'localhost:8000/wiki.v1.PageService/ListPages?encoding=json&message=%7B%7D'

gRPC, with grpcurl (the surface lets it ask what there is to call), and the file that stubs are made of:

    grpcurl -plaintext localhost:8000 list
    grpcurl -plaintext -d '{"text": "one two"}' localhost:8000 wiki.v1.WikiService/CountWords
    dragoman export 14_rpc:app --surface inner

The numbers of the messages' fields are in dragoman.lock: `dragoman lock 14_rpc:app` wrote it, and it is committed.
"""

from collections.abc import AsyncIterator
from typing import Annotated

import dragoman as dm


class Page(dm.Resource, prefix="pag"):
    title: Annotated[str, dm.Length(1, 200), dm.Unique()]
    text: str = ""


class Text(dm.Struct):
    text: str


class Count(dm.Struct):
    words: int


wiki = dm.Contract("wiki")
pages = wiki.resource(Page)


@wiki.operation(effect="safe")
async def count_words(texts: AsyncIterator[Text]) -> AsyncIterator[Count]:
    """How many words there were so far, with each text that comes."""
    words = 0
    async for each in texts:
        words += len(each.text.split())
        yield Count(words=words)


app = dm.App(
    dm.rpc(
        "inner",
        "/internal",
        audience="internal",
        auth=dm.anonymous(),
        exposes=[pages, count_words],
        reflection=True,
    ),
)
