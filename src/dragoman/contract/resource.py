"""Resources: nouns with an identity.

:class:`Resource` is what a developer subclasses; :class:`ResourceDescription` the value that everything else
reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    Self,
    TypeVar,
    dataclass_transform,
)

import msgspec

from .declaration import DeclarationError
from .identifier import IdFactory
from .schema import Field, Record
from .struct import annotated_names, check_attributes
from .traits import Traits

SERVER_SET = ("id", "created_at", "updated_at", "version")
"""The fields of every resource that only the server sets. ``version`` stands in the ETag, not among the
fields.
"""

PREFIX = re.compile(r"^[a-z][a-z0-9]{1,11}$")


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that holds another resource's id. ``target`` is that resource's name."""

    field: str
    target: str
    reverse: str | None
    on_delete: Literal["restrict", "cascade", "null"]


@dataclass(frozen=True, slots=True)
class ResourceDescription:
    """A resource as everything but its author's code sees it.

    ``name`` is singular (``Customer``), ``plural`` what collections are called (``customers``). ``record``
    has every field that a caller may see, ``id`` first. ``uniques`` are the keys beside the id: tuples of
    field names. With ``tenant``, each row belongs to the tenant of the principal that created it.
    """

    name: str
    plural: str
    prefix: str
    record: Record
    tenant: bool = True
    references: Mapping[str, Reference] = field(default_factory=dict)
    uniques: tuple[tuple[str, ...], ...] = ()
    traits: Traits = field(default_factory=Traits)
    native: Any = field(default=None, compare=False, repr=False)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def description(self) -> str:
        """What the resource is, for documents."""
        return self.record.description


@dataclass(frozen=True, slots=True)
class IdOf:
    """Marks a string as the id of a resource class (or the name of one that is declared later)."""

    target: Any


if TYPE_CHECKING:
    X = TypeVar("X")

    class Id(str, Generic[X]):
        """The id of a resource of one class: a string that is not interchangeable with another class's id."""

        __slots__ = ()

    @dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
    class Resource:
        """A noun with identity (AIP-121). Subclass it, with a prefix for its ids::

            class Customer(dm.Resource, prefix="cus"):
                name: Annotated[str, dm.Length(1, 200)]

        Instances are immutable: change one with :func:`dragoman.replace`.
        """

        __dragoman__: ClassVar[ResourceOptions]

        def __init_subclass__(cls, *, prefix: str, plural: str | None = None, tenant: bool = True) -> None: ...

        @property
        def id(self) -> Id[Self]: ...
        @property
        def created_at(self) -> datetime: ...
        @property
        def updated_at(self) -> datetime: ...
        @property
        def version(self) -> int: ...

else:

    class Id:
        """The id of a resource of one class. At run time an annotated string."""

        def __class_getitem__(cls, target: Any) -> Any:
            return Annotated[str, IdOf(target)]

    class ResourceMeta(msgspec.StructMeta):
        """Makes resource classes: frozen, keyword-only structs whose identity is given at construction."""

        def __new__(
            mcls,
            name: str,
            bases: tuple[type, ...],
            namespace: dict[str, Any],
            *,
            prefix: str | None = None,
            plural: str | None = None,
            tenant: bool = True,
            **options: Any,
        ) -> Any:
            if bases == (msgspec.Struct,):
                return super().__new__(mcls, name, bases, namespace, frozen=True, kw_only=True, **options)
            _check_class(name, prefix, plural, namespace)
            # The ids come from a base class of its own, so that the author's annotations stay as Python keeps them
            # (from 3.14 on they are a function, PEP 649).
            identity = {
                "__module__": namespace["__module__"],
                "__qualname__": namespace["__qualname__"],
                "__annotations__": {"id": str},
                "id": msgspec.field(default_factory=IdFactory(prefix)),
            }
            base = super().__new__(mcls, name, bases, identity, frozen=True, kw_only=True, **options)
            namespace["__dragoman__"] = ResourceOptions(prefix, plural or pluralize(snake(name)), tenant)
            return super().__new__(mcls, name, (base,), namespace, frozen=True, kw_only=True, **options)

    class Resource(msgspec.Struct, metaclass=ResourceMeta):
        """A noun with identity (AIP-121)."""

        id: str = ""
        created_at: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))
        updated_at: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))
        version: int = 1


@dataclass(frozen=True, slots=True)
class ResourceOptions:
    """What stands in a resource class's brackets."""

    prefix: str
    plural: str
    tenant: bool


def snake(name: str) -> str:
    """``OrderLine`` as ``order_line``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def pluralize(noun: str) -> str:
    """The regular English plural; irregular nouns are given as ``plural=``."""
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return noun + "es"
    return noun + "s"


def suggested_prefix(name: str) -> str:
    """A prefix that the class could have: its first three letters, or its plural's where it has one letter alone."""
    noun = re.sub(r"[^a-z0-9]", "", snake(name)).lstrip("0123456789")
    return (noun if len(noun) > 1 else pluralize(noun or "re"))[:3]


def _check_class(name: str, prefix: str | None, plural: str | None, namespace: Mapping[str, Any]) -> None:
    if prefix is None:
        raise DeclarationError(
            f"class {name}",
            "a resource needs a prefix for its ids",
            f'Write class {name}(dm.Resource, prefix="{suggested_prefix(name)}")',
        )
    if not PREFIX.match(prefix):
        reason = "; the underscore in ids is not part of it" if prefix.endswith("_") else ""
        raise DeclarationError(
            f"class {name}",
            f"the prefix {prefix!r} is not 2 to 12 lower-case letters and digits, a letter first",
            f'Write prefix="{suggested_prefix(name)}"{reason}',
        )
    if plural is not None and not re.match(r"^[a-z][a-z0-9_]*$", plural):
        raise DeclarationError(
            f"class {name}", f"the plural {plural!r} is not in snake_case", f'Write plural="{snake(plural)}"'
        )
    annotated = annotated_names(namespace)
    for reserved in SERVER_SET:
        if reserved in annotated:
            raise DeclarationError(
                f"{name}.{reserved}",
                "every resource has this field, and the server sets it",
                "Remove it, or give yours another name",
            )
    check_attributes(name, namespace)


def own_fields(description: ResourceDescription) -> tuple[Field, ...]:
    """The fields that the resource's author declared."""
    return tuple(each for each in description.record.fields if each.name not in SERVER_SET)
