"""Ours in theirs: a FastAPI application with a shop of ours mounted under /shop.

    uvicorn 11_inside_fastapi:api
    curl localhost:8000/hello
    curl -i localhost:8000/shop/v1/goods --json '{"name": "Lamp", "cents": 4900}'
    curl 'localhost:8000/shop/v1/goods?order_by=-cents'
    curl localhost:8000/shop/v1/openapi.json
    curl localhost:8000/openapi.json

FastAPI does not start what is mounted in it: `lifespan=shop.lifespan` does. With a lifespan of your own, write
`async with shop.lifespan():` around its `yield`, as here.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI

import dragoman as dm


class Good(dm.Resource, prefix="good"):
    name: Annotated[str, dm.Length(1, 100)]
    cents: Annotated[int, dm.Ge(0), dm.Sort()]


goods = dm.Contract("shop").resource(Good)
shop = dm.App(dm.rest("shop", "/v1", audience="public", auth=dm.anonymous(), exposes=[goods]))


@asynccontextmanager
async def lifespan(api: FastAPI) -> AsyncIterator[None]:
    """Whatever else the team starts and stops stands here too."""
    async with shop.lifespan():
        yield


api = FastAPI(lifespan=lifespan)
api.mount("/shop", shop)


@api.get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "from FastAPI"}
