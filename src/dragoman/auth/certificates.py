"""Client certificates: who calls is known by what TLS verified when the connection was made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import Unauthenticated
from dragoman.contract.principal import Principal
from dragoman.ports.authenticator import Authenticate
from dragoman.ports.store import Store, Table
from dragoman.ports.wire import Certificate

Find: TypeAlias = Callable[[Certificate], Principal | None]

KINDS: Final = ("uri", "dns", "email", "cn", "sha256")

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


class ClientCertificates:
    """Principals from certificates; make one with :func:`client_certificates`."""

    anonymous = False
    # A 401 has to name a scheme (RFC 9110, section 11.6.1), and none is registered for what happens in TLS.
    challenge = 'ClientCertificate realm="dragoman"'
    headers: Sequence[str] = ()
    tables: Sequence[Table] = ()
    scheme: Mapping[str, str] = {
        "type": "mutualTLS",
        "description": "A client certificate, shown to TLS when the connection is made",
    }

    def __init__(self, find: Find) -> None:
        self._find = find

    def __repr__(self) -> str:
        return "client_certificates(…)"

    def bind(self, store: Store) -> Authenticate:
        """Nothing is kept in the store."""
        return self._authenticate

    def check_listening(self, host: str) -> None:
        """A certificate is shown by whoever has its key, wherever the process listens."""

    def _authenticate(self, headers: Mapping[str, str], certificate: Certificate | None = None) -> Principal:
        """The certificate's principal, whatever the headers say. Raises Unauthenticated."""
        if certificate is None:
            raise Unauthenticated("no client certificate: show one when you connect")
        principal = self._find(certificate)
        if principal is None:
            raise Unauthenticated("the client certificate is valid, and nobody's who is known here")
        if principal.credential:
            return principal
        return replace(principal, credential=f"sha256:{certificate.fingerprint[:16]}")


def client_certificates(known: Mapping[str, Principal] | Find) -> ClientCertificates:
    """Callers show a certificate to TLS, which the server verifies (``dragoman serve --tls-client-ca``).

    ``known`` says whose it is, by a name that the certificate has: ``{"uri:spiffe://acme.example/billing":
    dm.Principal("billing", "acme", audiences=…)}``. The kinds are ``uri:``, ``dns:`` and ``email:`` (its alternative
    names), ``cn:`` (its common name) and ``sha256:`` (its fingerprint). Of several that are known, the surest counts:
    see ``dm.Certificate``. A function says it as well: it takes the certificate, and returns None for nobody.
    """
    if callable(known):
        return ClientCertificates(known)
    principals = {_name(each): principal for each, principal in known.items()}

    def find(certificate: Certificate) -> Principal | None:
        return next((principals[each] for each in certificate.names if each in principals), None)

    return ClientCertificates(find)


def _name(text: str) -> str:
    """A name as certificates have it. Raises DeclarationError."""
    kind, _, value = text.partition(":")
    if kind not in KINDS or not value:
        raise DeclarationError(
            "client_certificates",
            f"the name {text!r} does not begin with {', '.join(f'{each}:' for each in KINDS[:-1])} or {KINDS[-1]}:",
            'Write what the certificate has, such as "uri:spiffe://acme.example/billing"',
        )
    if kind == "sha256":
        value = value.replace(":", "").lower()
        if _FINGERPRINT.fullmatch(value) is None:
            raise DeclarationError(
                "client_certificates",
                f"the fingerprint {text!r} is not 64 hexadecimal digits",
                "Write what `openssl x509 -noout -fingerprint -sha256 -in FILE` says",
            )
    return f"{kind}:{value.lower() if kind == 'dns' else value}"
