"""What is counted in documents, and what shows it."""

from __future__ import annotations

import pytest
from handmade_contracts import (
    INT,
    NUMBER,
    STRING,
    crud,
    event,
    field,
    floats,
    http,
    procedure,
    reading,
    record,
    surface,
)

from dragoman.contract.operation import Interaction
from dragoman.contract.schema import Kind, List, Record, Ref, Scalar
from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Format
from dragoman.review.surfaces.catalogue import CATALOGUE, Origin
from dragoman.review.surfaces.counting import count, counted
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface


def facts(*readings) -> Facts:
    return surface(*readings).facts


def test_every_fact_of_documents_is_counted():
    counted = {each.name: each for each in count([reading(*crud("/orders"))])}
    assert set(counted) == {name for name, question in CATALOGUE.items() if question.origin is Origin.DOCUMENTS}
    for name, fact in counted.items():
        assert fact.certainty is Certainty.READ
        assert isinstance(fact.value, CATALOGUE[name].type)
        assert fact.evidence[0].text


def test_resources_with_their_standard_methods():
    found = facts(reading(*crud("/orders"), *crud("/customers"), http("POST /v1/orders/{id}/cancel")))
    assert found.value("operations") == 11
    assert found.value("resources") == 2
    assert found.value("standard_share") == pytest.approx(10 / 11)
    assert found.value("verb_share") == pytest.approx(1 / 11)
    assert found.value("read_share") == pytest.approx(4 / 11)
    assert found.value("style") == "rest"


def test_evidence_says_how_many_and_names_places():
    evidence = facts(reading(*crud("/orders"), http("POST /v1/orders/{id}:cancel")))["verb_share"].evidence
    assert evidence[0].text == "1 of 6 operations are named for an action"
    assert evidence[1].text == "POST /v1/orders/{id}:cancel"
    assert evidence[1].position == Position("api.yaml", 15)


@pytest.mark.parametrize(
    ("line", "standard"),
    [
        ("GET /v1/price-lists", True),
        ("GET /repos/{owner}/{repo}/check-runs", True),
        ("GET /store", True),
        ("GET /Orders({id})", True),
        ("GET /users/{id}.json", True),
        ("PUT /user/settings", True),
        ("POST /v1/customers/{id}", True),
        ("GET /2010-04-01/Accounts/{sid}/Calls.json", True),
        ("GET /getUser/{id}", False),
        ("POST /doPayment", False),
        ("POST /chat.postMessage", False),
        ("POST /v1/{name=projects/*}:undelete", False),
        ("POST /orders/{id}/refund", False),
        ("GET /search", False),
        ("POST /predict", False),
        ("POST /#Action=StartInstances", False),
        ("POST /#X-Amz-Target=Glue_20170331.CreateTable", False),
    ],
)
def test_nouns_are_told_from_actions(line, standard):
    found = facts(reading(http(line)))
    assert found.value("standard_share") == float(standard)
    assert found.value("verb_share") == float(not standard)


def test_paths_that_nest_and_fields_that_name_others_are_links():
    order = record("Order", id=STRING, customer_id=STRING, warehouse=Ref("Warehouse"), total=INT)
    warehouse = record("Warehouse", id=STRING)
    paths = [*crud("/orders"), *crud("/customers"), *crud("/warehouses"), http("GET /v1/customers/{id}/orders")]
    assert facts(reading(*paths, types=(order, warehouse))).value("links") == 3


def test_a_graph_links_its_types():
    author = record("Author", id=STRING, books=List(Ref("Book")))
    book = record("Book", id=STRING, author=Ref("Author"), reviews=Ref("ReviewConnection"))
    review = record("Review", id=STRING, stars=INT)
    wrapped = record("ReviewConnection", nodes=List(Ref("Review")))
    root = record("Query", books=List(Ref("Book")))
    found = facts(
        reading(
            field("query books", List(Ref("Book"))),
            field("mutation createBook"),
            field("mutation publishBook"),
            format=Format.GRAPHQL,
            types=(author, book, review, wrapped, root),
        )
    )
    assert found.value("style") == "graphql"
    assert found.value("resources") == 3
    assert found.value("links") == 3
    assert found.value("verb_share") == pytest.approx(1 / 3)


