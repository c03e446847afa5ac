"""Calls with streams: the phases of :data:`~dragoman.runtime.call.PHASES`.

Of a call that is answered by a stream, the items of the handler are projected and encoded one by one, and the commit
comes behind the last of them. A call that takes one and is answered once passes the phases as any other, with the
stream in the place of its input.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any, Final

from dragoman.contract.fault import DeadlineExceeded
from dragoman.contract.operation import Effect

from . import ending
from .call import PHASES, CompiledCall, Phase, PlainCall, Plan, State, Step, commit_deadline, stream_state
from .exchange import Exchange
from .streaming import Give, Stream, Streams, Taking

HANDLER: Final = "handler"
EACH: Final = ("project", "encode")
"""The phases that every item passes."""


class TakingCall:
    """One operation that takes a stream and is answered once, on one surface. ``call`` has the phases."""

    __slots__ = ("_streams", "call")

    def __init__(self, call: CompiledCall | PlainCall, streams: Streams) -> None:
        self.call = call
        self._streams = streams

    async def __call__(self, exchange: Exchange, envelope: Any) -> Any:
        """The answer. Raises Fault."""
        if asyncio.current_task() is None:  # granian can run a request without one
            return await asyncio.create_task(self(exchange, envelope))
        taking = Taking(self._streams, exchange)
        state = stream_state(self.call.plan, exchange, envelope)
        try:
            return await self.call.run(state)
        except asyncio.CancelledError:
            stopping = ending.ended()
            if stopping is None:
                raise
            raise stopping from None
        finally:
            try:
                if state.input is not None:
                    exchange.items = state.input.count
                    await state.input.aclose()
            finally:
                taking.leave()


class StreamCall:
    """One operation that streams, on one surface. Subclasses say how the phases are run."""

    __slots__ = ("_streams", "plan")

    def __init__(self, plan: Plan, streams: Streams) -> None:
        self.plan = plan
        self._streams = streams

    async def __call__(self, exchange: Exchange, envelope: Any) -> Stream:
        """The stream, once everything before the handler has let the call pass. Raises Fault."""
        stream = Stream(self._streams, exchange)
        state = stream_state(self.plan, exchange, envelope)
        items = _Items(self, state)
        try:
            await self.before(state)
        except BaseException:
            await stream.aclose()
            await items.close()
            raise
        return stream.of(items)

    async def before(self, state: State) -> None:
        """Run what comes before the handler."""
        raise NotImplementedError

    @property
    def each(self) -> Sequence[Step]:
        """What every item passes; it is the state's result."""
        raise NotImplementedError

    async def after(self, state: State) -> None:
        """Run what comes behind the last item."""
        raise NotImplementedError


class _Items:
    """What makes the items of one call."""

    __slots__ = ("_call", "_state", "_takes", "ahead", "name")

    def __init__(self, call: StreamCall, state: State) -> None:
        self._call = call
        self._state = state
        self.name = call.plan.operation.name
        self.ahead = call.plan.operation.effect is Effect.SAFE
        self._takes = call.plan.operation.interaction.streams_input

    async def run(self, give: Give) -> None:
        """Drive the handler to its end, and commit."""
        state = self._state
        timer = asyncio.timeout_at(None if state.deadline == math.inf else state.deadline)
        try:
            async with timer:
                await self._drive(give, timer)
        except TimeoutError:
            if timer.expired():
                raise DeadlineExceeded(f"{self.name} took longer than its deadline allows") from None
            raise
        finally:
            await self.close()
        state.result = None
        state.deadline = commit_deadline(state)
        await self._call.after(state)

    async def close(self) -> None:
        """Take no more of what the call takes, if that is a stream."""
        if self._takes and self._state.input is not None:
            await self._state.input.aclose()

    async def _drive(self, give: Give, timer: asyncio.Timeout) -> None:
        state, steps = self._state, self._call.each
        assert self._call.plan.items is not None
        items = self._call.plan.items(state)
        try:
            async for item in items:
                if timer.expired():
                    raise TimeoutError  # the handler caught the cancellation that told it so
                state.result = item
                for step in steps:
                    step(state)
                waiting = give(state.answer)
                if waiting is not None:
                    await waiting
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()


class CompiledStream(StreamCall):
    """The steps that apply, chained."""

    __slots__ = ("_after", "_before", "_each", "phases")

    def __init__(self, plan: Plan, streams: Streams) -> None:
        super().__init__(plan, streams)
        before, each, after = split(plan)
        self.phases = (
            *(phase.name for phase in before),
            f"{HANDLER}, item by item",
            *(f"{phase.name} each item" for phase in each),
            *(phase.name for phase in after),
        )
        self._before = tuple(phase.step(plan) for phase in before)
        self._each = tuple(phase.step(plan) for phase in each)
        self._after = tuple(phase.step(plan) for phase in after)

    async def before(self, state: State) -> None:
        for step in self._before:
            running = step(state)
            if running is not None:
                await running

    @property
    def each(self) -> Sequence[Step]:
        return self._each

    async def after(self, state: State) -> None:
        for step in self._after:
            running = step(state)
            assert running is not None
            await running


class PlainStream(StreamCall):
    """The table of phases, walked as it stands."""

    __slots__ = ()

    async def before(self, state: State) -> None:
        await self._walk(0, state)

    @property
    def each(self) -> Sequence[Step]:
        return [phase.step(self.plan) for phase in split(self.plan)[1]]

    async def after(self, state: State) -> None:
        await self._walk(2, state)

    async def _walk(self, part: int, state: State) -> None:
        for phase in split(self.plan)[part]:
            running = phase.step(self.plan)(state)
            if running is not None:
                await running


def split(plan: Plan) -> tuple[list[Phase], list[Phase], list[Phase]]:
    """The phases that apply: those before the handler, those of each item, and those behind the last."""
    names = [phase.name for phase in PHASES]
    before = [phase for phase in PHASES[: names.index(HANDLER)] if phase.applies(plan)]
    behind = [phase for phase in PHASES[names.index(HANDLER) + 1 :] if phase.applies(plan)]
    each = [phase for phase in behind if phase.name in EACH]
    return before, each, [phase for phase in behind if phase.name not in EACH]
