"""What a surface without a document mostly does, as the facts that would be counted in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .facts import Evidence, Fact, Facts

MOSTLY: Final[Mapping[str, Mapping[str, Any]]] = {
    "things": {"standard_share": 1.0, "verb_share": 0.0, "computes": 0.0, "event_share": 0.0, "stream_share": 0.0},
    "answers": {"standard_share": 0.0, "verb_share": 1.0, "computes": 1.0, "event_share": 0.0, "stream_share": 0.0},
    "events": {"standard_share": 0.0, "verb_share": 0.0, "computes": 0.0, "event_share": 1.0, "stream_share": 0.0},
    "streams": {"standard_share": 0.0, "verb_share": 0.0, "computes": 0.0, "event_share": 0.0, "stream_share": 1.0},
    "files": {"computes": 0.0, "event_share": 0.0, "stream_share": 0.0, "binary": True},
}
"""The facts that each answer stands for. Whoever tells nothing of files carries none."""


SAID: Final[Mapping[str, str]] = {
    "things": "it mostly lists, reads and changes things",
    "answers": "it mostly computes answers from what is sent",
    "events": "it mostly tells what happened",
    "streams": "it mostly carries streams",
    "files": "it mostly carries files",
}
"""Each answer as a clause."""


def meant(facts: Facts) -> Iterator[Fact]:
    """The facts that the answer to ``work`` stands for, as sure as it is; none where it is unknown."""
    work = facts["work"]
    if work.known:
        for name, value in {"binary": False, **MOSTLY[work.value]}.items():
            yield Fact(name, value, work.certainty, (Evidence(SAID[work.value]), *work.evidence))


def is_meant(fact: Fact) -> bool:
    """Whether the fact was not counted, but follows from what somebody said that the surface mostly does."""
    return bool(fact.evidence) and fact.evidence[0].text in SAID.values()