def test_methods_of_services_are_read_by_their_names():
    found = facts(
        reading(
            procedure("shop.v1.Orders/ListOrders"),
            procedure("shop.v1.Orders/GetOrder"),
            procedure("shop.v1.Orders/WatchOrders", interaction=Interaction.SERVER_STREAM),
            procedure("fraud.v1.Fraud/Predict"),
            format=Format.PROTO,
        )
    )
    assert found.value("style") == "rpc"
    assert found.value("standard_share") == 0.5
    assert found.value("resources") == 1
    assert found.value("stream_share") == 0.25
    assert found.value("computes") == 0.25
    assert found.value("read_share") == 1.0


def test_streams_over_http_are_told_by_their_media():
    assert facts(reading(http("POST /chat", answers="text/event-stream; charset=utf-8"))).value("stream_share") == 1.0


def test_what_computes_is_told_by_actions_and_by_what_is_made():
    lines = ["POST /v1/embeddings", "POST /predict", "POST /v1/quotes:estimate", "POST /v1/orders"]
    assert facts(reading(*map(http, lines))).value("computes") == 0.75


def test_jobs_are_told_by_202_and_by_what_is_posted():
    lines = [http("POST /v1/reports", statuses="202 400"), http("POST /v1/exports"), http("POST /v1/orders")]
    assert facts(reading(*lines)).value("jobs") == 2
    # Where a call is done at once as a rule, 202 is an exception.
    assert facts(reading(http("POST /v1/pods", statuses="201 202"))).value("jobs") == 0


def test_numbers_and_lists_of_numbers_are_counted():
    vector = record("Vector", values=floats(), norm=NUMBER, label=STRING, tag=STRING)
    assert facts(reading(http("POST /embed", output=Ref("Vector")), types=(vector,))).value("numeric_share") == 0.5


def test_files_are_carried_where_they_are_a_tenth_of_the_operations():
    upload = http("PUT /v1/videos/{id}/content", input=Scalar(Kind.BYTES), media="video/mp4")
    assert facts(reading(*crud("/videos"), upload)).value("binary") is True
    many = [each for name in ("/a", "/b", "/c") for each in crud(name)]
    assert facts(reading(*many, upload)).value("binary") is False


def test_events_and_webhooks_are_a_part_of_what_is_declared():
    assert facts(reading(events=[event("placed")], format=Format.ASYNCAPI)).value("event_share") == 1.0
    told = http("POST orderPlaced", direction="webhook")
    assert facts(reading(http("GET /v1/orders"), told)).value("event_share") == 0.5
    assert facts(reading(http("GET /v1/orders"), told)).value("operations") == 1


def test_a_document_without_anything_says_only_that():
    assert [(each.name, each.value) for each in count([reading()])] == [("operations", 0)]


def test_references_that_lead_nowhere_and_types_that_hold_themselves_are_borne():
    loop = Record("Loop", record("", next=Ref("Loop"), lost=Ref("Nowhere")).fields)
    found = facts(reading(http("POST /v1/loops", input=Ref("Loop"), output=Ref("Nowhere")), types=(loop,)))
    assert found.value("numeric_share") == 0.0


def test_what_somebody_stated_stands_over_what_is_counted():
    stated = Fact("binary", True, Certainty.STATED)
    api = Surface("api", (reading(*crud("/orders")),), Facts({"binary": stated}))
    assert counted(api)["binary"] is stated
    assert counted(api).value("operations") == 5


def test_several_documents_are_counted_together():
    one, other = reading(*crud("/orders")), reading(*crud("/customers"), file="other.yaml")
    assert facts(one, other).value("operations") == 10
    assert facts(one, other).value("resources") == 2


@pytest.mark.parametrize(
    ("beside", "more", "made"),
    [
        ([], {}, False),
        (["GET /v1/payments/{id}"], {}, True),
        (["GET /v1/payments"], {}, True),
        (["GET /v1/payments/{id}/refunds"], {}, False),
        ([], {"statuses": "201 400"}, True),
        ([], {"output": record(None, id=STRING)}, True),
        ([], {"output": record(None, paymentId=STRING)}, True),
        ([], {"output": record(None, orderId=STRING)}, False),
        ([], {"output": record(None, data=record(None, id=STRING))}, True),
        ([], {"output": record(None, data=record(None, status=STRING))}, False),
    ],
)
def test_posting_creates_only_what_can_be_read(beside, more, made):
    found = facts(reading(http("POST /v1/payments", **more), *map(http, beside)))
    assert found.value("standard_share") == (1 + len(beside) if made else len(beside)) / (1 + len(beside))


def test_a_read_by_post_is_a_call():
    found = facts(reading(http("POST /paymentMethods"), http("POST /payments/{id}/captures")))
    assert (found.value("standard_share"), found.value("verb_share")) == (0.0, 1.0)
