"""The reader of Python types: a class becomes a schema.

It accepts msgspec Structs (``dm.Struct`` and ``dm.Resource`` among them), dataclasses and Pydantic models,
and every type that a field of theirs may have. What it cannot carry it refuses, with an error that names the
class, the field and the remedy. A refused declaration leaves the contract's types as they were.
"""

from __future__ import annotations

from typing import Any

from dragoman.contract.resource import ResourceDescription
from dragoman.contract.schema import Ref, Type, Types

from .reader import Reader
from .resources import describe
from .scope import At, scope_of

__all__ = ["read_record", "read_resource", "read_type"]


def read_type(annotation: Any, types: Types, *, place: str) -> Type:
    """The schema of an annotation. Named types it needs are added to ``types``."""
    reader = Reader(types)
    type_ = reader.read(annotation, At(place, scope_of(None)))
    reader.keep()
    return type_


def read_record(cls: Any, types: Types, *, place: str = "") -> Ref:
    """The record (or resource) that a class declares, added to ``types``."""
    reader = Reader(types)
    ref = reader.record(cls, At(place or getattr(cls, "__name__", repr(cls)), scope_of(cls)))
    reader.keep()
    return ref


def read_resource(cls: Any, types: Types) -> ResourceDescription:
    """The description of a resource class; its record is added to ``types``."""
    reader = Reader(types)
    description = describe(cls, reader)
    reader.keep()
    return description
