"""TLS: who is served, whose certificate counts, and files that change."""

import contextlib
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from running import Running, eventually, free_port, running

from dragoman.hosts.tls import TlsError, TlsFiles

APP = """
import dragoman as dm

contract = dm.Contract("doors")


class Who(dm.Struct):
    identity: str
    tenant: str


@contract.operation(effect="safe")
async def whoami(ctx: dm.Context) -> Who:
    return Who(identity=ctx.principal.identity, tenant=ctx.principal.tenant)


async def mounted(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["scheme"].encode()})


BILLING = dm.Principal("billing", "acme", audiences={"partner"})
certificates = dm.client_certificates({"uri:spiffe://acme.example/billing": BILLING})
app = dm.App(
    dm.rest("doors", "/v1", audience="partner", auth=certificates, exposes=[whoami]),
    dm.mount("/mounted", mounted),
    database="doors.db",
)
OPEN
"""
OPEN = """
app = dm.App(
    dm.rest("doors", "/v1", audience="partner", auth=dm.anonymous(), exposes=[whoami]),
    dm.mount("/mounted", mounted),
    database="doors.db",
)
"""


class Authority:
    """Who issues certificates, into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ca = trustme.CA()
        self._ca.cert_pem.write_to_path(str(folder / "ca.pem"))

    def issue(self, name: str, *identities: str, **words: Any) -> tuple[str, str]:
        """A certificate and its key, as files."""
        issued = self._ca.issue_cert(*identities, **words)
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}-key.pem"
        cert.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        return str(cert), str(key)

    def issue_workload(self, name: str, uri: str) -> tuple[str, str]:
        """One whose owner is named by a URI, as workloads in a mesh are."""
        cert, key, asked, ca, more = (
            str(self.folder / f"{name}{each}") for each in (".pem", "-key.pem", ".csr", "-ca-key.pem", ".ext")
        )
        Path(ca).write_bytes(self._ca.private_key_pem.bytes())
        Path(more).write_text(f"subjectAltName=URI:{uri}\nauthorityKeyIdentifier=keyid\n")
        new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=Acme", "-keyout", key, "-out", asked]
        sign = ["openssl", "x509", "-req", "-in", asked, "-CA", str(self.folder / "ca.pem"), "-CAkey", ca]
        for command in (new, [*sign, "-extfile", more, "-out", cert]):
            subprocess.run(command, check=True, capture_output=True)
        return cert, key

    def client(self, certificate: tuple[str, str] | None = None) -> ssl.SSLContext:
        """What a client needs, with a certificate of its own or without."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        context.set_alpn_protocols(["h2", "http/1.1"])
        if certificate is not None:
            context.load_cert_chain(*certificate)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextlib.contextmanager
def serving(folder: Path, *words: str, open: bool = False) -> Iterator[Running]:
    (folder / "doors.py").write_text(APP.replace("OPEN", OPEN if open else ""))
    port = free_port()
    command = [sys.executable, "-m", "dragoman", "serve", "doors:app", "--port", str(port), *words]
    with running(command, folder, port, ready=False) as server:
        server.wait_until_it_listens()
        server.url = f"https://localhost:{port}"
        yield server


def connect(server: Running, context: ssl.SSLContext) -> ssl.SSLSocket:
    line = socket.create_connection(("localhost", int(server.url.rpartition(":")[2])), 30)
    return context.wrap_socket(line, server_hostname="localhost")


def test_files_that_cannot_be_used(authority: Authority, tmp_path: Path) -> None:
    cert, key = authority.issue("server", "localhost")
    _, other = authority.issue("other", "localhost")
    (tmp_path / "words").write_text("words")
    (tmp_path / "cut").write_text(Path(cert).read_text()[:200] + "\n-----END CERTIFICATE-----\n")
    words, cut, sealed = (str(tmp_path / each) for each in ("words", "cut", "sealed"))
    subprocess.run(["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", sealed], check=True)

    def refusal(*files: str) -> str:
        with pytest.raises(TlsError) as caught:
            TlsFiles(*files).context()
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert refusal("nothing.pem", key) == "nothing.pem cannot be read: No such file or directory"
    assert refusal(cert, other) == f"{other} is not the key of the certificate {cert}: give its own"
    assert refusal(words, key) == f"{words} holds no certificate in PEM form"
    assert refusal(cert, words) == f"{words} holds no private key in PEM form"
    assert f"the key {sealed} is encrypted" in refusal(cert, sealed)
    assert cut in refusal(cut, key)
    assert cut in refusal(cert, key, cut)


def test_certificates_are_verified_alike_on_every_python(authority: Authority) -> None:
    """Python 3.13 is stricter than those before it, unless told."""
    flags = TlsFiles(*authority.issue("server", "localhost"), str(authority.folder / "ca.pem")).context().verify_flags
    assert flags & ssl.VERIFY_X509_STRICT
    assert flags & ssl.VERIFY_X509_PARTIAL_CHAIN


