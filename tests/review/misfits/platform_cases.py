"""Misfits of surfaces beside one another."""

from __future__ import annotations

from typing import Any

from misfit_texts import (
    BEARER,
    GET_ORDER,
    INTEGER,
    LIST,
    OAUTH,
    ORDER,
    PROBLEM,
    STRING,
    Case,
    Contracts,
    answer,
    api,
    events,
    given,
    listed,
    op,
    page,
    schemes,
    thing,
)

_A = op(
    "GET /v1/orders",
    given("page_token"),
    ok=page(thing(order_id=STRING, total_cents=STRING, paid_at=STRING, due_date=STRING, ship_to=STRING)),
)
_B = op(
    "GET /v1/clips",
    given("page_token"),
    ok=page(thing(clipId=STRING, totalSize=STRING, paidAt=STRING, dueDate=STRING, shipTo=STRING)),
)
_CUSTOMER = thing(id=STRING, email=STRING, tax_number=STRING, phone=STRING, loyalty=STRING, birthday=STRING)


def _named(name: str, schema: Any, noun: str = "things") -> dict[str, Any]:
    return api(
        op(f"GET /v1/{noun}/{{id}}", ok={"$ref": f"#/components/schemas/{name}"}),
        components={"schemas": {name: schema}},
    )


def _two(rule: str, element: str, first: Any, second: Any, near: Any, **more: Any) -> Case:
    """What the surface media, which comes after the catalogue, does in another way; ``near`` does it in the same."""
    return Case(
        rule,
        element,
        Contracts({"catalogue": first, "media": second}, **more),
        Contracts({"catalogue": first, "media": near}, **more),
    )


def _failing(schema: Any) -> dict[str, Any]:
    return api(op("GET /v1/a/{id}", answers={"200": answer(ORDER), "404": answer(schema)}))


def _reached(protocol: str, scheme: str) -> dict[str, Any]:
    """A broker that lets callers in by this scheme."""
    server = {"host": "broker.shop.test:9092", "protocol": protocol, "security": [{"type": scheme}]}
    return {
        **events(order_placed={"name": "order.placed", "payload": thing(id=STRING)}),
        "servers": {"main": server},
        "components": schemes(it={"type": scheme}),
    }


PLATFORM = [
    _two("platform-casing", "surface media", api(_A), api(_B), api(_A)),
    _two(
        "platform-errors",
        "surface media",
        _failing(PROBLEM),
        _failing(thing(error=thing(code=STRING))),
        _failing({**PROBLEM, "properties": {**PROBLEM["properties"], "trace": STRING}}),  # type: ignore[dict-item]
    ),
    _two(
        "platform-paging",
        "surface media",
        api(LIST),
        api(op("GET /v1/clips", given("page"), ok=thing(items=listed(ORDER)))),
        api(op("GET /v1/clips", given("cursor"), ok=page(ORDER))),
    ),
    _two(
        "platform-versioning",
        "surface media",
        api(op("GET /v1/orders/{id}")),
        api(op("GET /clips/{id}", given("Api-Version", "header"))),
        api(op("GET /clips/{id}"), servers=[{"url": "https://media.shop.test/v3"}]),
    ),
    _two(
        "platform-auth",
        "surface media",
        api(GET_ORDER, components=schemes(oauth=OAUTH)),
        api(GET_ORDER, components=schemes(key={"type": "apiKey", "in": "header", "name": "X-Key"})),
        api(GET_ORDER, components=schemes(key={"type": "apiKey", "in": "header", "name": "X-Key"}, token=BEARER)),
    ),
    _two(
        "platform-auth",
        "surface media",
        _reached("kafka", "scramSha512"),
        _reached("kafka", "plain"),
        api(GET_ORDER, components=schemes(oauth=OAUTH)),
    ),
    _two(
        "platform-headers",
        "surface media",
        api(op("GET /v1/a/{id}", given("X-Request-Id", "header"))),
        api(op("GET /v1/b/{id}", given("X-Correlation-Id", "header"))),
        api(op("GET /v1/b/{id}", given("X-Request-ID", "header"), given("Idempotency-Key", "header"))),
    ),
    _two(
        "two-names",
        "type Client",
        _named("Customer", _CUSTOMER),
        _named("Client", _CUSTOMER),
        _named("CustomerDto", _CUSTOMER),
    ),
    _two(
        "two-shapes",
        "field Customer.loyalty",
        _named("Customer", _CUSTOMER),
        _named(
            "Customer",
            thing(id=STRING, email=STRING, tax_number=STRING, phone=STRING, loyalty=INTEGER, birthday=STRING),
        ),
        _named(
            "Customer", thing(id=STRING, email=STRING, tax_number=STRING, phone=STRING, loyalty=STRING, points=INTEGER)
        ),
    ),
]
