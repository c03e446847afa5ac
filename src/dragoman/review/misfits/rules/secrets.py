"""What must not be seen, or not be written by everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import INTEGERS, Field, Kind, Ref
from dragoman.review.english import vocabulary, words
from dragoman.review.misfits.call import Call, https, parameters, verb_of
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import is_entry, last
from dragoman.review.misfits.reach import Message, reach
from dragoman.review.misfits.shape import kind_of
from dragoman.review.misfits.tally import found_document, found_surface
from dragoman.review.misfits.wording import bare, counted, is_plural, some
from dragoman.review.reading.outcome import Format, Reading
from dragoman.review.reading.protobuf.traits import Behavior
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http, Parameter

from .security import CREDENTIALS, owasp

_SECRETS: Final = re.compile(
    r"^(?:password|passwd|pwd|password_?hash|hashed_?password|password_?digest|client_?secret|private_?key|secret_?key|"
    r"api_?secret|cvv|cvc|cvv2|card_?security_?code|totp_?secret|mfa_?secret|pin_?code)$",
    re.IGNORECASE,
)
_PRIVILEGES: Final = re.compile(
    r"^(?:is_?admin|is_?superuser|is_?super_?admin|is_?staff|email_?verified|kyc_?verified|account_?balance)$",
    re.IGNORECASE,
)
_STAMPS: Final = vocabulary(
    "createdat updatedat createdtime updatedtime createtime updatetime createdby updatedby modifiedat "
    "creationdate lastmodified createdon updatedon datecreated dateupdated modifieddate createddate updateddate"
)
_GIVES: Final = vocabulary("create rotate regenerate generate issue reset register login add refresh reveal")
_MASKED: Final = re.compile(
    r"mask|redact|hash|encrypt|hidden|asterisk|never|write.?only|input.only|last (?:four|4)|empty", re.IGNORECASE
)
_FOR_CLIENTS: Final = re.compile(
    r"publishable key|client.side|front.?end|in (?:the|a) browser|mobile app|short.lived|one.time|used once|"
    r"passed to the client\b|expires after",
    re.IGNORECASE,
)
"""A token that is made to be handed on to a client, for one purpose and a short time."""

_PUBLIC_KEYS: Final = vocabulary("clientkey publishablekey publickey sitekey browserkey")
"""Keys that stand in the source of every page, and only say whose page it is."""

_ON_DEMAND: Final = re.compile(
    r"(?:only|explicitly|unless you)\b[^.]{0,40}\b(?:request|expand|ask|return|includ|availab|when|show)", re.IGNORECASE
)
"""A secret that is not answered unless somebody asks for it."""
_KEEPS: Final = re.compile(r"import|migrat|backup|restor|recreat|default value is", re.IGNORECASE)
"""What a caller may say of a time, where it brings things that are older than the server knows."""

_OTHERS: Final = vocabulary(
    "filter query search where admin list event webhook invite role roles member membership permission permissions ace"
)


def _in_address(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        for scheme in reading.about.schemes:
            if scheme.type == "apiKey" and scheme.place == "query" and bare(scheme.name) not in _PUBLIC_KEYS:
                yield found_document(
                    reading,
                    f"the key of {scheme.name} is in the query, and so in logs, browser histories and Referer headers",
                    f"Send it in a header: {scheme.name}: {{type: apiKey, in: header, name: Authorization}}",
                )
    for name, found in _sent_in_address(subject).items():
        others = f" and {counted(len(found) - 1, 'more operation')}" if len(found) > 1 else ""
        yield found[0].found_parameter(
            name,
            f"{name} of {found[0].address}{others} is a secret in the URL, and so in every log",
            f"Send {name} in a header (Authorization) or in the body",
        )


def _sent_in_address(subject: Subject) -> dict[str, list[Call[Http]]]:
    """The secrets among the parameters of query and path, each with the operations that take it: it is one decision,
    and told once.
    """
    found: dict[str, list[Call[Http]]] = {}
    for call in https(subject):
        for each in parameters(call, "query", "path"):
            secret = CREDENTIALS.match(each.name) and not _FOR_CLIENTS.search(each.description)
            if secret and not is_entry(call.wire.path) and not _is_noun(call.wire.path, each):
                found.setdefault(each.name, []).append(call)
    return found


def _is_noun(path: str, each: Parameter) -> bool:
    """Whether the variable names a thing of the collection before it: ``/authorizations/{authorization}``."""
    before = re.search(rf"([^/]+)/\{{{re.escape(each.name)}\}}", path)
    return before is not None and before[1].lower().replace("_", "").startswith(each.name.lower().replace("_", "")[:-1])


def _secret_in_answer(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        giving = _given_by(subject, reading)
        for message in reach(reading).outputs:
            for each in message.fields:
                if not _is_secret(reading, each) or message.owner in giving or _is_new(message):
                    continue
                if not _is_written_only(reading, message, each):
                    yield _answered(reading, message, each)


def _answered(reading: Reading, message: Message, field: Field) -> Found:
    name = f"{message.owner}.{field.name}"
    if _ON_DEMAND.search(field.description):
        found = message.found(
            reading,
            field,
            f"{name} is a secret, and some responses contain it",
            f"Confirm that this is intended, and give {field.name} a separate operation with its own scope",
        )
        return replace(found, at_most=Severity.WARNING)
    return message.found(
        reading,
        field,
        f"{name} is a secret, and responses contain it",
        f"Remove {field.name} from responses (writeOnly, or separate types for input and output)",
    )


def _is_written_only(reading: Reading, message: Message, field: Field) -> bool:
    """Whether the document says so: a contract has no place for it, and the reader keeps it beside."""
    element = message.element(field)
    return any(each.element == element and each.what == "writeOnly" for each in reading.kept)


def _is_secret(reading: Reading, field: Field) -> bool:
    kind = kind_of(reading.contract.types, field.type)
    behavior = field.traits.get(Behavior)
    if behavior is not None and "INPUT_ONLY" in behavior.names:
        return False
    if kind not in (Kind.STRING, Kind.BYTES) or _MASKED.search(field.description) or field.deprecated:
        return False
    return bool(_SECRETS.match(field.name)) and not _FOR_CLIENTS.search(field.description)


def _given_by(subject: Subject, reading: Reading) -> frozenset[str]:
    """The types that are only answered by what makes a secret, which has to show it once."""
    by: dict[str, set[bool]] = {}
    for call in https(subject):
        if call.reading is reading and isinstance(call.operation.output, Ref):
            gives = call.wire.method == "POST" and (verb_of(call) in _GIVES or is_entry(call.wire.path))
            by.setdefault(call.operation.output.name, set()).add(gives)
    return frozenset(name for name, gives in by.items() if gives == {True})


def _is_new(message: Message) -> bool:
    """Whether it is what making a secret answers with, by its name or its status."""
    if message.owner.startswith("POST "):
        address, _, status = message.owner.rpartition(" · ")
        made = status == "201" or is_plural((words(last(address.partition(" ")[2])) or ("",))[-1])
        if made and status in ("200", "201"):
            return True
    return bool(
        set(words(message.owner))
        & {"created", "new", "create", "rotated", "token", "credential", "credentials", "pair", "reveal", "revealed"}
    )


def _privilege(subject: Subject) -> Iterator[Found]:
    if subject.surface.audience in (Audience.OPERATOR, Audience.INTERNAL):
        return
    for reading in subject.surface.readings:
        for message in reach(reading).inputs:
            for each in message.fields:
                if _PRIVILEGES.match(each.name) and not _is_servers(each) and not _is_filter(message):
                    yield message.found(
                        reading,
                        each,
                        f"{message.owner}.{each.name} may let callers give themselves privileges",
                        f"Mark {each.name} readOnly, or move it to a type of the operators' API",
                    )


def _is_servers(field: Field) -> bool:
    """Whether it, or its description, says that only the server sets it."""
    return field.read_only or bool(
        re.search(r"output.only|read.?only|set by (?:the )?server", field.description, re.IGNORECASE)
    )


def _is_filter(message: Message) -> bool:
    """Whether it asks for things, or is of those who look after others, so that its fields are theirs to say."""
    return bool(set(words(message.owner)) & _OTHERS)


def _stamps(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        for message in reach(reading).inputs:
            stamps = [
                each
                for each in message.fields
                if bare(each.name) in _STAMPS and not _is_servers(each) and not _KEEPS.search(each.description)
            ]
            if 1 < len(stamps) < len(message.fields) and not _is_filter(message):
                yield message.found(
                    reading,
                    stamps[0],
                    f"callers can write {some([each.name for each in stamps])} of {message.owner}, which only you know",
                    f"Mark {some([each.name for each in stamps])} readOnly: true",
                )


def _guessable(subject: Subject) -> Iterator[Found]:
    if subject.surface.audience is not Audience.PUBLIC:
        return
    found = [
        (call, each)
        for call in https(subject)
        for each in parameters(call, "path")
        if words(each.name)[-1:] == ("id",) and kind_of(call.types, each.type) in INTEGERS and call.wire.security
    ]
    if found:
        call, parameter = found[0]
        yield found_surface(
            subject,
            f"ids in {counted(len(found), 'place')} are integers that can be guessed by counting: "
            f"{parameter.name} of {call.address}",
            "Check in each operation that the caller owns the resource, and use random ids, as in ord_01J9…",
            [each.position for each, _ in found],
        )


RULES: Final = (
    Misfit(
        id="credential-in-address",
        title="Credential in the URL",
        source=Source("RFC 9110, 17.9", "https://www.rfc-editor.org/rfc/rfc9110#section-17.9"),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
        check=_in_address,
        reason="Browsers, proxies and logs store URLs, and browsers send them to other sites in Referer "
        "(RFC 6750, 5.3).",
        remedy="Send it in a header.",
        exception="Page tokens, login links (from an e-mail, an OAuth code), and what is made for clients "
        "to show (a publishable key, the client secret of one payment).",
        example="GET /orders?api_key=… → GET /orders with Authorization: Bearer …",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="secret-in-answer",
        title="Secret in a response",
        source=owasp(3, "broken-object-property-level-authorization"),
        severity=Severity.ERROR,
        check=_secret_in_answer,
        reason="Responses are logged, cached and shown on screens. A secret that can be read back is no secret.",
        remedy="Use separate types for input and output.",
        exception="Operations that create, rotate or reveal a secret, which must show it once; masked "
        "values; boolean flags; short-lived client tokens. A secret that is only returned on "
        "request is a warning.",
        example="User {id, email, password} → User {id, email}, NewUser {email, password}",
    ),
    Misfit(
        id="privilege-in-input",
        title="Callers can set their own privileges (mass assignment)",
        source=owasp(3, "broken-object-property-level-authorization"),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR},
        check=_privilege,
        reason="Frameworks that bind the request body to the database row write every field in it.",
        remedy="Remove the field from the input.",
        exception="readOnly fields, filters, invitations, roles and members, and surfaces for operators or "
        "your own services.",
        example="PATCH /me {name, is_admin} → PATCH /me {name}",
    ),
    Misfit(
        id="stamps-in-input",
        title="Server timestamps accepted in input",
        source=Source("AIP-203", "https://google.aip.dev/203"),
        severity=Severity.HINT,
        check=_stamps,
        reason="Callers send the fields because the type has them. Then the server ignores them, or worse, "
        "stores them.",
        remedy="Mark them readOnly.",
        exception="readOnly fields, filters, fields for imports and backups, and a single such field, which may be "
        "the author's own.",
        example="created_at: {type: string} → created_at: {type: string, readOnly: true}",
        styles=("rest",),
    ),
    Misfit(
        id="guessable-ids",
        title="Sequential ids in a public API",
        source=owasp(1, "broken-object-level-authorization"),
        severity=Severity.HINT,
        check=_guessable,
        reason="If one ownership check is missing, anybody can read everything by counting. Sequential ids "
        "also show competitors how much you sell.",
        remedy="Use ids that cannot be guessed.",
        exception="Surfaces that are not public, operations without authentication, and numbers that are no ids.",
        example="/orders/{id: integer} → /orders/{id: ord_01J9ZK…}",
        styles=("rest", "rpc"),
    ),
)