@pytest.mark.slow
def test_a_certificate_tells_who_calls(authority: Authority, tmp_path: Path) -> None:
    cert, key = authority.issue("server", "localhost")
    billing = authority.issue_workload("billing", "spiffe://acme.example/billing")
    stranger = authority.issue("stranger", "stranger.example", common_name="spiffe://acme.example/billing")
    (tmp_path / "elsewhere").mkdir()
    forged = Authority(tmp_path / "elsewhere").issue_workload("forged", "spiffe://acme.example/billing")
    words = ("--tls-cert", cert, "--tls-key", key, "--tls-client-ca", str(tmp_path / "ca.pem"), "--workers", "1")
    with serving(tmp_path, *words) as server:
        assert f"curl --cert CERTIFICATE --key KEY {server.url}/v1/openapi.json" in server.stderr

        def ask(certificate: tuple[str, str] | None, path: str = "/v1/whoami", **headers: str) -> httpx.Response:
            with httpx.Client(verify=authority.client(certificate)) as client:
                return client.get(
                    server.url + path, headers={name.replace("_", "-"): text for name, text in headers.items()}
                )

        assert ask(billing).json() == {"identity": "billing", "tenant": "acme"}
        refused = ask(
            None, authorization="Bearer billing", x_client_cert=Path(billing[0]).read_text().replace("\n", "")
        )
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == 'ClientCertificate realm="dragoman"'
        assert refused.json()["detail"] == "no client certificate: show one when you connect"
        assert ask(stranger).json()["detail"] == "the client certificate is valid, and nobody's who is known here"
        with pytest.raises(httpx.TransportError):
            ask(forged)
        document = ask(None, "/v1/openapi.json").json()
        assert document["components"]["securitySchemes"]["mutualTLS"]["type"] == "mutualTLS"
        assert document["security"] == [{"mutualTLS": []}]
        assert ask(None, "/mounted/").text == "https"
        with connect(server, authority.client()) as line:
            assert line.selected_alpn_protocol() == "h2"
            assert line.version() == "TLSv1.3"
        for version, told in (("--http2", b"2"), ("--http1.1", b"1.1")):
            shown = ["--cert", billing[0], "--key", billing[1], "--cacert", str(authority.folder / "ca.pem")]
            command = ["curl", "--silent", "--max-time", "20", version, *shown, "--write-out", " %{http_version}"]
            said = subprocess.run([*command, f"{server.url}/v1/whoami"], check=True, capture_output=True).stdout
            assert said == b'{"identity":"billing","tenant":"acme"} ' + told
        check_old_versions_are_refused(server)
        # Neither HTTP nor nonsense on the port is worth a word.
        for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 100, b""):
            with socket.create_connection(("localhost", int(server.url.rpartition(":")[2])), 30) as line:
                line.sendall(nonsense)
                line.shutdown(socket.SHUT_WR)
                line.recv(1000)
        assert server.stop() == 0
        assert "Traceback" not in server.stderr
        assert server.stderr.count("dragoman: ") == 2, server.stderr
        log = [line for line in server.stdout.splitlines() if "billing" in line]
        assert len(log) == 3
        assert re.search('"credential":"sha256:[0-9a-f]{16}"', log[0].replace(" ", ""))


def check_old_versions_are_refused(server: Running) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)), connect(server, old):
        pass


@pytest.mark.slow
def test_a_certificate_can_be_required(authority: Authority, tmp_path: Path) -> None:
    cert, key = authority.issue("server", "localhost")
    shown = authority.issue_workload("billing", "spiffe://acme.example/billing")
    words = ("--tls-cert", cert, "--tls-key", key, "--tls-client-ca", str(tmp_path / "ca.pem"), "--tls-client-required")
    with serving(tmp_path, *words, "--workers", "2") as server:
        assert httpx.get(f"{server.url}/v1/whoami", verify=authority.client(shown)).status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{server.url}/v1/openapi.json", verify=authority.client())


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_files_are_followed(workers: str, authority: Authority, tmp_path: Path) -> None:
    cert, key = authority.issue("server", "localhost")
    with serving(tmp_path, "--tls-cert", cert, "--tls-key", key, "--workers", workers, open=True) as server:

        def shown() -> bytes:
            with connect(server, authority.client()) as line:
                return line.getpeercert(binary_form=True) or b""

        with httpx.Client(verify=authority.client(), limits=httpx.Limits(keepalive_expiry=120)) as before:
            assert before.get(f"{server.url}/v1/whoami").status_code == 200
            first = shown()
            Path(key).write_text("damaged")
            eventually(lambda: "holds no private key" in server.stderr)
            assert shown() == first
            authority.issue("server", "localhost")
            eventually(lambda: {shown() for _ in range(8)}.isdisjoint({first}))
            # The connection that was there is used still.
            stream = before.get(f"{server.url}/v1/whoami").extensions["network_stream"]
            assert stream.get_extra_info("ssl_object").getpeercert(True) == first
        assert server.stop() == 0
        assert "Traceback" not in server.stderr
        # It was looked at every second, and told once.
        assert server.stderr.count("holds no private key") == 1


@pytest.mark.slow
def test_what_a_proxy_tells(tmp_path: Path) -> None:
    with serving(tmp_path, "--trust-proxy", "10.0.0.0/8,127.0.0.1", "--workers", "1", open=True) as server:
        url = server.url.replace("https://localhost", "http://127.0.0.1") + "/mounted/"

        def scheme(**headers: str) -> str:
            return httpx.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()}).text

        assert scheme() == "http"
        assert scheme(x_forwarded_proto="https") == "https"
        assert scheme(x_forwarded_proto="https, http") == "http"
        assert scheme(x_forwarded_proto="gopher") == "http"
        assert scheme(forwarded="for=192.0.2.1;proto=https") == "https"
        assert scheme(forwarded="proto=https, for=10.0.0.1", x_forwarded_proto="https") == "http"
    with serving(tmp_path, "--workers", "1", open=True) as server:
        url = server.url.replace("https://localhost", "http://127.0.0.1") + "/mounted/"
        assert scheme(x_forwarded_proto="https") == "http"
