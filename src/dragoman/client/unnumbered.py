"""Fields that a surface does not have, for its lock file has no number for them: a value of one is never dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dragoman.contract.fault import Path
from dragoman.styles.rpc.proto.model import Label, Message, MessageField, Shape


class Unnumbered:
    """Looks for such fields in the contract's JSON of one message. ``lacking`` are those of each message, which have
    been taken away from it.
    """

    def __init__(self, messages: Iterable[Message], lacking: Mapping[Message, list[MessageField]]) -> None:
        messages = list(messages)
        self._lacking = {each: lacking[each] for each in messages if lacking.get(each)}
        self._ways: dict[Message, list[MessageField]] = {each: [] for each in self._lacking}
        # The fields that lead to one, however many messages are in between.
        grown = bool(self._ways)
        while grown:
            grown = False
            for each in messages:
                ways = [field for field in each.fields if field.value in self._ways]
                if len(ways) != len(self._ways.get(each, ())):
                    self._ways[each] = ways
                    grown = True

    def __bool__(self) -> bool:
        return bool(self._lacking)

    def first(self, message: Message, value: Any, path: Path = ()) -> Path | None:
        """Where a value gives one something else than what its absence means."""
        return next(self._found(message, value, path), None)

    def _found(self, message: Message, value: Any, path: Path) -> Iterator[Path]:
        if value is None or message not in self._ways:
            return
        if message.shape is Shape.WRAPPER:
            if message in self._lacking:
                yield path
            for field in self._ways[message]:
                yield from self._within(field, value, path)
            return
        if message.shape is Shape.UNION:
            tag = value.get(message.discriminator)
            for field in self._lacking.get(message, ()):
                if field.key == tag:
                    yield (*path, tag)
            for field in self._ways[message]:
                if field.key == tag:
                    yield from self._within(field, value, path)
            return
        for field in self._lacking.get(message, ()):
            if field.key in value and _says(field, value[field.key]):
                yield (*path, field.key)
        for field in self._ways[message]:
            if field.key in value:
                yield from self._within(field, value[field.key], (*path, field.key))

    def _within(self, field: MessageField, value: Any, path: Path) -> Iterator[Path]:
        assert isinstance(field.value, Message)
        if field.label is Label.REPEATED:
            for at, each in enumerate(value or ()):
                yield from self._found(field.value, each, (*path, at))
        elif field.label is Label.MAP:
            for name, each in (value or {}).items():
                yield from self._found(field.value, each, (*path, name))
        else:
            yield from self._found(field.value, value, path)


def _says(field: MessageField, value: Any) -> bool:
    return bool(value != field.default) and (value is not None or field.holds_null)
