"""Page tokens: where a list goes on, signed, and bound to the list and the caller they were made for (AIP-158)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dragoman.ports.store import Value

MAC_SIZE: Final = 16
MAX_LENGTH: Final = 4096


class PageTokens:
    """Makes and reads page tokens with a secret that all workers share."""

    __slots__ = ("_secret",)

    def __init__(self) -> None:
        self._secret = b""

    def use(self, secret: bytes) -> None:
        """Set the secret; called at start, before any call."""
        self._secret = secret

    def write(self, binding: Sequence[Any], after: Sequence[Value]) -> str:
        """A token that goes on after the row with these sort keys. ``binding`` is all that must be the same when it is
        used: surface, operation, caller, filter, order.
        """
        payload = msgspec.json.encode(after)
        return base64.urlsafe_b64encode(self._mac(binding, payload) + payload).rstrip(b"=").decode()

    def read(self, token: str, binding: Sequence[Any]) -> list[Any] | None:
        """The sort keys in a token, or None if it was not made here for this binding."""
        if len(token) > MAX_LENGTH:
            return None
        try:
            raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        mac, payload = raw[:MAC_SIZE], raw[MAC_SIZE:]
        if not hmac.compare_digest(mac, self._mac(binding, payload)):
            return None
        after: list[Any] = msgspec.json.decode(payload)
        return after

    def _mac(self, binding: Sequence[Any], payload: bytes) -> bytes:
        bound = msgspec.json.encode(binding)
        message = len(bound).to_bytes(4, "big") + bound + payload
        return hashlib.blake2b(message, key=self._secret, digest_size=MAC_SIZE).digest()
