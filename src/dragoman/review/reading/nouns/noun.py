"""A noun while it is being made out, and the operations that are its methods."""

from __future__ import annotations

from dataclasses import dataclass, field

from dragoman.contract.operation import Method, Operation


@dataclass(frozen=True, slots=True)
class Claim:
    """An operation that is a method of a noun. ``name`` is what it is called there: ``list``, ``cancel``."""

    operation: Operation
    method: Method
    name: str


@dataclass(slots=True)
class Noun:
    """A noun. ``plural`` is what it is called; ``within`` are words to put before that where two are called alike,
    nearest first; ``singleton`` one that its parent has one of (AIP-156), or that the whole API has.
    """

    plural: str
    within: tuple[str, ...] = ()
    singleton: bool = False
    claims: list[Claim] = field(default_factory=list)

    def claim(self, operation: Operation, method: Method, name: str = "") -> None:
        """The operation is a method of the noun."""
        self.claims.append(Claim(operation, method, name or method.value))

    def operation(self, method: Method) -> Operation | None:
        """The first operation that is that method."""
        return next((each.operation for each in self.claims if each.method is method), None)
