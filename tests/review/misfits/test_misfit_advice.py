"""What rules advise: never what would weaken or break a surface, and in words that fit the element."""

from __future__ import annotations

from typing import Any

import pytest
from misfit_texts import (
    GET_ORDER,
    OAUTH,
    ORDER,
    STRING,
    Contracts,
    api,
    events,
    given,
    op,
    schemes,
    thing,
)

from dragoman.review.misfits.finding import Finding, Severity

KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
BASIC = {"type": "http", "scheme": "basic"}
MUTUAL = {"type": "mutualTLS"}


def only(rule: str, document: Any, **more: Any) -> list[Finding]:
    """What the rule finds on one surface."""
    return [each for each in Contracts({"shop": document}, **more).findings() if each.rule == rule]


@pytest.mark.parametrize(
    ("most", "own", "remedy"),
    [
        (BASIC, OAUTH, "Keep OAuth 2 here: it is the stronger. Offer it on a, b too, and phase out HTTP basic there"),
        (KEY, MUTUAL, "Keep mutual TLS here: it is the stronger. Offer it on a, b too, and phase out an API key there"),
        (OAUTH, KEY, "Accept OAuth 2 here too, so that one credential works on all of them"),
        (KEY, BASIC, "Accept an API key here too, so that one credential works on all of them"),
    ],
)
def test_no_surface_is_told_to_take_a_weaker_credential(most: Any, own: Any, remedy: str) -> None:
    surfaces = {name: api(GET_ORDER, components=schemes(it=most)) for name in "ab"}
    surfaces["shop"] = api(GET_ORDER, components=schemes(it=own))
    (found,) = [each for each in Contracts(surfaces).findings() if each.rule == "platform-auth"]
    assert (found.surface, found.remedy) == ("shop", remedy)


def test_credentials_of_two_transports_are_not_compared() -> None:
    broker = {
        **events(order_placed={"name": "order.placed", "payload": thing(id=STRING)}),
        "servers": {"main": {"host": "broker.shop.test:9092", "protocol": "kafka"}},
        "components": schemes(it={"type": "X509"}),
    }
    surfaces = {"a": api(GET_ORDER, components=schemes(it=BASIC)), "shop": broker}
    assert not [each for each in Contracts(surfaces).findings() if each.rule == "platform-auth"]


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("GET /v1/apps/secrets/find", "Write GET /v1/apps/secrets: GET already says find"),
        ("POST /v1/tax/transactions/create_reversal", "Write POST /v1/tax/transactions/reversal"),
        (
            "POST /v1/tax/transactions/create_from_cart",
            "Write POST /v1/tax/transactions: POST already says create",
        ),
        ("POST /v1/validateBankAccount", "Put the verb after a colon: POST /v1/bank-account:validate (AIP-136)"),
        ("POST /v1/cancelOrRefund", "Name the thing that it acts on, and put the verb after a colon"),
    ],
)
def test_a_verb_is_replaced_by_what_the_path_has(address: str, remedy: str) -> None:
    (found,) = only("verb-in-path", api(op(address), GET_ORDER))
    assert found.remedy.startswith(remedy)


def test_one_name_is_chosen_for_all_variables_of_a_surface() -> None:
    paths = ("orders/{id}", "orders/{order}/lines", "carts/{cart}/lines", "carts/{id}", "notes/{note}", "clips/{clip}")
    names = [name for path in paths for name in (path.split("{")[1].split("}")[0],)]
    document = api(*(op(f"GET /v1/{path}", given(name, "path")) for path, name in zip(paths, names, strict=True)))
    assert {each.remedy for each in only("variable-of-many-names", document)} == {
        "Call it order everywhere after /orders/",
        "Call it cart everywhere after /carts/",
    }


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("send_invoice", "Call it invoice.sent, or"),
        ("turn_on_off", "Name it after what has happened, as in light.turned_on, or"),
    ],
)
def test_an_event_is_given_a_name_that_is_one(name: str, remedy: str) -> None:
    (found,) = only("event-as-command", events(it={"name": name, "payload": thing(id=STRING)}))
    assert found.remedy.startswith(remedy)


def test_a_secret_that_is_asked_for_is_only_to_be_confirmed() -> None:
    shown = {**STRING, "description": "Omitted unless you explicitly request it with expand."}
    (found,) = only("secret-in-answer", api(op("GET /v1/cards/{id}", ok=thing(id=STRING, cvc=shown))))
    assert found.severity is Severity.WARNING
    assert found.remedy.startswith("Confirm that this is intended")


def test_null_is_spoken_of_by_the_field_that_is_there() -> None:
    order = thing(**{each: {"type": ["string", "null"]} for each in ("sid", "note", "city", "zip", "state")})
    document = api(
        op("GET /v1/orders/{id}", ok={"$ref": "#/components/schemas/Order"}), components={"schemas": {"Order": order}}
    )
    (found,) = only("nullable-everywhere", document)
    assert found.remedy == "Remove null from the fields that Order always has, sid first"


def test_what_is_listed_is_an_error_only_where_it_grows() -> None:
    lists = {
        noun: only("unpaged-list", api(op(f"GET /v1/{noun}", ok=thing(items={"type": "array", "items": ORDER}))))
        for noun in ("orders", "restrictions")
    }
    assert {noun: found[0].severity for noun, found in lists.items()} == {
        "orders": Severity.ERROR,
        "restrictions": Severity.WARNING,
    }


def test_a_secret_that_every_operation_takes_is_told_once() -> None:
    document = api(*(op(f"GET /v1/{noun}/{{id}}", given("access_token")) for noun in ("orders", "carts", "notes")))
    (found,) = only("credential-in-address", document)
    assert found.message == (
        "access_token of GET /v1/orders/{id} and 2 more operations is a secret in the URL, and so in every log"
    )
