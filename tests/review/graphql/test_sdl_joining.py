"""Which files of SDL make one schema."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from dragoman.contract.schema import Record
from dragoman.review.reading.graphql import read


@pytest.mark.parametrize(
    ("files", "schemas"),
    [
        pytest.param(
            {
                "schema/query.graphql": "type Query { order: Order }",
                "schema/order.graphql": "type Order { by: Customer }",
                "schema/parts/customer.graphql": "type Customer { id: ID }",
            },
            {"schema": ["order"]},
            id="files that use one another",
        ),
        pytest.param(
            {
                "a.graphql": "type Query { a: A } type A { id: ID }",
                "b.graphql": "extend type Query { b: Int } extend type A { more: Int }",
            },
            {".": ["a", "b"]},
            id="a file that extends another",
        ),
        pytest.param(
            {
                "a.graphql": "type Query { a: A } type A { b: B }",
                "b.graphql": "type Query { b: B } type B { id: ID }",
            },
            {".": ["a", "b"]},
            id="root types that add up",
        ),
        pytest.param(
            {
                "one.graphql": "type Query { a: A } type A { id: ID }",
                "two.graphql": "type Query { b: A } type A { name: ID }",
            },
            {"one.graphql": ["a"], "two.graphql": ["b"]},
            id="two schemas in one folder",
        ),
        pytest.param(
            {
                "x/one.graphql": "type Query { a: A }",
                "x/a.graphql": "type A { id: ID }",
                "y/two.graphql": "type Query { a: A }",
                "y/a.graphql": "type A { id: ID }",
            },
            {"x": ["a"], "y": ["a"]},
            id="the nearest that defines it",
        ),
        pytest.param(
            {"schema.graphql": "type Query { a: Int }", "more/inputs.graphql": "input Unused { a: Int }"},
            {".": ["a"]},
            id="what nothing uses",
        ),
        pytest.param(
            {"orders.graphql": 'extend type Query { orders: [Order] } type Order @key(fields: "id") { id: ID! }'},
            {"orders.graphql": ["orders"]},
            id="a subgraph of federation",
        ),
    ],
)
def test_schemas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str], schemas: Mapping[str, list[str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    readings, refusals = read([Path(name) for name in files])
    assert not refusals
    assert {each.file: sorted(each.contract.operations) for each in readings} == schemas
    assert [remark.message for each in readings for remark in each.remarks] == []


def test_what_extends_stands_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text("type Query { a: A } type A { id: ID }")
    (tmp_path / "b.graphql").write_text("interface Node { id: ID } extend type A implements Node { more: Int }")
    (reading,), _ = read([tmp_path / "a.graphql", tmp_path / "b.graphql"])
    found = reading.contract.types["A"]
    assert isinstance(found, Record)
    assert [each.name for each in found.fields] == ["id", "more"]
    assert found.implements == ("Node",)
