"""Misfits of a surface as a whole, and of its versions."""

from __future__ import annotations

from misfit_texts import GET_ORDER, NUMBER, STRING, Case, api, listed, one, op, pair, thing

AUDIENCE = [
    Case(
        "rpc-in-public",
        "surface shop",
        one(api(op("POST /getOrder"), op("POST /cancelOrder"), op("POST /sendInvoice")), style="rpc"),
        one(
            api(op("POST /getOrder"), op("POST /cancelOrder"), op("POST /sendInvoice")),
            style="rpc",
            audience="internal",
        ),
    ),
    pair(
        "unversioned-model",
        "operation POST /predict",
        api(op("POST /predict", body=thing(features=listed(NUMBER)), ok=thing(score=NUMBER))),
        api(op("POST /predict", body=thing(model=STRING, features=listed(NUMBER)), ok=thing(score=NUMBER))),
        audience="partner",
    ),
    Case(
        "unowned-surface",
        "surface shop",
        one(api(GET_ORDER)),
        one({**api(GET_ORDER), "info": {"title": "Shop", "version": "1", "contact": {"name": "Team Checkout"}}}),
    ),
]

VERSIONS = [
    pair(
        "unversioned-surface",
        "surface shop",
        api(op("GET /orders/{id}"), op("GET /customers/{id}")),
        api(op("GET /orders/{id}"), op("GET /customers/{id}"), servers=[{"url": "https://api.shop.test/v2"}]),
    ),
    pair(
        "mixed-versioning",
        "surface shop",
        api(op("GET /v1/a/{id}"), op("GET /v1/b/{id}"), op("GET /v1/c/{id}"), op("GET /d/{id}")),
        api(
            op("GET /v1/a/{id}"), op("GET /v1/b/{id}"), op("GET /v1/c/{id}"), op("GET /health"), op("POST /oauth/token")
        ),
    ),
    pair(
        "versions-side-by-side",
        "operation GET /v1/orders/{id}",
        api(op("GET /v1/orders/{id}"), op("GET /v2/orders/{id}")),
        api(op("GET /v1/orders/{id}", deprecated=True), op("GET /v2/orders/{id}"), op("GET /v1/customers/{id}")),
    ),
    pair(
        "deprecated-without-end",
        "operation GET /v1/orders/{id}",
        api(op("GET /v1/orders/{id}", deprecated=True, summary="An order")),
        api(op("GET /v1/orders/{id}", deprecated=True, description="Ends on 2027-06-30.")),
    ),
    pair(
        "version-in-noun",
        "operation GET /orders_v2/{id}",
        api(op("GET /orders_v2/{id}")),
        api(op("GET /v2/orders/{id}"), op("GET /ipv4/{id}")),
    ),
]
