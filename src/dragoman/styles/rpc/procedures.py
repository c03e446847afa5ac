"""What a call of each procedure asks, and what its answer holds: as values of the contract's JSON, whatever the form
that they came in. (AIP-131 to 136; preconditions by AIP-154, repetitions by AIP-155.)
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, TypeAlias

from dragoman.contract.fault import MAX_VIOLATIONS, Fault, InvalidArgument, Path, Violation
from dragoman.contract.operation import Effect, Interaction, Method
from dragoman.contract.resource import Resource
from dragoman.contract.schema import Types
from dragoman.ports.style import ListRequest, Surface
from dragoman.runtime.call import State
from dragoman.runtime.codec import JsonDecoder, PatchDecoder, invalid, to_builtins
from dragoman.runtime.codec.scalar_values import kind_of
from dragoman.runtime.http import etag

from .masks import MASK, masked, parts
from .proto.model import Label, Message, MessageField, Shape
from .proto.names import json_name, snake
from .proto.services import ETAG, ID, REQUEST_ID, Bound

Receive: TypeAlias = Callable[[State, Any], None]
"""Fills a call's state from a message."""

Give: TypeAlias = Callable[[State], Any]
"""What is answered, from a call's state."""

LONGEST_KEY: Final = 255
_NAME: Final = re.compile("[A-Za-z0-9_]+")


def receiver(bound: Bound, surface: Surface, types: Types) -> Receive:
    """What reads the message of a procedure that takes one."""
    operation = bound.operation
    receive = _receiver(bound, surface, types)
    if operation.effect is Effect.SAFE:
        return receive
    if operation.interaction is not Interaction.UNARY:
        return _without_key(receive)
    return receive


def _receiver(bound: Bound, surface: Surface, types: Types) -> Receive:
    operation = bound.operation
    resource = operation.resource
    if resource is None:
        return (
            _nothing
            if operation.input is None
            else _input(JsonDecoder(operation.input, types, audience=surface.audience))
        )
    match operation.method:
        case Method.LIST:
            return _list(bound)
        case Method.GET:
            return _identified
        case Method.CREATE:
            assert operation.output is not None
            return _create(snake(resource.name), JsonDecoder(operation.output, types, audience=surface.audience))
        case Method.UPDATE:
            assert operation.output is not None
            decoder = PatchDecoder(operation.output, types, audience=surface.audience)
            assert bound.changed is not None
            return _update(snake(resource.name), decoder, bound.changed)
        case Method.DELETE:
            return _precondition
    if operation.input is None:
        return _identified if operation.effect is Effect.SAFE else _precondition
    return _custom(JsonDecoder(operation.input, types, audience=surface.audience), safe=operation.effect is Effect.SAFE)


