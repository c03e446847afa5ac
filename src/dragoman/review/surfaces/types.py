"""Types under what wraps them."""

from __future__ import annotations

from dragoman.contract.schema import List, Nullable, Ref, Type, Types


def resolved(type_: Type | None, types: Types) -> Type | None:
    """What a type is under references, nulls and lists; None where a reference leads nowhere."""
    for _ in range(64):
        if isinstance(type_, Ref):
            named = types.get(type_.name)
            type_ = named if named is not None else None
        elif isinstance(type_, Nullable):
            type_ = type_.of
        elif isinstance(type_, List):
            type_ = type_.item
        else:
            return type_
    return None
