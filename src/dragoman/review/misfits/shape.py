"""What a type is, seen through references, nulls and bases. Every walk here ends, whatever the document holds."""

from __future__ import annotations

from typing import Final

from dragoman.contract.schema import Enum, Field, Kind, List, Map, Nullable, Record, Ref, Scalar, Type, Types, Union

ANY: Final = Scalar(Kind.ANY)
_STEPS: Final = 32
"""How many references or bases are followed from one place."""


def plain(types: Types, type_: Type | None) -> Type:
    """The type without references and without null. What leads nowhere is any value."""
    for _ in range(_STEPS):
        if isinstance(type_, Ref):
            found = types.get(type_.name)
            type_ = found if found is not None else ANY
        elif isinstance(type_, Nullable):
            type_ = type_.of
        else:
            return ANY if type_ is None else type_
    return ANY


def is_nullable(types: Types, type_: Type) -> bool:
    """Whether null is one of its values, as far as it says so itself."""
    return isinstance(type_, Nullable) or (isinstance(type_, Ref) and isinstance(types.get(type_.name), Nullable))


def record_of(types: Types, type_: Type | None) -> Record | None:
    """The record that it is; None for anything else."""
    found = plain(types, type_)
    return found if isinstance(found, Record) else None


def item_of(types: Types, type_: Type | None) -> Type | None:
    """The type of its items, where it is a list."""
    found = plain(types, type_)
    return found.item if isinstance(found, List) else None


def fields_of(types: Types, record: Record) -> tuple[Field, ...]:
    """Its fields with those of its bases, its own first; of two with one name, the first."""
    if not record.implements:
        return record.fields
    fields = {each.name: each for each in reversed(record.fields)}
    fields = {each.name: fields[each.name] for each in record.fields}
    waiting, seen = list(record.implements), set[str]()
    while waiting and len(seen) < _STEPS:
        name = waiting.pop(0)
        base = plain(types, Ref(name))
        if name not in seen and isinstance(base, Record):
            seen.add(name)
            waiting.extend(base.implements)
            for each in base.fields:
                fields.setdefault(each.name, each)
    return tuple(fields.values())


def is_unsaid(types: Types, type_: Type | None) -> bool:
    """Whether nothing is said of it: any value, an object of no known field, a map of such."""
    found = plain(types, type_)
    if isinstance(found, Record):
        return not fields_of(types, found)
    if isinstance(found, Map):
        return is_unsaid_scalar(types, found.value)
    return isinstance(found, Scalar) and found.kind is Kind.ANY


def is_unsaid_scalar(types: Types, type_: Type | None) -> bool:
    """Whether it is any value at all."""
    found = plain(types, type_)
    return isinstance(found, Scalar) and found.kind is Kind.ANY


def is_leaf(types: Types, type_: Type | None) -> bool:
    """Whether it has no parts: a scalar or an enum."""
    return isinstance(plain(types, type_), Scalar | Enum)


def kind_of(types: Types, type_: Type | None) -> Kind | None:
    """The kind of a scalar or an enum; None for what has parts."""
    found = plain(types, type_)
    return found.kind if isinstance(found, Scalar | Enum) else None


def parts_of(type_: Type) -> tuple[Type, ...]:
    """The types that stand directly in it, fields' left out."""
    match type_:
        case List(item):
            return (item,)
        case Map(_, value):
            return (value,)
        case Nullable(of):
            return (of,)
        case Union():
            return tuple(each.type for each in type_.variants)
        case _:
            return ()
