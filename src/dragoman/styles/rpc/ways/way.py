"""What the ways in have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from dragoman.contract.fault import DeadlineExceeded, Fault
from dragoman.contract.operation import Effect
from dragoman.ports.style import Call
from dragoman.ports.wire import Header, Request, Response
from dragoman.runtime import ending, observation
from dragoman.runtime.call import State
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.http.answers import Answers
from dragoman.runtime.http.idempotency import idempotency_key
from dragoman.styles.rpc.procedures import Give, Receive, as_seen, refuse_key
from dragoman.styles.rpc.proto.services import Bound

Items = Callable[[AsyncIterator[Any]], AsyncIterator[Any]]
Seal = Callable[[bytes], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Form:
    """How messages of one procedure are written: bytes to values of the contract's JSON, and back. ``direct`` takes
    what the contract's encoder made, where no JSON has to be between.
    """

    decode: Callable[[bytes], Any]
    encode: Callable[[Any], bytes]
    direct: Callable[[Any], bytes] | None = None

    def writer(self, give: Give) -> Callable[[State], bytes]:
        """What writes the answer of a call, or an item of it; ``give`` has it as the contract's JSON."""
        encode, direct = self.encode, self.direct
        if direct is not None and give is as_seen:
            # What the ledger has of an earlier call is JSON.
            return lambda s: encode(s.projected) if type(s.projected) is dict else direct(s.projected)
        return lambda state: encode(give(state))


@dataclass(slots=True, eq=False)
class Spoken:
    """A procedure of a surface, compiled. ``most`` bounds a message that is received, in bytes; ``domain`` is whose
    reasons its faults have; ``headers`` are those of each answer. ``looks`` gives how answers of a media type look that
    are HTTP's own, and whether caches may keep them. ``items`` is there where the input is a stream.
    ``takes_stream`` and ``gives_stream`` say whether input and answer are streams.
    """

    bound: Bound
    receive: Receive
    give: Give
    items: Items | None
    most: int
    domain: str
    looks: Callable[[str, bool], Answers]
    headers: Sequence[Header]
    call: Call | None = None
    takes_stream: bool = field(init=False)
    gives_stream: bool = field(init=False)

    def __post_init__(self) -> None:
        interaction = self.bound.operation.interaction
        self.takes_stream, self.gives_stream = interaction.streams_input, interaction.streams_output


class Way(Protocol):
    """One way in, in one form of messages."""

    def answer(self, exchange: Exchange, request: Request) -> Coroutine[Any, Any, Response]:
        """Drive the call. Raises Fault."""
        ...

    def read(self, envelope: Envelope) -> Any:
        """The message of an envelope, as values of the contract's JSON. Raises Fault."""
        ...

    def write(self, state: State) -> Any:
        """The answer; the bytes of an item, where the answer is a stream; or the message alone, where its envelope says
        that it may be compressed, which the way does once the call is over.
        """
        ...


class Envelope(msgspec.Struct, eq=False):
    """What a call came in: its way, the request's headers, and its message or all of them. ``compress``: what is
    answered may be compressed.
    """

    way: Any
    headers: Mapping[str, str]
    message: bytes = b""
    messages: AsyncIterator[Any] | None = None
    compress: bool = False


def decoding(spoken: Spoken) -> Callable[[State], None]:
    """The step that reads a call, whichever way it came."""
    receive, items = spoken.receive, spoken.items
    if items is None and spoken.bound.operation.effect is Effect.SAFE:

        def read_safe(state: State) -> None:
            envelope = state.envelope
            receive(state, envelope.way.read(envelope))

        return read_safe
    if items is None:

        def read(state: State) -> None:
            envelope = state.envelope
            state.key = idempotency_key(envelope.headers)
            receive(state, envelope.way.read(envelope))

        return read

    def read_all(state: State) -> None:
        envelope = state.envelope
        state.key = idempotency_key(envelope.headers)
        refuse_key(state)
        state.input = items(envelope.messages)

    return read_all


def encode(state: State) -> None:
    """The step that writes an answer, or an item of it, for whichever way the call came."""
    state.answer = state.envelope.way.write(state)


def limit(exchange: Exchange, seconds: float | None) -> None:
    """Let the call take no longer than the caller waits. Raises DeadlineExceeded where that is no time at all."""
    if seconds is None:
        return
    if seconds <= 0:
        raise DeadlineExceeded("the time that the call has was over before it came")
    exchange.bound(seconds)


class Several(Protocol):
    """What gives the frames of a stream, or the messages that are to be sealed, as
    :class:`~dragoman.runtime.streaming.Stream` does.
    """

    async def several(self) -> list[bytes]:
        """The next of them."""
        ...

    async def aclose(self) -> None:
        """Make no more of them."""
        ...


class Messages:
    """The answer of a call whose messages are a stream; a :class:`~dragoman.ports.wire.ByteStream`. Those that are at
    hand leave together. ``end`` is told how it came to its end, and gives what stands there of the body: nothing, if
    all is said in trailers. ``seal`` makes the frame of each where that takes its time, since it is compressed.
    """

    __slots__ = ("_end", "_exchange", "_over", "_seal", "_stream")

    def __init__(
        self, stream: Several, exchange: Exchange, end: Callable[[Fault | None], bytes], seal: Seal | None = None
    ) -> None:
        self._stream = stream
        self._exchange = exchange
        self._end = end
        self._seal = seal
        self._over = False

    def __aiter__(self) -> Messages:
        return self

    async def __anext__(self) -> bytes:
        if self._over:
            raise StopAsyncIteration
        try:
            items = await self._stream.several()
            if self._seal is not None:
                items = [await self._seal(each) for each in items]
        except StopAsyncIteration:
            return self._ended(None)
        except Fault as fault:
            return self._ended(fault)
        except asyncio.CancelledError:
            stopping = ending.ended()
            if stopping is None:
                raise
            await self._stream.aclose()
            return self._ended(stopping)
        return items[0] if len(items) == 1 else b"".join(items)

    def _ended(self, fault: Fault | None) -> bytes:
        self._over = True
        exchange = self._exchange
        try:
            last = self._end(fault)
        except Exception as error:  # a fault that cannot be told: of a wrong class, or holding no text
            fault = observation.told(exchange, error)
            last = self._end(fault)
        if fault is not None:
            exchange.fault = fault.code.name
        if not last:
            raise StopAsyncIteration
        return last

    async def aclose(self) -> None:
        """Cancel the handler, if it runs."""
        self._over = True
        await self._stream.aclose()
