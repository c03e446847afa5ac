"""How callers show who they are: the ways of a surface, by transport, and which of two is the stronger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dragoman.review.reading.outcome import Format, Reading, Scheme
from dragoman.review.surfaces.surface import Surface

_NAMES: Final = {
    "oauth2": "OAuth 2",
    "openIdConnect": "OAuth 2",
    "mutualTLS": "mutual TLS",
    "X509": "X.509 certificates",
    "gssapi": "Kerberos",
    "scramSha256": "SCRAM",
    "scramSha512": "SCRAM",
    "plain": "user name and password",
    "userPassword": "user name and password",
    "httpApiKey": "an API key",
    "apiKey": "an API key",
    "symmetricEncryption": "a shared encryption key",
    "asymmetricEncryption": "an encryption key pair",
}
"""Types of schemes (OpenAPI 3.1, 4.8.27; AsyncAPI 3.0, Security Scheme Object) in words."""

_STRENGTH: Final = {
    "mutual TLS": 5,
    "X.509 certificates": 5,
    "OAuth 2": 4,
    "Kerberos": 4,
    "an encryption key pair": 4,
    "SCRAM": 3,
    "a shared encryption key": 2,
    "an API key": 2,
    "an API key in the query": 1,
    "user name and password": 1,
    "HTTP basic": 1,
    "HTTP digest": 1,
}
"""A proof that cannot be replayed is stronger than a token that ends, that than a key that does not, and that than a
password that is sent with each call (RFC 9700, 2; RFC 7617, 4).
"""


def way_of(scheme: Scheme) -> str:
    """What a scheme is called: ``OAuth 2``, ``an API key in the query``, ``HTTP basic``. A bearer token is OAuth 2's
    (RFC 6750).
    """
    if scheme.type == "http":
        return "OAuth 2" if scheme.scheme == "bearer" else f"HTTP {scheme.scheme or 'authentication'}"
    name = _NAMES.get(scheme.type, scheme.type)
    return f"{name} in the query" if scheme.type in ("apiKey", "httpApiKey") and scheme.place == "query" else name


def transport_of(reading: Reading) -> str:
    """What its calls go over: ``HTTP``, ``gRPC``, ``kafka``. Credentials of two transports are never the same."""
    if reading.format is Format.PROTO:
        return "gRPC"
    if reading.format is not Format.ASYNCAPI:
        return "HTTP"
    protocols = [each.partition("://")[0].lower() for each in reading.about.servers if "://" in each]
    protocol = protocols[0].removesuffix("-secure") if protocols else "a broker"
    return {"https": "HTTP", "http": "HTTP", "wss": "ws", "mqtts": "mqtt", "amqps": "amqp"}.get(protocol, protocol)


def ways(surface: Surface, transport: str) -> frozenset[str]:
    """All the ways that its documents of this transport declare; none where they declare none."""
    return frozenset(
        way_of(scheme)
        for reading in surface.readings
        if transport_of(reading) == transport
        for scheme in reading.about.schemes
    )


def strongest(of: Iterable[str]) -> str:
    """The strongest of them; of two that are equal, the first by name."""
    return min(of, key=lambda each: (-strength(each), each))


def strength(way: str) -> int:
    """How strong one is; of what is not known, as an API key."""
    return _STRENGTH.get(way, 2)
