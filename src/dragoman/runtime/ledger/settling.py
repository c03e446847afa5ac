"""The ledger as an operator sees it: what is known of each call, and a word on those of which nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from dragoman.contract.expression import EVERYTHING, AllOf, Compare, Operator, Slot
from dragoman.contract.fault import CANONICAL, Code, FailedPrecondition, InvalidArgument, NotFound
from dragoman.ports.store import Committed, Conflict, Delete, Query, Store, Update, Value, WriteSet

from .entry import DONE, HELD, LEDGER, downstream_key, entry_name, fault_text, row_of

_ALL: Final = tuple(each.name for each in LEDGER.columns)
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry: its ``row``; a short ``name`` to call it by; its ``state``, which is ``done``, ``refused``,
    ``under way`` or ``unknown``; and the key that was passed on.
    """

    name: str
    state: str
    row: Mapping[str, Any]

    @property
    def downstream_key(self) -> str:
        """The key that whoever was asked in turn knows the call by."""
        return downstream_key(self.row["id"])


async def listed(
    store: Store, *, unknown: bool = False, operation: str | None = None, limit: int = 100
) -> list[Listed]:
    """Entries, newest first; only those of which nobody knows what they did, with ``unknown``."""
    given: list[tuple[str, Operator, Value]] = []
    if operation is not None:
        given.append(("operation", "=", operation))
    if unknown:
        given += [("state", "=", HELD), ("leased_until", "<=", _now(store))]
    return await _rows(store, given, order=(("created_at", True), ("id", False)), limit=limit)


async def find(store: Store, text: str) -> Listed:
    """The entry that is called so: by its name, the beginning of it, or the caller's key. Raises NotFound, and
    InvalidArgument where there are several.
    """
    found = await _rows(store, [("idempotency_key", "=", text)], limit=_AT_ONCE)
    if not found and len(text) >= 4:
        found = await _called(store, text)
    if not found:
        raise NotFound(f"there is no entry {text!r}; `dragoman ledger list` shows them")
    if len(found) > 1:
        names = ", ".join(each.name for each in found[:5])
        raise InvalidArgument(f"{text!r} is the key or the beginning of several entries: {names}")
    return found[0]


async def _called(store: Store, start: str) -> list[Listed]:
    """Those whose name begins so: names are in no index, and people ask seldom."""
    found: list[Listed] = []
    last = ""
    while True:
        rows = await _rows(store, [("id", ">", last)], limit=_AT_ONCE)
        found += [each for each in rows if each.name.startswith(start)]
        if len(rows) < _AT_ONCE or len(found) > 1:
            return found
        last = rows[-1].row["id"]


async def _rows(
    store: Store,
    given: Sequence[tuple[str, Operator, Value]],
    *,
    order: tuple[tuple[str, bool], ...] = (("id", False),),
    limit: int,
) -> list[Listed]:
    where = AllOf(tuple(Compare(column, operator, Slot(at)) for at, (column, operator, _) in enumerate(given)))
    query = Query(LEDGER, _ALL, where if given else EVERYTHING, order=order, tenant=False, limit=limit)
    now = _now(store)
    return [_listed(row, now) for row in await store.prepare(query).fetch([value for _, _, value in given])]


async def settle_result(store: Store, entry: Listed, text: str) -> None:
    """It was done, with this result, as JSON of all its fields. Raises InvalidArgument, FailedPrecondition."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidArgument(f"the result is no JSON: {error}") from error
    await _settle(store, entry, {"result": f'{{"value":{text}}}'})


async def settle_fault(store: Store, entry: Listed, code: Code, message: str) -> None:
    """It was refused. Raises FailedPrecondition."""
    fault = next(each for each in CANONICAL if each.code is code)(message)
    await _settle(store, entry, {"fault": fault_text(fault)})


async def settle_forgotten(store: Store, entry: Listed) -> None:
    """It was not done, and may be. Raises FailedPrecondition."""
    _check(entry)
    await _commit(store, WriteSet(writes=[Delete(row_of(entry.row["id"]), entry.row["version"])]))


async def _settle(store: Store, entry: Listed, told: dict[str, Any]) -> None:
    _check(entry)
    row = entry.row
    kept = row["expires_at"] - row["created_at"]
    changes = {"state": DONE, "surface": "", "leased_until": None, "expires_at": _now(store) + kept}
    changes |= {"result": None, "fault": None}
    await _commit(store, WriteSet(writes=[Update(row_of(row["id"]), changes | told, row["version"])]))


def _check(entry: Listed) -> None:
    if entry.state != "unknown" and entry.row["surface"]:
        raise FailedPrecondition(
            f"the call is {entry.state}: only one whose outcome is unknown, or that was settled by hand, is settled"
        )


async def _commit(store: Store, writes: WriteSet) -> None:
    outcome = await store.commit(writes)
    if isinstance(outcome, Conflict):
        raise FailedPrecondition("the entry was settled in the meantime")
    assert isinstance(outcome, Committed)


def _listed(values: tuple[Any, ...], now: int) -> Listed:
    row = dict(zip(_ALL, values, strict=True))
    if row["state"] == HELD:
        state = "under way" if row["leased_until"] > now else "unknown"
    else:
        state = "done" if row["fault"] is None else "refused"
    return Listed(entry_name(row["id"]), state, row)


def _now(store: Store) -> int:
    return round(store.clock() * 1000)
