"""Methods of services as operations."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from dragoman.contract.operation import Effect, Interaction, Operation
from dragoman.contract.schema import Ref
from dragoman.review.elements import operation
from dragoman.review.reading.outcome import Reading, Refusal, Scheme
from dragoman.review.reading.protobuf.traits import LongRunning, Signatures
from dragoman.review.wire import EffectSource, Procedure, address

Reader: TypeAlias = Callable[[Mapping[str, str]], tuple[list[Reading], list[Refusal]]]

SHOP = """\
syntax = "proto3";
package shop.v1;
import "google/api/annotations.proto";
import "google/api/client.proto";
import "google/longrunning/operations.proto";
import "google/protobuf/empty.proto";
service Orders {
  option (google.api.default_host) = "shop.example.com";
  option (google.api.oauth_scopes) = "https://example.com/auth/read, https://example.com/auth/write";
  // One order.
  rpc GetOrder(Order) returns (Order) {
    option (google.api.http) = { get: "/v1/{name=orders/*}" additional_bindings { post: "/v1/orders:find" body: "*" } };
    option (google.api.method_signature) = "name";
  }
  rpc ListOrders(Order) returns (Order);
  rpc Getaway(Order) returns (Order);
  rpc Price(Order) returns (Order) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Cancel(Order) returns (google.protobuf.Empty) {
    option idempotency_level = IDEMPOTENT;
    option deprecated = true;
  }
  rpc Clear(google.protobuf.Empty) returns (google.longrunning.Operation) {
    option (google.longrunning.operation_info) = { response_type: "Order" metadata_type: "Order" };
    option (google.api.http) = { custom: { kind: "PURGE" path: "/v1/orders" } };
  }
  rpc Place(Order) returns (Order) { option (google.api.http) = { put: "/v1/{name=orders/*}" body: "*" }; }
  rpc Watch(Order) returns (stream Order);
  rpc Load(stream Order) returns (Order);
  rpc Talk(stream Order) returns (stream Order);
}
service Old { option deprecated = true; rpc Do(Order) returns (Order); }
message Order { string name = 1; }
"""


@pytest.fixture(scope="module")
def shop(reads_once: Reader) -> Reading:
    readings, refusals = reads_once({"shop/v1/shop.proto": SHOP})
    assert not refusals
    (reading,) = readings
    return reading


def named(shop: Reading, method: str) -> Operation:
    return shop.contract.operations[f"shop.v1.Orders.{method}"]


def test_an_operation(shop: Reading) -> None:
    found = named(shop, "GetOrder")
    assert (found.input, found.output) == (Ref("shop.v1.Order"), Ref("shop.v1.Order"))
    assert (found.short_name, found.description) == ("GetOrder", "One order.")
    assert found.traits.get(Procedure) == Procedure(
        "shop.v1", "Orders", "GetOrder", (("GET", "/v1/{name=orders/*}"), ("POST", "/v1/orders:find"))
    )
    assert found.traits.get(Signatures) == Signatures(("name",))
    assert shop.locate(operation(address(found))).line == 11


def test_what_is_bound_to_put_can_be_repeated(shop: Reading) -> None:
    assert named(shop, "Place").effect is Effect.IDEMPOTENT
    assert named(shop, "Place").traits.get(EffectSource) == EffectSource("google.api.http")


def test_empty_messages_are_nothing(shop: Reading) -> None:
    assert named(shop, "Cancel").output is None
    assert named(shop, "Clear").input is None


@pytest.mark.parametrize(
    ("method", "effect", "source"),
    [
        ("GetOrder", Effect.SAFE, EffectSource("google.api.http")),
        ("Price", Effect.SAFE, EffectSource("idempotency_level")),
        ("Cancel", Effect.IDEMPOTENT, EffectSource("idempotency_level")),
        ("ListOrders", Effect.UNSAFE, EffectSource("", Effect.SAFE, "AIP-132")),
        ("Getaway", Effect.UNSAFE, EffectSource()),
        ("Clear", Effect.UNSAFE, EffectSource()),
    ],
)
def test_the_effect_says_where_it_comes_from(shop: Reading, method: str, effect: Effect, source: EffectSource) -> None:
    found = named(shop, method)
    assert (found.effect, found.traits.get(EffectSource)) == (effect, source)


def test_streams(shop: Reading) -> None:
    found = {name: named(shop, name).interaction for name in ("Price", "Watch", "Load", "Talk")}
    assert found == dict(zip(found, Interaction, strict=True))


def test_a_task_that_runs_long(shop: Reading) -> None:
    clear = named(shop, "Clear")
    assert clear.traits.get(LongRunning) == LongRunning("Order", "Order")
    procedure = clear.traits.get(Procedure)
    assert procedure is not None
    assert procedure.http == (("PURGE", "/v1/orders"),)
    assert "google.rpc.Status" in shop.contract.types


def test_what_is_deprecated(shop: Reading) -> None:
    assert [each.name for each in shop.contract.operations.values() if each.deprecated] == [
        "shop.v1.Orders.Cancel",
        "shop.v1.Old.Do",
    ]


def test_what_the_services_say_of_themselves(shop: Reading) -> None:
    assert shop.about.servers == ("shop.example.com",)
    scopes = ("https://example.com/auth/read", "https://example.com/auth/write")
    assert shop.about.schemes == (Scheme("oauth2", "oauth2", scopes=scopes),)
