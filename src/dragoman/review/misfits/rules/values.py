"""Single values: money, times, numbers, and what stands inside of a string."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import INTEGERS, Enum, Field, Kind, List, Record, Scalar, Types, Union
from dragoman.review.english import vocabulary, words
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.reach import Message, reach
from dragoman.review.misfits.shape import fields_of, kind_of, plain, record_of
from dragoman.review.misfits.wording import some
from dragoman.review.reading.outcome import Format, Reading
from dragoman.review.verdict.rule import Source

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
_MONEY_AROUND: Final = vocabulary("currency price tax vat invoice payment discount order paid billing refund fee iban")
"""Words beside an amount that make sure that it is one of money."""


def _fields(subject: Subject) -> Iterator[tuple[Reading, Message, Field]]:
    for reading in subject.surface.readings:
        for message in reach(reading).all:
            for each in message.fields:
                yield reading, message, each


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
                f"{message.owner}.{each.name} is money as a floating-point number, which cannot represent 0.10 exactly",
                f"Use the smallest unit as an integer ({each.name}_cents), or a decimal string",
            )


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
                f"{message.owner}.{each.name} is a 64-bit id as a JSON number, and JavaScript keeps only 53 bits",
                f"Return {each.name} as a string, or bound it: maximum: 9007199254740991",
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
                f"{message.owner}.{each.name} is a timestamp in a string without a format or a time zone",
                f"Use {form.get(reading.format, 'format: date-time')} for {each.name}, with a time zone (RFC 3339)",
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
                f"{message.owner}.{each.name} is one of {len(records)} objects, and no field says which",
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
                f"{message.owner}.{each.name} is JSON or XML inside a string, which no schema validates",
                f"Give {each.name} a type of its own, or make it an object with any fields",
            )


RULES: Final = (
    Misfit(
        id="money-as-float",
        title="Money as a floating-point number",
        source=Source("IEEE 754; AIP-143", "https://google.aip.dev/143"),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
        check=_money,
        reason="0.1 + 0.2 is 0.30000000000000004 in floating point, so sums do not match.",
        remedy="Use integers in the smallest unit, decimal strings, or google.type.Money.",
        exception="Rates, percentages, scores and counts; totals and amounts with no other sign of money near them.",
        example="price: 9.99 → price_cents: 999",
    ),
    Misfit(
        id="integer-beyond-json",
        title="64-bit id as a JSON number",
        source=Source("RFC 8259, 6", "https://www.rfc-editor.org/rfc/rfc8259#section-6"),
        severity=Severity.HINT,
        severities={Audience.FRONTEND: Severity.WARNING},
        check=_big_integer,
        reason="JavaScript keeps 53 bits: above 9,007,199,254,740,992 two different ids become equal.",
        remedy="Return ids as strings.",
        exception="Bounded numbers, numbers that are no ids, surfaces between your own services, and "
        ".proto, whose JSON mapping uses strings.",
        example="id: {type: integer, format: int64} → id: {type: string}",
        styles=("rest",),
    ),
    Misfit(
        id="time-without-zone",
        title="Timestamp without a format",
        source=Source("RFC 3339", "https://www.rfc-editor.org/rfc/rfc3339"),
        severity=Severity.WARNING,
        severities={Audience.INTERNAL: Severity.HINT},
        check=_date,
        reason="Each caller guesses the format and the time zone, and guesses wrong when the clocks change.",
        remedy="State the format, with a time zone.",
        exception="A format, a pattern, or a description that states the format; numbers.",
        example="created_at: {type: string} → created_at: {type: string, format: date-time}",
    ),
    Misfit(
        id="enum-of-numbers",
        title="Enum of unnamed numbers",
        source=Source("AIP-126", "https://google.aip.dev/126"),
        severity=Severity.WARNING,
        check=_integer_enum,
        reason="Nobody can read a log, a message or a test without a table of the values, and the contract "
        "does not contain that table.",
        remedy="Use words.",
        exception="Values that are described, quantities (sizes, years, HTTP statuses), 0 and 1; .proto, "
        "where the schema names the numbers.",
        example="status: 0 | 1 | 2 → status: placed | paid | shipped",
        styles=("rest",),
    ),
    Misfit(
        id="untagged-union",
        title="oneOf without a discriminator",
        source=Source("OpenAPI 3.1, 4.8.25", "https://spec.openapis.org/oas/v3.1.0#discriminator-object"),
        severity=Severity.HINT,
        check=_untagged,
        reason="Clients try one alternative after another, and take the first that parses.",
        remedy="Name the alternative in a field.",
        exception="Unions of two, unions of non-objects, and unions with a discriminator, a constant in "
        "each alternative or a required field unique to each.",
        example="oneOf: [Card, Iban, Wallet] → …, discriminator: {propertyName: type}",
        styles=("rest",),
    ),
    Misfit(
        id="document-in-string",
        title="JSON or XML inside a string",
        source=Source("AIP-146", "https://google.aip.dev/146"),
        severity=Severity.HINT,
        check=_embedded,
        reason="It is escaped twice and never validated, and clients have no type for it.",
        remedy="Give it a type.",
        exception="URLs, paths and schemas of documents.",
        example="options_json: a string of JSON → options: {a: 1}",
    ),
)
