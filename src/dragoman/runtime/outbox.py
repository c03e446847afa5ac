"""The outbox: events as rows that are written in the same commit as what they tell of, in an order that is that of the
commits. What delivers them reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from dragoman.contract.contract import Contract
from dragoman.contract.event import Event
from dragoman.contract.identifier import IdFactory
from dragoman.contract.principal import Principal
from dragoman.contract.schema import Record
from dragoman.ports.store import Column, Insert, Key, Next, Storage, Table, Unique, Value

from .codec import encode_json, natives
from .codec.canonical import Canonical
from .commit_value import is_commit_value
from .failure import BrokenContract

OUTBOX: Final = Table(
    "dragoman_outbox",
    (
        Column("id", Storage.TEXT),
        Column("event", Storage.TEXT),
        Column("key", Storage.TEXT),
        Column("sequence", Storage.INTEGER),
        Column("payload", Storage.JSON),
        Column("principal", Storage.TEXT),
        Column("request_id", Storage.TEXT),
        Column("created_at", Storage.TEXT),
    ),
    versioned=False,
    uniques=(Unique(("event", "key", "sequence")),),
)
"""``sequence`` counts the events of one name and key within a tenant, from 1, without gaps, as they are committed."""

_new_id: Final = IdFactory("evt")


class _Published:
    """How the events of one class are written."""

    def __init__(self, event: Event, contract: Contract) -> None:
        record = contract.types.resolve(event.payload)
        assert isinstance(record, Record)
        self.name = event.name
        self.key = event.key
        self.attribute = natives.attributes(record)[event.key]
        self.canonical = Canonical(event.payload, contract.types)


class Outbox:
    """The events of an application, by their classes."""

    def __init__(self, contracts: Sequence[Contract]) -> None:
        self._events: dict[Any, _Published] = {
            event.native: _Published(event, contract) for contract in contracts for event in contract.events.values()
        }

    def __bool__(self) -> bool:
        return bool(self._events)

    def insert(self, value: Any, principal: Principal, request_id: str, now: datetime) -> Insert:
        """The row of an event. Raises BrokenContract for what is none, or breaks its declaration."""
        event = self._events.get(type(value))
        if event is None:
            raise BrokenContract(
                f"{type(value).__name__} is published, and is no event of this application; declare it with "
                'contract.event(…, key="…")'
            )
        if is_commit_value(getattr(value, event.attribute)):
            raise BrokenContract(f"the key of the event {event.name} is known only when it is committed")
        try:
            payload = event.canonical.builtins(value)
        except (msgspec.ValidationError, TypeError, OverflowError, RecursionError) as error:
            raise BrokenContract(f"the event {event.name} breaks its contract: {error}") from error
        key = payload[event.key]
        id, text = _new_id(), key if isinstance(key, str) else encode_json(key).decode()
        counter = f"{OUTBOX.name} {event.name} {text}"
        values: dict[str, Value | Next] = {
            "id": id,
            "event": event.name,
            "key": text,
            "sequence": Next(counter),
            "payload": encode_json(payload).decode(),
            "principal": principal.identity,
            "request_id": request_id,
            "created_at": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        return Insert(Key(OUTBOX, principal.tenant, id), values)
