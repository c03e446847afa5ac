"""Schemas of GraphQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import Enum, Field, List, Nullable, Ref, Scalar, Type, Types
from dragoman.review.elements import Position
from dragoman.review.english import vocabulary, words
from dragoman.review.misfits.call import root_fields
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.paging import NUMBERS, SIZES
from dragoman.review.misfits.reach import Message, reach
from dragoman.review.misfits.shape import fields_of, is_nullable, plain, record_of
from dragoman.review.misfits.tally import found_surface
from dragoman.review.misfits.wording import bare, some
from dragoman.review.reading.graphql.traits import Directives
from dragoman.review.reading.outcome import Format, Reading
from dragoman.review.verdict.rule import Source

RELAY: Final = Source("GraphQL Cursor Connections", "https://relay.dev/graphql/connections.htm")
PRACTICE: Final = Source("GraphQL: best practices", "https://graphql.org/learn/best-practices/")
_COST: Final = re.compile(r"cost|complexity|listsize|depth|ratelimit|rate_limit|max_?nodes|persisted", re.IGNORECASE)
_AROUND: Final = vocabulary("pageinfo edges nodes errors usererrors totalcount")


def _schemas(subject: Subject) -> Iterator[Reading]:
    return (each for each in subject.surface.readings if each.format is Format.GRAPHQL)


def _without_limits(subject: Subject) -> Iterator[Found]:
    for reading in _schemas(subject):
        loop = _loop(reading)
        if loop and not _is_weighed(reading):
            places = [message.found(reading, each, "").position for message, each in loop]
            way = " → ".join(f"{message.owner}.{each.name}" for message, each in loop)
            yield found_surface(
                subject,
                f"a query can nest without limit through lists ({way}), and the schema states no limit",
                f"Assign costs with @cost and @listSize, reject queries that are too deep or expensive, and state the "
                f"limits in the schema; begin with {loop[0][0].owner}.{loop[0][1].name}",
                places,
                reading,
            )


def _is_weighed(reading: Reading) -> bool:
    """Whether any directive, description or kept thing speaks of cost."""
    texts = [reading.about.description, *(each.what for each in reading.kept)]
    for operation in reading.contract.operations.values():
        texts += [operation.description, *_directives(operation)]
    for message in reach(reading).outputs:
        texts += _directives(message.record)
        for each in message.fields:
            texts += _directives(each)
    return any(_COST.search(each[:5000]) for each in texts)


def _directives(element: object) -> list[str]:
    found = getattr(element, "traits", None)
    applied = found.get(Directives) if found is not None else None
    return [] if applied is None else [each.name for each in applied.applied]


def _loop(reading: Reading) -> list[tuple[Message, Field]]:
    """A way through types that comes back to where it began, with a list on it; empty where there is none.

    It is looked for from each type that has a list of things, the shortest first, and of at most a thousand types.
    """
    types = reading.contract.types
    messages = {each.owner: each for each in reach(reading).outputs[:1000]}
    for start, message in messages.items():
        for each in message.fields:
            target = _target(types, each.type) if isinstance(plain(types, each.type), List) else ""
            back = _way_back(types, messages, target, start) if target in messages else None
            if back is not None:
                return [(message, each), *back]
    return []


def _way_back(types: Types, messages: dict[str, Message], start: str, end: str) -> list[tuple[Message, Field]] | None:
    ways: dict[str, list[tuple[Message, Field]]] = {start: []}
    waiting = [start]
    for name in waiting:
        if name == end:
            return ways[name]
        for each in messages[name].fields:
            target = _target(types, each.type)
            if target in messages and target not in ways and len(ways[name]) < 5:
                ways[target] = [*ways[name], (messages[name], each)]
                waiting.append(target)
    return None


def _target(types: Types, type_: Type) -> str:
    found = plain(types, type_)
    found = plain(types, found.item) if isinstance(found, List) else found
    return getattr(found, "name", None) or ""


def _unpaged(subject: Subject) -> Iterator[Found]:
    for reading in _schemas(subject):
        types = reading.contract.types
        for message in reach(reading).outputs:
            if {bare(each.name) for each in message.fields} & _AROUND or message.owner.endswith(("Payload", "Result")):
                continue
            for each in message.fields:
                if _is_growing(types, each):
                    yield message.found(
                        reading,
                        each,
                        f"{message.owner}.{each.name} returns a whole list, and nothing bounds it",
                        f"Let it take first and after: {each.name}(first: Int!, after: String): …Connection!",
                    )


def _is_growing(types: Types, field: Field) -> bool:
    """A list of things with an identity, of which nothing is asked that would bound it."""
    found = plain(types, field.type)
    if not isinstance(found, List) or {bare(each.name) for each in field.arguments} & (SIZES | NUMBERS | {"ids"}):
        return False
    record = record_of(types, found.item)
    return record is not None and any(each.name == "id" for each in fields_of(types, record)) and not _ends(field)


def _ends(field: Field) -> bool:
    return bool(re.search(r"\b(?:at most|up to|maximum|max|always|exactly)\b", field.description, re.IGNORECASE))


def _scalar_answer(subject: Subject) -> Iterator[Found]:
    for call in root_fields(subject):
        if call.wire.root != "mutation" or call.operation.output is None:
            continue
        answer = plain(call.types, call.operation.output)
        if isinstance(answer, Scalar | Enum):
            yield call.found(
                f"{call.address} returns a scalar, to which no field can be added",
                f"Return a payload type: type {_pascal(call.wire.field)}Payload, with what was changed and the "
                f"errors that the caller can correct",
            )


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def _many_arguments(subject: Subject) -> Iterator[Found]:
    for call in root_fields(subject):
        if call.wire.root == "mutation" and call.input is not None and len(call.input.fields) > 3:
            yield call.found(
                f"{call.address} takes {len(call.input.fields)} separate arguments",
                f"Take one input: {call.wire.field}(input: {_pascal(call.wire.field)}Input!)",
            )


def _nullable_id(subject: Subject) -> Iterator[Found]:
    for reading in _schemas(subject):
        types = reading.contract.types
        for message in reach(reading).outputs:
            for each in message.fields:
                if each.name == "id" and is_nullable(types, each.type):
                    yield message.found(
                        reading,
                        each,
                        f"{message.owner}.id is nullable, and client caches use it as their key",
                        f"Write id: ID! in {message.owner}",
                    )


def _verb_query(subject: Subject) -> Iterator[Found]:
    for call in root_fields(subject):
        verb = words(call.wire.field)
        if call.wire.root == "query" and len(verb) > 1 and verb[0] in ("get", "fetch", "list", "retrieve", "load"):
            noun = "".join((verb[1], *(each.capitalize() for each in verb[2:])))
            yield call.found(
                f"{call.address} begins with {verb[0]}, which every query does anyway",
                f"Call it {noun}, and keep {call.wire.field} for a while as deprecated",
            )


def _json_scalar(subject: Subject) -> Iterator[Found]:
    for reading in _schemas(subject):
        for message in reach(reading).outputs:
            for each in message.fields:
                name = _scalar_name(each.type)
                named = {
                    "metadata",
                    "extensions",
                    "json",
                    "raw",
                    "payload",
                    "properties",
                    "attributes",
                    "settings",
                    "custom",
                }
                if name in ("JSON", "JSONObject", "Json", "Object", "Any", "Map") and not set(words(each.name)) & named:
                    yield message.found(
                        reading,
                        each,
                        f"{message.owner}.{each.name} is {name}: clients cannot select fields in it",
                        f"Give {each.name} a type of its own",
                    )


def _scalar_name(type_: Type) -> str:
    while isinstance(type_, Nullable | List):
        type_ = type_.of if isinstance(type_, Nullable) else type_.item
    return type_.name if isinstance(type_, Ref) else ((type_.format or "") if isinstance(type_, Scalar) else "")


def _nullable_lists(subject: Subject) -> Iterator[Found]:
    """Lists whose items may be null, where they are rows."""
    for reading in _schemas(subject):
        types = reading.contract.types
        found: list[tuple[Message, Field]] = []
        whole = 0
        for message in reach(reading).outputs:
            for each in message.fields:
                list_ = plain(types, each.type)
                if isinstance(list_, List) and each.name not in ("edges", "nodes"):
                    whole += 1
                    if isinstance(list_.item, Nullable):
                        found.append((message, each))
        if whole >= 4 and len(found) == whole:
            message, each = found[0]
            places: list[Position] = [m.found(reading, f, "").position for m, f in found]
            yield found_surface(
                subject,
                f"all {whole} lists allow null items: {some([f'{m.owner}.{f.name}' for m, f in found])}",
                f"Write {each.name}: [{_target(types, each.type) or '…'}!]! in {message.owner}, and so in the others",
                places,
                reading,
            )


RULES: Final = (
    Misfit(
        id="graphql-without-limits",
        title="GraphQL without query limits",
        source=Source(
            "OWASP API Security Top 10 2023, API4",
            "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
        ),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
        check=_without_limits,
        reason="A query of a few lines can ask for all customers of all orders of all customers, and bring "
        "the server down.",
        remedy="Calculate the cost of queries, and reject expensive ones.",
        exception="Schemas without cycles through lists, and schemas that mention cost, depth or limits: "
        "in directives, in descriptions, or as persisted queries.",
        example="orders { customer { orders { customer … → directive @cost(weight: Int!), refused above 1,000",
        styles=("graphql",),
    ),
    Misfit(
        id="graphql-unpaged-list",
        title="GraphQL list field without pagination",
        source=RELAY,
        severity=Severity.WARNING,
        check=_unpaged,
        reason="The list is loaded for each parent object, so its size multiplies.",
        remedy="Use a connection.",
        exception="Lists that take first, last, limit or ids; lists of scalars or of objects without an "
        "id; fields of a connection or a payload, and those described as bounded.",
        example="orders: [Order!]! → orders(first: Int!, after: String): OrderConnection!",
        styles=("graphql",),
    ),
    Misfit(
        id="mutation-returns-scalar",
        title="Mutation that returns a scalar",
        source=PRACTICE,
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_scalar_answer,
        reason="The client cannot refresh its cache from the response, and the first field that you add "
        "breaks all clients.",
        remedy="Return a payload type.",
        exception="Queries and subscriptions.",
        example="deleteOrder(id: ID!): Boolean → deleteOrder(id: ID!): DeleteOrderPayload!",
        styles=("graphql",),
    ),
    Misfit(
        id="mutation-of-many-arguments",
        title="Mutation without an input type",
        source=PRACTICE,
        severity=Severity.HINT,
        check=_many_arguments,
        reason="Each client must name every argument three times; an input type is one variable.",
        remedy="Use one input type.",
        exception="Up to three arguments.",
        example="createOrder(a, b, c, d) → createOrder(input: CreateOrderInput!)",
        styles=("graphql",),
    ),
    Misfit(
        id="nullable-id",
        title="Nullable id",
        source=Source(
            "GraphQL Global Object Identification", "https://graphql.org/learn/global-object-identification/"
        ),
        severity=Severity.WARNING,
        check=_nullable_id,
        reason="Client caches use the id as their key. Without it, they mix up two objects or cache none.",
        remedy="Write ID!.",
        exception="Fields with other names.",
        example="id: ID → id: ID!",
        styles=("graphql",),
    ),
    Misfit(
        id="verb-query",
        title="Query named with a verb",
        source=Source("GraphQL: naming fields", "https://graphql.org/learn/schema-design/"),
        severity=Severity.HINT,
        check=_verb_query,
        reason="A query names the data. The prefix get adds nothing and hides the noun in a list of fields.",
        remedy="Name the query after the noun.",
        exception="Mutations; fields of one word.",
        example="getOrder(id: ID!) → order(id: ID!)",
        styles=("graphql",),
    ),
    Misfit(
        id="json-scalar",
        title="Untyped JSON field in GraphQL",
        source=PRACTICE,
        severity=Severity.HINT,
        check=_json_scalar,
        reason="Clients cannot select fields in it, which is the purpose of GraphQL.",
        remedy="Give it a type.",
        exception="Data that is free-form by nature (metadata, extensions, payload).",
        example="address: JSON → address: Address",
        styles=("graphql",),
    ),
    Misfit(
        id="nullable-items",
        title="Lists with nullable items",
        source=Source("GraphQL, October 2021, 3.12", "https://spec.graphql.org/October2021/#sec-Wrapping-Types"),
        severity=Severity.HINT,
        check=_nullable_lists,
        reason="Every client must filter out nulls that never come.",
        remedy="Write [Order!]!.",
        exception="Schemas where any list has non-null items, or with fewer than four lists; edges and nodes.",
        example="orders: [Order] → orders: [Order!]!",
        styles=("graphql",),
    ),
)
