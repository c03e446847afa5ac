"""Misfits of the shapes of messages."""

from __future__ import annotations

from typing import Any

from misfit_texts import (
    CREATE,
    GET_ORDER,
    INTEGER,
    NUMBER,
    ORDER,
    STRING,
    api,
    given,
    listed,
    op,
    page,
    pair,
    sent,
    thing,
)

_STATUS = {"type": "integer", "enum": [0, 1, 2, 3]}
_MANY = [given(f"filter_{number}") for number in range(31)]


def _nullable(name: str, first: str) -> dict[str, Any]:
    """A thing of five fields that may all be null."""
    schema = thing(**{each: {"type": ["string", "null"]} for each in (first, "city", "zip", "state", "country")})
    return api(
        op("GET /v1/orders/{id}", ok={"$ref": f"#/components/schemas/{name}"}), components={"schemas": {name: schema}}
    )


def _five(schema: Any) -> dict[str, Any]:
    """A document of five things that are answered with."""
    parts = dict.fromkeys(("A", "B", "C", "D", "E"), schema)
    return api(
        *(op(f"GET /v1/{name.lower()}/{{id}}", ok={"$ref": f"#/components/schemas/{name}"}) for name in parts),
        components={"schemas": parts},
    )


SHAPES = [
    pair(
        "chatty-list",
        "operation GET /v1/orders",
        api(op("GET /v1/orders", given("page_token"), ok=page(thing(id=STRING))), GET_ORDER),
        api(op("GET /v1/orders", given("page_token"), given("fields"), ok=page(thing(id=STRING))), GET_ORDER),
    ),
    pair(
        "money-as-float",
        "field GET /v1/orders/{id} · 200.price",
        api(op("GET /v1/orders/{id}", ok=thing(price=NUMBER))),
        api(
            op("GET /v1/a/{id}", ok=thing(price_percent=NUMBER, price_cents=INTEGER)),
            op("GET /v1/b/{id}", ok=thing(total=NUMBER)),
        ),
    ),
    pair(
        "integer-beyond-json",
        "field GET /v1/orders/{id} · 200.order_id",
        api(op("GET /v1/orders/{id}", ok=thing(order_id={**INTEGER, "format": "int64"}))),
        api(
            op(
                "GET /v1/orders/{id}",
                ok=thing(
                    order_id={**INTEGER, "format": "int64", "maximum": 10**12}, size={**INTEGER, "format": "int64"}
                ),
            )
        ),
        audience="frontend",
    ),
    pair(
        "time-without-zone",
        "field GET /v1/orders/{id} · 200.created_at",
        api(op("GET /v1/orders/{id}", ok=thing(created_at=STRING))),
        api(
            op(
                "GET /v1/orders/{id}",
                ok=thing(
                    created_at={**STRING, "format": "date-time"},
                    paid_at={**STRING, "description": "ISO 8601, UTC"},
                    format=STRING,
                ),
            )
        ),
    ),
    pair(
        "enum-of-numbers",
        "field GET /v1/orders/{id} · 200.status",
        api(op("GET /v1/orders/{id}", ok=thing(status=_STATUS))),
        api(
            op(
                "GET /v1/orders/{id}",
                ok=thing(
                    page_size={**INTEGER, "enum": [10, 20, 50]},
                    status={**_STATUS, "description": "0 = placed, 1 = paid"},
                ),
            )
        ),
    ),
    pair(
        "nothing-promised",
        "surface shop",
        _five(thing(a=STRING, b=STRING, c=STRING, d=STRING)),
        _five({**thing(a=STRING, b=STRING, c=STRING, d=STRING), "required": ["a"]}),
    ),
    pair(
        "nullable-everywhere",
        "type Order",
        api(
            op("GET /v1/orders/{id}", ok={"$ref": "#/components/schemas/Order"}),
            components={
                "schemas": {"Order": thing(**{name: {"type": ["string", "null"]} for name in ("order_id", *"abcd")})}
            },
        ),
        api(
            op("GET /v1/orders/{id}", ok={"$ref": "#/components/schemas/Order"}),
            components={
                "schemas": {"Order": thing(id=STRING, **{name: {"type": ["string", "null"]} for name in "abcd"})}
            },
        ),
    ),
    pair(
        "nullable-everywhere",
        "type Order",
        _nullable("Order", "id"),
        _nullable("Address", "street"),
    ),
    pair(
        "free-form",
        "operation POST /v1/orders",
        api(op("POST /v1/orders", body={"type": "object"}, ok=ORDER)),
        api(op("POST /v1/orders/{id}/metadata", body={"type": "object"}, ok=ORDER), CREATE),
    ),
    pair(
        "unbounded-list-in-input",
        "field POST /v1/orders.lines",
        api(op("POST /v1/orders", body=thing(lines=listed(ORDER)))),
        api(
            op(
                "POST /v1/orders",
                body=thing(
                    lines={**listed(ORDER), "maxItems": 200}, tags=listed({"type": "string", "enum": ["a", "b"]})
                ),
            ),
            webhooks={"order.paid": sent(thing(lines=listed(ORDER)))},
        ),
    ),
    pair(
        "unbounded-text-in-input",
        "surface shop",
        api(op("POST /v1/orders", body=thing(**dict.fromkeys("abcde", STRING)))),
        api(op("POST /v1/orders", body=thing(**{name: {**STRING, "maxLength": 200} for name in "abcde"}))),
    ),
    pair(
        "many-parameters",
        "operation GET /v1/orders",
        api(op("GET /v1/orders", *_MANY, ok=page(ORDER))),
        api(op("GET /v1/orders", *_MANY[:30], given("X-A", "header"), ok=page(ORDER))),
    ),
    pair(
        "deep-path",
        "operation GET /v1/a/{a}/b/{b}/c/{c}/d/{d}/e/{e}",
        api(op("GET /v1/a/{a}/b/{b}/c/{c}/d/{d}/e/{e}")),
        api(op("GET /v1/a/{a}/b/{b}/c/{c}/d/{d}")),
    ),
    pair(
        "untagged-union",
        "field GET /v1/orders/{id} · 200.paid_by",
        api(
            op(
                "GET /v1/orders/{id}",
                ok=thing(
                    paid_by={"oneOf": [thing(a=STRING, n=STRING), thing(b=STRING, n=STRING), thing(c=STRING, n=STRING)]}
                ),
            )
        ),
        api(
            op(
                "GET /v1/orders/{id}",
                ok=thing(
                    paid_by={"oneOf": [{**thing(**{name: STRING}), "required": [name]} for name in "abc"]},
                    by={"oneOf": [thing(a=STRING), STRING]},
                ),
            )
        ),
    ),
    pair(
        "document-in-string",
        "field GET /v1/orders/{id} · 200.options_json",
        api(op("GET /v1/orders/{id}", ok=thing(options_json=STRING))),
        api(op("GET /v1/orders/{id}", ok=thing(json_url=STRING, json=STRING, options_json=thing(a=STRING)))),
    ),
]
