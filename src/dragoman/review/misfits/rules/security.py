"""Who may call, by which credential, and over which connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.review.english import words
from dragoman.review.misfits.call import Call, https, outward, parameters, verb_of
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import first_word, is_entry, is_plain, last, literals
from dragoman.review.misfits.tally import found_document
from dragoman.review.misfits.wording import READING, counted, some
from dragoman.review.reading.outcome import Format, Reading, Scheme
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http

CREDENTIALS: Final = re.compile(
    r"^(?:x?api_?key|app_?key|access_?key|access_?token|auth_?token|auth|password|passwd|pwd|secret|client_?secret|"
    r"api_?token|bearer_?token|session_?token|private_?key|jwt|user_?token|secret_?key|authorization)$",
    re.IGNORECASE,
)
_LOCAL: Final = re.compile(
    r"^http://(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0|\[::1\]|\{|[^./:]+(?:[:/]|$)|"
    r"[^/:]*\.(?:local|localhost|internal|test|svc|cluster\.local|lan)(?:[:/]|$))",
    re.IGNORECASE,
)


def owasp(number: int, page: str) -> Source:
    """One of the ten of 2023."""
    return Source(
        f"OWASP API Security Top 10 2023, API{number}",
        f"https://owasp.org/API-Security/editions/2023/en/0xa{number}-{page}/",
    )


def _schemes(reading: Reading) -> dict[str, Scheme]:
    return {each.name: each for each in reading.about.schemes}


def _is_open(call: Call[Http]) -> bool:
    """Whether it can be called without showing anything."""
    security = call.wire.security
    return not security or any(not each.schemes for each in security)


def _takes_credential(call: Call[Http]) -> bool:
    names = [each.name for each in parameters(call, "header", "query", "cookie")]
    return any(CREDENTIALS.match(re.sub(r"^x-|-", "", each)) or "signature" in each.lower() for each in names)


def _no_security(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        found = [each for each in https(subject) if each.reading is reading and not is_plain(each.wire.path)]
        changing = [each.address for each in found if _changes(each)]
        said = any(each.wire.security is not None or _takes_credential(each) for each in found)
        if reading.format is not Format.OPENAPI or said or not changing:
            continue
        names = [each.name for each in reading.about.schemes]
        told = f"describes {some(names)} and requires it nowhere" if names else "does not say how callers authenticate"
        remedy = "Describe a scheme under components.securitySchemes, and require it with security: at the top"
        yield found_document(
            reading,
            f"it {told}, and {counted(len(changing), 'operation')} can change data: {some(changing)}",
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
            f"{call.address} changes data without authentication: it requires none of {some(names)}",
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
                f"{call.address} requires a token of {scoped[0]}, but no scope",
                f"Require the smallest scope that it needs: {scoped[0]}: [{scope}]",
            )


def _plain_http(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        open_ = [
            each for each in reading.about.servers if each.lower().startswith("http://") and not _LOCAL.match(each)
        ]
        if open_:
            yield found_document(
                reading,
                f"{some(open_, 1)} does not use TLS: credentials and data can be read in transit",
                f"Write https{open_[0][4:]}, and redirect or close the HTTP one",
            )


def _basic(subject: Subject) -> Iterator[Found]:
    for reading in subject.surface.readings:
        basic = [each for each in reading.about.schemes if each.type == "http" and each.scheme.lower() == "basic"]
        others = len(reading.about.schemes) > len(basic)
        if basic and not others and subject.surface.audience in (Audience.PUBLIC, Audience.PARTNER):
            yield found_document(
                reading,
                "the only authentication is a password sent with each request (HTTP Basic)",
                "Use tokens that are short-lived, scoped and can be revoked one by one (OAuth 2, or bearer tokens)",
            )


def _unsigned(subject: Subject) -> Iterator[Found]:
    for call in outward(subject):
        names = " ".join(each.name.lower() for each in parameters(call, "header"))
        signed = re.search(r"sign|hmac|authorization|digest|token|secret", names) or call.wire.security
        if not signed and call.wire.method == "POST":
            yield call.found(
                f"the receiver of {call.address} cannot verify that you sent it",
                "Sign the body and a timestamp, and document the header (webhook-signature, as in Standard Webhooks)",
            )


RULES: Final = (
    Misfit(
        id="no-security",
        title="No authentication documented",
        source=owasp(2, "broken-authentication"),
        severity=Severity.WARNING,
        severities={Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
        check=_no_security,
        reason="Either anybody may change data, or callers must find out elsewhere how to authenticate. A "
        "gateway cannot enforce what is not documented.",
        remedy="Describe a security scheme, and require it.",
        exception="Documents of reads or logins alone, or with a parameter that carries a key; formats "
        "without a place for it (.proto, GraphQL SDL).",
        example="(nothing) → security: [{token: []}], securitySchemes: {token: {type: http, scheme: bearer}}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="anonymous-operation",
        title="Write operation without authentication",
        source=owasp(2, "broken-authentication"),
        severity=Severity.ERROR,
        severities={Audience.INTERNAL: Severity.WARNING},
        check=_anonymous,
        reason="When all other operations require authentication, the one that does not was mostly forgotten.",
        remedy="Require a security scheme.",
        exception="Reads; login, tokens and registration; operations about the server; and those that are "
        "anonymous by design (signed webhooks, contact forms).",
        example="POST /orders with security: [] → security: [{token: [orders.write]}]",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="unscoped-operation",
        title="Write operation without a scope",
        source=owasp(5, "broken-function-level-authorization"),
        severity=Severity.WARNING,
        check=_unscoped,
        reason="A token issued to read reports can then also cancel orders.",
        remedy="Require a scope.",
        exception="Reads, schemes without scopes (keys, bearer tokens), login, and operations where any "
        "alternative requires a scope.",
        example="security: [{oauth: []}] → security: [{oauth: [orders.write]}]",
        styles=("rest",),
    ),
    Misfit(
        id="plain-http",
        title="Server URL without TLS",
        source=owasp(8, "security-misconfiguration"),
        severity=Severity.ERROR,
        check=_plain_http,
        severities={Audience.INTERNAL: Severity.WARNING},
        reason="Everybody on the network path can read and change what is sent.",
        remedy="Use https.",
        exception="Servers on the same machine or a private network: localhost, private addresses, host "
        "names without a dot.",
        example="http://api.shop.com/v1 → https://api.shop.com/v1",
    ),
    Misfit(
        id="basic-only",
        title="HTTP basic as the only authentication",
        source=Source("RFC 7617, 4", "https://www.rfc-editor.org/rfc/rfc7617#section-4"),
        severity=Severity.WARNING,
        check=_basic,
        reason="A password has no scope and no expiry, and cannot be revoked for one program alone.",
        remedy="Use tokens (OAuth 2).",
        exception="Documents that also offer another scheme, and surfaces for your own callers.",
        example="{type: http, scheme: basic} → {type: oauth2, flows: {clientCredentials: …}}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="unsigned-webhook",
        title="Webhook without a signature",
        source=Source("Standard Webhooks", "https://github.com/standard-webhooks/standard-webhooks"),
        severity=Severity.WARNING,
        check=_unsigned,
        reason="The receiver's URL is no secret. Without a signature, the receiver trusts anybody who finds it.",
        remedy="Sign the webhooks that you send.",
        exception="Webhooks with a signature or token header, or with a security scheme.",
        example="webhooks: {order.paid: …} → …, parameters: [{in: header, name: webhook-signature}]",
        styles=("webhooks", "rest"),
    ),
)
