"""Asking a person: one question at a time, each with what its answer changes. Whoever does not know leaves it open."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from .answers import WrongAnswer, parsed, shown
from .catalogue import CATALOGUE, Question
from .facts import Certainty, Evidence, Fact, Facts


class Enough(Exception):
    """The person ended the dialogue, or there is nobody (any more)."""


@dataclass(slots=True)
class Dialogue:
    """A conversation over two functions: ``hear(prompt)`` gives a line, and raises EOFError at the end; ``say`` prints
    one.
    """

    hear: Callable[[str], str]
    say: Callable[[str], None]

    def ask(self, name: str, known: Fact | None = None, number: str = "") -> Fact | None:
        """Ask for a fact. ``known`` is what was inferred, which an empty answer confirms; without it an empty answer
        leaves the fact unknown: None. Raises Enough.
        """
        question = CATALOGUE[name]
        suggested = known if known is not None and known.known else None
        self.say("")
        self.say(f"{number}{question.asks}")
        self.say(f"  {question.help}")
        for position, choice in enumerate(question.choices, 1):
            self.say(f"    {position}  {choice}")
        if suggested is not None:
            self.say(f"  It seems: {shown(question, suggested.value)}, for {_because(suggested)}.")
        while True:
            text = self._line(question, suggested)
            if text in ("?", "-") and question.type is not frozenset:
                return None
            if not text:
                return None if suggested is None else self._confirmed(suggested)
            try:
                return Fact(name, parsed(question, text), Certainty.STATED, (Evidence("answered"),))
            except WrongAnswer as error:
                self.say(f"  {error}; leave it empty if you do not know")

    def _line(self, question: Question, suggested: Fact | None) -> str:
        unit = f" ({question.unit})" if question.unit else " (y/n)" if question.type is bool else ""
        if question.type is frozenset:
            unit = " (several, with commas between them; none: none of them)"
        empty = f"Enter: {shown(question, suggested.value)}" if suggested is not None else "Enter: I do not know"
        try:
            text = self.hear(f"  {empty}{unit} > ").strip()
        except EOFError:
            raise Enough from None
        if text.lower() in ("q", "quit"):
            raise Enough
        return text

    def _confirmed(self, fact: Fact) -> Fact:
        return Fact(fact.name, fact.value, Certainty.STATED, (Evidence("confirmed"), *fact.evidence))


def _because(fact: Fact) -> str:
    return "; ".join(each.text for each in fact.evidence[:2]) or "something points to it"


def next_question(
    facts: Facts, opened: Callable[[Facts], Sequence[str]], asked: Container[str], *, documented: bool
) -> str | None:
    """The next question that is worth asking: whom the surface is for; of one without documents, what it does; and then
    what could still turn the verdict. ``opened`` gives what could, the weightiest first, with what is known so far.
    """
    if facts["audience"].certainty < Certainty.READ and "audience" not in asked:
        return "audience"
    if not documented and not facts["work"].known and "work" not in asked:
        return "work"
    worth = (name for name in opened(facts) if CATALOGUE[name].asks and name not in asked)
    return next(worth, None)
