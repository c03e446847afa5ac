"""A call: one operation on one surface, compiled to the phases that apply to it.

:data:`PHASES` is the order of section 5 of the design, written once. Binding a surface walks it for each operation and
chains the steps that apply; what an operation does not use costs it nothing. :class:`PlainCall` runs the same table
without compiling anything, and by the longer way where there is a shorter one: a test holds the two against each other.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

import msgspec

from dragoman.contract.fault import Aborted, DeadlineExceeded, Fault
from dragoman.contract.handle import Exposed
from dragoman.contract.operation import Effect, Interaction, Method, Operation
from dragoman.contract.principal import Principal
from dragoman.ports.store import Committed, Store, WriteSet
from dragoman.ports.style import ListRequest, Reading

from .codec import JsonEncoder
from .deadline import LATE_COMMIT, within
from .excerpts import Excerpt, Excerpts, refuse_all
from .exchange import Exchange, now
from .failure import BrokenContract
from .handlers import Invoke, Items
from .ledger import Claim, Ledger, Replayed
from .listing import Listing
from .outbox import Outbox
from .permission import denied, permits
from .refusal import Conflicted, check_visible_references, refusal, stale
from .rows import Registry, Rows, not_found
from .shown import Shown
from .taken import Taken
from .unit import CREDENTIALS, Unit

MAX_RERUNS: Final = 5

COMMIT_SECONDS: Final = 30.0
"""How long the commit of a stream may take that has no deadline of its own."""

NOT_GIVEN: Final = object()

Step: TypeAlias = Callable[["State"], Awaitable[None] | None]


class State(msgspec.Struct, eq=False):
    """One call under way. A style's decode step fills in what the caller asked for, its encode step reads the rest.

    Asked for: ``id`` (of a resource), ``input`` (in the handler's class; of a stream, an asynchronous iterator of the
    items, which decodes each when it is asked for, and raises Fault), ``patch``, ``query`` (of a list), ``reading`` (of
    a get; None for all of it), ``versions`` (one of which the resource must have; None for any), ``unmodified_since``
    (the time behind which it must not have been changed), ``key`` (by which repetitions of the call are known) and,
    where there is one, ``given`` (the input as JSON, before the handler's class was made). Found: ``claim`` (on that
    key, of a call that is not repeated), ``resource`` (as its class), ``result`` (what the handler returned),
    ``projected`` (the result as this surface may see it), ``version`` (of the result, if it is a resource), ``answer``
    (what encode made of it).
    """

    exchange: Exchange
    envelope: Any
    deadline: float
    id: str = ""
    input: Any = None
    patch: Any = None
    query: ListRequest | None = None
    reading: Reading | None = None
    versions: frozenset[int] | None = None
    unmodified_since: datetime | None = None
    key: str | None = None
    given: Any = None
    claim: Claim | None = None
    unit: Unit | None = None
    row: Any = None
    resource: Any = None
    result: Any = None
    projected: Any = None
    version: int = 0
    answer: Any = None
    # Of gets only.
    excerpt: Any = None
    beside: Any = None

    @property
    def principal(self) -> Principal:
        """Who calls."""
        return self.exchange.principal


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a call needs to know about its operation, settled when the surface is bound."""

    exposed: Exposed
    surface: str
    decode: Step | None
    encode: Step
    store: Store
    registry: Registry
    shown: Shown
    outbox: Outbox
    rows: Rows | None = None
    encoder: JsonEncoder | None = None
    excerpts: Excerpts | None = None
    direct: bool = False
    listing: Listing | None = None
    invoke: Invoke | None = None
    items: Items | None = None
    context: bool = False
    hidden: frozenset[str] = CREDENTIALS
    ledger: Ledger | None = None
    beside: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def operation(self) -> Operation:
        """The operation."""
        return self.exposed.operation

    @property
    def method(self) -> Method | None:
        """Which method of a resource it is, if any."""
        return self.operation.method


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: where it applies, and the step it compiles to."""

    name: str
    applies: Callable[[Plan], bool]
    step: Callable[[Plan], Step]


def _permission(plan: Plan) -> Step:
    name = plan.operation.name

    def step(state: State) -> None:
        principal = state.exchange.principal
        if not permits(principal.scopes, name):
            raise denied(principal, name)

    return step


def _decode(plan: Plan) -> Step:
    decode = plan.decode
    assert decode is not None
    if not plan.operation.interaction.streams_input:
        return decode

    def step(state: State) -> None:
        decode(state)
        state.input = Taken(state.input)

    return step


def _ledger(plan: Plan) -> Step:
    """Whether the call was made before: then its answer stands there already."""
    assert plan.ledger is not None
    return plan.ledger.claim


def _unit(plan: Plan) -> Step:
    safe, registry, store = plan.operation.effect is Effect.SAFE, plan.registry, plan.store
    fresh = safe and plan.operation.interaction is not Interaction.UNARY

    def step(state: State) -> None:
        exchange = state.exchange
        clock = asyncio.get_running_loop().time
        state.unit = Unit(
            registry,
            store,
            plan.shown,
            exchange.principal,
            exchange.request_id,
            exchange.headers,
            plan.hidden,
            now(),
            state.deadline,
            clock,
            safe=safe,
            fresh=fresh,
            downstream_key=None if state.claim is None else state.claim.downstream_key,
            outbox=plan.outbox,
        )

    return step


def _load(plan: Plan) -> Step:
    """Read what the operation works on. Row authorization is part of it: the principal's tenant and the resource's rule
    of visibility are in the statement, so that no row is read that the caller may not see.
    """
    rows, listing = plan.rows, plan.listing
    assert rows is not None
    if plan.method is Method.LIST:
        assert listing is not None

        async def page(state: State) -> None:
            assert state.query is not None
            state.result = await listing.page(state.exchange.principal, state.query, state.deadline)

        return page
    if plan.method is Method.GET:
        assert plan.excerpts is not None
        return _load_row(rows, plan.excerpts) if plan.direct else _load_native(rows, plan.excerpts)

    async def resource(state: State) -> None:
        assert state.unit is not None
        state.resource = await state.unit.get(rows.native, cast("Any", state.id))
        state.version = state.resource.version

    return resource


def _load_row(rows: Rows, excerpts: Excerpts) -> Step:
    whole, version = excerpts.whole, len(excerpts.whole.columns) - 1
    columns = whole.columns

    async def row(state: State) -> None:
        if state.reading is None:
            state.excerpt = whole
            found = await rows.fetch(state.exchange.principal, state.id, columns)
            at = version
        else:
            state.excerpt = excerpt = _asked(state, excerpts)
            found = await excerpt.fetch(state.exchange.principal, state.id)
            at = len(excerpt.columns) - 1
        if found is None:
            raise not_found(rows, state.id)
        state.row = found
        state.version = found[at]

    return row


def _load_native(rows: Rows, excerpts: Excerpts) -> Step:
    async def native(state: State) -> None:
        state.excerpt = _asked(state, excerpts)
        state.result = await rows.fetch_native(state.principal, state.id)
        if state.result is None:
            raise not_found(rows, state.id)
        state.version = state.result.version
        state.beside = await state.excerpt.fetch_beside(state.principal, state.result)

    return native


def _asked(state: State, excerpts: Excerpts) -> Excerpt:
    """The excerpt that a get asks for, to a principal who may read it. Raises InvalidArgument, PermissionDenied."""
    if state.reading is None:
        return excerpts.whole
    violations = list(state.reading.violations)
    excerpt = excerpts.of(state.reading, violations)
    refuse_all(violations)
    excerpt.check(state.principal)
    return excerpt


def _precondition(plan: Plan) -> Step:
    rows = plan.rows
    assert rows is not None

    def step(state: State) -> None:
        if state.versions is not None and state.version not in state.versions:
            raise stale(rows, state.id, state.version)
        since = state.unmodified_since
        if since is not None:
            # The header names seconds, and so does what it was copied from.
            if state.resource.updated_at.replace(microsecond=0) > since:
                raise stale(rows, state.id, state.version)
            state.versions = frozenset((state.version,))

    return step


def _handle(plan: Plan) -> Step:
    """The handler: the developer's, or the runtime's own for standard methods."""
    method, invoke = plan.method, plan.invoke
    if invoke is not None and plan.operation.external:

        def external(state: State) -> Awaitable[None] | None:
            if state.claim is not None:
                state.claim.begun = True
            return invoke(state)

        return external
    if invoke is not None and plan.operation.interaction is Interaction.CLIENT_STREAM:

        async def takes(state: State) -> None:
            running = invoke(state)
            if running is not None:
                await running
            state.deadline = commit_deadline(state)

        return takes
    if invoke is not None:
        return invoke

    async def standard(state: State) -> None:
        unit = state.unit
        assert unit is not None
        if method is Method.CREATE:
            state.result = unit.create(state.input)
        elif method is Method.UPDATE:
            state.result = unit.save(state.patch.apply(state.resource))
        else:
            unit.delete(state.resource)

    return standard


def _project(plan: Plan) -> Step:
    """The result as this surface may see it, checked against the contract: before the commit, so that a handler whose
    result breaks its contract has written nothing.
    """
    if plan.direct:

        def row(state: State) -> None:
            state.projected = state.excerpt.project(state.row)

        return row
    if plan.method is Method.GET:

        def native(state: State) -> None:
            state.projected = state.excerpt.assemble(state.result, state.beside)

        return native
    project = _projection(plan)
    if plan.items is not None and plan.context:
        name = plan.operation.name

        def item(state: State) -> None:
            assert state.unit is not None
            if state.unit.is_open(state.result):
                raise BrokenContract(f"{name} yields what is known only when it is committed, which is behind its end")
            project(state)

        return item
    if not _works_on_unit(plan):
        return project

    def value(state: State) -> None:
        project(state, state.result if state.unit is None else state.unit.preview(state.result))

    return value


def _projection(plan: Plan) -> Callable[..., None]:
    """What projects the result, or another value than that."""
    encoder, name = plan.encoder, plan.operation.name
    what = "the result" if plan.items is None else "an item"
    assert encoder is not None

    def project(state: State, value: Any = NOT_GIVEN) -> None:
        if value is NOT_GIVEN:
            value = state.result
        try:
            state.projected = encoder.to_wire(value)
        except BrokenContract as broken:
            raise BrokenContract(f"{what} of {name} breaks its contract: {broken}") from broken
        state.version = getattr(value, "version", 0)

    return project


def _commit(plan: Plan) -> Step:
    """Write everything that was staged, and the ledger's entry, as one. A result of which the commit changed more than
    was known before is projected again.
    """
    store, ledger = plan.store, plan.ledger
    project = None if plan.operation.output is None else _projection(plan)

    async def step(state: State) -> None:
        unit = state.unit
        writes = WriteSet() if unit is None else unit.write_set()
        if state.claim is not None:
            assert ledger is not None
            ledger.record(writes, state, lambda settled: _settled(state, Committed(settled)))
        if not writes:
            return
        if asyncio.get_running_loop().time() > state.deadline:
            raise DeadlineExceeded(f"{plan.operation.name} took too long; nothing was written")
        if unit is not None:
            await check_visible_references(unit, plan.registry)
        # What the store has not begun by the deadline is dropped; what it has goes on.
        outcome = await within(state.deadline, store.commit(writes), LATE_COMMIT)
        if not isinstance(outcome, Committed):
            if ledger is not None and ledger.is_own(outcome):
                raise Conflicted(Aborted("another call with the same key got in between; try again"))
            raise refusal(outcome, state, plan)
        result = _settled(state, outcome)
        if result is not state.result:
            state.result = result
            if project is not None:
                project(state)

    return step


def _settled(state: State, outcome: Committed) -> Any:
    return state.result if state.unit is None else state.unit.settle(outcome, state.result)


def _encode(plan: Plan) -> Step:
    return plan.encode


def _works_on_unit(plan: Plan) -> bool:
    return plan.method not in (None, Method.LIST, Method.GET) or plan.context


PHASES: Final[tuple[Phase, ...]] = (
    Phase("permission", lambda plan: True, _permission),
    Phase("decode and validate", lambda plan: plan.decode is not None, _decode),
    Phase("ledger", lambda plan: plan.ledger is not None, _ledger),
    Phase("unit of work", _works_on_unit, _unit),
    Phase(
        "load and row authorization",
        lambda plan: plan.rows is not None and plan.method is not Method.CREATE,
        _load,
    ),
    Phase(
        "precondition",
        lambda plan: plan.method in (Method.UPDATE, Method.DELETE, Method.CUSTOM),
        _precondition,
    ),
    Phase("handler", lambda plan: plan.method not in (Method.LIST, Method.GET), _handle),
    Phase("project", lambda plan: plan.operation.output is not None and plan.method is not Method.LIST, _project),
    Phase("commit", lambda plan: _works_on_unit(plan) or plan.ledger is not None, _commit),
    Phase("encode", lambda plan: True, _encode),
)
"""The phases of a call, in their order. Quota has its place behind "decode and validate"."""

RESTART: Final = "unit of work"
"""Where a call starts over after a conflict: with a new unit of work, on what is there now."""

REPLAY: Final = ("encode",)
"""What is left of a call whose result the ledger has, which projects it, too."""


def stream_state(plan: Plan, exchange: Exchange, envelope: Any) -> State:
    """The state of a call with a stream, whichever way it goes. The surface's deadline, which is made for answers, is
    none of it: the operation's own and the caller's bound it to its end.
    """
    exchange.operation = plan.operation.name
    state = State(exchange, envelope, exchange.limit)
    if plan.operation.deadline is not None:
        state.deadline = min(state.deadline, asyncio.get_running_loop().time() + plan.operation.deadline)
    return state


def commit_deadline(state: State) -> float:
    """The deadline of the commit behind a stream."""
    return min(state.deadline, asyncio.get_running_loop().time() + COMMIT_SECONDS)


class CompiledCall:
    """The steps that apply, chained."""

    __slots__ = ("_deadline", "_replay", "_restart", "_steps", "phases", "plan")

    def __init__(self, plan: Plan) -> None:
        applied = [phase for phase in PHASES if phase.applies(plan)]
        self.plan = plan
        self.phases = tuple(phase.name for phase in applied)
        self._steps = tuple(phase.step(plan) for phase in applied)
        self._restart = self.phases.index(RESTART) if RESTART in self.phases else 0
        self._replay = tuple(step for step, phase in zip(self._steps, applied, strict=True) if phase.name in REPLAY)
        self._deadline = plan.operation.deadline

    def __call__(self, exchange: Exchange, envelope: Any) -> Coroutine[Any, Any, Any]:
        exchange.operation = self.plan.operation.name
        state = State(exchange, envelope, exchange.deadline)
        if self._deadline is not None:
            state.deadline = min(state.deadline, asyncio.get_running_loop().time() + self._deadline)
        running = self.run(state)
        return to_the_end(running, state, self.plan) if self.plan.operation.external else running

    async def run(self, state: State) -> Any:
        """Run the phases; returns the answer."""
        steps = self._steps
        while True:
            try:
                for step in steps:
                    running = step(state)
                    if running is not None:
                        await running
                return state.answer
            except (Conflicted, Fault, Replayed) as ended:
                replay = await replay_or_again(ended, state, self.plan)
                steps = self._replay if replay else self._steps[self._restart :]


class PlainCall:
    """The table of phases, walked as it stands."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    async def __call__(self, exchange: Exchange, envelope: Any) -> Any:
        operation = self.plan.operation
        exchange.operation = operation.name
        state = State(exchange, envelope, exchange.deadline)
        if operation.deadline is not None:
            state.deadline = min(state.deadline, asyncio.get_running_loop().time() + operation.deadline)
        if operation.external:
            return await to_the_end(self.run(state), state, self.plan)
        return await self.run(state)

    async def run(self, state: State) -> Any:
        """Run the phases; returns the answer."""
        phases = [phase for phase in PHASES if phase.applies(self.plan)]
        while True:
            try:
                for phase in phases:
                    running = phase.step(self.plan)(state)
                    if running is not None:
                        await running
                return state.answer
            except (Conflicted, Fault, Replayed) as ended:
                phases = [phase for phase in PHASES if phase.applies(self.plan)]
                if await replay_or_again(ended, state, self.plan):
                    phases = [phase for phase in phases if phase.name in REPLAY]
                    continue
                names = [phase.name for phase in phases]
                phases = phases[names.index(RESTART) :] if RESTART in names else phases


