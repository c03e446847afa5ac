"""``Link`` (RFC 8288) beside page tokens: where the next page is, and the first. The body says the same, and is what
counts.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote_plus

from dragoman.ports.wire import Header, Request

TOKEN: Final = "page_token"
_SAFE: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*")
_UNQUOTED: Final = "!$&'()*+,;=:@/?%"


def page_links(request: Request, token: str) -> Header | None:
    """The header of a page whose ``next_page_token`` is ``token``; None where there is only this page. The links keep
    all else that was asked.
    """
    asked = request.query
    continued = "token" in asked or "%" in asked
    if not token and not continued:
        return None
    parts = [part for part in asked.split("&") if part]
    others = [part for part in parts if unquote_plus(part.partition("=")[0]) != TOKEN] if continued else parts
    links = []
    if token:
        links.append(_link(request, [*others, f"{TOKEN}={token}"], "next"))
    if len(others) < len(parts):
        links.append(_link(request, others, "first"))
    return (b"link", ", ".join(links).encode()) if links else None


def _link(request: Request, parts: list[str], relation: str) -> str:
    query = "&".join(parts)
    target = _written(f"{request.root}{request.path}{'?' if query else ''}{query}")
    return f'<{target}>; rel="{relation}"'


def _written(target: str) -> str:
    """The target as a URI may hold it (RFC 3986): what the request had as it stands, encoded where it must be."""
    return target if _SAFE.fullmatch(target) else quote(target.encode("latin-1", "replace"), safe=_UNQUOTED)
