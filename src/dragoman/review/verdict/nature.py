"""What a surface really is: the style in fact, with what shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from dragoman.review.surfaces.counting import SHOWN, place
from dragoman.review.surfaces.facts import Evidence
from dragoman.review.surfaces.forms import Form
from dragoman.review.surfaces.misuses import Misuse
from dragoman.review.surfaces.speech import TRANSCODED, Speech, Told, misused, posts_all, speech
from dragoman.review.surfaces.surface import Surface

from .verdict import Nature

_NAMED: Final = {
    Form.STANDARD: "are standard methods of a resource",
    Form.CUSTOM: "are actions on a resource",
    Form.CALL: "are named for an action alone",
    Form.ENDPOINT: "take everything through one endpoint",
    Form.MESSAGE: "are messages",
    Form.UPKEEP: "are for upkeep",
}


def nature(surface: Surface, told: Speech | None = None) -> Nature:
    """What the surface's documents show. Without anything that speaks in them it is what somebody said that it speaks,
    or nothing. ``told`` is what :func:`~dragoman.review.surfaces.speech.speech` says, where it is at hand.
    """
    spoken = speech(surface.readings) if told is None else told
    if spoken.style is None:
        stated = surface.facts["style"]
        return Nature(stated.value, "", 1.0 if stated.known else 0.0, stated.evidence)
    beside = ("rest",) if spoken.form == TRANSCODED else ()
    return Nature(spoken.style, spoken.form, spoken.purity, tuple(_evidence(spoken)), beside)


def _evidence(spoken: Speech) -> Iterator[Evidence]:
    whole = len(spoken.told)
    counted = Counter(each.shape.form for each in spoken.told)
    for form, number in counted.most_common():
        yield Evidence(f"{number} of {whole} operations {_NAMED[form]}")
        if form in (Form.CUSTOM, Form.CALL, Form.ENDPOINT):
            yield from _some(spoken.formed(form))
    if spoken.events:
        yield Evidence(f"{spoken.events} events are declared")
    served = [each for each in spoken.served if each.http is not None]
    if served:
        yield Evidence(_methods(served))
        yield from _misuses(served)


def _methods(served: Sequence[Told]) -> str:
    counted = Counter(each.http.method for each in served if each.http is not None)
    return f"methods: {', '.join(f'{method} {number}' for method, number in counted.most_common())}"


def _misuses(served: Sequence[Told]) -> Iterator[Evidence]:
    if posts_all(served):
        yield Evidence("POST is used for everything")
    for misuse in Misuse:
        those = misused(served, misuse)
        if those:
            yield Evidence(f"{misuse}: {len(those)} of {len(served)}")
            yield from _some(those)


def _some(those: Sequence[Told]) -> Iterator[Evidence]:
    yield from map(place, those[:SHOWN])
