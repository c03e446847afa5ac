"""Plain Starlette, with msgspec for JSON and validation; handlers read SQLite in the event loop."""

import msgspec
import shop
from models import Greeting, NewOrder, Nothing, Order, Page, Paging
from observed import Observed
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(NewOrder).decode


def json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(encode(value), status, headers, "application/json")


async def hello(request: Request) -> Response:
    msgspec.convert(request.query_params, Nothing, strict=False)
    return json(Greeting("world"))


async def list_orders(request: Request) -> Response:
    paging = msgspec.convert(request.query_params, Paging, strict=False)
    rows, token = shop.page(request["caller"][1], paging.page_size or 50, paging.page_token)
    return json(Page([Order(*row) for row in rows], token))


async def get_order(request: Request) -> Response:
    msgspec.convert(request.query_params, Nothing, strict=False)
    row = shop.one(request["caller"][1], request.path_params["id"])
    if row is None:
        raise HTTPException(404, "there is no such order")
    return json(Order(*row))


async def create_order(request: Request) -> Response:
    msgspec.convert(request.query_params, Nothing, strict=False)
    new = decode(await request.body())
    row = shop.add(
        request["caller"][1], new.customer, new.status, new.currency, new.total_cents, new.note, checked=True
    )
    if row is None:
        raise HTTPException(409, "there is no such customer")
    return json(Order(*row), 201, {"location": f"/v1/orders/{row[0]}"})


async def unfit(request: Request, error: Exception) -> Response:
    problem = {"type": "about:blank", "status": 422, "detail": str(error)}
    return JSONResponse(problem, 422, media_type="application/problem+json")


async def bare_hello(request: Request) -> Response:
    return json(Greeting("world"))


async def bare_list(request: Request) -> Response:
    rows, token = shop.page(shop.TENANT, int(request.query_params["page_size"]), "")
    return json(Page([Order(*row) for row in rows], token))


async def bare_get(request: Request) -> Response:
    return json(Order(*(shop.one(shop.TENANT, request.path_params["id"]) or ())))


async def bare_create(request: Request) -> Response:
    new = msgspec.json.decode(await request.body())
    row = shop.add(
        shop.TENANT, new["customer"], "placed", new["currency"], new["total_cents"], new["note"], checked=False
    )
    return json(Order(*(row or ())), 201)


def routes(hello: object, list_orders: object, get_order: object, create_order: object) -> list[Route]:
    return [
        Route("/v1/hello", hello, methods=["GET"]),
        Route("/v1/orders", list_orders, methods=["GET"]),
        Route("/v1/orders/{id}", get_order, methods=["GET"]),
        Route("/v1/orders", create_order, methods=["POST"]),
    ]


def full() -> Observed:
    """All that ours does."""
    handlers = {msgspec.ValidationError: unfit, msgspec.DecodeError: unfit}
    app = Starlette(routes=routes(hello, list_orders, get_order, create_order), exception_handlers=handlers)
    return Observed(app)


def bare() -> Starlette:
    """Routing, SQL and JSON."""
    return Starlette(routes=routes(bare_hello, bare_list, bare_get, bare_create))
