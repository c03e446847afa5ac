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
    below = _end_of(root, raw)
    return raw if below is None else raw[below:] or "/"


def _end_of(root: str, raw: str) -> int | None:
    """Where the root, which is decoded, ends in a path that is not: at the end of one of its segments. None where the
    path does not begin with it. Segments are decoded one by one, and none behind the first that differs.
    """
    matched = end = 0
    while matched < len(root):
        if raw[end : end + 1] != "/":
            return None
        following = raw.find("/", end + 1)
        following = len(raw) if following == -1 else following
        segment = unquote(raw[end:following])
        if not root.startswith(segment, matched):
            return None
        matched += len(segment)
        end = following
    return end
