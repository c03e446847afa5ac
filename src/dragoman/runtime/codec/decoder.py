"""Decoding: JSON or builtin values become the author's own instances, or one fault with everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dragoman.contract.fault import InvalidArgument, Violation
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Type, Types

from .hooks import call_hook, is_hooked
from .inbound import Inbound
from .parsing import REFUSALS, check_nesting, nests_freely, parse, repeated_names
from .scalar_values import Refused, check_json
from .text import from_text
from .view import View
from .violations import Walk, invalid, unexplained
from .whole import with_whole_numbers


class JsonDecoder:
    """Decodes one type for one audience. Made when a surface is bound.

    Fields that the audience may not see are unknown fields, and so are those that only the server sets.
    Raises DeclarationError when an instance could never be made, because such a field has no default.
    """

    def __init__(self, record: Type, types: Types, *, audience: Audience | None = None) -> None:
        self._type = record
        self._inbound = Inbound(types, View(audience, writable=True))
        self._annotation = self._inbound.annotation(record)
        self._build = self._inbound.builder(record, None)
        self._decode = msgspec.json.Decoder(self._annotation, dec_hook=call_hook).decode
        self._nests_freely = nests_freely(types, record)
        self._hooked = is_hooked(self._annotation)

    @property
    def wire(self) -> Any:
        """The type that bodies are decoded to, before the author's own instance is made."""
        return self._annotation

    def decode(self, body: bytes) -> Any:
        """The instance that a JSON text stands for.

        Raises Malformed if it is not JSON, InvalidArgument with every violation if it is not valid.
        """
        return self._made(self.given, body)

    def accept(self, value: Any) -> Any:
        """The instance that a value stands for: JSON that was parsed, in which bytes, moments and time spans may be
        Python's own. Raises InvalidArgument.
        """
        return self._made(self.given_of, value)

    def _made(self, given: Callable[[Any], Any], source: Any) -> Any:
        wire = given(source)
        build = self._build
        if build is None:
            return wire
        try:
            return build(wire)
        except (ValueError, TypeError) as error:
            raise self._not_made(given(source), error) from error

    def given(self, body: bytes) -> Any:
        """The members that a JSON text gives, before the instance is made. Raises as :meth:`decode` does."""
        try:
            if self._nests_freely:
                check_nesting(body)
            return self._decode(body)
        except REFUSALS as error:
            refused = error
        return self._explained(parse(body), refused, lambda: repeated_names(body))

    def given_of(self, value: Any) -> Any:
        """The members that a value gives, as :meth:`accept` has it."""
        try:
            return self._converted(value) if self._hooked else msgspec.convert(value, self._annotation)
        except REFUSALS as error:
            return self._explained(value, error, list)

    def _explained(self, value: Any, refused: Exception, more: Callable[[], list[Violation]]) -> Any:
        """What was refused, looked at again: taken all the same, or refused with everything that is wrong."""
        whole = with_whole_numbers(self._inbound.types, self._type, value)
        if whole is not value:
            try:
                return self._converted(whole)
            except REFUSALS as error:
                refused = error
        found = Walk(self._inbound).check(self._type, whole)
        raise invalid(found or more() or [unexplained(refused)])

    def _converted(self, value: Any) -> Any:
        return msgspec.convert(value, self._annotation, dec_hook=call_hook)

    def convert(self, value: Mapping[str, Any], *, text: bool = False) -> Any:
        """The instance that builtin values stand for. With ``text`` all leaves are strings and are read by type.

        Raises InvalidArgument with every violation.
        """
        types = self._inbound.types
        given = from_text(types, self._type, value) if text else value
        try:
            if self._nests_freely:
                check_json(given)
            given = with_whole_numbers(types, self._type, given)
            wire = self._converted(given)
        except Refused as refused:
            raise invalid([Violation((), refused.message, refused.rule)]) from None
        except REFUSALS as error:
            found = Walk(self._inbound, text=text).check(self._type, given)
            raise invalid(found or [unexplained(error)]) from None
        if self._build is None:
            return wire
        try:
            return self._build(wire)
        except (ValueError, TypeError) as error:
            raise self._not_made(self._converted(given), error) from error

    def _not_made(self, wire: Any, error: Exception) -> InvalidArgument:
        found: list[Violation] = []
        self._inbound.explain(self._type, wire, (), found)
        if not found:
            raise error
        return invalid(found)
