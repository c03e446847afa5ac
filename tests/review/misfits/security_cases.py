"""Misfits of security."""

from __future__ import annotations

from misfit_texts import (
    BEARER,
    CREATE,
    GET_ORDER,
    INTEGER,
    OAUTH,
    ORDER,
    SECURED,
    STRING,
    answer,
    api,
    given,
    op,
    page,
    pair,
    schemes,
    sent,
    thing,
)

_IMPORTED = {**STRING, "description": "Only for what is recreated from a backup."}

SECURITY = [
    pair(
        "no-security",
        "document shop.json",
        api(CREATE),
        api(GET_ORDER, op("POST /oauth/token"), op("POST /v1/orders", given("X-Api-Key", "header"), body=ORDER)),
    ),
    pair(
        "anonymous-operation",
        "operation DELETE /v1/orders/{id}",
        api(CREATE, op("DELETE /v1/orders/{id}", security=[]), **SECURED),
        api(
            CREATE,
            op("GET /v1/orders/{id}", security=[]),
            op("POST /v1/login", security=[]),
            op("POST /webhooks/bank", security=[]),
            **SECURED,
        ),
    ),
    pair(
        "unscoped-operation",
        "operation POST /v1/orders",
        api(CREATE, components=schemes(oauth=OAUTH), security=[{"oauth": []}]),
        api(CREATE, components=schemes(oauth=OAUTH, token=BEARER), security=[{"token": []}]),
    ),
    pair(
        "credential-in-address",
        "parameter GET /v1/orders · api_key",
        api(op("GET /v1/orders", given("api_key"), given("page_token"), ok=page(ORDER))),
        api(
            op("GET /v1/orders", given("page_token"), given("api_key", "header"), ok=page(ORDER)),
            op("GET /oauth/callback", given("access_token")),
            op("GET /v1/authorizations/{authorization}", given("authorization", "path"), ok=ORDER),
            op(
                "GET /v1/payments/{id}",
                given("client_secret", description="Required with a publishable key."),
                ok=ORDER,
            ),
            components=schemes(clientKey={"type": "apiKey", "in": "query", "name": "clientKey"}),
        ),
    ),
    pair(
        "plain-http",
        "document shop.json",
        api(GET_ORDER, servers=[{"url": "http://api.shop.com/v1"}]),
        api(
            GET_ORDER,
            servers=[
                {"url": "https://api.shop.com/v1"},
                {"url": "http://localhost:8080"},
                {"url": "http://shop.internal"},
            ],
        ),
    ),
    pair(
        "basic-only",
        "document shop.json",
        api(GET_ORDER, components=schemes(basic={"type": "http", "scheme": "basic"})),
        api(GET_ORDER, components=schemes(basic={"type": "http", "scheme": "basic"}, token=BEARER)),
    ),
    pair(
        "secret-in-answer",
        "field GET /v1/users/{id} · 200.password",
        api(op("GET /v1/users/{id}", ok=thing(id=STRING, password=STRING))),
        api(
            op("GET /v1/users/{id}", ok=thing(id=STRING, password={**STRING, "description": "Masked."})),
            op("POST /v1/clients", answers={"201": answer(thing(id=STRING, client_secret=STRING))}),
            op("POST /v1/apps", ok=thing(id=STRING, client_secret=STRING)),
            op(
                "GET /v1/payments/{id}",
                ok=thing(
                    id=STRING,
                    client_secret={**STRING, "description": "Used for client-side retrieval with a publishable key."},
                ),
            ),
            op("POST /v1/cards/{id}/numbers", ok={"$ref": "#/components/schemas/CardRevealInfo"}),
            components={"schemas": {"CardRevealInfo": thing(id=STRING, cvc=STRING)}},
        ),
    ),
    pair(
        "privilege-in-input",
        "field PATCH /v1/me.is_admin",
        api(op("PATCH /v1/me", body=thing(name=STRING, is_admin={"type": "boolean"}))),
        api(op("PATCH /v1/me", body=thing(name=STRING, is_admin={"type": "boolean", "readOnly": True}))),
    ),
    pair(
        "stamps-in-input",
        "field POST /v1/orders.created_at",
        api(op("POST /v1/orders", body=thing(note=STRING, created_at=STRING, updated_at=STRING))),
        api(
            op("POST /v1/orders", body=thing(note=STRING, created_at={**STRING, "readOnly": True}, updated_at=STRING)),
            op("POST /v1/imports", body=thing(note=STRING, created_at=_IMPORTED, updated_at=_IMPORTED)),
            webhooks={"order.paid": sent(thing(note=STRING, created_at=STRING, updated_at=STRING))},
        ),
    ),
    pair(
        "guessable-ids",
        "surface shop",
        api(op("GET /v1/orders/{id}", given("id", "path", INTEGER)), **SECURED),
        api(
            op("GET /v1/orders/{id}", given("id", "path")),
            op("GET /v1/years/{year}", given("year", "path", INTEGER)),
            **SECURED,
        ),
    ),
    pair(
        "unsigned-webhook",
        "operation POST order.paid",
        api(GET_ORDER, webhooks={"order.paid": {"post": {"responses": {"204": answer()}}}}),
        api(
            GET_ORDER,
            webhooks={
                "order.paid": {
                    "post": {"parameters": [given("webhook-signature", "header")], "responses": {"204": answer()}}
                }
            },
        ),
    ),
]
