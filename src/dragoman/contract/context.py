"""What a handler may do while it runs. The runtime implements it; handlers and tests depend on this page
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from .expression import Expression
from .fault import Path
from .principal import Principal

if TYPE_CHECKING:
    from .resource import Id, Resource

R = TypeVar("R", bound="Resource")


class Context(Protocol):
    """One call's unit of work.

    Reads are awaited and see what was staged before. Writes only stage: nothing is written while the handler
    runs; when it returns, everything staged is committed as one transaction, in which every resource that was
    read with :meth:`get` must still have the version that was read. The level is "serializable over gets and
    guards".
    """

    @property
    def principal(self) -> Principal:
        """Who calls."""
        ...

    @property
    def request_id(self) -> str:
        """The id under which the log knows this call."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the caller sent beside the input, as text, by names in lower case: over HTTP the headers, which gRPC
        calls metadata, but for credentials. What a result depends on belongs into the input: a repetition by the same
        idempotency key is known by that alone.
        """
        ...

    @property
    def now(self) -> datetime:
        """The moment the call began, in UTC: what its writes are stamped with."""
        ...

    def remaining(self) -> float | None:
        """Seconds until the deadline, or None without one."""
        ...

    async def get(self, resource: type[R], id: Id[R]) -> R:
        """The resource, protected: if it changes before the commit, the commit is refused.

        Raises NotFound if there is none that this caller may see.
        """
        ...

    async def peek(self, resource: type[R], id: Id[R]) -> R:
        """As :meth:`get`, unprotected: for values that a decision does not rest on."""
        ...

    async def list(
        self,
        resource: type[R],
        where: Expression | None = None,
        *,
        order_by: str = "id",
        limit: int | None = None,
    ) -> list[R]:
        """The resources that meet ``where``, staged writes included: the first ``limit`` of them, or all.

        Without a limit it raises ResourceExhausted where there are more than 1,000, so that nothing is decided
        on a part. Not protected: take a :meth:`guard` first where the absence of a row matters.
        """
        ...

    def create(self, value: R, *, at: Path = ()) -> R:
        """Stage a new resource; returns it as it will be. ``at`` is where it stands in the input, as in
        ``at=("customers", 3)``: violations are told there, those of all items at once.
        """
        ...

    def save(self, value: R, *, at: Path = ()) -> R:
        """Stage a changed resource; returns it as it will be. Only changed fields are written. The version is
        checked unless the resource was peeked at. ``at`` is that of :meth:`create`. Raises FailedPrecondition for one
        that was neither read nor created here.
        """
        ...

    def delete(self, value: Resource) -> None:
        """Stage a deletion. The version is checked unless the resource was peeked at."""

    def publish(self, event: object) -> None:
        """Stage an event: an instance of a class that the contract declares as one. It is written in the same commit
        as the rest, and numbered in the order of commits among those with its key.
        """

    @property
    def downstream_key(self) -> str:
        """A key to give to whoever this call asks in turn, such as a payment provider: the same for each repetition of
        the call, and of no other. Only where the caller gave an idempotency key, as every caller of an ``external``
        operation must.
        """
        ...

    async def guard(self, name: str, key: str = "", *, shared: bool = False) -> None:
        """Protect a decision that rests on more than single rows: of two concurrent calls with the same
        guard, the second to commit is refused. Take it before the reads that it protects. A guard is the
        tenant's own; one that protects resources without tenants is ``shared`` by all.
        """
