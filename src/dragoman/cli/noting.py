"""The dialogue behind ``dragoman review --init``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dragoman.review.conduct import Given
    from dragoman.review.misfits.finding import Subject
    from dragoman.review.surfaces.dialogue import Dialogue
    from dragoman.review.surfaces.facts import Fact

MOST_A_SURFACE = 4


def noted(given: Given, path: Path) -> str:
    """What ``surfaces.toml`` is to hold, after a person was asked for what could turn a verdict."""
    from dragoman.review.conduct import subjects_of
    from dragoman.review.surfaces.dialogue import Enough
    from dragoman.review.surfaces.inventory import take
    from dragoman.review.surfaces.owners import owners_below
    from dragoman.review.surfaces.surface import Surface
    from dragoman.review.surfaces.writing import written

    surfaces = list(take(given.readings, given.notes, root=given.root, owners=owners_below(given.root)).surfaces)
    dialogue = conversation()
    count = f"{len(surfaces)} surface{'' if len(surfaces) == 1 else 's'}"
    dialogue.say(f"{count} found. What no document says is asked for now, as far as it could matter.")
    dialogue.say("Enter leaves a question open (it then stays unknown), or confirms what seems to be; q ends.")
    team: Fact | None = None
    try:
        team = dialogue.ask("skills")
        for number, subject in enumerate(subjects_of(surfaces)):
            dialogue.say(f"\n{subject.surface.name}: {', '.join(each.file for each in subject.surface.readings)}")
            for fact in _asked(dialogue, subject, team):
                start = surfaces[number]
                surfaces[number] = Surface(start.name, start.readings, start.facts.with_(fact))
    except Enough:
        dialogue.say("")
    folder = path.parent.resolve()
    return written(surfaces, team, lambda file: Path(os.path.relpath(given.root / file, folder)).as_posix())


def _asked(dialogue: Dialogue, subject: Subject, team: Fact | None) -> Iterator[Fact]:
    """The answers for one surface: whom it is for, and the few facts that could turn its verdict."""
    from dragoman.review.conduct import assessed
    from dragoman.review.surfaces.dialogue import next_question

    documented = bool(subject.surface.readings)
    facts, asked = subject.surface.facts.with_(*([team] if team else [])), {"skills"}
    for _ in range(MOST_A_SURFACE):
        name = next_question(facts, lambda now: assessed(subject, now).open, asked, documented=documented)
        if name is None:
            return
        asked.add(name)
        answer = dialogue.ask(name, facts[name])
        if answer is not None:
            facts = facts.with_(answer)
            yield answer


def conversation() -> Dialogue:
    """A dialogue on the terminal; what is said goes to stderr, so that a report can be piped."""
    from dragoman.review.surfaces.dialogue import Dialogue

    def hear(prompt: str) -> str:
        sys.stderr.write(prompt)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line

    return Dialogue(hear, lambda text: print(text, file=sys.stderr))
