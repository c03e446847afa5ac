"""What a contract says for this style alone: numbers and names that an existing ``.proto`` has."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.traits import ClassTrait, Trait

C = TypeVar("C", bound=type)

LARGEST: Final = 2**29 - 1
NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
GIVEN: Final = re.compile("[A-Za-z][A-Za-z0-9_]*", re.ASCII)
"""What a field, a type or a value may be called by hand: an underscore in front is protoc's own."""
STATEMENTS: Final = ("option", "reserved")
"""Words that begin another statement where the name of an enum's value stands."""
STANDARD: Final = ("list", "get", "create", "update", "delete")
RESERVED: Final = range(19_000, 20_000)
"""Numbers that protocol buffers keep for themselves."""


@dataclass(frozen=True, slots=True)
class Number(Trait):
    """The field's number in protocol buffers, where it is not left to the lock file: ``Annotated[str, dm.Number(3)]``.
    Raises DeclarationError for one that no field may have.
    """

    number: int

    def __post_init__(self) -> None:
        if type(self.number) is not int or not 0 < self.number <= LARGEST or self.number in RESERVED:
            raise DeclarationError(
                f"Number({self.number!r})",
                f"it is no field number: 1 to {LARGEST}, without {RESERVED.start} to {RESERVED.stop - 1}",
                "Give the number that the field has in the .proto file",
            )


@dataclass(frozen=True, slots=True)
class Procedure(Trait):
    """What an operation is called over gRPC and Connect: its service, without the package, and its method. Empty: as it
    follows from the contract (``FraudService``, ``Predict``).

    Among the traits of a resource, ``service`` is that of all its methods, and ``standard`` has the names of standard
    ones: ``dm.Procedure(service="Customers", standard={"list": "FindCustomers"})``. Raises DeclarationError for what is
    no name, and for what is no standard method.
    """

    service: str = ""
    method: str = ""
    standard: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.standard:
            if each not in STANDARD:
                raise DeclarationError(
                    f"Procedure(standard={{{each!r}: …}})",
                    "it is no standard method of resources",
                    f"Name one of {', '.join(STANDARD)}; custom methods take a dm.Procedure of their own",
                )
        names = [(f"standard[{each!r}]", name) for each, name in self.standard.items()]
        for what, name in (("service", self.service), ("method", self.method), *names):
            if name and not NAME.fullmatch(name):
                raise DeclarationError(
                    f"Procedure({what}={name!r})",
                    "it is no name in protocol buffers: letters, digits and underscores",
                    "Give the name that it has in the .proto file, without the package",
                )


@dataclass(frozen=True, slots=True)
class ProtoName(ClassTrait):
    """What a field, a message or an enum is called in protocol buffers, where the name in an existing ``.proto`` is not
    the one that follows from the contract. Beside the type of a field, or above a class::

        @dm.ProtoName("ScoreRequest")
        class Payment(dm.Struct):
            amount_cents: Annotated[int, dm.Number(1), dm.ProtoName("amount")]

    ``values`` are the names of an enum's values, by value; ``zero`` is that of what stands for no value. They stand
    above the enum's class, or beside the field that holds a ``Literal``. Raises DeclarationError for what is no name.
    """

    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    zero: str = ""

    def __post_init__(self) -> None:
        named = [(f"values[{each!r}]", name) for each, name in self.values.items()]
        for what, name in (("name", self.name), ("zero", self.zero), *named):
            if not isinstance(name, str) or (name and not GIVEN.fullmatch(name)):
                raise DeclarationError(
                    f"ProtoName({what}={name!r})",
                    "it is no name in protocol buffers: a letter, then letters, digits and underscores",
                    "Give the name that it has in the .proto file, without the package",
                )
            if what != "name" and name in STATEMENTS:
                raise DeclarationError(
                    f"ProtoName({what}={name!r})",
                    "no value of an enum can have this name: the word begins a statement there",
                    "Give it another name: on the wire values go by their numbers",
                )

    def __call__(self, cls: C) -> C:
        """Give it to a class. Raises DeclarationError for a name that no type can have, and for values of what is no
        enum.
        """
        if self.name and not self.name[0].isupper():
            raise DeclarationError(
                f"ProtoName({self.name!r}), {cls.__name__}",
                "the name of a type begins with a capital letter here, as no word of the language does",
                f"Write {self.name[0].upper()}{self.name[1:]}: what is sent does not have the name",
            )
        if (self.values or self.zero) and not issubclass(cls, enum.Enum):
            raise DeclarationError(
                f"ProtoName, {cls.__name__}",
                "it names values, and the class is no enum",
                "Give the names of values to the enum: above its class, or beside the field that holds a Literal",
            )
        # Not super(): the class that has slots is another than the one that is written here.
        return ClassTrait.__call__(self, cls)
