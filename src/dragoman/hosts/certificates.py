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
_COMMON_NAME: Final = re.compile(r"(?:^|[,+])CN=((?:\\.|[^,+\\])*)", re.IGNORECASE)


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
    common = [re.sub(r"\\(.)", r"\1", each) for each in _COMMON_NAME.findall(subject)]
    return _certificate(ssl.PEM_cert_to_DER_cert(shown), subject, (), common)


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
