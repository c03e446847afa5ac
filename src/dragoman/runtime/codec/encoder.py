"""Encoding: a handler's value becomes JSON for one audience, or a broken contract that is the server's fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from dragoman.contract.fault import Path, Violation
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Record, Type, Types
from dragoman.runtime.failure import BrokenContract

from .inbound import Inbound
from .outbound import Outbound, convert_out, flat
from .view import View
from .violations import Walk, dotted


class BrokenValue(BrokenContract):
    """A handler's value is not what its contract promises. For the log: no caller may read it."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        first = violations[0]
        where = dotted(first.path)
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(f"{where or 'the value'} {first.message}{more}")
        self.violations = violations
        self.path: Path = first.path
        self.message = first.message


def plain(value: Any) -> Any:
    """Subclasses of str and int that authors declare are written as what they extend."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


encode_json: Final = msgspec.json.Encoder(enc_hook=plain).encode
"""Any wire value as JSON."""


class JsonEncoder:
    """Encodes one type for one audience. Made when a surface is bound.

    What the audience may not see is not there. ``wire`` is the type of what is encoded: for a record a struct with the
    audience's fields in the schema's order, made positionally; ``names`` are these.
    """

    def __init__(self, type_: Type, types: Types, *, audience: Audience | None = None) -> None:
        self.type = type_
        self.types = types
        self.view = View(audience)
        self.outbound = Outbound(types, self.view)
        self.wire: Any = self.outbound.annotation(type_)
        record = types.resolve(type_)
        self.names = tuple(each.name for each in self.view.fields(record)) if isinstance(record, Record) else ()
        self._class: Any = None
        self._members: Callable[[Any], dict[str, Any]] | None = None
        if isinstance(record, Record):
            self._class, self._members = flat(record, self.names, self.wire)

    def to_wire(self, value: Any) -> Any:
        """The value as ``wire``. Raises BrokenValue for one that the type does not allow."""
        if self._members is not None and type(value) is self._class:
            try:
                return msgspec.convert(self._members(value), self.wire)
            except (msgspec.ValidationError, OverflowError, AttributeError):
                pass  # why, is said below
        try:
            return convert_out(value, self.wire)
        except (msgspec.ValidationError, OverflowError, RecursionError) as error:
            raise self._broken(value, error) from error

    def encode_wire(self, wire: Any) -> bytes:
        """What :meth:`to_wire` made, or a projector, as JSON. Raises BrokenValue for text that no JSON can hold."""
        try:
            return encode_json(wire)
        except (UnicodeEncodeError, TypeError) as error:
            raise BrokenValue((Violation((), str(error)[:200], "invalid"),)) from error

    def encode(self, value: Any) -> bytes:
        """The value as JSON. Raises BrokenValue for one that the type does not allow."""
        try:
            return encode_json(convert_out(value, self.wire))
        except (msgspec.ValidationError, UnicodeEncodeError, TypeError, OverflowError, RecursionError) as error:
            raise self._broken(value, error) from error

    def _broken(self, value: Any, error: Exception) -> BrokenValue:
        found = Walk(Inbound(self.types, self.view), native=True).check(self.type, value)
        return BrokenValue(tuple(found) or (Violation((), str(error)[:200], "invalid"),))
