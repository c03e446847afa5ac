"""Values of a type, to show."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.contract.example import NoExample, example
from dragoman.contract.schema import Constraints, Kind, Scalar, Types

bounds = st.one_of(st.none(), st.integers(-5, 5))


@given(bounds, bounds, bounds, bounds, st.sampled_from([Kind.INT, Kind.INT32, Kind.FLOAT]))
def test_numbers_are_finite_and_within_their_bounds(
    ge: int | None, gt: int | None, le: int | None, lt: int | None, kind: Kind
) -> None:
    try:
        number = example(Scalar(kind, Constraints(ge=ge, gt=gt, le=le, lt=lt)), Types())
    except NoExample:
        return
    assert math.isfinite(number)
    assert ge is None or number >= ge
    assert gt is None or number > gt
    assert le is None or number <= le
    assert lt is None or number < lt


@pytest.mark.parametrize("kind", [Kind.INT, Kind.FLOAT])
def test_a_number_below_its_only_bound_has_an_example(kind: Kind) -> None:
    """A bound above and none below once made minus infinity, which no JSON can hold."""
    assert example(Scalar(kind, Constraints(le=-2)), Types()) == -2
    assert example(Scalar(kind, Constraints(lt=-2)), Types()) == -3
