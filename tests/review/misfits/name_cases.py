"""Misfits of names and of documents."""

from __future__ import annotations

from misfit_texts import CREATE, GET_ORDER, LIST, ORDER, STRING, api, given, op, page, pair, thing

NAMING = [
    pair(
        "mixed-field-casing",
        "surface shop",
        api(
            op(
                "GET /v1/orders/{id}",
                ok=thing(total_cents=STRING, paid_at=STRING, order_id=STRING, shippedAt=STRING, dueDate=STRING),
            )
        ),
        api(
            op(
                "GET /v1/orders/{id}",
                ok=thing(
                    total_cents=STRING,
                    paid_at=STRING,
                    order_id=STRING,
                    a_b=STRING,
                    c_d=STRING,
                    note=STRING,
                    ETag=STRING,
                ),
            )
        ),
    ),
    pair(
        "mixed-path-casing",
        "surface shop",
        api(
            *(
                op(f"GET /v1/{noun}/{{id}}")
                for noun in ("order-lines", "gift-cards", "tax-rates", "shippingZones", "pickupPoints")
            )
        ),
        api(
            *(
                op(f"GET /v1/{noun}/{{id}}")
                for noun in ("order-lines", "gift-cards", "tax-rates", "price-lists", "orders", "a:batchGet")
            )
        ),
    ),
    pair(
        "mixed-parameter-casing",
        "surface shop",
        api(
            op(
                "GET /v1/orders",
                *(given(name) for name in ("page_size", "page_token", "order_by", "createdAfter", "sortBy")),
                ok=page(ORDER),
            )
        ),
        api(
            op(
                "GET /v1/orders",
                *(given(name) for name in ("page_size", "page_token", "order_by", "a_b", "q", "sortBy")),
                ok=page(ORDER),
            )
        ),
    ),
    pair(
        "verb-in-path",
        "operation POST /v1/createOrder",
        api(op("POST /v1/createOrder", body=ORDER)),
        api(
            op("POST /v1/orders/{id}/cancel"),
            op("POST /v1/orders:batchGet"),
            op("POST /v1/login"),
            op("GET /v1/updates/{id}"),
        ),
    ),
    pair(
        "singular-collection",
        "operation GET /v1/customer/{id}",
        api(*(op(f"GET /v1/{noun}/{{id}}") for noun in ("orders", "carts", "items", "customer"))),
        api(*(op(f"GET /v1/{noun}/{{id}}") for noun in ("orders", "carts", "items", "media"))),
    ),
    pair(
        "trailing-slash",
        "operation GET /v1/orders/",
        api(op("GET /v1/orders/"), GET_ORDER, op("GET /v1/carts")),
        api(op("GET /v1/orders"), GET_ORDER, op("GET /")),
    ),
    pair(
        "colliding-paths",
        "operation DELETE /v1/orders/{order_id}",
        api(GET_ORDER, op("DELETE /v1/orders/{order_id}")),
        api(GET_ORDER, op("DELETE /v1/orders/{order_id}/lines"), op("GET /v1/carts/{id}")),
    ),
    pair(
        "tunnelled-method",
        "parameter POST /v1/orders/{id} · X-HTTP-Method-Override",
        api(op("POST /v1/orders/{id}", given("X-HTTP-Method-Override", "header"))),
        api(op("POST /v1/orders/{id}", given("action", schema={**STRING, "enum": ["approve", "reject"]}))),
    ),
    pair(
        "extension-in-path",
        "operation GET /v1/orders.json",
        api(op("GET /v1/orders.json", ok=page(ORDER))),
        api(op("GET /openapi.json"), op("GET /.well-known/jwks.json"), op("GET /v1/files/{name}")),
    ),
    pair(
        "variable-of-many-names",
        "parameter GET /v1/orders/{orderId}/lines · orderId",
        api(GET_ORDER, op("GET /v1/orders/{orderId}/lines", given("orderId", "path"), ok=page(ORDER))),
        api(GET_ORDER, op("GET /v1/orders/{month}/report", given("month", "path"))),
    ),
]


DOCUMENTATION = [
    pair(
        "operation-without-id",
        "operation GET /v1/orders/{id}",
        api(GET_ORDER),
        api(op("GET /v1/orders/{id}", operationId="getOrder")),
    ),
    pair(
        "id-used-twice",
        "operation GET /v1/carts/{id}",
        api(op("GET /v1/orders/{id}", operationId="get"), op("GET /v1/carts/{id}", operationId="get")),
        api(op("GET /v1/orders/{id}", operationId="getOrder"), op("GET /v1/carts/{id}", operationId="getCart")),
    ),
    pair(
        "undescribed-operation",
        "operation GET /v1/orders/{id}",
        api(GET_ORDER),
        api(op("GET /v1/orders/{id}", summary="One order"), op("GET /health")),
    ),
    pair(
        "placeholder-text",
        "operation GET /v1/orders/{id}",
        api(op("GET /v1/orders/{id}", description="TODO: say more")),
        api(op("GET /v1/todos/{id}", description="One todo of the list")),
    ),
    pair(
        "unknown-server",
        "document shop.json",
        api(GET_ORDER, servers=[{"url": "http://localhost:8080"}]),
        api(GET_ORDER, servers=[{"url": "https://api.shop.test"}]),
    ),
    pair(
        "undescribed-api",
        "document shop.json",
        api(GET_ORDER, LIST, CREATE),
        api(GET_ORDER, LIST),
    ),
]
