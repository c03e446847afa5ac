"""The steps of a path: things, variables, and the action at its end."""

from __future__ import annotations

import re
from typing import Final

from dragoman.review.english import words as split

from . import words

LONGEST: Final = 2_000
"""So many characters of a path are looked at."""

_VERSION: Final = re.compile(r"^v?\d+([._]\d+)*(alpha\d*|beta\d*|preview)?$", re.IGNORECASE)
_DATE: Final = re.compile(r"^\d{4}-\d{2}(-\d{2})?$")
_PREFIXES: Final = frozenset({"api", "apis", "rest", "services", "service", "public", "internal", "admin"})


def steps(path: str) -> list[str]:
    """The segments of a path, variables as ``{}``, without versions and prefixes that say nothing."""
    found: list[str] = []
    path, _, fragment = path[:LONGEST].partition("?")[0].partition("#")
    for segment in path.split("/"):
        if segment.startswith("{") and ":" in segment:  # {name}:cancel, {name=projects/*}:cancel
            found += ["{}", f":{segment.rpartition(':')[2]}"]
        elif "{" in segment:
            # users({id}), {id}.json: the thing is named beside the variable
            name = segment.partition("{")[0].rstrip("(=-._")
            found += [name, "{}"] if split(name) else ["{}"]
        elif ":" in segment:
            name, _, action = segment.rpartition(":")
            found += [name, f":{action}"] if name else [f":{action}"]
        elif segment and not _VERSION.match(segment) and not _DATE.match(segment):
            found.append(re.sub(r"\.(json|xml|php|aspx?|do|action)$", "", segment, flags=re.IGNORECASE))
    if "=" in fragment:  # /#Action=StartInstances: documents that tell apart what the body does
        found.append(f":{re.split('[=.]', fragment)[-1]}")
    while len(found) > 1 and found[0].lower() in _PREFIXES:
        found = found[1:]
    return found


def parted(walked: list[str], *, posted: bool) -> tuple[str, list[str]]:
    """The action at the end of a path, if there is one, and the things in front of it."""
    statics = [each for each in walked if each != "{}"]
    if not statics:
        return "", []
    last = statics[-1]
    if last.startswith(":"):
        return last[1:], statics[:-1]
    if "." in last and words.acts(split(last.rpartition(".")[2])):  # chat.postMessage
        return last.rpartition(".")[2], []
    if words.acts(split(last), posted=posted and walked[-1] != "{}"):
        return last, statics[:-1]
    return "", [each for each in statics if not each.startswith(":")]
