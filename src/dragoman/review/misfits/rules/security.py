"""Who is let in, what they show, and what they must not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import INTEGERS, Field, Kind, Ref
from dragoman.review.misfits.call import Call, https, outward, parameters, verb_of
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import first_word, is_entry, is_plain, last, literals
from dragoman.review.misfits.reach import Message, reach
from dragoman.review.misfits.shape import kind_of
from dragoman.review.misfits.tally import found_document, found_surface
from dragoman.review.misfits.wording import READING, bare, counted, some, vocabulary, words
from dragoman.review.reading.outcome import Format, Reading, Scheme
from dragoman.review.reading.protobuf.traits import Behavior
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http


def owasp(number: int, page: str) -> Source:
    """One of the ten of 2023."""
    return Source(
        f"OWASP API Security Top 10 2023, API{number}",
        f"https://owasp.org/API-Security/editions/2023/en/0xa{number}-{page}/",
    )


_CREDENTIALS: Final = re.compile(
    r"^(?:x?api_?key|app_?key|access_?key|access_?token|auth_?token|auth|password|passwd|pwd|secret|client_?secret|"
    r"api_?token|bearer_?token|session_?token|private_?key|jwt|user_?token|secret_?key|authorization)$",
    re.IGNORECASE,
)
_SECRETS: Final = re.compile(
    r"^(?:password|passwd|pwd|password_?hash|hashed_?password|password_?digest|client_?secret|private_?key|secret_?key|"
    r"api_?secret|cvv|cvc|cvv2|card_?security_?code|totp_?secret|mfa_?secret|pin_?code)$",
    re.IGNORECASE,
)
_PRIVILEGES: Final = re.compile(
    r"^(?:is_?admin|is_?superuser|is_?super_?admin|is_?staff|is_?root|email_?verified|kyc_?verified|account_?balance)$",
    re.IGNORECASE,
)
_STAMPS: Final = vocabulary(
    "createdat updatedat createdtime updatedtime createtime updatetime createdby updatedby modifiedat "
    "creationdate lastmodified createdon updatedon datecreated dateupdated modifieddate createddate updateddate"
)
_GIVES: Final = vocabulary("create rotate regenerate generate issue reset register login add refresh reveal")
_LOCAL: Final = re.compile(
    r"^http://(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0|\[::1\]|\{|[^./:]+(?:[:/]|$)|"
    r"[^/:]*\.(?:local|localhost|internal|test|svc|cluster\.local|lan)(?:[:/]|$))",
    re.IGNORECASE,
)
_SERVERS: Final = re.compile(r"output.only|read.?only|set by (?:the )?server", re.IGNORECASE)
_MASKED: Final = re.compile(
    r"mask|redact|hash|encrypt|hidden|asterisk|never|write.?only|input.only|last (?:four|4)|empty", re.IGNORECASE
)


def _schemes(reading: Reading) -> dict[str, Scheme]:
    return {each.name: each for each in reading.about.schemes}


def _is_open(call: Call[Http]) -> bool:
    """Whether it can be called without showing anything."""
    security = call.wire.security
    return not security or any(not each.schemes for each in security)


def _takes_credential(call: Call[Http]) -> bool:
    names = [each.name for each in parameters(call, "header", "query", "cookie")]
    return any(_CREDENTIALS.match(re.sub(r"^x-|-", "", each)) or "signature" in each.lower() for each in names)


def _no_security(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        found = [each for each in https(subject) if each.reading is reading and not is_plain(each.wire.path)]
        changing = [each.address for each in found if _changes(each)]
        said = any(each.wire.security is not None or _takes_credential(each) for each in found)
        if reading.format is not Format.OPENAPI or said or not changing:
            continue
        names = [each.name for each in reading.about.schemes]
        told = f"describes {some(names)} and requires it nowhere" if names else "does not say how callers are let in"
        remedy = "Describe a scheme under components.securitySchemes, and require it with security: at the top"
        yield found_document(
            reading,
            f"it {told}, and {counted(len(changing), 'operation')} can change something: {some(changing)}",
            f"Write security: [{{{names[0]}: []}}] at the top" if names else remedy,
        )


def _changes(call: Call[Http]) -> bool:
    return call.wire.method not in ("GET", "HEAD", "OPTIONS") and not is_entry(call.wire.path)


def _anonymous(subject: Subject) -> Iterator[Found]:
    asking = {each.reading.file for each in https(subject) if each.wire.security is not None}
    for call in https(subject):
        names = [each.name for each in call.reading.about.schemes]
        if not names or not _is_open(call) or not _changes(call) or call.reading.file not in asking:
            continue
        reads = call.wire.method == "POST" and {verb_of(call), first_word(last(call.wire.path))} & READING
        if is_plain(call.wire.path) or _takes_credential(call) or _is_public_form(call) or reads:
            continue
        yield call.found(
            f"{call.address} changes something for anybody: it requires none of {some(names)}",
            f"Require one: security: [{{{names[0]}: []}}]",
        )


def _is_public_form(call: Call[Http]) -> bool:
    text = {word for part in literals(call.wire.path) for word in words(part)}
    return bool(
        text & {"webhook", "webhooks", "callback", "callbacks", "contact", "public", "anonymous", "guest", "track"}
    )


def _unscoped(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        schemes = _schemes(call.reading)
        if not call.wire.security or call.wire.method in ("GET", "HEAD", "OPTIONS") or is_entry(call.wire.path):
            continue
        pairs = [pair for each in call.wire.security for pair in each.schemes]
        scoped = [name for name, _ in pairs if name in schemes and schemes[name].scopes]
        if scoped and len(scoped) == len(pairs) and not any(scopes for _, scopes in pairs):
            scope = schemes[scoped[0]].scopes[0]
            yield call.found(
                f"{call.address} asks for a token of {scoped[0]}, and for none of its scopes",
                f"Name the least that it needs: {scoped[0]}: [{scope}]",
            )


def _in_address(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        for scheme in reading.about.schemes:
            if scheme.type == "apiKey" and scheme.place == "query":
                yield found_document(
                    reading,
                    f"the key of {scheme.name} stands in the query, and so in logs, histories and Referer headers",
                    f"Send it in a header: {scheme.name}: {{type: apiKey, in: header, name: Authorization}}",
                )
    for call in https(subject):
        for each in parameters(call, "query", "path"):
            if _CREDENTIALS.match(each.name) and not is_entry(call.wire.path):
                yield call.found_parameter(
                    each.name,
                    f"{each.name} of {call.address} is a secret that stands in the address, and so in every log",
                    f"Send {each.name} in a header (Authorization) or in the body",
                )


def _plain_http(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        open_ = [
            each for each in reading.about.servers if each.lower().startswith("http://") and not _LOCAL.match(each)
        ]
        if open_:
            yield found_document(
                reading,
                f"{some(open_, 1)} can be called without TLS: keys and data can be read on the way",
                f"Write https{open_[0][4:]}, and redirect or close the other",
            )


def _basic(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        basic = [each for each in reading.about.schemes if each.type == "http" and each.scheme.lower() == "basic"]
        others = len(reading.about.schemes) > len(basic)
        if basic and not others and subject.surface.audience in (Audience.PUBLIC, Audience.PARTNER):
            yield found_document(
                reading,
                "callers can only show a password, with every call (HTTP Basic)",
                "Take tokens that are short-lived, scoped and can be revoked one by one (oauth2, or bearer)",
            )


def _secret_in_answer(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        giving = _given_by(subject, reading)
        for message in reach(reading).outputs:
            for each in message.fields:
                if not _is_secret(reading, each) or message.owner in giving or _is_new(message):
                    continue
                if not _is_written_only(reading, message, each):
                    yield message.found(
                        reading,
                        each,
                        f"{message.owner}.{each.name} is a secret, and callers are answered with it",
                        f"Take {each.name} out of what is answered (writeOnly, or a type of its own for the input)",
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
    return bool(_SECRETS.match(field.name))


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
    if message.owner.startswith("POST ") and message.owner.endswith("201"):
        return True
    return bool(
        set(words(message.owner))
        & {"created", "new", "create", "rotated", "token", "credential", "credentials", "pair"}
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
                        f"{message.owner}.{each.name} may let a caller give itself what only you should give",
                        f"Mark {each.name} readOnly, or keep it to a type of the operators' surface",
                    )


def _is_servers(field: Field) -> bool:
    """Whether it, or its description, says that only the server sets it."""
    return field.read_only or bool(
        re.search(r"output.only|read.?only|set by (?:the )?server", field.description, re.IGNORECASE)
    )


def _is_filter(message: Message) -> bool:
    """Whether it asks for things, or is of those who look after others, so that its fields are theirs to say."""
    return bool(set(words(message.owner)) & _OTHERS)


_OTHERS: Final = vocabulary(
    "filter query search where admin list event webhook invite role roles member membership permission permissions ace"
)


def _stamps(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        for message in reach(reading).inputs:
            stamps = [each for each in message.fields if bare(each.name) in _STAMPS and not _is_servers(each)]
            if 1 < len(stamps) < len(message.fields) and not _is_filter(message):
                yield message.found(
                    reading,
                    stamps[0],
                    f"{message.owner} lets callers write {some([each.name for each in stamps])}, which only the "
                    "server knows",
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
            f"the ids in {counted(len(found), 'place')} are numbers, which can be counted through: "
            f"{parameter.name} of {call.address}",
            "Check each call that the thing is the caller's own, and give ids that cannot be guessed, as in ord_01J9…",
            [each.position for each, _ in found],
        )


def _unsigned(subject: Subject) -> Iterator[Found]:
    for call in outward(subject):
        names = " ".join(each.name.lower() for each in parameters(call, "header"))
        signed = re.search(r"sign|hmac|authorization|digest|token|secret", names) or call.wire.security
        if not signed and call.wire.method == "POST":
            yield call.found(
                f"whoever receives {call.address} cannot tell that you sent it",
                "Sign the body and a time, and describe the header (webhook-signature, as Standard Webhooks has it)",
            )


RULES: Final = (
    Misfit(
        id="no-security",
        title="Nothing says who may call",
        source=owasp(2, "broken-authentication"),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
        check=_no_security,
        reason="Either anybody may change things, or callers have to find out elsewhere how they are let in; and no "
        "gateway can enforce what is not written.",
        remedy="Describe a scheme, and require it.",
        exception="Documents that only read, that let callers in, or whose parameters carry a key; formats that "
        "have no "
        "place for it (.proto, SDL).",
        example="(nothing) → security: [{token: []}], securitySchemes: {token: {type: http, scheme: bearer}}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="anonymous-operation",
        title="A change that anybody may make",
        source=owasp(2, "broken-authentication"),
        severity=Severity.ERROR,
        severities={Audience.INTERNAL: Severity.WARNING},
        check=_anonymous,
        reason="Among operations that ask who calls, the one that does not is mostly one that was forgotten.",
        remedy="Require a scheme.",
        exception="Reads; what lets callers in (login, tokens, registration), speaks of the server, or is anonymous by "
        "design (webhooks that are signed, contact forms).",
        example="POST /orders with security: [] → security: [{token: [orders.write]}]",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="unscoped-operation",
        title="A change for which any token will do",
        source=owasp(5, "broken-function-level-authorization"),
        severity=Severity.WARNING,
        check=_unscoped,
        reason="A token that was given to read reports then also cancels orders.",
        remedy="Name the scopes.",
        exception="Reads, schemes without scopes (keys, bearer tokens), what lets callers in, and operations where "
        "any way "
        "in names one.",
        example="security: [{oauth: []}] → security: [{oauth: [orders.write]}]",
        styles=("rest",),
    ),
    Misfit(
        id="credential-in-address",
        title="A secret in the address",
        source=Source("RFC 9110, 17.9", "https://www.rfc-editor.org/rfc/rfc9110#section-17.9"),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
        check=_in_address,
        reason="Addresses are kept by browsers, proxies and logs, and sent on in Referer (RFC 6750, 5.3).",
        remedy="Send it in a header.",
        exception="Tokens of pages, and what lets callers in (a link from an e-mail, an OAuth code).",
        example="GET /orders?api_key=… → GET /orders with Authorization: Bearer …",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="plain-http",
        title="A server without TLS",
        source=owasp(8, "security-misconfiguration"),
        severity=Severity.ERROR,
        check=_plain_http,
        severities={Audience.INTERNAL: Severity.WARNING},
        reason="Whatever is sent can be read and changed by everyone on the way.",
        remedy="Use https.",
        exception="Servers on one's own machine or network: localhost, private addresses, names without a dot.",
        example="http://api.shop.com/v1 → https://api.shop.com/v1",
    ),
    Misfit(
        id="basic-only",
        title="Passwords with every call",
        source=Source("RFC 7617, 4", "https://www.rfc-editor.org/rfc/rfc7617#section-4"),
        severity=Severity.WARNING,
        check=_basic,
        reason="A password has no scope, no end and cannot be revoked for one program alone.",
        remedy="Take tokens.",
        exception="Documents that offer another scheme too, and surfaces for callers of your own.",
        example="{type: http, scheme: basic} → {type: oauth2, flows: {clientCredentials: …}}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="secret-in-answer",
        title="Answers that hold a secret",
        source=owasp(3, "broken-object-property-level-authorization"),
        severity=Severity.ERROR,
        check=_secret_in_answer,
        reason="What is answered is logged, cached and shown on screens; a secret that can be read back is none.",
        remedy="Keep input and output apart.",
        exception="What makes or rotates a secret, which has to show it once; values that are masked; flags.",
        example="User {id, email, password} → User {id, email}, NewUser {email, password}",
    ),
    Misfit(
        id="privilege-in-input",
        title="Rights that callers give themselves",
        source=owasp(3, "broken-object-property-level-authorization"),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR},
        check=_privilege,
        reason="Frameworks that bind the body to the row write whatever is in it.",
        remedy="Take it out of the input.",
        exception="readOnly fields, filters, invitations, roles and members, and surfaces for operators and for "
        "services "
        "of your own.",
        example="PATCH /me {name, is_admin} → PATCH /me {name}",
    ),
    Misfit(
        id="stamps-in-input",
        title="Times that callers may write",
        source=Source("AIP-203", "https://google.aip.dev/203"),
        severity=Severity.HINT,
        check=_stamps,
        reason="Clients send them since they are in the type, and find that they are ignored, or worse, that they "
        "are not.",
        remedy="Mark them readOnly.",
        exception="readOnly fields, filters, and a single such field, which may be the author's own.",
        example="created_at: {type: string} → created_at: {type: string, readOnly: true}",
        styles=("rest",),
    ),
    Misfit(
        id="guessable-ids",
        title="Ids that can be counted through",
        source=owasp(1, "broken-object-level-authorization"),
        severity=Severity.HINT,
        check=_guessable,
        reason="Where one check of ownership is forgotten, numbers let anybody take everything; they also tell "
        "competitors how much you sell.",
        remedy="Give ids that cannot be guessed.",
        exception="Surfaces that are not public, operations that anybody may call, and numbers that are no ids.",
        example="/orders/{id: integer} → /orders/{id: ord_01J9ZK…}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="unsigned-webhook",
        title="Webhooks that anybody could have sent",
        source=Source("Standard Webhooks", "https://github.com/standard-webhooks/standard-webhooks"),
        severity=Severity.WARNING,
        check=_unsigned,
        reason="The receiver's address is no secret; without a signature it believes whoever finds it.",
        remedy="Sign what you send.",
        exception="Webhooks that name a header with a signature or token, or a security scheme.",
        example="webhooks: {order.paid: …} → …, parameters: [{in: header, name: webhook-signature}]",
        styles=("webhooks", "rest"),
    ),
)
