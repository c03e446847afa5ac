"""``dragoman advise``."""

from __future__ import annotations

import argparse
import datetime
from typing import TYPE_CHECKING, Final

from dragoman.review.surfaces.answers import WrongAnswer, parsed
from dragoman.review.surfaces.catalogue import CATALOGUE, Origin
from dragoman.review.surfaces.facts import Certainty, Evidence, Fact, Facts

from . import declare
from .failure import CommandError
from .review import WRONG_USAGE, add_outputs, require_libraries, write

if TYPE_CHECKING:
    from dragoman.review.surfaces.dialogue import Dialogue

MOST: Final = 8
"""How many questions are asked at most."""


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "advise",
        run,
        summary="which style would fit a surface that has no contract yet",
        description=f"Ask at most {MOST} questions about a surface, and say which style fits it, why, and what would\n"
        "change that. What is given as an option is not asked for; with --no-questions nothing is.",
        examples="  dragoman advise\n"
        "  dragoman advise --name fraud --audience internal --latency-budget-ms 5 --no-questions",
    )
    parser.add_argument("--name", default="surface", help="what it is called")
    for name, each in CATALOGUE.items():
        if each.origin is Origin.PEOPLE and name != "owner":
            choices = f": {', '.join(each.choices)}" if each.choices else ""
            metavar = (each.unit or "ANSWER").partition(" ")[0].upper() if not each.choices else name.upper()
            parser.add_argument(
                _option(name), metavar=metavar, dest=name, help=f"{each.says}{choices}".replace("%", "%%")
            )
    parser.add_argument("--no-questions", action="store_true", help="ask nothing")
    add_outputs(parser)
    parser.set_defaults(check=None)


def run(options: argparse.Namespace) -> int:
    """Advise. Raises CommandError for what is no answer, and where the extra ``review`` is not installed."""
    try:
        return _run(options)
    except CommandError as error:
        error.code = WRONG_USAGE
        raise


def _run(options: argparse.Namespace) -> int:
    from dragoman.review.conduct import advise

    require_libraries()
    facts = _given(options)
    if not options.no_questions:
        from .noting import conversation

        facts = answered(conversation(), facts)
    write(options, advise(options.name, facts, datetime.datetime.now(datetime.UTC).date()))
    return 0


def answered(dialogue: Dialogue, facts: Facts) -> Facts:
    """The facts, with what a person answered: whom it is for, and then only what could still turn the advice."""
    from dragoman.review.conduct import assessed, subjects_of
    from dragoman.review.surfaces.dialogue import Enough, next_question
    from dragoman.review.surfaces.surface import Surface

    (subject,) = subjects_of([Surface("", (), facts)])
    asked: set[str] = {"owner"}
    dialogue.say(f"At most {MOST} questions. Enter leaves one open; q ends.")
    try:
        for number in range(1, MOST + 1):
            name = next_question(facts, lambda now: assessed(subject, now).open, asked, documented=False)
            if name is None:
                break
            asked.add(name)
            answer = dialogue.ask(name, number=f"{number}. ")
            if answer is not None:
                facts = facts.with_(answer)
    except Enough:
        pass
    dialogue.say("")
    return facts


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _given(options: argparse.Namespace) -> Facts:
    found = []
    for name, each in CATALOGUE.items():
        text = getattr(options, name, None)
        if text is not None:
            try:
                value = parsed(each, text)
            except WrongAnswer as error:
                raise CommandError(f"{_option(name)} {text}: {error}") from None
            found.append(Fact(name, value, Certainty.STATED, (Evidence(f"given as {_option(name)}"),)))
    return Facts().with_(*found)
