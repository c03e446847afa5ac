"""TLS: the files that it takes, what is wrong with them in one line, and whether they have changed."""

from __future__ import annotations

import logging
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROTOCOLS: Final = ["h2", "http/1.1"]

LOOK_SECONDS: Final = 1.0
"""How often to look whether the files have changed."""

LOG: Final = logging.getLogger("dragoman.hosts.tls")


class TlsError(Exception):
    """The files cannot be used: says which, why, and what to do. One line, for a person."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The files, in PEM form: a certificate with its chain, its key, and perhaps the authorities whose certificates
    clients may show, or with ``client_required`` must.
    """

    cert: str
    key: str
    client_ca: str | None = None
    client_required: bool = False

    def context(self) -> ssl.SSLContext:
        """The files as they are now: TLS 1.2 and later, with Python's choice of ciphers. Raises TlsError."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Python's own choice from 3.13 on: whose certificates are believed must not depend on its version.
        context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        context.set_alpn_protocols(PROTOCOLS)
        self._check()
        try:
            context.load_cert_chain(self.cert, self.key, password=self._refuse_password)
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise TlsError(f"{self.key} is not the key of the certificate {self.cert}: give its own") from None
            raise TlsError(f"{self.cert} and {self.key} cannot be used for TLS: {_words(error)}") from None
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except ssl.SSLError as error:
                raise TlsError(f"{self.client_ca} cannot be used to verify clients: {_words(error)}") from None
            context.verify_mode = ssl.CERT_REQUIRED if self.client_required else ssl.CERT_OPTIONAL
        return context

    def state(self) -> tuple[tuple[int, int, int], ...]:
        """What becomes another when one of the files does. A file that is not there has a state too."""
        return tuple(map(_state, filter(None, (self.cert, self.key, self.client_ca))))

    def _check(self) -> None:
        """What OpenSSL would say in words that name no file. Raises TlsError."""
        _holds(self.cert, "CERTIFICATE", "no certificate in PEM form")
        _holds(self.key, "PRIVATE KEY", "no private key in PEM form")
        if self.client_ca is not None:
            _holds(self.client_ca, "CERTIFICATE", "no certificate in PEM form")

    def _refuse_password(self) -> str:
        raise TlsError(
            f"the key {self.key} is encrypted, and nobody is there to be asked for its password: decrypt it, as with "
            f"`openssl pkey -in {self.key} -out FILE`"
        )


class TlsWatch:
    """Notices that the files are others. They are written one by one: they count as written once two looks in turn have
    found them the same.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._known = self._seen = files.state()

    def renewed(self) -> bool:
        """Look; returns whether there are others, which can be used. What cannot is told to the log, once."""
        before, self._seen = self._seen, self._files.state()
        if self._seen == self._known or self._seen != before:
            return False
        self._known = self._seen
        try:
            self._files.context()
        except TlsError as error:
            LOG.error("%s; the certificate before it goes on", error)
            return False
        LOG.info("%s has changed, and is used from now on", self._files.cert)
        return True


def _holds(path: str, label: str, missing: str) -> None:
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise TlsError(f"{path} cannot be read: {error.strerror}") from None
    if f"{label}-----".encode() not in text:
        raise TlsError(f"{path} holds {missing}")


def _words(error: ssl.SSLError) -> str:
    return (error.reason or "what is in it is damaged").lower().replace("_", " ")


def _state(path: str) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
