"""What a contract says for this style alone: numbers and names that an existing ``.proto`` has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.traits import Trait

LARGEST: Final = 2**29 - 1
NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
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
