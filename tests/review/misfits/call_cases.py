"""Misfits of calls that change something, of their errors, of streams and jobs."""

from __future__ import annotations

from misfit_texts import (
    CREATE,
    GET_ORDER,
    INTEGER,
    ORDER,
    PROBLEM,
    STRING,
    answer,
    api,
    given,
    listed,
    op,
    page,
    pair,
    thing,
)


def _creating(method: str, binding: str) -> str:
    """A service with one method that makes something, bound to HTTP."""
    return (
        'syntax = "proto3"; package shop.v1; import "google/api/annotations.proto"; '
        "message Topic { string name = 1; string parent = 2; } "
        "message CreateUserRequest { string name = 1; string email = 2; } "
        "message CreateNamedUserRequest { string user_id = 1; string email = 2; } "
        f"service Topics {{ rpc {method} returns (Topic) {{ option (google.api.http) = {{ {binding} }}; }} }}"
    )


IDEMPOTENCY = [
    pair(
        "no-idempotency",
        "operation POST /v1/orders",
        api(op("POST /v1/orders", body=thing(note=STRING))),
        api(CREATE, op("POST /v1/orders/{id}:cancel"), op("POST /oauth/token"), op("POST /v1/orders/search")),
    ),
    pair(
        "no-idempotency",
        "operation POST /v1/pods",
        api(op("POST /v1/pods", body=thing(metadata=thing(labels=STRING)))),
        api(
            op("POST /v1/pods", body=thing(metadata=thing(name=STRING))),
            op("POST /v1/topics", given("topicId"), body=ORDER),
            op("POST /v1/channels", body=thing(UniqueName=STRING)),
            op("POST /v1/teams/{id}/members", body=thing(user_ids=listed(STRING))),
            op("POST /v1/issues/{id}/labels", body={"oneOf": [thing(labels=listed(STRING)), listed(STRING)]}),
        ),
    ),
    pair(
        "no-idempotency",
        "operation shop.v1.Topics/CreateTopic",
        _creating("CreateTopic(Topic)", 'post: "/v1/{parent=shops/*}/topics"'),
        _creating("CreateTopic(Topic)", 'put: "/v1/{name=shops/*/topics/*}"'),
    ),
    pair(
        "no-idempotency",
        "operation shop.v1.Topics/CreateUser",
        _creating("CreateUser(CreateUserRequest)", 'post: "/v1/users"'),
        _creating("CreateUser(CreateNamedUserRequest)", 'post: "/v1/users"'),
    ),
    pair(
        "payment-without-idempotency",
        "operation POST /v1/refunds",
        api(op("POST /v1/refunds", body=thing(amount_cents=INTEGER))),
        api(
            op("POST /v1/refunds", body=thing(amount_cents=INTEGER, request_id=STRING)), op("POST /v1/payment_methods")
        ),
    ),
    pair(
        "unsafe-get",
        "operation GET /v1/orders/{id}/cancel",
        api(op("GET /v1/orders/{id}/cancel")),
        api(op("GET /v1/orders/{id}/cancel-reasons"), op("GET /v1/resetHistory")),
    ),
    pair(
        "body-of-get",
        "operation GET /v1/orders",
        api(op("GET /v1/orders", body=thing(status=STRING), ok=page(ORDER))),
        api(
            op("GET /v1/orders", given("status"), ok=page(ORDER)),
            op("GET /v1/orders/{id}", given("id", "path"), body=thing(), ok=ORDER),
            op("DELETE /v1/orders/{id}", body=thing(why=STRING)),
        ),
    ),
    pair(
        "put-on-collection",
        "operation PUT /v1/orders",
        api(op("PUT /v1/orders", body=ORDER), GET_ORDER),
        api(op("PUT /v1/orders", body=listed(ORDER)), GET_ORDER, op("PUT /v1/settings", body=ORDER)),
    ),
]