async def to_the_end(running: Coroutine[Any, Any, Any], state: State, plan: Plan) -> Any:
    """Run a call with effects outside. A caller who leaves does not end it: what it did there would not be known."""
    assert plan.ledger is not None
    task = asyncio.create_task(_or_lost(running, state, plan.ledger))
    plan.beside.add(task)
    task.add_done_callback(plan.beside.discard)
    return await asyncio.shield(task)


async def _or_lost(running: Coroutine[Any, Any, Any], state: State, ledger: Ledger) -> Any:
    try:
        return await running
    except (Conflicted, Fault):
        raise
    except Exception:
        await ledger.lost(state)
        raise


async def replay_or_again(ended: Conflicted | Fault | Replayed, state: State, plan: Plan) -> bool:
    """How a call goes on that did not come to its end: with the result that the ledger has (True), or from its
    beginning (False). Raises the fault that it comes to.
    """
    try:
        if isinstance(ended, Replayed):
            raise ended
        if state.claim is not None:
            assert plan.ledger is not None
            if isinstance(ended, Fault):
                await plan.ledger.refused(ended, state)
            elif state.claim.held:
                await plan.ledger.refused(ended.fault, state)
            else:
                await plan.ledger.again(state)
    except Replayed:
        state.claim = state.unit = None
        return True
    if isinstance(ended, Fault):
        raise ended
    await again_or_raise(ended, state, rerun=plan.operation.rerun)
    return False


async def again_or_raise(conflict: Conflicted, state: State, *, rerun: bool) -> None:
    """Wait a moment and return, so that the call is run again; or raise the fault it ends with."""
    exchange = state.exchange
    late = asyncio.get_running_loop().time() > state.deadline
    if not rerun or exchange.reruns >= MAX_RERUNS or late:
        raise conflict.fault
    exchange.reruns += 1
    await asyncio.sleep(random.uniform(0, 0.002 * 2**exchange.reruns))
