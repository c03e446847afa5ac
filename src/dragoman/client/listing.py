"""What is asked of lists: conditions on fields, as the server has parameters for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from dragoman.contract.annotations import Filter
from dragoman.contract.expression import AllOf, Compare, Expression
from dragoman.contract.handle import Resources
from dragoman.contract.schema import Enum, Field, Nullable, Ref, Scalar, Type, Types
from dragoman.runtime.codec import to_builtins
from dragoman.runtime.codec.enums import enum_form
from dragoman.runtime.codec.outbound import convert_out
from dragoman.runtime.codec.scalars import scalar_form

from .ways.spoken import Query

_WORDS: Final = {"=": "eq", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "in": "in"}


def query(
    resources: Resources[Any],
    where: Expression | None,
    *,
    order_by: str,
    page_size: int | None,
    page_token: str = "",
    count: bool = False,
) -> Query:
    """What is asked. Raises ValueError for conditions that no list of it can be asked for."""
    description, types = resources.description, resources.contract.types
    filters: list[tuple[str, str, Any]] = []
    parent: tuple[str, str] | None = None
    ids: list[str] | None = None
    for each in () if where is None else _all(where):
        field = description.record.field(each.column)
        word = _WORDS.get(each.operator, "")
        place = f"{description.plural}.{each.column}"
        if each.column == "id" and word in ("eq", "in") and ids is None:
            ids = [each.value] if word == "eq" else list(each.value)
            continue
        trait = None if field is None else field.traits.get(Filter)
        if field is not None and trait is not None and word in trait.operators:
            filters.append((field.name, word, _json(types, field, word, each.value)))
            continue
        reference = description.references.get(each.column)
        if reference is not None and reference.reverse is not None and word == "eq" and parent is None:
            parent = each.column, str(each.value)
            continue
        raise ValueError(
            f"lists cannot be filtered by {place} {each.operator}: the contract declares no dm.Filter for it"
        )
    return Query(filters, parent, order_by, page_size, page_token, ids, count)


def _all(where: Expression) -> Iterator[Compare]:
    match where:
        case Compare():
            yield where
        case AllOf(of=parts):
            for each in parts:
                yield from _all(each)
        case _:
            raise ValueError("a list is asked for by conditions that all hold: combine them with &, not with | or ~")


def _json(types: Types, field: Field, word: str, value: Any) -> Any:
    annotation = _annotation(types, field.type)
    try:
        if word == "in":
            return [to_builtins(convert_out(each, annotation)) for each in value]
        return to_builtins(convert_out(value, annotation))
    except msgspec.ValidationError as error:
        raise ValueError(f"{field.name} cannot be compared with {value!r:.100}: {error}") from None


def _annotation(types: Types, type_: Type) -> Any:
    """The field's type without its bounds: a list may be asked for what cannot be stored."""
    while isinstance(type_, Ref | Nullable):
        type_ = types.resolve(type_) if isinstance(type_, Ref) else type_.of
    if isinstance(type_, Scalar):
        return scalar_form(Scalar(type_.kind)).output
    if isinstance(type_, Enum):
        return enum_form(type_).output
    raise ValueError("only values without parts can be compared")
