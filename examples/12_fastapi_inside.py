"""Theirs in ours: a shop of ours, with the FastAPI application that was there before mounted under /legacy.

    dragoman serve 12_fastapi_inside:app
    curl localhost:8000/v1/goods
    curl localhost:8000/legacy/hello
    curl localhost:8000/legacy/openapi.json
    curl localhost:8000/legacy/nothing  # 404

What is mounted does its own authentication: no `auth=` of ours stands before it. It is started and stopped with the
App, and each of its requests has its line in the access log. Its documentation is at http://localhost:8000/legacy/docs.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypedDict

from fastapi import FastAPI, Request

import dragoman as dm


class State(TypedDict):
    greeting: str


@asynccontextmanager
async def lifespan(api: FastAPI) -> AsyncIterator[State]:
    yield {"greeting": "from FastAPI"}


legacy = FastAPI(lifespan=lifespan)


@legacy.get("/hello")
async def hello(request: Request) -> dict[str, str]:
    return {"hello": request.state.greeting, "self": str(request.url_for("hello"))}


class Good(dm.Resource, prefix="good"):
    name: Annotated[str, dm.Length(1, 100)]
    cents: Annotated[int, dm.Ge(0), dm.Sort()]


goods = dm.Contract("shop").resource(Good)

app = dm.App(
    dm.rest("shop", "/v1", audience="public", auth=dm.anonymous(), exposes=[goods]),
    dm.mount("/legacy", legacy),
)
