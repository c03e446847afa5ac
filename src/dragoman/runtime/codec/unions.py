"""Unions: which variant a value is of."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import msgspec

from dragoman.contract.schema import Record, Types, Union, Variant

from . import natives


def tagged(types: Types, type_: Union) -> list[tuple[Variant, Record]] | None:
    """The variants as records, where a tag tells all of them apart; None for a union without tags."""
    if type_.discriminator is None or not type_.variants:
        return None
    records = []
    for variant in type_.variants:
        record = types.resolve(variant.type)
        if not isinstance(record, Record) or variant.tag is None:
            return None
        records.append((variant, record))
    return records


def tag_of(types: Types, type_: Union, value: Any) -> str | None:
    """The tag of a Python value; None where it is of no variant."""
    discriminator = type_.discriminator or ""
    if isinstance(value, Mapping):
        tag = value.get(discriminator)
        return tag if isinstance(tag, str) else None
    tags = {variant.tag for variant, _ in tagged(types, type_) or ()}
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        if config.tag_field == discriminator and config.tag in tags:
            return str(config.tag)
    for variant, record in tagged(types, type_) or ():
        if record.native is not None and type(value) is natives.native_class(record):
            attribute = natives.attributes(record).get(discriminator)
            given = getattr(value, attribute, None) if attribute is not None else None
            given = given.value if isinstance(given, enum.Enum) else given
            if given is None or given == variant.tag:
                return variant.tag
    return None


def class_tags(records: list[tuple[Variant, Record]]) -> dict[Any, str]:
    """Class → tag, for the msgspec classes that carry it: the quick way to what :func:`tag_of` finds."""
    return {
        record.native: variant.tag
        for variant, record in records
        if variant.tag is not None
        and natives.is_struct(record.native)
        and record.native.__struct_config__.tag == variant.tag
    }
