"""The path of an ASGI scope, as the client sent it."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

UNQUOTED: Final = "/!$&'()*+,;=:@~"
"""What may stand in a path as it is, beside letters, digits and - . _ (RFC 3986, section 3.3)."""


def path_as_sent(path: str, raw_path: bytes | None, root_path: str) -> str:
    """The path below the place where the application is mounted, percent-encoded.

    ``root_path`` is decoded and a prefix of ``path``; a server that leaves it out of the path is understood
    too.
    """
    raw = quote(path, safe=UNQUOTED) if raw_path is None else raw_path.decode("latin-1").partition("?")[0]
    root = root_path.rstrip("/")
    if not root:
        return raw
    if raw.startswith(root):
        end = len(root)
        if end == len(raw):
            return "/"
        if raw[end] == "/":
            return raw[end:]
    # The root is decoded and the path is not: look for the end of a segment where they are the same.
    end = raw.find("/", 1)
    while end != -1:
        if unquote(raw[:end]) == root:
            return raw[end:]
        end = raw.find("/", end + 1)
    return "/" if unquote(raw) == root else raw
