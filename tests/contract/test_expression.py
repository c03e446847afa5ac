"""Conditions: how they are written, and how the values are taken out of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dragoman as dm
from dragoman.contract.expression import AllOf, AnyOf, Compare, Expression, FieldExpression, Not, Slot, columns, split

total, status = FieldExpression("total"), FieldExpression("status")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (status == "paid", Compare("status", "=", "paid")),
        (status != "paid", Compare("status", "!=", "paid")),
        (total < 1, Compare("total", "<", 1)),
        (total <= 1, Compare("total", "<=", 1)),
        (total > 1, Compare("total", ">", 1)),
        (total >= 1, Compare("total", ">=", 1)),
        (total.in_([1, 2]), Compare("total", "in", (1, 2))),
        (total.in_([]), Compare("total", "in", ())),
        (status.is_null(), Compare("status", "null", True)),
        (status == None, Compare("status", "null", True)),  # noqa: E711
        (status != None, Compare("status", "null", False)),  # noqa: E711
        (~(total < 1), Not(Compare("total", "<", 1))),
        ((total < 1) & (total > 0), AllOf((Compare("total", "<", 1), Compare("total", ">", 0)))),
        ((total < 1) | (total > 2), AnyOf((Compare("total", "<", 1), Compare("total", ">", 2)))),
    ],
)
def test_each_operator(expression: Expression, expected: Expression) -> None:
    assert expression == expected
    assert hash(expression) == hash(expected)


@pytest.mark.parametrize("expression", [total < 1, ~(total < 1), dm.EVERYTHING, dm.NOTHING])
def test_a_condition_has_no_truth_value(expression: Expression) -> None:
    with pytest.raises(TypeError, match=r"combine conditions with & \| ~"):
        bool(expression)


def test_a_chained_comparison_is_refused() -> None:
    with pytest.raises(TypeError):
        _ = 0 < total < 5


def test_split() -> None:
    expression = (status == "paid") & ((total < 5) | ~total.in_([1, 2])) & status.is_null()
    shape, values = split(expression, 3)
    assert values == ("paid", 5, (1, 2))
    assert shape == AllOf((
        AllOf((
            Compare("status", "=", Slot(3)),
            AnyOf((Compare("total", "<", Slot(4)), Not(Compare("total", "in", Slot(5))))),
        )),
        Compare("status", "null", True),
    ))  # fmt: skip
    assert columns(expression) == {"status", "total"}
    assert columns(dm.EVERYTHING) == frozenset()


names, scalars = st.sampled_from("abc"), st.integers() | st.text(max_size=3)
leaves = st.builds(Compare, names, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), scalars) | st.builds(
    Compare, names, st.just("null"), st.booleans()
)
expressions = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=12,
)


def fill(node: Expression, values: tuple[Any, ...]) -> Expression:
    """Undo ``split``."""
    if isinstance(node, Compare):
        return Compare(node.column, node.operator, values[node.value.position]) if node.operator != "null" else node
    if isinstance(node, Not):
        return Not(fill(node.of, values))
    assert isinstance(node, AllOf | AnyOf)
    return type(node)(tuple(fill(each, values) for each in node.of))


@given(expressions, st.data())
def test_the_values_go_back_into_their_slots(expression: Expression, data: st.DataObject) -> None:
    shape, values = split(expression)
    assert fill(shape, values) == expression
    others = tuple(data.draw(scalars) for _ in values)
    assert split(fill(shape, others)) == (shape, others)


def test_the_fields_of_a_resource() -> None:
    class Order(dm.Resource, prefix="ord"):
        total: int

    orders = dm.Contract("shop").resource(Order)
    assert (orders.field.total > 1) == Compare("total", ">", 1)
    assert (orders.field.id == "a") == Compare("id", "=", "a")
    with pytest.raises(AttributeError, match="Order has no field 'totl'; it has id, total"):
        _ = orders.field.totl
