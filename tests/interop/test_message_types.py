"""A FastAPI team moves an endpoint with its models unchanged: dataclasses and Pydantic models, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic import ConfigDict, Field, field_validator, model_validator

import dragoman as dm
from dragoman.testing import Client


class Address(pydantic.BaseModel):
    street: str
    zip: str = Field(pattern=r"^\d{5}$", description="Five digits")


class Card(pydantic.BaseModel):
    kind: Literal["card"]
    digits: str = Field(min_length=4, max_length=4)


class Cash(pydantic.BaseModel):
    kind: Literal["cash"]


class Order(pydantic.BaseModel):
    """As FastAPI had it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=20)
    amount: pydantic.PositiveInt = 1
    address: Address
    payment: Card | Cash = Field(discriminator="kind")
    tags: list[str] = Field(default_factory=list, max_length=2)
    placed_at: datetime = Field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    rounded: Annotated[int, pydantic.AfterValidator(lambda value: value // 10 * 10)] = 0

    @field_validator("name")
    @classmethod
    def capital(cls, value: str) -> str:
        if value == "nobody":
            raise ValueError("nobody orders nothing")
        return value.title()

    @model_validator(mode="after")
    def affordable(self) -> Order:
        if self.amount > 100 and self.payment.kind == "cash":
            raise ValueError("that much is not paid in cash")
        return self


@dataclass
class Parcel:
    weight: Annotated[int, dm.Gt(0)]
    labels: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if "fragile" in self.labels and self.weight > 1000:
            raise ValueError("too heavy to be fragile")


contract = dm.Contract("moved")
RECEIVED: list[object] = []


@contract.operation
async def place(order: Order) -> Order:
    RECEIVED.append(order)
    return order


@contract.operation
def send(parcel: Parcel) -> Parcel:
    RECEIVED.append(parcel)
    return parcel


class Priced(Order):
    secret_margin: int = 3


@contract.operation(effect="safe")
async def cheapest() -> Order:
    """What FastAPI's response_model does: only what the declared class has is told."""
    address = Address(street="a", zip="12345")
    return Priced(name="ann", address=address, payment=Cash(kind="cash"), amount=2)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    surface = dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[place, send, cheapest])
    with Client(dm.App(surface)) as client:
        yield client


GOOD: dict[str, Any] = {
    "name": "ann",
    "address": {"street": "a", "zip": "12345"},
    "payment": {"kind": "card", "digits": "1234"},
    "rounded": 57,
}


def test_the_handler_gets_the_model_and_its_validators_have_run(client: Client) -> None:
    answer = client.post("/v1/place", json=GOOD)
    assert answer.json() == {
        "name": "Ann",
        "amount": 1,
        "address": {"street": "a", "zip": "12345"},
        "payment": {"kind": "card", "digits": "1234"},
        "tags": [],
        "placed_at": "2026-01-01T00:00:00.000000Z",
        "rounded": 50,
    }
    received = RECEIVED[-1]
    assert isinstance(received, Order)
    assert isinstance(received.payment, Card)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"name": "nobody"}, "name: nobody orders nothing"),
        ({"amount": 101, "payment": {"kind": "cash"}}, "that much is not paid in cash"),
        ({"name": ""}, "name must have at least 1 character, got 0"),
    ],
)
def test_a_validators_own_sentence_stands_by_itself(client: Client, change: dict[str, Any], detail: str) -> None:
    problem = client.post("/v1/place", json={**GOOD, **change}).json()
    assert problem["detail"] == detail
    assert detail.endswith(problem["errors"][0]["detail"])


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"name": ""}, ["#/name"]),
        ({"name": "nobody"}, ["#/name"]),
        ({"amount": 0, "address": {"zip": "1"}}, ["#/amount", "#/address/street", "#/address/zip"]),
        ({"payment": {"kind": "barter"}}, ["#/payment/kind"]),
        ({"payment": {"kind": "card", "digits": "1"}}, ["#/payment/digits"]),
        ({"amount": 101, "payment": {"kind": "cash"}}, ["#"]),
        ({"tags": ["a", "b", "c"]}, ["#/tags"]),
        ({"more": 1}, ["#/more"]),
        ({"placed_at": "2026-01-01T00:00:00"}, ["#/placed_at"]),
    ],
)
def test_everything_that_is_wrong_is_told(client: Client, change: dict[str, Any], pointers: list[str]) -> None:
    answer = client.post("/v1/place", json=GOOD | change)
    assert answer.status_code == 422
    assert sorted(each["pointer"] for each in answer.json()["errors"]) == sorted(pointers)


def test_dataclasses_do_the_same(client: Client) -> None:
    assert client.post("/v1/send", json={"weight": 5}).json() == {"weight": 5, "labels": []}
    assert isinstance(RECEIVED[-1], Parcel)
    heavy = client.post("/v1/send", json={"weight": 2000, "labels": ["fragile"]})
    assert heavy.json()["errors"] == [{"pointer": "#", "detail": "too heavy to be fragile", "rule": "invalid"}]
    assert client.post("/v1/send", json={"weight": 0}).json()["errors"][0]["pointer"] == "#/weight"


def test_only_what_the_declared_class_has_is_told(client: Client) -> None:
    answer = client.get("/v1/cheapest").json()
    assert answer["amount"] == 2
    assert "secret_margin" not in answer


def test_the_document_describes_the_models(client: Client) -> None:
    schemas = client.get("/v1/openapi.json").json()["components"]["schemas"]
    assert schemas["OrderInput"]["required"] == ["name", "address", "payment"]
    assert schemas["OrderInput"]["properties"]["amount"]["minimum"] == 1
    assert schemas["Address"]["properties"]["zip"]["description"] == "Five digits"
    assert schemas["Order"]["description"] == "As FastAPI had it."


CamelCased = pydantic.create_model("CamelCased", first_name=(str, Field(alias="firstName")))


@pytest.mark.parametrize(
    ("model", "said"),
    [(CamelCased, "CamelCased.first_name: it is renamed to 'firstName'")],
)
def test_what_cannot_be_carried_is_refused_at_declaration(model: Any, said: str) -> None:
    def handler(item: Any) -> Any:
        raise AssertionError

    declare: Callable[[Any], Any] = dm.Contract("other").operation
    handler.__annotations__ = {"item": model, "return": model}
    with pytest.raises(dm.DeclarationError) as caught:
        declare(handler)
    assert said in str(caught.value)
