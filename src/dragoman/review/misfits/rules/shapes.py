"""The shapes of messages: what values look like, and how many calls an answer takes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import INTEGERS, Enum, Field, Kind, List, Record, Scalar, Type, Types, Union
from dragoman.review.misfits.call import Call, by_collection, https, parameters
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.paging import listing
from dragoman.review.misfits.path import is_variable, literals, segments
from dragoman.review.misfits.reach import Message, reach
from dragoman.review.misfits.shape import fields_of, is_nullable, is_unsaid, kind_of, plain, record_of
from dragoman.review.misfits.tally import found_surface
from dragoman.review.misfits.wording import bare, some, vocabulary, words
from dragoman.review.reading.outcome import Format, Reading
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http

from .audience import is_outside

_MONEY: Final = vocabulary("amount price total subtotal balance cost fee fees revenue salary payment vat surcharge")
_NO_MONEY: Final = vocabulary(
    "percent percentage pct rate ratio score count weight time seconds ms minutes hours days size bytes tokens "
    "items pages results number num quantity elements records index factor probability volume length distance "
    "energy power memory cpu usage duration calories points storage rows units change start users hits matches"
)
_STAMPED: Final = re.compile(
    r"(?:[a-z]_at|[a-z]At|_timestamp|Timestamp|_datetime|DateTime|_date_time)$|^(?:timestamp|datetime)$"
)
_SAYS_FORM: Final = re.compile(
    r"8601|3339|\butc\b|unix|epoch|seconds|time ?zone|Z\b|\+00:00|format|yyyy|milliseconds", re.IGNORECASE
)
_COUNTS: Final = re.compile(
    r"size|limit|count|width|height|dpi|year|month|day|hour|minute|second|interval|version|level|scale|page|port|degree|"
    r"angle|rotation|quantity|number|num|rate|duration|length|depth|bits|channels|seconds|weight|radius|precision|"
    r"http|status_?code|resolution|quality|decimals|term|period|stars|rating|priority|score|timeout|ttl|factor|zoom|"
    r"fps|bitrate|age|offset|position|index|ratio|max|min|amount|percent|total|ids?$",
    re.IGNORECASE,
)
_FREE: Final = re.compile(
    r"json|patch|query|graphql|metadata|raw|any|data|event|payload|document|object|context", re.IGNORECASE
)


def _fields(subject: Subject) -> Iterator[tuple[Reading, Message, Field]]:
    for reading in subject.surface.readings:
        for message in reach(reading).all:
            for each in message.fields:
                yield reading, message, each


def _chatty(subject: Subject) -> Iterator[Found]:
    reads = [each for each in https(subject) if each.wire.method == "GET"]
    batched = {
        tail[-1] for each in https(subject) if "batch" in each.wire.path.lower() and (tail := literals(each.wire.path))
    }
    items = by_collection(reads)
    for call in reads:
        one = items.get(call.wire.path.rstrip("/"))
        found = listing(call) if one is not None else None
        item = record_of(call.types, found.item) if found is not None else None
        whole = one.output if one is not None else None
        if one is None or item is None or whole is None or _can_ask_more(call) or _has_batch(call, batched):
            continue
        if _is_stub(call.types, item) and len(fields_of(one.types, whole)) >= 5:
            yield call.found(
                f"{call.address} gives {some([each.name for each in fields_of(call.types, item)])} of each item: "
                "whoever "
                f"shows the list calls {one.address} once for each",
                f"Let its items be what {one.address} answers with (or take view= or fields=): one call will do",
                (one.position,),
            )


def _is_stub(types: Types, item: Record) -> bool:
    """Whether it says little more than where to ask."""
    fields = fields_of(types, item)
    own = [
        each
        for each in fields
        if bare(each.name) not in ("id", "href", "url", "self", "link", "links", "uuid", "name", "type")
    ]
    return 0 < len(fields) <= 3 and not own


def _can_ask_more(call: Call[Http]) -> bool:
    asks = {bare(each.name) for each in parameters(call)}
    return bool(
        asks & {"fields", "expand", "include", "view", "embed", "full", "details", "projection", "with", "select"}
    )


def _has_batch(call: Call[Http], batched: set[str]) -> bool:
    """Whether many can be asked for at once: ``/orders:batchGet``, ``/orders/batch``."""
    tail = literals(call.wire.path)
    return bool(tail) and any(each.partition(":")[0] == tail[-1] or each.startswith("batch") for each in batched)


def _money(subject: Subject) -> Iterator[Found]:
    for reading, message, each in _fields(subject):
        kind = kind_of(reading.contract.types, each.type)
        parts = words(each.name)
        if kind in (Kind.FLOAT, Kind.DOUBLE) and parts and parts[-1] in _MONEY and not set(parts) & _NO_MONEY:
            around = {word for field in message.fields for word in words(field.name)}
            if parts[-1] in ("total", "amount", "balance", "cost", "subtotal") and not (around & _MONEY_AROUND):
                continue
            if re.search(r"\b(?:number of|count of|how many)\b", each.description, re.IGNORECASE):
                continue
            yield message.found(
                reading,
                each,
                f"{message.owner}.{each.name} is an amount of money in binary fractions, which cannot hold 0.10",
                f"Give {each.name} in the smallest unit as an integer ({each.name}_cents) or as a decimal string",
            )


_MONEY_AROUND: Final = vocabulary("currency price tax vat invoice payment discount order paid billing refund fee iban")
"""Words beside an amount that make sure that it is one of money."""


def _big_integer(subject: Subject) -> Iterator[Found]:
    if subject.surface.audience == Audience.INTERNAL:
        return
    for reading, message, each in _fields(subject):
        type_ = plain(reading.contract.types, each.type)
        if reading.format is not Format.OPENAPI or not isinstance(type_, Scalar) or type_.kind is not Kind.INT:
            continue
        is_id = words(each.name)[-1:] in {("id",), ("nanos",), ("snowflake",)}
        bounded = type_.constraints.le is not None or type_.constraints.lt is not None
        if type_.format in ("int64", "uint64") and is_id and not bounded:
            yield message.found(
                reading,
                each,
                f"{message.owner}.{each.name} is a JSON number of up to 64 bits, of which JavaScript keeps 53",
                f"Give {each.name} as a string, or bound it: maximum: 9007199254740991",
            )


def _date(subject: Subject) -> Iterator[Found]:
    for reading, message, each in _fields(subject):
        type_ = plain(reading.contract.types, each.type)
        if not isinstance(type_, Scalar) or type_.kind is not Kind.STRING or type_.format or type_.constraints.pattern:
            continue
        if _STAMPED.search(each.name) and not _SAYS_FORM.search(each.description):
            form = {Format.PROTO: "google.protobuf.Timestamp", Format.GRAPHQL: "a scalar DateTime"}
            yield message.found(
                reading,
                each,
                f"{message.owner}.{each.name} is a time in a string of any form, with a zone or without",
                f"Write {form.get(reading.format, 'format: date-time')} for {each.name}, which has a zone (RFC 3339)",
            )


def _integer_enum(subject: Subject) -> Iterator[Found]:
    for reading, message, each in _fields(subject):
        type_ = plain(reading.contract.types, each.type)
        if not isinstance(type_, Enum) or type_.kind not in INTEGERS or reading.format is not Format.OPENAPI:
            continue
        named = any(value.description for value in type_.values) or _COUNTS.search(each.name)
        numbers = [int(name) for name in type_.names if re.fullmatch(r"-?\d{1,6}", name)]
        if len(numbers) < 3 or named or set(numbers) <= {0, 1, -1} or max(numbers) > 50:
            continue
        if re.search(r"\d\s*[=:\-–)]|=\s*\d", each.description):
            continue
        yield message.found(
            reading,
            each,
            f"{message.owner}.{each.name} is one of {some(list(type_.names))}, and nothing says what they mean",
            f"Name the values of {each.name} in words, as in placed, paid, shipped",
        )


def _optional(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        inputs = {each.owner for each in reach(reading).inputs}
        big = [
            each
            for each in reach(reading).outputs
            if len(each.fields) >= 4 and each.record.name and each.owner not in inputs
        ]
        vague = [each for each in big if not any(field.required for field in each.fields)]
        if len(big) >= 5 and len(vague) == len(big):
            yield found_surface(
                subject,
                f"none of the {len(big)} things it answers with promises a single field: "
                f"{some([each.owner for each in vague])}",
                f"List what is always there under required:, the id first, in {vague[0].owner} and the others",
                [each.position(reading) for each in vague],
                reading,
            )


def _nullable(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        for message in reach(reading).outputs:
            if len(message.fields) >= 5 and all(
                is_nullable(reading.contract.types, each.type) for each in message.fields
            ):
                yield message.found_whole(
                    reading,
                    f"every field of {message.owner} may be null, even what it cannot be without",
                    f"Leave null out of what {message.owner} always has, the id first",
                )


def _free_form(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        types, input_ = call.types, call.takes
        if input_ is not None and _is_nothing(types, input_) and _is_json(call.wire.media) and not _is_free(call):
            yield call.found(
                f"{call.address} takes an object of which nothing is said",
                f"Describe the body of {call.address}: its fields, which of them are required, and their bounds",
            )
        for each in call.wire.answers:
            if (
                each.succeeds
                and each.type is not None
                and _is_nothing(types, each.type)
                and _is_json(each.media)
                and not _is_free(call)
            ):
                yield call.found_answer(
                    each.status,
                    f"{call.address} answers with an object of which nothing is said",
                    f"Describe the answer of {call.address}; 204 if there is nothing in it",
                )


def _is_nothing(types: Types, type_: Type) -> bool:
    """Whether nothing is said of it. An object of no fields that has a name is said to be empty."""
    record = record_of(types, type_)
    return is_unsaid(types, type_) and (record is None or record.name is None)


def _is_json(media: tuple[str, ...]) -> bool:
    return any(each.partition(";")[0].strip() == "application/json" for each in media)


def _is_free(call: Call[Http]) -> bool:
    tail = literals(call.wire.path)
    return bool(tail and _FREE.search(tail[-1])) or call.wire.method in ("DELETE", "HEAD", "OPTIONS")


def _unbounded_input(subject: Subject) -> Iterator[Found]:
    if not is_outside(subject):
        return
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        for message in reach(reading).inputs:
            for each in message.fields:
                type_ = plain(reading.contract.types, each.type)
                if isinstance(type_, List) and type_.constraints.max_length is None and not each.read_only:
                    if isinstance(plain(reading.contract.types, type_.item), Enum) or re.search(
                        r"\d", each.description
                    ):
                        continue
                    yield message.found(
                        reading,
                        each,
                        f"{message.owner}.{each.name} takes a list of any length",
                        f"Write maxItems beside {each.name}, as many as you can serve in one call",
                    )


def _unbounded_text(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI or not is_outside(subject):
            continue
        texts = [
            (message, each)
            for message in reach(reading).inputs
            for each in message.fields
            if isinstance(type_ := plain(reading.contract.types, each.type), Scalar) and type_.kind is Kind.STRING
        ]
        if len(texts) >= 5 and not any(_is_bounded_text(reading.contract.types, each.type) for _, each in texts):
            message, each = texts[0]
            yield found_surface(
                subject,
                f"none of the {len(texts)} texts that it takes has a largest length: "
                f"{some([f'{m.owner}.{f.name}' for m, f in texts])}",
                f"Write maxLength beside {message.owner}.{each.name} and the others, so that the gateway can "
                "refuse a book",
                [reading.locate(m.element(f)) for m, f in texts],
                reading,
            )


def _is_bounded_text(types: Types, type_: Type) -> bool:
    found = plain(types, type_)
    return isinstance(found, Scalar) and (
        found.constraints.max_length is not None or found.constraints.pattern is not None
    )


def _parameters(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        asked = parameters(call, "query")
        if len(asked) > 30:
            yield call.found(
                f"{call.address} takes {len(asked)} parameters",
                f"Let {call.address} take one filter= with a small language (AIP-160), or give each use an "
                "operation of its own",
            )


def _deep(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        parts = segments(call.wire.path)
        pairs = sum(1 for one, two in itertools.pairwise(parts) if not is_variable(one) and is_variable(two))
        if pairs > 4:
            yield call.found(
                f"{call.address} asks for {pairs} ids to say where one thing is",
                f"Address the thing by its own id: {call.wire.method} /{literals(call.wire.path)[-1]}/…",
            )


def _untagged(subject: Subject) -> Iterator[Found]:
    for reading, message, each in _fields(subject):
        types, type_ = reading.contract.types, plain(reading.contract.types, each.type)
        type_ = plain(types, type_.item) if isinstance(type_, List) else type_
        if reading.format is not Format.OPENAPI or not isinstance(type_, Union) or type_.discriminator is not None:
            continue
        records = [record for variant in type_.variants if (record := record_of(types, variant.type)) is not None]
        if len(records) > 2 and not _are_apart(types, records):
            yield message.found(
                reading,
                each,
                f"{message.owner}.{each.name} is one of {len(records)} objects, and nothing in them says which",
                f"Give each a field that names it (type: const), and write discriminator: {{propertyName: type}} "
                f"at {each.name}",
            )


def _are_apart(types: Types, records: list[Record]) -> bool:
    """Whether what is required tells them apart: a constant in each, or a required field that no other has."""
    fields = [{each.name: each for each in fields_of(types, record)} for record in records]
    shared = set.intersection(*(set(each) for each in fields))
    for name in shared:
        values = [plain(types, each[name].type) for each in fields]
        if all(isinstance(value, Enum) for value in values):
            return True
    for index, own in enumerate(fields):
        others = set[str]().union(*(set(each) for other, each in enumerate(fields) if other != index))
        if not any(each.required and each.name not in others for each in own.values()):
            return False
    return True


def _embedded(subject: Subject) -> Iterator[Found]:
    for reading, message, each in _fields(subject):
        type_ = plain(reading.contract.types, each.type)
        if not isinstance(type_, Scalar) or type_.kind is not Kind.STRING:
            continue
        named = re.search(r"(?:_json|Json|JSON|_xml|Xml)$", each.name) and len(words(each.name)) > 1
        if named and not re.search(r"url|path|file|schema|template", each.name, re.IGNORECASE):
            yield message.found(
                reading,
                each,
                f"{message.owner}.{each.name} is a document inside a string, which no schema checks",
                f"Give {each.name} a type of its own, or an open object",
            )


RULES: Final = (
    Misfit(
        id="chatty-list",
        title="A list whose items need a call each",
        source=Source("The guide: before replacing REST, fix the basics"),
        severity=Severity.WARNING,
        check=_chatty,
        reason="A page of fifty is fifty-one calls, and the slowest of them decides. This is what people blame on "
        "REST when "
        "they reach for GraphQL.",
        remedy="Let items be whole, or let callers ask for more of them.",
        exception="Lists that take fields, expand, include or view; things that have hardly more than their id; lists "
        "with a batch operation beside them.",
        example="GET /orders → {items: [{id}]} becomes {items: [{id, status, total_cents, …}]}",
        styles=("rest",),
    ),
    Misfit(
        id="money-as-float",
        title="Money in binary fractions",
        source=Source("IEEE 754; AIP-143", "https://google.aip.dev/143"),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
        check=_money,
        reason="0.1 + 0.2 is 0.30000000000000004, and the books do not balance.",
        remedy="Use integers of the smallest unit, decimal strings, or google.type.Money.",
        exception="Rates, percentages, scores and counts of anything; totals and amounts with nothing of money "
        "beside them.",
        example="price: 9.99 → price_cents: 999",
    ),
    Misfit(
        id="integer-beyond-json",
        title="Ids that JavaScript rounds",
        source=Source("RFC 8259, 6", "https://www.rfc-editor.org/rfc/rfc8259#section-6"),
        severity=Severity.HINT,
        severities={Audience.FRONTEND: Severity.WARNING},
        check=_big_integer,
        reason="JSON's readers keep 53 bits; from 9,007,199,254,740,993 on two ids are one.",
        remedy="Give ids as strings.",
        exception="Bounded numbers, those that are no ids, surfaces between your own services, and .proto, whose JSON "
        "writes them as strings.",
        example="id: {type: integer, format: int64} → id: {type: string}",
        styles=("rest",),
    ),
    Misfit(
        id="time-without-zone",
        title="Times in strings of any form",
        source=Source("RFC 3339", "https://www.rfc-editor.org/rfc/rfc3339"),
        severity=Severity.WARNING,
        severities={Audience.INTERNAL: Severity.HINT},
        check=_date,
        reason="Each caller guesses the form and the zone, and is right until the clocks change.",
        remedy="Say the form, with a zone.",
        exception="A format, a pattern, or a description that says the form; numbers.",
        example="created_at: {type: string} → created_at: {type: string, format: date-time}",
    ),
    Misfit(
        id="enum-of-numbers",
        title="Numbers that mean something",
        source=Source("AIP-126", "https://google.aip.dev/126"),
        severity=Severity.WARNING,
        check=_integer_enum,
        reason="Nobody can read a log, a message or a test without the table; and the table is elsewhere.",
        remedy="Use words.",
        exception="Values that are described, quantities (sizes, years, HTTP statuses), 0 and 1; .proto, whose "
        "wire has "
        "numbers and whose schema has names.",
        example="status: 0 | 1 | 2 → status: placed | paid | shipped",
        styles=("rest",),
    ),
    Misfit(
        id="nothing-promised",
        title="Answers that promise nothing",
        source=Source(
            "JSON Schema Validation 2020-12, 6.5.3",
            "https://json-schema.org/draft/2020-12/json-schema-validation#section-6.5.3",
        ),
        severity=Severity.HINT,
        check=_optional,
        reason="Typed clients then ask whether there is an id before each use of it.",
        remedy="Say what is always there.",
        exception="Surfaces where any answer requires a field, those with fewer than five things, and types that are "
        "inputs too, where required means something else.",
        example="Order: {properties: …} → Order: {required: [id, status], properties: …}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="nullable-everywhere",
        title="Null for everything",
        source=Source("AIP-149", "https://google.aip.dev/149"),
        severity=Severity.HINT,
        check=_nullable,
        reason="Null then means nothing: not known, not set and not there are one.",
        remedy="Let null be only where it says something.",
        exception="Things with fewer than five fields, and .proto, where it marks presence; GraphQL has nullable-id.",
        example="id: string | null → id: string",
        styles=("rest",),
    ),
    Misfit(
        id="free-form",
        title="A body of which nothing is said",
        source=Source(
            "OWASP API Security Top 10 2023, API3",
            "https://owasp.org/API-Security/editions/2023/en/0xa3-broken-object-property-level-authorization/",
        ),
        severity=Severity.WARNING,
        severities={Audience.INTERNAL: Severity.HINT},
        check=_free_form,
        reason="Nothing can be validated, generated or compared: the contract is only that there is JSON.",
        remedy="Describe the body.",
        exception="Bodies that are free by nature (metadata, JSON patch, a query), other media than JSON, answers to "
        "DELETE.",
        example="schema: {type: object} → schema: {$ref: '#/components/schemas/Order'}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="unbounded-list-in-input",
        title="Inputs of any length",
        source=Source(
            "OWASP API Security Top 10 2023, API4",
            "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
        ),
        severity=Severity.HINT,
        check=_unbounded_input,
        reason="One call with a million items takes the memory of all others.",
        remedy="Bound it.",
        exception="Surfaces of your own callers, lists of enum values, and lists whose description names a number.",
        example="lines: {type: array} → lines: {type: array, maxItems: 200}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="unbounded-text-in-input",
        title="Texts of any length",
        source=Source(
            "OWASP API Security Top 10 2023, API4",
            "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
        ),
        severity=Severity.HINT,
        check=_unbounded_text,
        reason="What the contract does not refuse the database does, with an error of its own.",
        remedy="Bound them.",
        exception="Surfaces of your own callers, those with fewer than five texts, and those where any text has a "
        "length "
        "or a pattern.",
        example="name: {type: string} → name: {type: string, maxLength: 200}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="many-parameters",
        title="More parameters than anybody combines",
        source=Source("AIP-160", "https://google.aip.dev/160"),
        severity=Severity.HINT,
        check=_parameters,
        reason="No test covers what thirty parameters do together, and no index serves it.",
        remedy="Take a filter, or split the operation.",
        exception="Up to thirty; parameters of the path and headers.",
        example="?a=…&b=…&… → ?filter=…",
        styles=("rest",),
    ),
    Misfit(
        id="deep-path",
        title="A path of many ids",
        source=Source("AIP-122", "https://google.aip.dev/122"),
        severity=Severity.HINT,
        check=_deep,
        reason="A caller who has the thing's id still has to find four others; and when it moves, all its "
        "addresses break.",
        remedy="Address things by their own id.",
        exception="Up to four ids behind nouns.",
        example="/a/{}/b/{}/c/{}/d/{}/e/{} → /e/{}",
        styles=("rest",),
    ),
    Misfit(
        id="untagged-union",
        title="One of several, and nothing says which",
        source=Source("OpenAPI 3.1, 4.8.25", "https://spec.openapis.org/oas/v3.1.0#discriminator-object"),
        severity=Severity.HINT,
        check=_untagged,
        reason="Clients try one after the other, and take the first that does not fail.",
        remedy="Name the alternative in a field.",
        exception="Unions of two, of things that are no objects, with a discriminator, with a constant in each, or "
        "told "
        "apart by a required field of each.",
        example="oneOf: [Card, Iban, Wallet] → …, discriminator: {propertyName: type}",
        styles=("rest",),
    ),
    Misfit(
        id="document-in-string",
        title="A document inside a string",
        source=Source("AIP-146", "https://google.aip.dev/146"),
        severity=Severity.HINT,
        check=_embedded,
        reason="It is escaped twice, validated never, and no client has a type for it.",
        remedy="Give it a type.",
        exception="Addresses, paths and schemas of documents.",
        example="options_json: a string of JSON → options: {a: 1}",
    ),
)
