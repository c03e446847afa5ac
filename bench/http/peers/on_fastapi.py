"""FastAPI, with Pydantic models for what is taken and answered; handlers read SQLite in the event loop."""

from typing import Annotated, Literal

import shop
from fastapi import FastAPI, HTTPException, Query, Request, Response
from observed import Observed
from pydantic import BaseModel, ConfigDict, Field


class Greeting(BaseModel):
    hello: str


class Order(BaseModel):
    id: str
    customer: str
    status: str
    currency: str
    total_cents: int
    note: str
    created_at: str
    updated_at: str


class Page(BaseModel):
    orders: list[Order]
    next_page_token: str


class NewOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")
    customer: Annotated[str, Field(pattern="^cus_[0-9a-z]{26}$")]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    total_cents: Annotated[int, Field(ge=0, le=2**53 - 1)]
    status: Literal["placed", "paid", "shipped", "cancelled"] = "placed"
    note: Annotated[str, Field(max_length=500)] = ""


class Paging(BaseModel):
    model_config = ConfigDict(extra="forbid")
    page_size: Annotated[int, Field(ge=0, le=1000)] = 50
    page_token: str = ""


NAMES = tuple(Order.model_fields)


def order(row: shop.Row) -> dict[str, object]:
    """A row as what Pydantic takes in least time."""
    return dict(zip(NAMES, row, strict=True))


def full() -> Observed:
    """All that ours does."""
    app = FastAPI(openapi_url=None)

    @app.get("/v1/hello", response_model=Greeting)
    async def hello() -> object:
        return {"hello": "world"}

    @app.get("/v1/orders", response_model=Page)
    async def list_orders(paging: Annotated[Paging, Query()], request: Request) -> object:
        rows, token = shop.page(request["caller"][1], paging.page_size or 50, paging.page_token)
        return {"orders": [order(row) for row in rows], "next_page_token": token}

    @app.get("/v1/orders/{id}", response_model=Order)
    async def get_order(id: str, request: Request) -> object:
        row = shop.one(request["caller"][1], id)
        if row is None:
            raise HTTPException(404, "there is no such order")
        return order(row)

    @app.post("/v1/orders", response_model=Order, status_code=201)
    async def create_order(new: NewOrder, request: Request, response: Response) -> object:
        row = shop.add(
            request["caller"][1], new.customer, new.status, new.currency, new.total_cents, new.note, checked=True
        )
        if row is None:
            raise HTTPException(409, "there is no such customer")
        response.headers["location"] = f"/v1/orders/{row[0]}"
        return order(row)

    return Observed(app)


def bare() -> FastAPI:
    """Routing, SQL and JSON."""
    app = FastAPI(openapi_url=None)

    @app.get("/v1/hello", response_model=Greeting)
    async def hello() -> object:
        return {"hello": "world"}

    @app.get("/v1/orders", response_model=Page)
    async def list_orders(request: Request) -> object:
        rows, token = shop.page(shop.TENANT, int(request.query_params["page_size"]), "")
        return {"orders": [order(row) for row in rows], "next_page_token": token}

    @app.get("/v1/orders/{id}", response_model=Order)
    async def get_order(id: str) -> object:
        return order(shop.one(shop.TENANT, id) or ())

    @app.post("/v1/orders", response_model=Order, status_code=201)
    async def create_order(request: Request) -> object:
        new = await request.json()
        row = shop.add(
            shop.TENANT, new["customer"], "placed", new["currency"], new["total_cents"], new["note"], checked=False
        )
        return order(row or ())

    return app
