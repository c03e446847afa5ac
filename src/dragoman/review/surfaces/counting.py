"""The facts that documents say: counted, each with what shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from dragoman.contract.operation import Interaction
from dragoman.review.elements import operation as operation_element
from dragoman.review.reading.outcome import Reading
from dragoman.review.wire import address

from .facts import Certainty, Evidence, Fact, Facts
from .files import files
from .forms import Form
from .messages import numbers
from .speech import Speech, Told, speech
from .surface import Surface
from .things import links, things

SHOWN: Final = 3
"""So many places are named for each fact."""

MUCH: Final = 0.1
"""From this part of its operations on, a surface carries files."""

STREAMED: Final = frozenset(
    {"text/event-stream", "application/x-ndjson", "application/ndjson", "application/stream+json", "application/jsonl"}
)
"""Bodies that are read while they are written."""


def counted(surface: Surface, told: Speech | None = None) -> Facts:
    """The surface's facts with what its documents say; what somebody stated stands. ``told`` as for :func:`count`."""
    return surface.facts.with_(*count(surface.readings, told))


def count(readings: Sequence[Reading], told: Speech | None = None) -> tuple[Fact, ...]:
    """All facts of :data:`~.catalogue.CATALOGUE` that documents say, for a surface with these. ``told`` is what
    :func:`~.speech.speech` says of them, where it is at hand.

    Takes time by the size of the documents, and memory by the number of their operations. Without anything declared,
    only ``operations`` is known, and is none.
    """
    spoken = speech(readings) if told is None else told
    every = spoken.served
    declared = len(spoken.told) + spoken.events
    found = [_fact("operations", len(every), _plural(len(every), "operation"))]
    if not declared:
        return tuple(found)
    if spoken.style is not None:
        found.append(_fact("style", spoken.style, f"{spoken.form}, {spoken.purity:.0%} of what it declares"))
    found += _shares(every)
    named = things(spoken)
    held = links(readings, spoken, named)
    found.append(_fact("resources", len(named), _listed(_plural(len(named), "resource"), sorted(named))))
    found.append(_fact("links", len(held), _listed(_plural(len(held), "reference"), held)))
    messages = len(spoken.formed(Form.MESSAGE)) + spoken.events
    found.append(_fact("event_share", messages / declared, f"{messages} of {declared} that it declares are events"))
    jobs = [each for each in every if each.shape.job]
    found.append(_fact("jobs", len(jobs), f"{_plural(len(jobs), 'operation')} with work that goes on", _places(jobs)))
    numeric, fields = numbers(readings)
    share = numeric / fields if fields else 0.0
    found.append(_fact("numeric_share", share, f"{numeric} of {fields} fields are numbers"))
    carrying = files(spoken)
    text = f"{_plural(len(carrying), 'operation')} with files or raw bytes"
    # A logo among three hundred operations says nothing of how the rest should speak.
    carries = bool(carrying) and len(carrying) >= MUCH * len(every)
    found.append(_fact("binary", carries, text, _places(carrying)))
    return tuple(found)


def _shares(every: Sequence[Told]) -> Iterable[Fact]:
    """The parts of all operations; none of none."""
    shares: tuple[tuple[str, str, Callable[[Told], bool]], ...] = (
        ("standard_share", "are standard methods of a resource", lambda each: each.shape.form is Form.STANDARD),
        ("verb_share", "are named for an action", lambda each: each.shape.form in (Form.CUSTOM, Form.CALL)),
        ("read_share", "change nothing", lambda each: each.shape.reads),
        ("stream_share", "send or take streams", streams),
        ("computes", "compute an answer from their input", lambda each: each.shape.computes),
    )
    for name, says, test in shares:
        those = [each for each in every if test(each)]
        value = len(those) / len(every) if every else 0.0
        yield _fact(name, value, f"{len(those)} of {len(every)} operations {says}", _places(those))


def streams(told: Told) -> bool:
    """Whether the operation sends or takes a stream."""
    if told.operation.interaction is not Interaction.UNARY:
        return True
    answers = told.http.answers if told.http is not None else ()
    return any(media.partition(";")[0].strip().lower() in STREAMED for answer in answers for media in answer.media)


def _fact(name: str, value: Any, text: str, places: Iterable[Evidence] = ()) -> Fact:
    return Fact(name, value, Certainty.READ, (Evidence(text), *places))


def _places(those: Iterable[Told]) -> tuple[Evidence, ...]:
    return tuple(place(each) for each in [*those][:SHOWN])


def place(told: Told) -> Evidence:
    """An operation as evidence: its address, and where it stands."""
    try:
        name = address(told.operation)
    except KeyError:
        name = told.operation.name
    return Evidence(name, told.reading.locate(operation_element(name)))


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"


def _listed(text: str, names: Sequence[str]) -> str:
    if not names:
        return text
    more = len(names) - SHOWN
    return f"{text}: {', '.join(names[:SHOWN])}{f' and {more:,} more' if more > 0 else ''}"