ERRORS = [
    pair(
        "no-error-answer",
        "operation GET /v1/orders/{id}",
        api(op("GET /v1/orders/{id}", given("id", "path"), answers={"200": answer(ORDER)})),
        api(
            op("GET /health", answers={"200": answer(ORDER)}),
            op("GET /v1/orders", answers={"200": answer(page(ORDER))}),
        ),
    ),
    pair(
        "no-error-schema",
        "operation GET /v1/orders/{id}",
        api(op("GET /v1/orders/{id}", answers={"200": answer(ORDER), "404": answer()})),
        api(op("GET /v1/orders/{id}", answers={"200": answer(ORDER), "404": answer(), "default": answer(PROBLEM)})),
    ),
    pair(
        "many-error-shapes",
        "surface shop",
        api(
            op("GET /v1/a/{id}", answers={"200": answer(ORDER), "404": answer(thing(code=STRING, message=STRING))}),
            op("GET /v1/b/{id}", answers={"200": answer(ORDER), "404": answer(thing(error=STRING))}),
        ),
        api(
            op("GET /v1/a/{id}", answers={"200": answer(ORDER), "404": answer(thing(code=STRING, message=STRING))}),
            op(
                "GET /v1/b/{id}",
                answers={
                    "200": answer(ORDER),
                    "422": answer(thing(code=STRING, message=STRING, fields=listed(STRING))),
                },
            ),
        ),
    ),
    pair(
        "error-in-success",
        "answer GET /v1/orders/{id} · 200",
        api(op("GET /v1/orders/{id}", ok=thing(success={"type": "boolean"}, error=STRING, order=ORDER))),
        api(
            op("GET /v1/deliveries/{id}", ok=thing(success={"type": "boolean"}, at=STRING)),
            op("POST /v1/rpc", ok=thing(jsonrpc=STRING, ok={"type": "boolean"}, error=STRING)),
        ),
    ),
    pair(
        "no-success-answer",
        "operation DELETE /v1/orders/{id}",
        api(op("DELETE /v1/orders/{id}", answers={"404": answer(PROBLEM)})),
        api(
            op("DELETE /v1/orders/{id}", answers={"default": answer(PROBLEM)}),
            op("GET /v1/go", answers={"302": answer()}),
        ),
    ),
    pair(
        "leaky-error",
        "field GET /v1/orders/{id} · 500.stackTrace",
        api(
            op(
                "GET /v1/orders/{id}",
                answers={"200": answer(ORDER), "500": answer(thing(title=STRING, stackTrace=STRING))},
            )
        ),
        api(
            op(
                "GET /v1/orders/{id}",
                answers={"200": answer(thing(stack=STRING)), "500": answer(thing(exception={"type": "boolean"}))},
            )
        ),
    ),
    pair(
        "no-rate-limit",
        "surface shop",
        api(*(op(f"GET /v1/{noun}/{{id}}", answers={"200": answer(ORDER), "404": answer(PROBLEM)}) for noun in "abc")),
        api(*(op(f"GET /v1/{noun}/{{id}}", answers={"200": answer(ORDER), "429": answer(PROBLEM)}) for noun in "abc")),
    ),
]


_JOB = thing(id=STRING, status=STRING)

STREAMS = [
    pair(
        "polled-stream",
        "operation GET /v1/events",
        api(op("GET /v1/events", given("last_event_id"), ok=page(ORDER))),
        api(
            op("GET /v1/events", given("page_token"), ok=page(ORDER)),
            op("GET /v1/orders", given("since"), ok=page(ORDER)),
        ),
    ),
    pair(
        "accepted-without-place",
        "answer POST /v1/exports · 202",
        api(op("POST /v1/exports", answers={"202": answer()})),
        api(
            op("POST /v1/exports", answers={"202": answer(headers=["Location"])}),
            op("POST /v1/events", answers={"202": answer()}),
        ),
    ),
    pair(
        "job-without-states",
        "operation GET /v1/jobs/{id}",
        api(op("GET /v1/jobs/{id}", ok=_JOB)),
        api(
            op("GET /v1/jobs/{id}", ok=thing(id=STRING, status={**STRING, "enum": ["queued", "done"]})),
            op("GET /v1/orders/{id}", ok=_JOB),
        ),
    ),
]
