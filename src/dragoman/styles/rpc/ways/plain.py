"""The plainest way in: POST of JSON, as REST has it, answered with JSON, and faults as problem documents."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from dragoman.contract.fault import Violation
from dragoman.ports.style import Surface
from dragoman.ports.wire import Header, Request, Response
from dragoman.runtime.call import State
from dragoman.runtime.codec import encode_json, invalid, nearest
from dragoman.runtime.codec.parsing import parse
from dragoman.runtime.codec.scalar_values import kind_of
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.http.answers import Answers, coded
from dragoman.runtime.http.json_body import JSON, require_json, takes_no_input
from dragoman.styles.rpc.codec.asked import taken
from dragoman.styles.rpc.procedures import as_seen
from dragoman.styles.rpc.proto.model import Leaf, Message

from .way import Envelope, Spoken


class Plain:
    """A unary procedure by plain POST."""

    def __init__(self, spoken: Spoken, surface: Surface, more: list[Header]) -> None:
        self.spoken = spoken
        operation = spoken.bound.operation
        self._message = spoken.bound.procedure.input
        self._own = operation.resource is not None
        self._empty = operation.output is None
        self.answers = Answers(surface, media="" if self._empty else JSON, more=more)

    def answer(self, exchange: Exchange, request: Request) -> Coroutine[Any, Any, Response]:
        """Drive the call. Raises Fault."""
        headers = request.headers
        accept = headers.get("accept")
        if accept is not None and accept != "*/*":
            self.answers.check_acceptable(accept)
        assert self.spoken.call is not None
        answering = self.spoken.call(exchange, Envelope(self, headers, request.body))
        return answering if headers.get("accept-encoding") is None else coded(answering)

    def read(self, envelope: Envelope) -> Any:
        """The message."""
        message = self._message
        if message is None:
            if envelope.message.translate(None, b" \t\r\n") not in (b"", b"{}"):
                raise takes_no_input()
            return {}
        require_json(envelope.headers, JSON)
        value = parse(envelope.message)
        if self._own:
            _check(message, value)
        return value

    def write(self, state: State) -> Any:
        """The answer."""
        if self._empty:
            return self.answers.empty()
        give = self.spoken.give
        shown = state.projected if give is as_seen else give(state)
        return self.answers.content(state.envelope.headers, encode_json(shown))


def _check(message: Message, value: Any) -> None:
    """What only the request of a resource's method has: its names, and what their values are. The rest is the
    contract's. Raises InvalidArgument.
    """
    if not isinstance(value, dict):
        raise invalid([Violation((), f"must be an object, got {kind_of(value)}", "type")])
    fields = {each.key: each for each in message.fields}
    found: list[Violation] = []
    for name, each in value.items():
        field = fields.get(name)
        if field is None:
            close = nearest(name, list(fields), found)
            found.append(
                Violation(
                    (name,), "is not a field here" + (f"; did you mean {close!r}?" if close else ""), "unknown_field"
                )
            )
        elif field.asked and isinstance(field.value, Leaf):
            taken(field, each, (name,), found)
    if found:
        raise invalid(found)
