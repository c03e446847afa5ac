"""What a call was asked, in a form that does not depend on how it was written: the same input has the same fingerprint
in any order of its members, with defaults given or left out, on any style.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from dragoman.contract.operation import Method, Operation
from dragoman.contract.schema import Record, Types
from dragoman.runtime.codec import natives
from dragoman.runtime.codec.canonical import Canonical, unstable
from dragoman.runtime.rows import Rows

if TYPE_CHECKING:
    from dragoman.runtime.call import State

Fingerprint: TypeAlias = Callable[["State"], str]

_OF_THE_SERVER = frozenset({"id", "created_at", "updated_at", "version"})


def fingerprints(operation: Operation, types: Types, rows: Rows | None) -> Fingerprint:
    """What makes the fingerprint of a call of this operation."""
    asked = _asked(operation, types, rows)

    def fingerprint(state: State) -> str:
        text = msgspec.json.encode((state.id, asked(state)), order="sorted")
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    return fingerprint


def _asked(operation: Operation, types: Types, rows: Rows | None) -> Callable[[State], Any]:
    if operation.method is Method.CREATE:
        assert rows is not None
        left_out = _OF_THE_SERVER | _made_up(rows.description.record)
        stored = rows.stored
        return lambda state: _without(stored.to_row(state.input), left_out)
    if operation.method is Method.UPDATE:
        return lambda state: state.patch.builtins()
    if operation.input is None:
        return lambda state: None
    canonical, record = Canonical(operation.input, types), types.resolve(operation.input)
    left_out = _made_up(record) if isinstance(record, Record) else frozenset()
    return lambda state: _without(canonical.builtins(state.input), left_out)


def _without(members: Any, left_out: frozenset[str]) -> Any:
    return {name: each for name, each in members.items() if name not in left_out} if left_out else members


def _made_up(record: Record) -> frozenset[str]:
    """The fields that get another value each time where they are left out."""
    attributes = unstable(record.native)
    return frozenset(name for name, attribute in natives.attributes(record).items() if attribute in attributes)
