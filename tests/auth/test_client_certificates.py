"""Certificates: by which of their names they are known, and what is said of others."""

from typing import Any

import pytest

from dragoman.auth import client_certificates
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import Unauthenticated
from dragoman.contract.principal import Principal
from dragoman.hosts.certificates import asgi_certificate
from dragoman.ports.wire import Certificate

FINGERPRINT = "ab" * 32
SHOWN = Certificate("CN=billing,O=Acme", (f"sha256:{FINGERPRINT}", "uri:spiffe://a/b", "dns:b.internal", "cn:billing"))
ONE, TWO = Principal("one", "t"), Principal("two", "t", credential="badge")


def who(known: Any, certificate: Certificate | None = SHOWN) -> Principal:
    store: Any = None
    authenticate: Any = client_certificates(known).bind(store)
    found = authenticate({"x-client-certificate": "cn:billing"}, certificate)
    assert isinstance(found, Principal)
    return found


@pytest.mark.parametrize(
    "name", ["uri:spiffe://a/b", "dns:B.internal", "cn:billing", f"sha256:{':'.join(['AB'] * 32)}"]
)
def test_by_its_names(name: str) -> None:
    principal = who({"cn:other": TWO, name: ONE})
    assert (principal.identity, principal.credential) == ("one", "sha256:abababababababab")


def test_the_surest_name_counts() -> None:
    assert who({"cn:billing": ONE, "uri:spiffe://a/b": TWO}) is TWO


def test_by_a_function() -> None:
    assert (
        who(lambda shown: TWO if shown.subject == "CN=billing,O=Acme" and shown.fingerprint == FINGERPRINT else None)
        is TWO
    )


def test_what_is_said_of_others() -> None:
    for known in ({"cn:Billing": ONE, "dns:billing": ONE}, lambda shown: None):
        with pytest.raises(Unauthenticated, match="nobody's who is known here"):
            who(known)
    with pytest.raises(Unauthenticated, match="show one when you connect"):
        who({"cn:billing": ONE}, None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("billing", "does not begin with uri:, dns:, email:, cn: or sha256:"),
        ("spiffe://acme.example/billing", "does not begin with uri:"),
        ("cn:", "does not begin with"),
        ("sha256:abc", "is not 64 hexadecimal digits"),
    ],
)
def test_names_that_no_certificate_has(name: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        client_certificates({name: ONE})


def test_as_asgi_tells_it() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    told = {"client_cert_chain": (pem,), "client_cert_name": r"CN=billing\, 2,O=Acme", "client_cert_error": None}
    found = asgi_certificate(told)
    assert found is not None
    assert found.names[1:] == ("cn:billing, 2",)
    assert len(found.fingerprint) == 64
    assert asgi_certificate(told | {"client_cert_error": "expired"}) is None
    assert asgi_certificate({"client_cert_chain": ()}) is None


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("cn=billing", ["cn:billing"]),
        ("O=Acme,CN=one+CN=two", ["cn:one", "cn:two"]),
        (r"CN=a\+b\\,O=Acme", ["cn:a+b\\"]),
        (r"CN=a\2Cb,CN=caf\C3\A9", ["cn:a,b", "cn:caf\xe9"]),
        # Who may choose one part of his name has not chosen another.
        (r"O=Acme\,CN=billing,CN=mallory", ["cn:mallory"]),
        (r"O=Acme\+CN=billing", []),
        ("CN=billing,nonsense", []),
        ("", []),
    ],
)
def test_common_names_of_a_subject_as_text(subject: str, expected: list[str]) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    found = asgi_certificate({"client_cert_chain": (pem,), "client_cert_name": subject})
    assert found is not None
    assert [*found.names[1:]] == expected
