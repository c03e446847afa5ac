"""The paths of an application: each belongs to one surface, to one mount, or to what tells about the server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from dragoman.contract.declaration import DeclarationError
from dragoman.ports.mount import Mount, Mounted
from dragoman.ports.style import Surface

from .exchanges import BoundSurface

RESERVED_PATHS: Final = ("/healthz", "/readyz")

_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_DOTS: Final = frozenset({".", ".."})


def check_paths(surfaces: Sequence[Surface], mounts: Sequence[Mount]) -> None:
    """Paths that are well-formed, and of which none lies in another. Raises DeclarationError."""
    doors = [(f"surface {each.name!r}", repr(each.name), each.path) for each in surfaces]
    doors += [(f"mount {each.path!r}", "a mount", each.path) for each in mounts]
    for place, _, path in doors:
        _check(place, path)
    for at, (_, name, outer) in enumerate(doors):
        for other, (place, _, inner) in enumerate(doors):
            if at != other and (inner + "/").startswith(outer + "/"):
                raise DeclarationError(
                    place,
                    f"its path {inner} lies in that of {name}, {outer}",
                    "Give each surface and each mount a path that no other one's starts with",
                )


def check_claims(surfaces: Sequence[BoundSurface], mounts: Sequence[Mounted]) -> None:
    """What surfaces answer outside of their paths: each claim is one surface's. Raises DeclarationError."""
    claimed: dict[str, str] = {}
    for bound in surfaces:
        name = bound.surface.name
        for claim in bound.endpoint.claims:
            other = claimed.setdefault(claim, name)
            if other != name:
                raise DeclarationError(
                    f"surface {name!r}",
                    f"it answers below {claim}, and so does the surface {other!r}",
                    "Give one of them a package of its own, dm.rpc(…, package=…); what is gRPC's own, such as "
                    "reflection, only one surface of an application has",
                )
            doors = {each.surface.path: f"the surface {each.surface.name!r}" for each in surfaces}
            doors |= {each.mount.path: f"the mount {each.mount.path}" for each in mounts}
            for path, door in doors.items():
                if (claim + "/").startswith(path + "/") or (path + "/").startswith(claim + "/"):
                    raise DeclarationError(
                        f"surface {name!r}", f"it answers below {claim}, which is {door}'s", "Give one another path"
                    )


def _check(place: str, path: str) -> None:
    if path == "/" and place.startswith("mount"):
        raise DeclarationError(
            place,
            "it would take every path",
            'Choose a path such as "/legacy", or mount the App in that application instead',
        )
    if not _PATH.fullmatch(path) or not _DOTS.isdisjoint(path.split("/")):
        raise DeclarationError(
            place,
            f"its path {path!r} does not start with / or ends with one, or holds odd characters",
            'Write a path such as "/v1"',
        )
    if path in RESERVED_PATHS:
        raise DeclarationError(place, f"{path} tells about the server's health", "Choose another path")
