"""What a surface really is, whatever it is called."""

from __future__ import annotations

import pytest
from handmade_contracts import STRING, crud, event, field, http, procedure, reading, record, surface

from dragoman.contract.schema import Kind, Map, Scalar
from dragoman.review.reading.outcome import Format
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.nature import nature
from dragoman.review.wire import Parameter

ANY = Scalar(Kind.ANY)


def of(*operations, **more):
    return nature(surface(reading(*operations, **more)))


def said(found):
    return [each.text for each in found.evidence]


def test_resources_over_http():
    found = of(*crud("/orders"), *crud("/customers"), http("POST /v1/orders/{id}/cancel"))
    assert (found.style, found.form, found.purity) == ("rest", "resources over HTTP", 1.0)
    assert said(found)[0] == "10 of 11 operations are standard methods of a resource"
    assert "methods: POST 3, GET 4" not in said(found)
    assert "methods: GET 4, POST 3, PATCH 2, DELETE 2" in said(found)


def test_private_calls_in_public():
    found = of(*map(http, ("GET /getUser", "POST /doPayment", "POST /sendInvoice", "POST /users/list")))
    assert (found.style, found.form) == ("rpc", "RPC over HTTP")


def test_a_model_is_a_call():
    assert of(http("POST /predict"), http("GET /health")).style == "rpc"
    assert of(http("POST /predict")).form == "RPC over HTTP"


def test_post_for_everything_makes_no_resources_of_what_is_posted_to():
    lines = ["POST /v1/Call", "POST /v1/HangupCall", "POST /v1/CancelCall", "POST /v1/GetCall", "POST /v1/Conference"]
    found = of(*map(http, lines))
    assert found.style == "rpc"
    assert "POST is used for everything" in said(found)
    assert surface(reading(*map(http, lines))).facts.value("standard_share") == 0.0


def test_methods_and_statuses_that_mean_something_else_lower_the_purity():
    envelope = record(None, error=STRING, data=STRING)
    found = of(
        *crud("/orders"),
        http("GET /v1/orders/{id}/delete"),
        http("POST /v1/orders/list"),
        http("PUT /v1/stock", output=envelope, statuses="200"),
    )
    assert found.style == "rest"
    assert found.purity == pytest.approx(5 / 8)
    assert "GET that changes something: 1 of 8" in said(found)
    assert "POST that only reads: 1 of 8" in said(found)
    assert "200 for errors: 1 of 8" in said(found)
    assert any(each.text == "GET /v1/orders/{id}/delete" and each.position for each in found.evidence)


@pytest.mark.parametrize(
    ("operation", "style", "form"),
    [
        (http("POST /graphql"), "graphql", "one endpoint, GraphQL"),
        (http("POST /query", input=record(None, query=STRING, variables=ANY)), "graphql", "one endpoint, GraphQL"),
        (http("POST /", input=record(None, jsonrpc=STRING, method=STRING, params=ANY)), "rpc", "one endpoint, RPC"),
        (http("POST /api", input=record(None, action=STRING, data=ANY)), "rpc", "one endpoint, RPC"),
        (http("POST /rpc", input=Map(STRING, ANY)), "rpc", "one endpoint, RPC"),
        (http("POST /OrderService", input=STRING, media="application/soap+xml"), "soap", "one endpoint, SOAP"),
        (http("POST /orders.asmx", input=STRING, media="text/xml"), "soap", "one endpoint, SOAP"),
        (http("POST /ws", parameters=(Parameter("SOAPAction", "header", STRING),)), "soap", "one endpoint, SOAP"),
    ],
)
def test_one_endpoint_for_everything(operation, style, form):
    found = of(operation)
    assert (found.style, found.form) == (style, form)


def test_an_endpoint_for_everything_outweighs_what_stands_beside_it():
    found = of(http("POST /graphql"), http("POST /login"), http("GET /me"), http("GET /health"))
    assert found.style == "graphql"


def test_a_search_with_a_query_is_no_graphql():
    assert of(http("POST /search", input=record(None, query=STRING, size=STRING))).form == "RPC over HTTP"


def test_grpc_with_and_without_http():
    plain = procedure("fraud.v1.Fraud/Predict")
    beside = procedure("shop.v1.Orders/ListOrders", transcoded=True)
    assert of(plain, format=Format.PROTO).form == "gRPC"
    found = of(beside, format=Format.PROTO)
    assert (found.style, found.form, found.beside) == ("rpc", "gRPC, with HTTP beside it", ("rest",))


def test_graphql_events_and_webhooks():
    assert of(field("query orders"), field("mutation createOrder"), format=Format.GRAPHQL).style == "graphql"
    assert of(events=[event("placed"), event("paid")], format=Format.ASYNCAPI).style == "events"
    found = of(http("POST placed", direction="webhook"), http("POST paid", direction="webhook"))
    assert (found.style, found.form) == ("webhooks", "calls to addresses of others")


def test_what_is_called_back_does_not_make_a_surface_of_webhooks():
    callbacks = [http(f"POST {{$request.body#/url}}/{each}", direction="callback") for each in "abc"]
    assert of(http("POST /v1/orders", statuses="201"), *callbacks).style == "rest"


def test_the_majority_of_a_mixture_speaks_and_the_rest_lowers_its_purity():
    found = of(*crud("/orders"), events=[event("placed")])
    assert found.style == "rest"
    assert found.purity == pytest.approx(5 / 6)


def test_without_a_document_it_is_what_was_said():
    said_so = Facts({"style": Fact("style", "soap", Certainty.STATED)})
    assert nature(Surface("legacy", facts=said_so)).style == "soap"
    assert nature(Surface("idea")).style is None
    assert nature(surface(reading())).style is None
