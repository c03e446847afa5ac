"""Conditions on a resource's fields, as values that an engine compiles to its own query language.

Build them from a resource's handle: ``orders.field.customer == principal.identity``, combined with ``&``,
``|``, ``~``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "null"]


class Expression:
    """A condition that a row meets or not. Never use one as a truth value: it is not evaluated here."""

    __slots__ = ()

    def __and__(self, other: Expression) -> Expression:
        return AllOf((self, other))

    def __or__(self, other: Expression) -> Expression:
        return AnyOf((self, other))

    def __invert__(self) -> Expression:
        return Not(self)

    def __bool__(self) -> bool:
        raise TypeError("a condition has no truth value here; combine conditions with & | ~, not with and, or, not")


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that is given with each call, by position. The statement's text does not depend on it."""

    position: int


@dataclass(frozen=True, slots=True)
class Compare(Expression):
    """``column operator value``. For ``in`` the value is a tuple; for ``null`` it is True (is null) or False.

    Comparing with a null value is never true, and never an error.
    """

    column: str
    operator: Operator
    value: Any

    __bool__ = Expression.__bool__


@dataclass(frozen=True, slots=True)
class AllOf(Expression):
    """Every one of the conditions; true if there are none."""

    of: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Expression):
    """At least one of the conditions; false if there are none."""

    of: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """The condition does not hold. A condition on a null field counts as not holding, so that its negation
    does.
    """

    of: Expression


EVERYTHING: Final[Expression] = AllOf(())
NOTHING: Final[Expression] = AnyOf(())


class FieldExpression:
    """A field of a resource, to be compared. Values are given in Python's form (a datetime, an enum's
    string).
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, value: object) -> Expression:  # type: ignore[override]
        return Compare(self.name, "null", True) if value is None else Compare(self.name, "=", value)

    def __ne__(self, value: object) -> Expression:  # type: ignore[override]
        return Compare(self.name, "null", False) if value is None else Compare(self.name, "!=", value)

    def __lt__(self, value: object) -> Expression:
        return Compare(self.name, "<", value)

    def __le__(self, value: object) -> Expression:
        return Compare(self.name, "<=", value)

    def __gt__(self, value: object) -> Expression:
        return Compare(self.name, ">", value)

    def __ge__(self, value: object) -> Expression:
        return Compare(self.name, ">=", value)

    def in_(self, values: Iterable[object]) -> Expression:
        """One of the values; false for none."""
        return Compare(self.name, "in", tuple(values))

    def is_null(self) -> Expression:
        """The field is null."""
        return Compare(self.name, "null", True)


def split(expression: Expression, start: int = 0) -> tuple[Expression, tuple[Any, ...]]:
    """The expression with a :class:`Slot` in the place of each value, and the values in slot order.

    Two conditions of one shape give equal expressions, so that their compiled statement can be shared.
    """
    values: list[Any] = []

    def visit(node: Expression) -> Expression:
        if isinstance(node, Compare):
            if node.operator == "null":
                return node
            values.append(node.value)
            return Compare(node.column, node.operator, Slot(start + len(values) - 1))
        if isinstance(node, AllOf):
            return AllOf(tuple(map(visit, node.of)))
        if isinstance(node, AnyOf):
            return AnyOf(tuple(map(visit, node.of)))
        assert isinstance(node, Not)
        return Not(visit(node.of))

    return visit(expression), tuple(values)


def columns(expression: Expression) -> frozenset[str]:
    """Every column that the expression names."""
    if isinstance(expression, Compare):
        return frozenset({expression.column})
    if isinstance(expression, Not):
        return columns(expression.of)
    assert isinstance(expression, AllOf | AnyOf)
    return frozenset().union(*map(columns, expression.of))
