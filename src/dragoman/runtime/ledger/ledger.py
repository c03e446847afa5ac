"""How one operation's calls on one surface pass the ledger."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec

from dragoman.contract.expression import Compare, Slot
from dragoman.contract.fault import DeadlineExceeded, Fault, InvalidArgument, NotFound, Unavailable
from dragoman.contract.operation import Operation
from dragoman.contract.principal import Principal
from dragoman.ports.store import (
    Committed,
    Conflict,
    Delete,
    Insert,
    Late,
    Outcome,
    Query,
    Store,
    UniqueViolation,
    Update,
    WriteSet,
)
from dragoman.ports.style import Surface
from dragoman.runtime.deadline import LATE_COMMIT, within
from dragoman.runtime.exchange import Exchange

from .entry import (
    COLUMNS,
    DONE,
    HELD,
    LEDGER,
    Entry,
    InFlight,
    KeyRequired,
    OtherInput,
    OutcomeUnknown,
    downstream_key,
    entry_id,
    entry_name,
    fault_of,
    fault_text,
    is_final,
    row_of,
    scopes_text,
)
from .inputs import Fingerprint
from .results import Results

if TYPE_CHECKING:
    from dragoman.runtime.call import State

LOG: Final = logging.getLogger("dragoman")

LEASE_BEYOND: Final = 5.0
"""How long a reservation outlives the deadline of its call, in seconds: time to commit."""


class Replayed(Exception):
    """The call was answered before: its result stands in the state, to be projected again."""


class Claim(msgspec.Struct, eq=False):
    """A call's claim on a key. ``epoch`` is what the version of its entry begins with; ``expired`` is the version of an
    entry whose time has passed, in whose place it puts its own, or 0. ``held``: the key is reserved. ``begun``: the
    handler has it. ``closing``: what it did is being committed.
    """

    id: str
    fingerprint: str
    epoch: int
    expired: int = 0
    held: bool = False
    begun: bool = False
    closing: bool = False

    @property
    def downstream_key(self) -> str:
        """A key for whoever is asked in turn."""
        return downstream_key(self.id)


class Ledger:
    """The ledger for one operation on one surface. Raises nothing but faults, Replayed and the store's own."""

    def __init__(
        self,
        operation: Operation,
        surface: Surface,
        store: Store,
        fingerprint: Fingerprint,
        results: Results | None,
        *,
        anonymous: bool,
    ) -> None:
        self._operation = operation
        self._surface = surface.name
        self._retention = round(surface.idempotency.retention * 1000)
        self._store = store
        self._fingerprint = fingerprint
        self._results = results
        self._anonymous = anonymous
        self.required = surface.idempotency.needs_key(operation)
        self._lookup = store.prepare(Query(LEDGER, COLUMNS, Compare("id", "=", Slot(0)), tenant=False, limit=1))

    async def claim(self, state: State) -> None:
        """Let a call with a key in; or raise Replayed, or the fault that it was answered with."""
        if state.key is None:
            if self.required:
                raise KeyRequired(_MISSING)
            return
        if self._anonymous:
            raise InvalidArgument(
                "the surface does not know its callers, so that two could have one key; leave Idempotency-Key out"
            )
        principal = state.exchange.principal
        id = entry_id(principal.tenant, principal.identity, self._operation.name, state.key)
        claim = Claim(id, self._fingerprint(state), secrets.randbits(61) + 1)
        entry = await self._find(claim)
        if entry is not None:
            self._answer(entry, claim, state)
        state.claim = claim
        if self._operation.external:
            await self._reserve(claim, state)

    async def again(self, state: State) -> None:
        """A call did not come to its end, perhaps because a twin did first: if so, raise what that came to."""
        claim = state.claim
        assert claim is not None
        entry = await self._find(claim)
        if entry is not None and not (entry.state == HELD and entry.version == claim.epoch):
            self._answer(entry, claim, state)

    async def refused(self, fault: Fault, state: State) -> None:
        """A call came to a fault: keep it, if it is an answer. Raises what a twin came to that was first."""
        claim = state.claim
        assert claim is not None
        if self._operation.external:
            await self._refused_outside(fault, claim, state)
            return
        await self.again(state)
        if is_final(fault):
            writes = WriteSet()
            self._record(writes, claim, state, {"fault": fault_text(fault)})
            outcome = await within(state.deadline, self._store.commit(writes), LATE_COMMIT)
            if not isinstance(outcome, Committed):
                await self.again(state)

    async def lost(self, state: State) -> None:
        """A call with effects outside came to an end that says nothing of them: it is under way no longer."""
        claim = state.claim
        if claim is None or not claim.held or not claim.begun:
            return
        LOG.warning(
            "%s of %s has an unknown outcome: see `dragoman ledger show %s`",
            self._operation.name,
            state.exchange.principal.identity,
            entry_name(claim.id),
        )
        over = Update(row_of(claim.id), {"leased_until": self._now()}, claim.epoch)
        await self._store.commit(WriteSet(last=[over]))

    def record(self, writes: WriteSet, state: State, settle: Any) -> None:
        """Add the entry to what a call commits. ``settle`` gives the result, of what the commit computed."""
        claim, results = state.claim, self._results
        assert claim is not None
        claim.closing = True
        if results is None:
            self._record(writes, claim, state, {})
        elif state.unit is not None and state.unit.is_open(state.result):
            self._record(writes, claim, state, {"result": Late(lambda settled: results.text(settle(settled)))})
        else:
            self._record(writes, claim, state, {"result": results.text(state.result)})

    def is_own(self, outcome: Outcome) -> bool:
        """Whether it is the ledger that stood against the commit: another call with the key was first."""
        if isinstance(outcome, UniqueViolation):
            return outcome.row.table is LEDGER
        return isinstance(outcome, Conflict) and getattr(outcome.row, "table", None) is LEDGER

    async def _find(self, claim: Claim) -> Entry | None:
        claim.expired = 0
        row = await self._lookup.fetch_one((claim.id,))
        if row is None:
            return None
        entry = Entry(*row)
        # What was begun and has not ended is never forgotten: it is settled by whoever knows.
        if entry.state == DONE and entry.expires_at <= self._now():
            claim.expired = entry.version
            return None
        return entry

    def _now(self) -> int:
        return round(self._store.clock() * 1000)

    def _answer(self, entry: Entry, claim: Claim, state: State) -> NoReturn:
        if entry.fingerprint != claim.fingerprint:
            raise OtherInput("the key in Idempotency-Key was used for another input; use a new key for a new call")
        if entry.state == HELD:
            left = ((entry.leased_until or 0) - self._now()) / 1000
            if left > 0:
                raise InFlight("the call with this key is under way", retry_after=math.ceil(left))
            raise OutcomeUnknown(_UNKNOWN)
        state.exchange.replayed = True
        if entry.fault is not None:
            whole = entry.surface in (self._surface, "")
            raise fault_of(entry.fault, self._operation.faults, whole=whole)
        if self._results is not None:
            assert entry.result is not None
            principal = state.exchange.principal
            visible = self._results.replay(entry.result, principal, state, by_hand=not entry.surface)
            # Who may see less than who made the call is told as much as without the key.
            if not visible and entry.scopes not in (scopes_text(principal.scopes), ""):
                state.exchange.replayed = False
                raise NotFound("what the call with this key resulted in is not there, or not for this caller to see")
        raise Replayed

    async def _reserve(self, claim: Claim, state: State) -> None:
        """Hold the key before anything is done that could not be undone."""
        now = self._now()
        left = max(0.0, state.deadline - asyncio.get_running_loop().time())
        writes = WriteSet()
        lease = {"state": HELD, "leased_until": now + round((left + LEASE_BEYOND) * 1000)}
        self._insert(writes, claim, state, now, lease)
        outcome = await within(state.deadline, self._store.commit(writes), LATE_COMMIT)
        if not isinstance(outcome, Committed):
            await self.again(state)
            raise Unavailable("the key could not be reserved; try again", retry_after=1)
        claim.held = True

    def _record(self, writes: WriteSet, claim: Claim, state: State, told: dict[str, Any]) -> None:
        now = self._now()
        if claim.held:
            changes = {"state": DONE, "leased_until": None, "expires_at": now + self._retention, **told}
            writes.last.append(Update(row_of(claim.id), changes, claim.epoch))
        else:
            self._insert(writes, claim, state, now, {"state": DONE, **told})

    def _insert(self, writes: WriteSet, claim: Claim, state: State, now: int, told: dict[str, Any]) -> None:
        row = row_of(claim.id)
        if claim.expired:
            writes.last.append(Delete(row, claim.expired))
        principal: Principal = state.exchange.principal
        exchange: Exchange = state.exchange
        values = {
            "id": claim.id,
            "tenant": principal.tenant,
            "principal": principal.identity,
            "operation": self._operation.name,
            "idempotency_key": state.key,
            "fingerprint": claim.fingerprint,
            "resource": state.id,
            "surface": self._surface,
            "scopes": scopes_text(principal.scopes),
            "result": None,
            "fault": None,
            "request_id": exchange.request_id,
            "created_at": now,
            "leased_until": None,
            "expires_at": now + self._retention,
            "version": claim.epoch,
        }
        writes.last.append(Insert(row, values | told))

    async def _refused_outside(self, fault: Fault, claim: Claim, state: State) -> None:
        """What a call with effects outside came to. A fault that its handler chose is an answer, or lets the caller try
        again; what ran out of time, or was refused at the commit, has done nobody knows what, and stays held. All of it
        is of this call's own entry, if it has one.
        """
        if claim.begun and (claim.closing or isinstance(fault, DeadlineExceeded)):
            await self.lost(state)
            raise OutcomeUnknown(_UNKNOWN) from fault
        writes = WriteSet()
        if not claim.held:
            # Reserving failed, or was reported to have failed.
            writes.last.append(Delete(row_of(claim.id), claim.epoch))
        elif is_final(fault):
            self._record(writes, claim, state, {"fault": fault_text(fault)})
        else:
            writes.last.append(Delete(row_of(claim.id), claim.epoch))
        await self._store.commit(writes)


_UNKNOWN: Final = (
    "the call with this key was begun and did not come to its end: what it did is not known, and has to be looked up "
    "here; do not make it again with another key"
)
_MISSING: Final = (
    "this call needs the header Idempotency-Key, by which it is known when it is repeated; "
    'send one that is new for each call, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"'
)
