"""What to mend before moving, what moving would cost, and the verdict in words."""

from __future__ import annotations

from dataclasses import replace

from handmade_contracts import STRING, crud, http, procedure, reading, record, surface

from dragoman.contract.operation import Interaction
from dragoman.contract.schema import List, Ref
from dragoman.contract.traits import Traits
from dragoman.review.conduct import advise
from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.judge import judge
from dragoman.review.verdict.moving import basics, cost
from dragoman.review.verdict.nature import nature
from dragoman.review.verdict.verdict import Confidence, Decision, Nature
from dragoman.review.wire import Answer, Http


def stating(of: Surface, **facts) -> Surface:
    return replace(of, facts=of.facts.with_(*(Fact(name, value, Certainty.STATED) for name, value in facts.items())))


def cached(operation):
    trait = operation.traits.get(Http)
    return replace(operation, traits=Traits([replace(trait, answers=(Answer("200", headers=("ETag",)),))]))


def test_reads_without_caching_are_told_and_those_with_it_are_not():
    plain, kept = http("GET /v1/orders"), cached(http("GET /v1/orders"))
    assert any("ETag" in each for each in basics(surface(reading(plain))))
    assert not any("ETag" in each for each in basics(surface(reading(kept))))


def test_computing_one_by_one_is_told_and_many_at_once_is_not():
    one = http("POST /predict", input=record(None, text=STRING))
    many = http("POST /predict", input=record(None, texts=List(STRING)))
    assert any("several inputs" in each for each in basics(surface(reading(one))))
    assert not any("several inputs" in each for each in basics(surface(reading(many))))


def test_references_that_lead_nowhere_are_borne():
    lost = http("POST /predict", input=Ref("Nowhere"))
    assert any("several inputs" in each for each in basics(surface(reading(lost))))


def test_a_model_in_public_is_kept_apart_from_its_serving():
    model = stating(surface(reading(http("POST /predict"))), audience="partner")
    assert list(basics(model))[-2:] == [
        "Give the contract a version and a written promise of how it changes.",
        "Keep what outside callers need apart from how the model is served inside.",
    ]


def test_the_cost_is_made_from_what_is_known():
    shop = stating(surface(reading(*crud("/orders"))), audience="public", consumers=12, teams=1)
    found = list(cost(shop, "rest", "rpc"))
    assert found[0] == "12 organisations outside change their code, each when it suits them: plan for a year or more."
    assert "1 team of yours changes its code." in found
    assert "5 operations are described anew, in .proto files." in found
    assert "Clients that were generated from OpenAPI are generated again, and tests with them." in found
    assert "Browsers reach gRPC only through Connect or a proxy." in found


def test_consumers_that_nobody_counted_are_to_be_counted_first():
    shop = stating(surface(reading(*crud("/orders"))), audience="partner")
    assert next(cost(shop, "rpc", "rest")).startswith("How many outside would have to follow is not known")


def test_private_calls_in_public_are_moved_with_all_that_is_to_be_known():
    calls = surface(reading(*map(http, ("POST /getUser", "POST /doPayment", "POST /sendInvoice", "POST /listUsers"))))
    shop = stating(calls, audience="public", consumers=40)
    verdict = judge(shop, nature(shop), errors=3, first=("Say how it fails: an error schema for each operation.",))
    assert (verdict.decision, verdict.style, verdict.confidence) == (Decision.MOVE, "rest", Confidence.HIGH)
    assert verdict.advice == "Move from RPC over HTTP to REST: beside it first, then instead."
    assert verdict.first[0] == "Say how it fails: an error schema for each operation."
    assert verdict.reasons_for[0].rule.id == "outside-callers"
    assert verdict.reasons_for[0].text.endswith("(it is for anybody outside who signs up)")
    assert verdict.reasons_against[0].rule.id == "it-works"
    assert any("organisations outside change" in each for each in verdict.cost)


def test_what_speaks_for_the_runner_up_is_told_against():
    model = surface(reading(http("POST /predict")))
    model = stating(model, audience="internal", calls_per_second=2000.0, latency_budget_ms=200.0)
    verdict = judge(model, nature(model))
    instead = [each for each in verdict.reasons_against if each.style == "rest"]
    assert instead[0].points > 0


def test_the_reasons_of_a_style_sum_to_its_points_and_what_speaks_for_staying():
    shop = stating(surface(reading(*crud("/orders"))), audience="public", consumers=12, skills=frozenset({"rpc"}))
    for present in ("rest", "rpc", "graphql", None):
        verdict = judge(shop, Nature(present, "", 1.0))
        reasons = [each for each in (*verdict.reasons_for, *verdict.reasons_against) if each.style == verdict.style]
        total = sum(each.points for each in reasons)
        assert total == verdict.scores[verdict.style] + (verdict.staying if verdict.style == present else 0)
        assert (verdict.staying > 0) is (present is not None)


