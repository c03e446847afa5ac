"""Misfits of lists and of reads."""

from __future__ import annotations

from misfit_texts import INTEGER, ORDER, STRING, answer, api, given, listed, op, page, pair, thing

PAGING = [
    pair(
        "unpaged-list",
        "operation GET /v1/orders",
        api(op("GET /v1/orders", given("status"), ok=thing(items=listed(ORDER)))),
        api(
            op("GET /v1/countries", ok=thing(items=listed(ORDER))),
            op("GET /v1/top", ok={**listed(ORDER), "maxItems": 10}),
            op("GET /v1/traffic/clones", ok=listed(ORDER), description="Clones by day for the last 14 days."),
            op("GET /v1/traffic/paths", ok=listed(ORDER), description="The top 10 paths."),
            op("GET /v1/stats/activity", ok=listed(ORDER), description="Returns the last year of activity by week."),
            op("GET /v1/runners/{id}/labels", ok=listed(ORDER)),
            op("GET /v1/commits/{sha}/branches-where-head", ok=listed(ORDER)),
        ),
    ),
    pair(
        "offset-paging",
        "operation GET /v1/orders",
        api(op("GET /v1/orders", given("offset"), given("limit"), ok=thing(items=listed(ORDER)))),
        api(op("GET /v1/orders", given("cursor"), given("page"), ok=thing(items=listed(ORDER)))),
    ),
    pair(
        "unbounded-page-size",
        "parameter GET /v1/orders · page_size",
        api(op("GET /v1/orders", given("page_size", schema=INTEGER), ok=page(ORDER))),
        api(
            op("GET /v1/orders", given("page_size", schema={**INTEGER, "maximum": 100}), ok=page(ORDER)),
            op("GET /v1/carts", given("limit", schema=INTEGER, description="At most 100."), ok=page(ORDER)),
        ),
    ),
    pair(
        "page-without-next",
        "operation GET /v1/orders",
        api(op("GET /v1/orders", given("limit"), ok=thing(items=listed(ORDER)))),
        api(op("GET /v1/orders", given("limit"), given("q"), ok=thing(items=listed(ORDER)))),
    ),
    pair(
        "bare-array",
        "operation GET /v1/orders",
        api(op("GET /v1/orders", given("page"), ok=listed(ORDER))),
        api(op("GET /v1/orders", given("page"), answers={"200": answer(listed(ORDER), ["Link"])})),
    ),
]

CACHING = [
    pair(
        "post-for-read",
        "operation POST /v1/getOrders",
        api(op("POST /v1/getOrders", body=thing(status=STRING), ok=page(ORDER))),
        api(
            op("POST /v1/findOrders", body=thing(filter=thing(status=STRING)), ok=page(ORDER)),
            op("POST /v1/getCustomer", body=thing(email=STRING), ok=ORDER),
        ),
    ),
    pair(
        "uncacheable-reads",
        "surface shop",
        api(*(op(f"GET /v1/{noun}/{{id}}") for noun in "abcde")),
        api(*(op(f"GET /v1/{noun}/{{id}}", answers={"200": answer(ORDER, ["ETag"])}) for noun in "abcde")),
    ),
    pair(
        "lost-update",
        "surface shop",
        api(op("PATCH /v1/orders/{id}", body=ORDER), op("PUT /v1/customers/{id}", body=ORDER)),
        api(op("PATCH /v1/orders/{id}", given("If-Match", "header"), body=ORDER), op("PUT /v1/carts/{id}", body=ORDER)),
    ),
]
