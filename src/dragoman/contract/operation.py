"""Operations, as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .declaration import DeclarationError
from .fault import Fault
from .schema import Type
from .traits import Traits

if TYPE_CHECKING:
    from .resource import ResourceDescription


class Effect(enum.StrEnum):
    """What a call does to the state (RFC 9110, section 9.2)."""

    SAFE = "safe"
    IDEMPOTENT = "idempotent"
    UNSAFE = "unsafe"


class Interaction(enum.StrEnum):
    """How many messages go each way."""

    UNARY = "unary"
    SERVER_STREAM = "server_stream"
    CLIENT_STREAM = "client_stream"
    BIDIRECTIONAL = "bidirectional"

    @property
    def streams_input(self) -> bool:
        """Whether the input is a stream of messages."""
        return self in (Interaction.CLIENT_STREAM, Interaction.BIDIRECTIONAL)

    @property
    def streams_output(self) -> bool:
        """Whether the output is a stream of messages."""
        return self in (Interaction.SERVER_STREAM, Interaction.BIDIRECTIONAL)


class Method(enum.StrEnum):
    """Which method of a resource an operation is (AIP-131 to 136)."""

    LIST = "list"
    GET = "get"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Batch:
    """The handler takes many inputs at once.

    At most ``max_size`` of them; ``queue`` bounds how many calls may wait (the next one is UNAVAILABLE).
    """

    max_size: int = 64
    queue: int = 1024

    def __post_init__(self) -> None:
        for name in ("max_size", "queue"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise DeclarationError(
                    f"Batch({name}={value!r})", f"{name} is not an integer of at least 1", f"Write dm.Batch({name}=64)"
                )


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a caller may ask for.

    ``name`` is unique in its contract; a resource's operations are called ``<plural>.<method>``. ``input``
    and ``output`` are types of the contract (usually a :class:`Ref` to a record), or None. A custom method's
    ``input`` is what stands beside the resource's id; of a stream, both are the types of one item. ``deadline`` is in
    seconds. ``rerun`` says that the
    handler may be run again after a conflict. ``external``: it has effects outside of the application's database,
    such as a payment, so that it is never run twice for one key. ``batch`` operations take one item on the wire and a
    sequence in the handler.
    """

    name: str
    input: Type | None = None
    output: Type | None = None
    effect: Effect = Effect.UNSAFE
    interaction: Interaction = Interaction.UNARY
    faults: tuple[type[Fault], ...] = ()
    deadline: float | None = None
    batch: Batch | None = None
    rerun: bool = False
    external: bool = False
    method: Method | None = None
    resource: ResourceDescription | None = field(default=None, repr=False)
    description: str = ""
    deprecated: bool = False
    traits: Traits = field(default_factory=Traits)
    native_input: Any = field(default=None, compare=False, repr=False)
    native_output: Any = field(default=None, compare=False, repr=False)

    @property
    def short_name(self) -> str:
        """The name without the resource: ``cancel`` of ``orders.cancel``."""
        return self.name.rpartition(".")[2]

    def __hash__(self) -> int:
        return hash(self.name)
