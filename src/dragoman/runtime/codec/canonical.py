"""Values in a form that no audience and no style has a part in: to be kept and read again, and to be compared."""

from __future__ import annotations

from typing import Any

import msgspec

from dragoman.contract.schema import Type, Types

from . import natives
from .hooks import call_hook
from .inbound import Inbound
from .outbound import Outbound, convert_out
from .view import EVERYTHING


class Canonical:
    """The values of one type. What is stored is JSON of all fields, whoever may see them."""

    def __init__(self, type_: Type, types: Types) -> None:
        self._wire = Outbound(types, EVERYTHING).annotation(type_)
        trusted = Inbound(types, EVERYTHING, trusted=True)
        self._decode = msgspec.json.Decoder(trusted.annotation(type_), dec_hook=call_hook).decode
        self._build = trusted.builder(type_, None)

    def builtins(self, value: Any) -> Any:
        """The value as JSON has it. Raises msgspec's ValidationError."""
        return msgspec.to_builtins(convert_out(value, self._wire))

    def text(self, value: Any) -> str:
        """The value as JSON text. Raises msgspec's ValidationError."""
        return _encode(convert_out(value, self._wire)).decode()

    def value(self, text: str) -> Any:
        """The value that a text was made of."""
        wire = self._decode(text)
        return wire if self._build is None else self._build(wire)


def unstable(native: Any) -> frozenset[str]:
    """The attributes of a class for which it makes up another value each time, such as a random one: a caller who
    left them out cannot be held to what stood there last time.
    """
    return frozenset(name for name, make in natives.factories(native).items() if make() != make())


_encode = msgspec.json.Encoder().encode
