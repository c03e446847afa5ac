"""What is said of a type that cannot be carried."""

from __future__ import annotations

import enum
import re
import typing
from typing import Any, Final

from dragoman.contract import annotations as ours
from dragoman.contract.declaration import DeclarationError

from .scope import At

INSTEAD: Final = {
    "EmailStr": "dm.Email",
    "NameEmail": "dm.Email",
    "HttpUrl": "dm.Url",
    "AnyUrl": "dm.Url",
    "AnyHttpUrl": "dm.Url",
    "AwareDatetime": "datetime",
    "NaiveDatetime": "datetime",
    "SecretStr": "str",
    "SecretBytes": "bytes",
    "PastDatetime": "datetime",
    "FutureDatetime": "datetime",
    "bytearray": "bytes",
    "memoryview": "bytes",
    "PurePath": "str",
    "Path": "str",
    "PosixPath": "str",
    "MutableSequence": "list",
    "Iterable": "list",
    "Collection": "list",
    "deque": "list",
    "MutableMapping": "dict",
    "OrderedDict": "dict",
    "defaultdict": "dict",
    "complex": "a dm.Struct with two floats",
    "Fraction": "Decimal",
    "ZoneInfo": "str",
    "range": "a dm.Struct with two ints",
    "Pattern": "str",
    "UnsetType": "X | msgspec.UnsetType",
}
"""What to write in place of a class that developers often try."""

OTHER_MARKS: Final = {"pydantic.fields.FieldInfo": "pydantic.Field(…)", "msgspec.Meta": "msgspec.Meta(…)"}
"""Other libraries' classes that stand beside a type, and how their instances are written."""


def name_of(thing: Any) -> str:
    """A type as its author wrote it."""
    if isinstance(thing, type) and typing.get_origin(thing) is None:
        return thing.__name__
    return re.sub(r"[\w.<>]+\.(?=\w)", "", str(thing))


def uncalled(mark: type, at: At) -> DeclarationError:
    """A class of ours stands beside a type, where an instance is meant."""
    return DeclarationError(
        at.place,
        f"{mark.__name__} stands in its Annotated without being called",
        f"Write dm.{mark.__name__}(…)",
    )


def mark_name(thing: Any) -> str | None:
    """How a developer writes what belongs beside a type, ours or another library's; None for anything else."""
    kind = thing if isinstance(thing, type) else type(thing)
    if kind.__module__ == ours.__name__:
        return f"dm.{kind.__name__}(…)"
    return OTHER_MARKS.get(f"{kind.__module__}.{kind.__name__}")


def mark_in_place_of(what: str, written: str, at: At) -> DeclarationError:
    """What belongs beside a type stands alone, where the type or the default is meant."""
    return DeclarationError(
        at.place,
        f"{written} stands where its {what} is meant",
        f"Put it in Annotated, behind the type: Annotated[…, {written}]",
    )


def inside(mark: Any, at: At) -> DeclarationError:
    """A fact about a field stands inside the field's type."""
    name = type(mark).__name__
    return DeclarationError(
        at.place,
        f"{name} says something of a field, and stands inside the field's type",
        f"Put it at the end of the field's own annotation: Annotated[…, dm.{name}(…)]",
    )


def not_a_record(cls: Any, at: At) -> DeclarationError:
    """A record is needed, and this is none."""
    return DeclarationError(
        at.place, f"{name_of(cls)} is not a class with fields", "Wrap it in a dm.Struct with one field"
    )


def not_a_resource(target: Any, at: At) -> DeclarationError:
    """An id of something that has none."""
    return DeclarationError(
        at.place,
        f"it is an id of {name_of(target)}, which is not a resource",
        "Name a class that is declared with dm.Resource",
    )


def generic(cls: type, at: At) -> DeclarationError:
    """A class with type parameters."""
    return DeclarationError(
        at.place,
        f"{cls.__name__} is generic, and a name in the contract stands for one type",
        "Write a class of its own, with the types filled in",
    )


def type_variable(variable: Any, at: At) -> DeclarationError:
    """A type that is left open."""
    return DeclarationError(
        at.place,
        f"its type {variable.__name__} is left open",
        "Say what it holds, in a class that is not generic",
    )


def same_name(cls: Any, other: Any, at: At) -> DeclarationError:
    """Two classes of one name in one contract."""
    first = f"{other.__module__}.{other.__qualname__}" if other is not None else "one that was not written in Python"
    return DeclarationError(
        at.place,
        f"two types are called {cls.__name__}: {first} and {cls.__module__}.{cls.__qualname__}",
        "Rename one of them: a name in the contract stands for one type",
    )


def unknown(thing: Any, at: At) -> DeclarationError:
    """A type that has no place in the schema."""
    if (written := mark_name(thing)) is not None:
        return mark_in_place_of("type", written, at)
    name = name_of(thing)
    if thing is Any or thing is object:
        return DeclarationError(at.place, f"its type is {name}", "Say what it holds, as in str, int or a dm.Struct")
    if thing is None or name == "NoneType":
        return DeclarationError(at.place, "it can hold nothing but None", "Say what else it holds, as in str | None")
    if any(hasattr(thing, each) for each in ("__attrs_attrs__", "__total__", "_fields")):
        return DeclarationError(
            at.place,
            f"{name} is not read: it is no Struct, dataclass or Pydantic model",
            f"Write class {name}(dm.Struct) with the same fields",
        )
    base = name.partition("[")[0].rpartition(".")[2]
    if instead := INSTEAD.get(base):
        return DeclarationError(at.place, f"the type {name} is not read", f"Write {instead}")
    if isinstance(thing, enum.Enum):
        return DeclarationError(at.place, f"{thing!r} is a value, not a type", f"Write {type(thing).__name__}")
    if isinstance(thing, type) and vars(thing).get("__annotations__"):
        return DeclarationError(
            at.place,
            f"{name} is a plain class, and its fields are not read",
            f"Write class {name}(dm.Struct)",
        )
    return DeclarationError(
        at.place,
        f"the type {name} is not read",
        "Write a scalar (str, int, datetime, Decimal …), a list, a dict, an enum or a class with fields",
    )


def unsaid(origin: Any, at: At) -> DeclarationError:
    """A container of whatever."""
    name = origin.__name__
    full = {"dict": "dict[str, int]", "Mapping": "Mapping[str, int]", "tuple": "tuple[str, ...]"}
    return DeclarationError(
        at.place,
        f"its type is {name}, which does not say what it holds",
        f"Write {full.get(name, f'{name}[str]')}",
    )


def mixed_tuple(at: At) -> DeclarationError:
    """A tuple whose places have types of their own."""
    return DeclarationError(
        at.place,
        "it is a tuple of a fixed length, whose parts have no names",
        "Write a dm.Struct with a field for each, or tuple[X, ...] for any number of X",
    )


def map_key(key: Any, at: At) -> DeclarationError:
    """A map whose keys are no strings on the wire."""
    return DeclarationError(
        at.place,
        f"its keys are {name_of(key)}, and keys are strings on the wire",
        "Write dict[str, …], or keys of an enum or UUID",
    )


def unset(at: At) -> DeclarationError:
    """Absence, where nothing can be absent."""
    return DeclarationError(
        at.place,
        "UnsetType stands inside its type, and only a field can be absent",
        "Remove it, or write X | None",
    )
