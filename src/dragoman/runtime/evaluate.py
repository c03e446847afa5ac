"""Conditions, evaluated on rows that are staged and not yet in the database. Agrees with what engines compute."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.contract.expression import AllOf, AnyOf, Compare, Expression, Not

COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(expression: Expression, row: Mapping[str, Any]) -> bool:
    """Whether a row, in stored form, meets the condition, whose values are in stored form too."""
    if isinstance(expression, Compare):
        return _compare(expression, row[expression.column])
    if isinstance(expression, AllOf):
        return all(evaluate(each, row) for each in expression.of)
    if isinstance(expression, AnyOf):
        return any(evaluate(each, row) for each in expression.of)
    assert isinstance(expression, Not)
    return not evaluate(expression.of, row)


def _compare(condition: Compare, actual: Any) -> bool:
    if condition.operator == "null":
        return (actual is None) is condition.value
    if actual is None:
        return False
    if condition.operator == "in":
        return actual in condition.value
    return condition.value is not None and COMPARISONS[condition.operator](actual, condition.value)
