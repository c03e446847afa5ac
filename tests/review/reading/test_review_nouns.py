"""Nouns in what was read: resources, and their methods."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_text import reading

from dragoman.contract.contract import Contract
from dragoman.contract.operation import Method, Operation
from dragoman.contract.schema import Field, Kind, List, Record, Ref, Scalar
from dragoman.contract.traits import Traits
from dragoman.review.english import singular
from dragoman.review.reading.nouns import recognise
from dragoman.review.reading.nouns.words import is_verb
from dragoman.review.wire import Procedure, address

STRING = Scalar(Kind.STRING)

SCHEMAS = """
components:
  schemas:
    Order: {type: object, properties: {id: {type: string, pattern: ^ord_}, customer: {type: string, pattern: ^cus_}}}
    OrderPart: {type: object, properties: {id: {type: string}}}
    Customer: {type: object, properties: {id: {type: string, pattern: ^cus_}}}
    Wrapped: {type: object, properties: {data: {$ref: '#/components/schemas/Order'}}}
    Orders:
      type: object
      properties: {orders: {type: array, items: {$ref: '#/components/schemas/Order'}}, next_page_token: {type: string}}
"""


def _found(*calls: str) -> Contract:
    """The contract of these calls: ``GET /orders -> Orders``, its nouns found."""
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        left, _, schema = call.partition(" -> ")
        method, path = left.split(" ", 1)
        content = f"{{content: {{a/b: {{schema: {_schema(schema)}}}}}}}" if schema else "{}"
        paths.setdefault(path, {})[method.lower()] = f"{{responses: {{'200': {content}}}}}"
    lines = ["paths:"]
    for path, methods in paths.items():
        lines += [f"  '{path}':", *(f"    {method}: {item}" for method, item in methods.items())]
    contract = reading("\n".join(lines) + SCHEMAS).contract
    recognise(contract)
    return contract


def _schema(text: str) -> str:
    if text.startswith("["):
        return f"{{type: array, items: {_schema(text[1:-1])}}}"
    return f"{{$ref: '#/components/schemas/{text}'}}"


def _names(contract: Contract) -> dict[str, str]:
    return {address(each): name for name, each in contract.operations.items()}


def test_the_standard_methods() -> None:
    contract = _found(
        "GET /orders -> Orders",
        "POST /orders -> Order",
        "GET /orders/{id} -> Order",
        "PATCH /orders/{id} -> Order",
        "PUT /orders/{id} -> Order",
        "DELETE /orders/{id}",
    )
    assert list(contract.operations) == [
        "orders.list",
        "orders.create",
        "orders.get",
        "orders.replace",
        "orders.delete",
        "orders.update",
    ]
    methods = [each.method for each in contract.operations.values()]
    assert methods == [Method.LIST, Method.CREATE, Method.GET, Method.CUSTOM, Method.DELETE, Method.UPDATE]
    description = contract.resources["orders"].description
    assert (description.name, description.plural, description.prefix) == ("Order", "orders", "")
    assert description.record is contract.types["Order"]
    assert all(each.resource is description for each in contract.operations.values())
    assert set(contract.resources["orders"].handles) == {"list", "create", "get", "update", "replace", "delete"}


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("POST /orders/{id}/cancel", "orders.cancel"),
        ("POST /orders/{id}:cancel", "orders.cancel"),
        ("POST /orders:batchGet", "orders.batch_get"),
        ("POST /orders/search", "orders.search"),
        ("GET /orders/{id}/invoice", "orders.invoice"),
        ("POST /orders/{id}/actions/ship", "orders.actions_ship"),
        ("QUERY /orders -> Orders", "orders.query"),
        ("DELETE /orders", "orders.delete_many"),
        ("POST /predict -> Order", "post_predict"),
        ("GET /health", "get_health"),
        ("GET /getOrders/{id} -> Order", "get_get_orders_id"),
        ("POST /orders/{id}/a/{b}/c", "post_orders_id_a_b_c"),
        ("HEAD /orders/{id}", "head_orders_id"),
    ],
)
def test_custom_methods_and_what_is_none(call: str, name: str) -> None:
    contract = _found("GET /orders -> Orders", "GET /orders/{id} -> Order", call)
    assert _names(contract)[call.partition(" -> ")[0]] == name
    method = contract.operations[name].method
    assert method is (Method.CUSTOM if "." in name else None)


def test_a_list_by_what_it_belongs_to() -> None:
    contract = _found(
        "GET /customers/{id}/orders -> Orders",
        "GET /customers/{id} -> Customer",
        "GET /orders -> Orders",
        "GET /orders/{id} -> Order",
    )
    assert _names(contract)["GET /customers/{id}/orders"] == "orders.list_by_customer"
    assert list(contract.resources) == ["orders", "customers"]
    assert contract.operations["orders.list_by_customer"].method is Method.LIST
    references = contract.resources["orders"].description.references
    assert {name: each.target for name, each in references.items()} == {"customer": "Customer"}


def test_nouns_that_are_called_alike_are_told_apart() -> None:
    contract = _found(
        "GET /orders/{id} -> Order", "GET /shops/{a}/orders/{b} -> OrderPart", "GET /shops/{a} -> Customer"
    )
    assert {name: each.description.name for name, each in contract.resources.items()} == {
        "orders": "Order",
        "shops": "Customer",
        "shop_orders": "OrderPart",
    }


@pytest.mark.parametrize(
    ("calls", "plural", "name"),
    [
        (("GET /orders -> [Order]", "POST /orders"), "orders", "Order"),
        (("GET /orders -> Orders",), "orders", "Order"),
        (("GET /v1/purchase-orders/{id} -> Wrapped",), "purchase_orders", "Order"),
        (("GET /Orders({id}) -> Order",), "orders", "Order"),
        (("GET /Orders.json -> Orders", "GET /Orders/{Sid}.json -> Order"), "orders", "Order"),
        (("GET /repos/{owner}/{repo} -> Order",), "repos", "Order"),
        (("GET /orders/{id} -> OrderPart", "PATCH /orders/{id} -> Order"), "orders", "Order"),
        (("GET /boxes/{id}",), "boxes", "Box"),
        (("GET /settings -> Order", "PUT /settings -> Order"), "settings", "Order"),
    ],
)
def test_resources(calls: tuple[str, ...], plural: str, name: str) -> None:
    contract = _found(*calls)
    assert {key: each.description.name for key, each in contract.resources.items()} == {plural: name}


def test_what_changes_by_post_is_an_update() -> None:
    contract = _found("GET /orders/{id} -> Order", "POST /orders/{id} -> Order")
    assert contract.operations["orders.update"].method is Method.UPDATE


# Procedures


def _procedures(*calls: tuple[str, str, str | None]) -> Contract:
    contract = Contract("calls")
    order = Record("shop.v1.Order", (Field("id", STRING), Field("total", STRING)))
    page = Record("Page", (Field("orders", List(Ref("shop.v1.Order"))), Field("next_page_token", STRING)))
    answer = Record("Answer", (Field("order", Ref("shop.v1.Order")),))
    for name, each in (("shop.v1.Order", order), ("Page", page), ("Answer", answer)):
        contract.types.add(name, each)
    for number, (service, method, output) in enumerate(calls):
        trait = Procedure("shop.v1", service, method)
        contract.add(Operation(f"o{number}", output=Ref(output) if output else None, traits=Traits([trait])))
    recognise(contract)
    return contract


def test_procedures_are_named_by_the_aips() -> None:
    contract = _procedures(
        ("OrderService", "ListOrders", "Page"),
        ("OrderService", "GetOrder", "Answer"),
        ("OrderService", "CreateOrder", "shop.v1.Order"),
        ("OrderService", "UpdateOrder", None),
        ("OrderService", "DeleteOrder", None),
        ("OrderService", "CancelOrder", None),
        ("OrderService", "BatchGetOrders", None),
        ("OrderService", "Predict", None),
        ("OrderService", "GetReport", None),
        ("OrderService", "ListSizes", None),
    )
    assert list(contract.operations) == [
        *(f"orders.{each}" for each in ("list", "get", "create", "update", "delete", "cancel", "batch_get")),
        "o7",
        "reports.get",
        "o9",
    ]
    description = contract.resources["orders"].description
    assert (description.name, description.record.name) == ("Order", "shop.v1.Order")


def test_services_with_one_noun_are_told_apart() -> None:
    contract = _procedures(("Shop", "GetOrder", None), ("DeskService", "GetOrder", None))
    assert list(contract.resources) == ["orders", "desk_orders"]


# Properties

SEGMENTS = st.sampled_from(
    ["orders", "customers", "{id}", "{other}", "cancel", "a:b", "{id}:do", "getAll", "", "v1", "x.json"]
)
CALLS = st.tuples(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
    st.lists(SEGMENTS, min_size=1, max_size=5),
    st.sampled_from(["", "Order", "Orders", "[Order]", "Customer", "Wrapped"]),
)


@given(st.lists(CALLS, max_size=10))
@settings(deadline=None, max_examples=60)
def test_no_operation_is_lost_and_each_has_one_name(calls: list[tuple[str, list[str], str]]) -> None:
    texts = {(method, "/" + "/".join(parts)): output for method, parts, output in calls}
    contract = _found(
        *(f"{method} {path} -> {out}" if out else f"{method} {path}" for (method, path), out in texts.items())
    )
    assert set(_names(contract)) == {f"{method} {path}" for method, path in texts}
    for name, each in contract.operations.items():
        assert each.name == name
        assert (each.method is None) == (each.resource is None)
        if each.resource is not None:
            assert name.startswith(f"{each.resource.plural}.")
            assert contract.resources[each.resource.plural].handles[each.short_name].operation is each


def test_words() -> None:
    assert [singular(each) for each in ("orders", "boxes", "categories", "status", "address", "news", "houses")] == [
        *("order", "box", "category", "status", "address", "new", "house")
    ]
    assert is_verb("getOrders")
    assert is_verb("batch-get")
    assert not is_verb("orders")
    assert not is_verb("")
