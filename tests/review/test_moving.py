"""What to mend before moving, what moving would cost, and the verdict in words."""

from __future__ import annotations

from dataclasses import replace

from handmade_contracts import STRING, crud, http, reading, record, surface

from dragoman.contract.schema import List, Ref
from dragoman.contract.traits import Traits
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
    instead = [each for each in verdict.reasons_against if each.text.startswith("For REST: ")]
    assert instead[0].points < 0


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
    assert any("it is for your own services" in turn.text and turn.style == "rpc" for turn in verdict.turns)


def test_what_is_spoken_beside_need_not_be_moved_to():
    named = stating(surface(reading(*crud("/orders"))), audience="public")
    verdict = judge(named, Nature("rpc", "gRPC, with HTTP beside it", 1.0, (), ("rest",)))
    assert (verdict.decision, verdict.style) == (Decision.KEEP, "rest")
    assert verdict.advice.startswith("Keep REST beside RPC")
    assert not verdict.cost