def test_soap_is_kept_for_those_who_speak_it():
    facts = Facts(
        {
            "style": Fact("style", "soap", Certainty.STATED),
            "audience": Fact("audience", "partner", Certainty.STATED),
            "consumers": Fact("consumers", 9, Certainty.STATED),
            "waits": Fact("waits", True, Certainty.STATED),
        }
    )
    old = Surface("legacy", facts=facts)
    verdict = judge(old, nature(old))
    assert (verdict.decision, verdict.style) == (Decision.MOVE, "rest")
    assert verdict.advice.startswith("Offer REST beside SOAP")


def test_a_verdict_that_an_answer_could_turn_asks_for_it():
    shop = surface(reading(*crud("/orders")))
    verdict = judge(shop, nature(shop))
    assert verdict.confidence is Confidence.LOW
    assert verdict.advice == "Keep REST. But find out first: Who calls this surface?"
    assert verdict.open[0] == "audience"
    assert not any("10 ms" in turn.text for turn in verdict.turns)  # nobody lists things within that


def test_a_budget_is_asked_for_and_told_as_what_callers_need():
    calls = stating(surface(reading(*map(http, ("POST /close", "POST /merge")))), audience="internal", waits=True)
    verdict = judge(calls, Nature("rest", "resources over HTTP", 1.0))
    assert "p99 latency" in CATALOGUE["latency_budget_ms"].asks
    assert any(turn.text == "If its callers need an answer within 10 ms: RPC" for turn in verdict.turns)


def test_what_is_spoken_beside_need_not_be_moved_to():
    named = stating(surface(reading(*crud("/orders"))), audience="public")
    verdict = judge(named, Nature("rpc", "gRPC, with HTTP beside it", 1.0, (), ("rest",)))
    assert (verdict.decision, verdict.style, verdict.beside) == (Decision.KEEP, "rpc", ("rest",))
    assert verdict.reasons_for[0].style == "rest"  # what fits of the two
    assert verdict.runner_up not in ("rest", "rpc")
    assert verdict.advice == "Keep both: RPC, with REST beside it."
    assert not verdict.cost


def test_streams_that_http_beside_procedures_cannot_carry_are_told():
    beside = procedure("pubsub.v1.Subscriber/Pull", transcoded=True)
    pulls = procedure("pubsub.v1.Subscriber/StreamingPull", interaction=Interaction.BIDIRECTIONAL)
    both = stating(surface(reading(beside, pulls)), audience="public")
    verdict = judge(both, Nature("rpc", "gRPC, with HTTP beside it", 1.0, (), ("rest",)))
    assert "StreamingPull goes through gRPC alone" in verdict.advice


def advised(**facts):
    given = Facts({name: Fact(name, value, Certainty.STATED) for name, value in facts.items()})
    return advise("it", given).surfaces[0].verdict


def test_streams_to_browsers_are_named_with_their_form():
    chat = advised(audience="frontend", work="streams", latency_budget_ms=1000.0, waits=True)
    assert chat.style == "rest"
    assert "REST with server-sent events" in chat.advice
    told = [each.text for each in chat.reasons_for]
    assert any("(it is for your own web and mobile apps; it mostly carries streams)" in each for each in told)
    assert not any("%" in each for each in told)


def test_a_thousand_messages_a_second_from_partners_are_not_surely_rest():
    telemetry = advised(audience="partner", work="streams", calls_per_second=20000.0, consumers=5, waits=False)
    assert telemetry.confidence is not Confidence.HIGH
    assert "gRPC streams for partners who can speak them" in telemetry.advice


def test_what_a_surface_without_a_document_does_is_asked_once_and_nothing_is_asked_that_only_a_document_says():
    idea = advised(audience="internal")
    assert "work" in idea.open
    assert all(CATALOGUE[name].asks for name in idea.open)
    assert any(turn.fact == "work" for turn in idea.turns)
    told = advised(audience="partner", work="events", waits=False, consumers=60)
    assert told.confidence is not Confidence.LOW
    assert "latency_budget_ms" not in told.open
    assert not any("operations" in turn.text for turn in told.turns)


def test_no_turn_has_more_than_two_conditions():
    for turn in advised().turns:
        assert turn.text.count(" and ") <= 1 or "mobile" in turn.text
