"""Certificates of clients, as TLS and ASGI tell of them."""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dragoman.ports.wire import Certificate

_SHORT: Final = {
    "commonName": "CN",
    "countryName": "C",
    "domainComponent": "DC",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "stateOrProvinceName": "ST",
    "streetAddress": "STREET",
    "userId": "UID",
}
"""The names that RFC 4514 abbreviates."""

_ALTERNATIVES: Final = {"URI": "uri", "DNS": "dns", "email": "email"}
_SPECIAL: Final = re.compile(r'[,+"\\<>;]|^[ #]| $')
_PART: Final = re.compile(r"([^=,+\\]+)=((?:\\.|[^,+\\])*)(?:[,+]|$)", re.DOTALL)
"""A name and its value in a subject. A value may hold what looks like another name, behind an escaped comma."""

_ESCAPE: Final = re.compile(rb"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)


def peer_certificate(connection: ssl.SSLObject) -> Certificate | None:
    """What the other side showed, and was verified; None if it showed nothing."""
    der = connection.getpeercert(binary_form=True)
    if der is None:
        return None
    told: Any = connection.getpeercert() or {}
    parts = [pair for group in told.get("subject", ()) for pair in group]
    subject = ",".join(f"{_SHORT.get(name, name)}={_escaped(value)}" for name, value in reversed(parts))
    common = [value for name, value in parts if name == "commonName"]
    return _certificate(der, subject, told.get("subjectAltName", ()), common)


def asgi_certificate(tls: Mapping[str, Any]) -> Certificate | None:
    """The same from ASGI's extension for TLS, which tells of no alternative names; None where the server did not verify
    it.
    """
    chain: Iterable[str] = tls.get("client_cert_chain") or ()
    shown = next(iter(chain), None)
    if shown is None or tls.get("client_cert_error"):
        return None
    subject = str(tls.get("client_cert_name") or "")
    return _certificate(ssl.PEM_cert_to_DER_cert(shown), subject, (), _common_names(subject))


def _common_names(subject: str) -> list[str]:
    """Those of a subject as in RFC 4514; none of what is written otherwise."""
    found, at = [], 0
    while at < len(subject):
        part = _PART.match(subject, at)
        if part is None:
            return []
        if part[1].upper() == "CN":
            found.append(_ESCAPE.sub(_unescaped, part[2].encode()).decode(errors="replace"))
        at = part.end()
    return found


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[1].decode()) if len(escape[1]) == 2 else escape[1]


def _certificate(
    der: bytes, subject: str, alternatives: Iterable[tuple[str, str]], common: Iterable[str]
) -> Certificate:
    names = {
        each: [f"{each}:{value}" for kind, value in alternatives if _ALTERNATIVES.get(kind) == each]
        for each in _ALTERNATIVES.values()
    }
    return Certificate(
        subject,
        (
            f"sha256:{hashlib.sha256(der).hexdigest()}",
            *names["uri"],
            *map(str.lower, names["dns"]),
            *names["email"],
            *(f"cn:{each}" for each in common),
        ),
    )


def _escaped(value: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", value)
