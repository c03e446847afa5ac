"""The Python classes behind records: their attributes, how they are declared, how an instance is made."""

from __future__ import annotations

import builtins
import dataclasses
import keyword
import re
import types
import typing
from collections import abc
from typing import Annotated, Any, ForwardRef, get_args, get_origin

import msgspec

from dragoman.contract.reading.members import is_pydantic as is_pydantic
from dragoman.contract.reading.members import is_struct as is_struct
from dragoman.contract.reading.scope import hints as declared
from dragoman.contract.schema import Record


def native_class(record: Record) -> Any:
    """The class behind a record; of a generic one, without its parameters. None if it has no class."""
    return get_origin(record.native) or record.native


def attributes(record: Record) -> dict[str, str]:
    """Wire name → attribute, for each field."""
    native = native_class(record)
    names = [each.name for each in record.fields]
    if native is None:
        return dict(zip(names, _identifiers(names), strict=True))
    if is_struct(native):
        known = dict(zip(native.__struct_encode_fields__, native.__struct_fields__, strict=True))
    elif is_pydantic(native):
        known = {info.alias or name: name for name, info in native.model_fields.items()}
    else:
        known = {}
    return {name: known.get(name, name) for name in names}


def _identifiers(names: list[str]) -> list[str]:
    """Attributes for names that need not be Python's: the name itself wherever it can be."""
    result = []
    used = set(names)
    for number, name in enumerate(names):
        attribute = name
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            attribute = f"f{number}_" + re.sub(r"\W", "_", name, flags=re.ASCII)
            while attribute in used:
                attribute += "_"
            used.add(attribute)
        result.append(attribute)
    return result


def hints(record: Record) -> dict[str, Any]:
    """Attribute → annotation. Where a name in one is out of reach, that name alone is taken for Any."""
    native = native_class(record)
    if native is None:
        return {}
    found: dict[str, Any] = {}
    for name, (annotation, scope) in declared(native).items():
        found[name] = _evaluated(annotation, scope.names)
    return found


class _Known(dict[str, Any]):
    """The names of an annotation. One that is out of reach (a class of a function that has returned) is Any."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, Any)


def _evaluated(annotation: Any, names: abc.Mapping[str, Any]) -> Any:
    text = annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
    if not isinstance(text, str):
        return text
    try:
        return eval(text, {}, _Known(names))
    except Exception:
        return Any


def bare(hint: Any) -> Any:
    """The annotation without wrappers that say nothing on its shape."""
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif hasattr(hint, "__value__"):  # type X = …
            hint = hint.__value__
        elif hasattr(hint, "__supertype__"):  # NewType
            hint = hint.__supertype__
        else:
            return hint


def without_none(hint: Any) -> Any:
    """Of ``X | None``, X; of ``X | Unset | None`` as well. Any other union stays."""
    hint = bare(hint)
    arguments = get_args(hint)
    if get_origin(hint) in (typing.Union, types.UnionType):
        rest = [each for each in arguments if each is not type(None) and each is not msgspec.UnsetType]
        if len(rest) == 1:
            return bare(rest[0])
    return hint


@dataclasses.dataclass(frozen=True, slots=True)
class Default:
    """What a class puts in the place of an absent field: a plain value, or something only the class can make."""

    value: Any = None
    opaque: bool = False


PLAIN_DEFAULTS = (bool, int, float, str, bytes, type(None), msgspec.UnsetType)


def defaults(record: Record) -> dict[str, Default]:
    """Attribute → default, for the attributes that have one."""
    native = native_class(record)
    found: dict[str, Default] = {}
    if is_struct(native):
        values = native.__struct_defaults__
        names = native.__struct_fields__[len(native.__struct_fields__) - len(values) :]
        found = {
            name: _default(value) for name, value in zip(names, values, strict=True) if value is not msgspec.NODEFAULT
        }
    elif is_pydantic(native):
        for name, info in native.model_fields.items():
            if not info.is_required():
                found[name] = Default(opaque=True)
    elif dataclasses.is_dataclass(native):
        for item in dataclasses.fields(native):
            if item.default is not dataclasses.MISSING:
                found[item.name] = _default(item.default)
            elif item.default_factory is not dataclasses.MISSING or not item.init:
                found[item.name] = Default(opaque=True)
    return found


def _default(value: Any) -> Default:
    return Default(value) if type(value) in PLAIN_DEFAULTS else Default(opaque=True)


def input_key(native: Any, attribute: str) -> str:
    """The key under which a Pydantic model reads the attribute."""
    info = native.model_fields[attribute]
    alias = info.validation_alias if isinstance(info.validation_alias, str) else info.alias
    return alias or attribute
