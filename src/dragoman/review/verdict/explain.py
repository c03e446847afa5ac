"""Rules for people: the list of ``dragoman review rules``, and one rule as ``--explain RULE`` shows it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .rule import Condition, Rule, Source
from .rules import RULES
from .rules.staying import PRESENT
from .styles import SPOKEN


class Explained(Protocol):
    """What both kinds of rule have: those that weigh styles, and those that find misfits."""

    @property
    def id(self) -> str:
        """What it is called by."""
        ...

    @property
    def title(self) -> str:
        """What it is about, in a line."""
        ...

    @property
    def source(self) -> Source:
        """Where it comes from."""
        ...

    @property
    def reason(self) -> str:
        """Why it matters."""
        ...

    @property
    def exception(self) -> str:
        """When it does not apply."""
        ...

    @property
    def example(self) -> str:
        """A case."""
        ...


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list. ``does`` is what a rule adds, or how much a misfit matters."""

    id: str
    title: str
    does: str
    source: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule in sections, each a heading and its text, in order."""

    id: str
    title: str
    sections: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """As it is printed: the heading beside a text of one line, above one of several."""
        blocks = [f"{self.id}: {self.title}", ""]
        for heading, text in self.sections:
            if "\n" in text:
                blocks += [f"{heading}:", *(f"    {line}" for line in text.splitlines())]
            else:
                blocks.append(f"{heading}: {text}")
        return "\n".join(blocks)


class UnknownRule(LookupError):
    """There is no rule of that id. ``near`` are ids that it may have meant."""

    def __init__(self, id: str, near: Sequence[str]) -> None:
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        super().__init__(f"there is no rule {id!r}; {meant}`dragoman review rules` lists all of them")
        self.id = id
        self.near = tuple(near)


def listed(others: Iterable[Explained] = ()) -> tuple[Listed, ...]:
    """All rules that weigh styles, and ``others`` behind them."""
    return tuple(Listed(rule.id, rule.title, _does(rule), rule.source.name) for rule in (*RULES, *others))


def explain(id: str, others: Iterable[Explained] = ()) -> Explanation:
    """The rule of that id, of those that weigh styles and the ``others``. Raises UnknownRule."""
    known: Mapping[str, Explained] = {rule.id: rule for rule in (*RULES, *others)}
    rule = known.get(id)
    if rule is None:
        raise UnknownRule(id, difflib.get_close_matches(id, known, n=2))
    return Explanation(rule.id, rule.title, tuple(_sections(rule)))


def _sections(rule: Explained) -> Iterator[tuple[str, str]]:
    yield "Why", rule.reason
    if isinstance(rule, Rule):
        yield "Applies", _conditions(rule.when, "; and ", "always")
        if rule.unless:
            yield "Unless", _conditions(rule.unless, "; or ", "")
        yield "Adds", _does(rule)
        if rule.reads:
            yield "Reads", ", ".join(rule.reads)
    else:
        yield "Matters", _does(rule)
        remedy = getattr(rule, "remedy", "")
        if remedy:
            yield "Remedy", remedy
    yield "Does not apply", rule.exception
    yield "Example", rule.example
    yield "Source", f"{rule.source.name}{f' <{rule.source.link}>' if rule.source.link else ''}"


def _conditions(conditions: Sequence[Condition], joined: str, none: str) -> str:
    return joined.join(map(str, conditions)) or none


def _does(rule: Explained) -> str:
    if isinstance(rule, Rule):
        return ", ".join(f"{_spoken(style)} {points:+g}" for style, points in rule.adds.items())
    severity, by_audience = getattr(rule, "severity", ""), getattr(rule, "severities", {})
    return ", ".join([str(severity), *(f"{each} for {audience}" for audience, each in by_audience.items())])


def _spoken(style: str) -> str:
    return "what it speaks now" if style == PRESENT else SPOKEN[style]
