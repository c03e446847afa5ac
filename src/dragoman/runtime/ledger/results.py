"""What a call resulted in, as it is kept: all of it, whoever may see which part. Each surface shows what it may."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec

from dragoman.contract.expression import EVERYTHING
from dragoman.contract.operation import Operation
from dragoman.contract.principal import Principal
from dragoman.contract.schema import Types
from dragoman.runtime.codec import JsonEncoder
from dragoman.runtime.codec.canonical import Canonical, shown
from dragoman.runtime.evaluate import evaluate
from dragoman.runtime.failure import BrokenContract
from dragoman.runtime.rows import Registry, Rows

from .entry import OutcomeUnknown

if TYPE_CHECKING:
    from dragoman.runtime.call import State


class Results:
    """Writes and reads the results of one operation on one surface. A resource is kept as its row, by column, so that a
    later version of the application can read it; all else as the JSON of its fields.
    """

    def __init__(self, operation: Operation, types: Types, registry: Registry, encoder: JsonEncoder) -> None:
        assert operation.output is not None
        self._type = operation.output
        self._name = operation.name
        self._types = types
        self._encoder = encoder
        self._rows = registry.get(operation.native_output)
        self._canonical = Canonical(operation.output, types)

    def text(self, value: Any) -> str:
        """The result as text. Raises BrokenContract for one that the contract forbids."""
        rows = self._rows
        try:
            if rows is not None and isinstance(value, rows.native):
                return msgspec.json.encode({"row": rows.row(value)}).decode()
            return f'{{"value":{self._canonical.text(value)}}}'
        except (msgspec.ValidationError, TypeError, OverflowError, RecursionError) as error:
            raise BrokenContract(f"the result of {self._name} breaks its contract: {error}") from error

    def replay(self, text: str, principal: Principal, state: State, *, by_hand: bool) -> bool:
        """Put a result into a call, as this surface shows it; returns whether the caller may see it by the rule of its
        visibility. Raises OutcomeUnknown for one that was settled ``by_hand`` to what the contract forbids.
        """
        kept = msgspec.json.decode(text)
        if "row" not in kept or self._rows is None:
            value = kept.get("value")
            if by_hand:
                self._check(value)
            state.projected = shown(self._types, self._encoder.view, self._type, value)
            state.result = SimpleNamespace(id=value.get("id", "") if isinstance(value, dict) else "")
            return True
        rows: Rows = self._rows
        columns = rows.stored.columns
        row = {each.name: kept["row"].get(each.name, each.default) for each in columns}
        state.result = rows.stored.from_row([row[each.name] for each in columns])
        state.version = state.result.version
        state.projected = self._encoder.to_wire(state.result)
        visible = rows.visible_to(principal)
        return visible == EVERYTHING or evaluate(visible, row)

    def _check(self, value: Any) -> None:
        try:
            self._canonical.check(value)
        except (msgspec.ValidationError, ValueError) as error:
            raise OutcomeUnknown(
                f"the call was settled with what is no result of {self._name}: {error}; it has to be settled again"
            ) from error
