"""What an answer holds, whatever it is wrapped in: one record, or a list of them."""

from __future__ import annotations

from typing import Final

from dragoman.contract.schema import Field, List, Nullable, Record, Ref, Type, Types

TOKENS: Final = frozenset(("next_page_token", "nextPageToken", "next_cursor", "nextCursor", "has_more", "hasMore"))
"""Fields that only pages have (AIP-158, and what else is usual)."""

ITEMS: Final = ("items", "data", "results", "result", "value", "values", "entries", "content", "records", "list")
"""What the list in a page is called where it has no name of its own."""

MAX_WRAPPING: Final = 3
"""How many records with one field may stand around what is meant."""


def bare(type_: Type | None, types: Types) -> Type | None:
    """The type but for null and its name; None for a name that stands for nothing."""
    if isinstance(type_, Nullable):
        type_ = type_.of
    if isinstance(type_, Ref):
        return types.get(type_.name)
    return type_


def items_of(type_: Type | None, types: Types, *, depth: int = 0) -> Type | None:
    """The type of the items of a list or of a page; None for what is neither."""
    found = bare(type_, types)
    if isinstance(found, List):
        return found.item
    if not isinstance(found, Record) or depth >= MAX_WRAPPING:
        return None
    lists = [each for each in found.fields if isinstance(bare(each.type, types), List)]
    chosen = _list_in(found, lists, types)
    if chosen is not None:
        return items_of(chosen.type, types, depth=depth + 1)
    if not lists and len(found.fields) == 1:
        return items_of(found.fields[0].type, types, depth=depth + 1)
    wrapped = found.field("data") or found.field("result") or found.field("_embedded")
    return None if lists or wrapped is None else items_of(wrapped.type, types, depth=depth + 1)


def _list_in(record: Record, lists: list[Field], types: Types) -> Field | None:
    """The list that a page is of: the only one in it, if it says that there are more or nothing that a thing would."""
    named = [each for each in lists if each.name in ITEMS]
    of_records = [each for each in lists if _of_records(each, types)]
    if any(each.name in TOKENS for each in record.fields) and (named or of_records or lists):
        return (of_records or named or lists)[0]
    if len(named) == 1 and record.field("id") is None:
        return named[0]
    plain = record.field("id") is None and record.field("name") is None
    return of_records[0] if len(of_records) == 1 == len(lists) and plain else None


def _of_records(field: Field, types: Types) -> bool:
    found = bare(field.type, types)
    return isinstance(found, List) and isinstance(bare(found.item, types), Record)


def record_in(type_: Type | None, types: Types) -> tuple[str, Record] | None:
    """The record, and its name or an empty one, without an envelope around it."""
    for _ in range(MAX_WRAPPING):
        found = bare(type_, types)
        if not isinstance(found, Record):
            return None
        inner = found.fields[0] if len(found.fields) == 1 else found.field("data")
        if found.field("id") is not None:
            break
        if inner is None or not isinstance(bare(inner.type, types), Record):
            break
        type_ = inner.type
    found = bare(type_, types)
    if not isinstance(found, Record):
        return None
    type_ = type_.of if isinstance(type_, Nullable) else type_
    return (type_.name if isinstance(type_, Ref) else ""), found
