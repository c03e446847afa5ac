"""``Deprecation`` (RFC 9745) and ``Sunset`` (RFC 8594): since when something should not be used, and when it ends."""

from __future__ import annotations

from email.utils import format_datetime

from dragoman.contract.annotations import Deprecated
from dragoman.contract.operation import Operation
from dragoman.ports.style import Surface
from dragoman.ports.wire import Header


def deprecation(surface: Surface, operation: Operation) -> Deprecated | None:
    """What is said of an operation on a surface: of itself, of its resource and of the surface, as one. The earliest of
    the dates hold; the note and the link are those said of the smallest part. None where nothing is deprecated.

    Raises DeclarationError where it would end before it is deprecated.
    """
    own = operation.traits.get(Deprecated)
    parts = [
        own if own is not None else Deprecated() if operation.deprecated else None,
        None if operation.resource is None else operation.resource.traits.get(Deprecated),
        surface.deprecated,
    ]
    said = [each for each in parts if each is not None]
    if not said:
        return None
    return Deprecated(
        next((each.note for each in said if each.note), ""),
        since=min((each.since for each in said if each.since is not None), default=None),
        sunset=min((each.sunset for each in said if each.sunset is not None), default=None),
        link=next((each.link for each in said if each.link), ""),
        place=f"surface {surface.name!r}, {operation.name}",
    )


def deprecation_headers(deprecated: Deprecated | None) -> tuple[Header, ...]:
    """The headers of every answer; none for a date that is not known."""
    if deprecated is None:
        return ()
    headers: list[Header] = []
    if deprecated.since is not None:
        headers.append((b"deprecation", f"@{int(deprecated.since.timestamp())}".encode()))
    if deprecated.sunset is not None:
        headers.append((b"sunset", format_datetime(deprecated.sunset, usegmt=True).encode()))
    if deprecated.link:
        relations = ["deprecation"] if deprecated.sunset is None else ["deprecation", "sunset"]
        links = ", ".join(f'<{deprecated.link}>; rel="{each}"; type="text/html"' for each in relations)
        headers.append((b"link", links.encode()))
    return tuple(headers)


def deprecation_text(deprecated: Deprecated) -> str:
    """What documents say: what to use instead, and until when this works."""
    parts = [f"Deprecated{'' if deprecated.since is None else f' since {deprecated.since:%Y-%m-%d}'}."]
    if deprecated.sunset is not None:
        parts.append(f"It works until {deprecated.sunset:%Y-%m-%d}.")
    if deprecated.note:
        parts.append(deprecated.note[:1].upper() + deprecated.note[1:].rstrip(".") + ".")
    if deprecated.link:
        parts.append(f"See {deprecated.link}.")
    return " ".join(parts)
