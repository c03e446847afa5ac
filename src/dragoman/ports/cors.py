"""Which web pages may call a surface (the Fetch standard's CORS protocol): what a developer states."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dragoman.contract.declaration import DeclarationError

_ORIGIN: Final = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
MAX_AGE: Final = 86_400
"""The longest that any browser remembers a preflight, in seconds."""


@dataclass(frozen=True, slots=True, init=False)
class Cors:
    """The pages of ``origins`` (``https://app.example.com``; ``"*"`` for all) may call the surface from a browser.

    ``credentials`` lets them send what the browser keeps for the surface: cookies, client certificates. Keys and tokens
    that a page puts into ``Authorization`` itself need no such leave. ``max_age`` is how long a browser may remember
    the leave, in seconds. ``headers`` are request headers that pages may send beside those that surfaces read, such as
    ``traceparent``; ``expose`` response headers that pages may read beside those that surfaces send.

    Raises DeclarationError for what no browser would take, and for ``"*"`` with credentials.
    """

    origins: tuple[str, ...]
    credentials: bool
    max_age: int
    headers: tuple[str, ...]
    expose: tuple[str, ...]

    def __init__(
        self,
        origins: Iterable[str],
        *,
        credentials: bool = False,
        max_age: int = 600,
        headers: Iterable[str] = (),
        expose: Iterable[str] = (),
    ) -> None:
        given = _origins(origins)
        if credentials and "*" in given:
            raise DeclarationError(
                "Cors",
                "any page in the world could act as whoever looks at it: origins is '*', and credentials is set",
                "Name the origins whose pages are yours, or leave credentials out",
            )
        if type(max_age) is not int or not 0 <= max_age <= MAX_AGE:
            raise DeclarationError(
                "Cors", f"its max_age {max_age!r} is not 0 to {MAX_AGE} whole seconds", "Write max_age=600"
            )
        object.__setattr__(self, "origins", given)
        object.__setattr__(self, "credentials", credentials)
        object.__setattr__(self, "max_age", max_age)
        object.__setattr__(self, "headers", _names(headers, "headers"))
        object.__setattr__(self, "expose", _names(expose, "expose"))

    @property
    def varies(self) -> bool:
        """Whether answers differ by who asks: only ``"*"`` is the same for all."""
        return "*" not in self.origins


def _origins(origins: Iterable[str]) -> tuple[str, ...]:
    if isinstance(origins, str):
        raise DeclarationError("Cors", f"its origins, {origins!r}, are no list", f"Write origins=[{origins!r}]")
    found = tuple(dict.fromkeys(origins))
    if not found:
        raise DeclarationError("Cors", "it names no origin", 'Write origins=["https://app.example.com"]')
    for each in found:
        _check_origin(each)
    if "*" in found and len(found) > 1:
        raise DeclarationError(
            "Cors", "its origins name '*' and others, and '*' is all there are", "Write origins=['*'], or the others"
        )
    return found


def _check_origin(origin: str) -> None:
    if origin == "*":
        return
    if origin == "null":
        raise DeclarationError(
            "Cors",
            "it lets the origin null in, which any page can take on in a sandboxed frame",
            "Serve the page from an origin of its own, and name that",
        )
    if not _ORIGIN.fullmatch(origin):
        raise DeclarationError(
            "Cors",
            f"{origin!r} is not an origin as browsers send it: scheme and host in lower case, a port, and no more",
            'Write "https://app.example.com", without a path or a slash at the end',
        )
    scheme, _, rest = origin.partition("://")
    if rest.rpartition("]")[2].rpartition(":")[2] == _DEFAULT_PORTS[scheme] and ":" in rest.rpartition("]")[2]:
        raise DeclarationError(
            "Cors",
            f"{origin!r} names the port that browsers leave out for {scheme}, so that it never matches",
            f'Write "{origin.rpartition(":")[0]}"',
        )


def _names(names: Iterable[str], what: str) -> tuple[str, ...]:
    if isinstance(names, str):
        raise DeclarationError("Cors", f"its {what}, {names!r}, are no list", f"Write {what}=[{names!r}]")
    found = tuple(names)
    for each in found:
        if not _NAME.fullmatch(each) or each == "*":
            raise DeclarationError(
                "Cors", f"{each!r}, in {what}, is no name of a header", f'Write {what}=["traceparent"]'
            )
    return found
