"""Litestar, with msgspec for JSON and validation; handlers read SQLite in the event loop."""

from typing import Annotated, Any

import msgspec
import shop
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException, ValidationException
from litestar.params import Parameter
from models import Greeting, NewOrder, Order, Page
from observed import Observed

Asked = Request[Any, Any, Any]


@get("/v1/hello", sync_to_thread=False)
def hello() -> Greeting:
    return Greeting("world")


@get("/v1/orders", sync_to_thread=False)
def list_orders(request: Asked, page_size: Annotated[int, Parameter(ge=0, le=1000)] = 50, page_token: str = "") -> Page:
    rows, token = shop.page(request.scope["caller"][1], page_size or 50, page_token)
    return Page([Order(*row) for row in rows], token)


@get("/v1/orders/{order_id:str}", sync_to_thread=False)
def get_order(request: Asked, order_id: str) -> Order:
    row = shop.one(request.scope["caller"][1], order_id)
    if row is None:
        raise HTTPException("there is no such order", status_code=404)
    return Order(*row)


@post("/v1/orders", sync_to_thread=False)
def create_order(request: Asked, data: NewOrder) -> Response[Order]:
    row = shop.add(
        request.scope["caller"][1], data.customer, data.status, data.currency, data.total_cents, data.note, checked=True
    )
    if row is None:
        raise HTTPException("there is no such customer", status_code=409)
    return Response(Order(*row), headers={"location": f"/v1/orders/{row[0]}"})


@get("/v1/orders", sync_to_thread=False)
def bare_list(request: Asked) -> Page:
    rows, token = shop.page(shop.TENANT, int(request.query_params["page_size"]), "")
    return Page([Order(*row) for row in rows], token)


@get("/v1/orders/{order_id:str}", sync_to_thread=False)
def bare_get(order_id: str) -> Order:
    return Order(*(shop.one(shop.TENANT, order_id) or ()))


@post("/v1/orders")
async def bare_create(request: Asked) -> Order:
    new = msgspec.json.decode(await request.body())
    row = shop.add(
        shop.TENANT, new["customer"], "placed", new["currency"], new["total_cents"], new["note"], checked=False
    )
    return Order(*(row or ()))


def unfit(request: Asked, error: ValidationException) -> Response[Any]:
    problem = {"type": "about:blank", "status": 422, "detail": error.detail, "errors": error.extra}
    return Response(problem, status_code=422, media_type="application/problem+json")


def full() -> Observed:
    """All that ours does."""
    handlers = [hello, list_orders, get_order, create_order]
    return Observed(
        Litestar(handlers, openapi_config=None, logging_config=None, exception_handlers={ValidationException: unfit})
    )


def bare() -> Litestar:
    """Routing, SQL and JSON."""
    return Litestar([hello, bare_list, bare_get, bare_create], openapi_config=None, logging_config=None)
