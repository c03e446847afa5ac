"""What messages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from dragoman.contract.schema import INTEGERS, Field, Kind, List, Nullable, Record, Ref, Scalar, Type, Types
from dragoman.review.reading.outcome import Reading

NUMERIC: Final = INTEGERS | {Kind.FLOAT, Kind.DOUBLE, Kind.DECIMAL}


def numbers(readings: Sequence[Reading]) -> tuple[int, int]:
    """How many fields of all messages are numbers or lists of numbers, and how many fields there are."""
    numeric = total = 0
    for field, types in fields(readings):
        total += 1
        numeric += _is_number(field.type, types)
    return numeric, total


def fields(readings: Iterable[Reading]) -> Iterator[tuple[Field, Types]]:
    """Every field: of named types, and of what is sent and answered in place."""
    for reading in readings:
        types = reading.contract.types
        for named in types.values():
            if isinstance(named, Record):
                for each in named.fields:
                    yield each, types
        for operation in reading.contract.operations.values():
            for message in (operation.input, operation.output):
                if isinstance(message, Record):
                    for each in message.fields:
                        yield each, types


def _is_number(type_: Type, types: Types) -> bool:
    seen: object = type_
    for _ in range(16):
        if isinstance(seen, Scalar):
            return seen.kind in NUMERIC
        if isinstance(seen, Ref):
            seen = types.get(seen.name)
        elif isinstance(seen, List):
            seen = seen.item
        elif isinstance(seen, Nullable):
            seen = seen.of
        else:
            return False
    return False