def items(bound: Bound, surface: Surface, types: Types) -> Callable[[AsyncIterator[Any]], AsyncIterator[Any]]:
    """What makes the handler's items of the messages of a stream."""
    operation = bound.operation
    assert operation.input is not None
    accept = JsonDecoder(operation.input, types, audience=surface.audience).accept

    async def each(messages: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for message in messages:
            yield accept(message)

    return each


def giver(bound: Bound) -> Give:
    """What is answered: of each item, where the answer is a stream."""
    operation, resource = bound.operation, bound.operation.resource
    if operation.output is None:
        return lambda state: {}
    if operation.method is Method.LIST:
        assert resource is not None
        return _page(resource.plural)
    native = operation.native_output
    if _tagged(bound.procedure.output) and isinstance(native, type) and issubclass(native, Resource):
        return _versioned
    return as_seen


def as_seen(state: State) -> Any:
    """What is answered as it is seen, and nothing beside it."""
    return to_builtins(state.projected)


def _tagged(message: Message | None) -> bool:
    return message is not None and any(each.key == ETAG and each.output_only for each in message.fields)


def _versioned(state: State) -> Any:
    shown = to_builtins(state.projected)
    shown[ETAG] = f'"{state.version}"'
    return shown


def _page(plural: str) -> Give:
    def give(state: State) -> Any:
        page = state.result
        shown = to_builtins(page.items)
        for each, version in zip(shown, page.versions, strict=True):
            each[ETAG] = f'"{version}"'
        answer = {plural: shown, "next_page_token": page.next_page_token}
        if page.total_size is not None:
            answer["total_size"] = page.total_size
        return answer

    return give


# What is asked


def _nothing(state: State, message: Any) -> None:
    """Nothing is taken."""


def _input(decoder: JsonDecoder) -> Receive:
    def receive(state: State, message: Any) -> None:
        state.input = decoder.accept(message)
        if state.key is not None:
            state.given = to_builtins(decoder.given_of(message))

    return receive


def _identified(state: State, message: Any) -> None:
    id = message.get(ID)
    if not isinstance(id, str) or not id:
        raise invalid([Violation((ID,), "is required: the id of a resource", "required")])
    state.id = id


def _precondition(state: State, message: Any) -> None:
    _identified(state, message)
    _tag(state, message)
    _key(state, message)


def _tag(state: State, message: Mapping[str, Any]) -> None:
    """The etag that a resource must have still."""
    tag = message.get(ETAG)
    if not tag:
        return
    if not isinstance(tag, str):
        raise invalid([Violation((ETAG,), f"must be a string, got {kind_of(tag)}", "type")])
    try:
        state.versions = etag.versions(tag if tag[:1] in ('"', "*", "W") else f'"{tag}"')
    except Fault:
        raise invalid([Violation((ETAG,), "is no etag of a resource; take it from an answer", "etag")]) from None


def _key(state: State, message: Mapping[str, Any]) -> None:
    """The request's id, which is the key by which repetitions are known, if no header gives one."""
    key = message.get(REQUEST_ID)
    if not key:
        return
    if not isinstance(key, str) or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        said = f"must be at most {LONGEST_KEY} characters of ASCII"
        raise invalid([Violation((REQUEST_ID,), said, "format")])
    if state.key not in (None, key):
        said = "is another than the key that the headers give; give one of them"
        raise invalid([Violation((REQUEST_ID,), said, "repeated")])
    state.key = key


def _without_key(receive: Receive) -> Receive:
    def without(state: State, message: Any) -> None:
        refuse_key(state)
        receive(state, message)

    return without


def refuse_key(state: State) -> None:
    """Raises InvalidArgument where a call has a key that no repetition of it can be known by."""
    if state.key is not None:
        raise InvalidArgument("a stream is never replayed, and no key can protect it; leave the idempotency key out")


def _create(singular: str, decoder: JsonDecoder) -> Receive:
    def receive(state: State, message: Any) -> None:
        _key(state, message)
        given = _without_known(_inner(message, singular))
        with _below(singular):
            state.input = decoder.accept(given)
            if state.key is not None:
                state.given = to_builtins(decoder.given_of(given))

    return receive


def _update(singular: str, decoder: PatchDecoder, message_of: Message) -> Receive:
    def receive(state: State, message: Any) -> None:
        _key(state, message)
        given = _inner(message, singular)
        id = given.get(ID)
        if not isinstance(id, str) or not id:
            raise invalid([Violation((singular, ID), "is required: the id of the one to change", "required")])
        state.id = id
        # What a client reads, changes and sends back says by itself what it was read as.
        _tag(state, message if message.get(ETAG) else given)
        paths = message.get(MASK)
        change, whole = _without_known(given), set[tuple[str, ...]]()
        if paths:
            wanted = [_renamed(parts(path), message_of) for path in paths]
            change, whole = masked(decoder.fields.values(), decoder.types, change, wanted)
        with _below(singular):
            state.patch = decoder.accept(change, whole)
            if state.key is not None:
                asked = to_builtins(decoder.given_of(change))
                merged = sorted(path for path in whole if path[0] in decoder.merging)
                state.given = [asked, merged] if merged else asked

    return receive


def _renamed(path: list[str], message: Message) -> list[str]:
    """A mask's path in the contract's names, which it may have in those of the file."""
    made: list[str] = []
    within: Message | None = message
    for at, name in enumerate(path):
        field = None if within is None else next((each for each in within.fields if _calls(name, each)), None)
        if field is None:
            return [*made, *path[at:]]
        made.append(field.key)
        within = field.value if isinstance(field.value, Message) and field.value.shape is Shape.RECORD else None
        if field.label is Label.MAP and at + 1 < len(path):
            made.append(path[at + 1])
            return [*made, *(_renamed(path[at + 2 :], within) if within is not None else path[at + 2 :])]
    return made


def _calls(name: str, field: MessageField) -> bool:
    """Whether a name in a mask is a field's: JSON's form of masks has lost which letters were capitals."""
    return name == field.key or json_name(name) == json_name(field.name)


def _inner(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = message.get(name)
    if inner is None:
        return {}
    if not isinstance(inner, Mapping):
        raise invalid([Violation((name,), "must be an object", "type")])
    return inner


def _without_known(given: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says which one is meant."""
    return {name: each for name, each in given.items() if name not in (ID, ETAG)}


def _custom(decoder: JsonDecoder, *, safe: bool) -> Receive:
    which, asked = (_identified, (ID,)) if safe else (_precondition, (ID, ETAG, REQUEST_ID))

    def receive(state: State, message: Any) -> None:
        which(state, message)
        given = {name: each for name, each in message.items() if name not in asked}
        state.input = decoder.accept(given)
        if state.key is not None:
            state.given = to_builtins(decoder.given_of(given))

    return receive


class _below:  # noqa: N801  (reads as a word)
    """Violations in the block are of what stands under a name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InvalidArgument) and error.violations:
            found = [Violation((self._name, *each.path), each.message, each.rule) for each in error.violations]
            raise invalid(found) from error


def _list(bound: Bound) -> Receive:
    filters, parents = bound.filters, bound.parents
    assert bound.procedure.output is not None
    resource = bound.procedure.output.fields[0].value
    assert isinstance(resource, Message)
    by_hand = {each.name: each.key for each in resource.fields if each.own}

    def receive(state: State, message: Any) -> None:
        asked: list[tuple[str, str, str | tuple[str, ...]]] = []
        found: list[Violation] = []
        for key, (field, word) in filters.items():
            value = message.get(key)
            if value is None:
                continue
            if word != "in":
                asked.append((field, word, _as_text(value, (key,), found)))
            elif not isinstance(value, list):
                found.append(Violation((key,), f"must be an array, got {kind_of(value)}", "type"))
            elif value:
                texts = [_as_text(each, (key, at), found) for at, each in enumerate(value)]
                asked.append((field, word, tuple(texts)))
        if found:
            raise invalid(found[:MAX_VIOLATIONS])
        within = [(name, str(message[name])) for name in parents if message.get(name)]
        if len(within) > 1:
            raise invalid([Violation((within[1][0],), f"cannot be given beside {within[0][0]}", "repeated")])
        ids = message.get("ids")
        state.query = ListRequest(
            tuple(asked),
            _by_contract(message.get("order_by", ""), by_hand),
            message.get("page_size") or None,
            message.get("page_token", ""),
            within[0] if within else None,
            tuple(ids) if ids else None,
            bool(message.get("count")),
        )

    return receive


def _by_contract(order_by: str, by_hand: Mapping[str, str]) -> str:
    """An order in the contract's names, which it may have in those that fields were given by hand."""
    return _NAME.sub(lambda found: by_hand.get(found[0], found[0]), order_by) if by_hand else order_by


def _as_text(value: Any, path: Path, found: list[Violation]) -> str:
    """A filter's value, which lists take as text, and say what is wrong with it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, dict | list):
        found.append(Violation(path, f"must be one value, got {kind_of(value)}", "type"))
        return ""
    shown = to_builtins(value)
    return shown if isinstance(shown, str) else str(shown)
