"""Writing ``surfaces.toml``: every fact with its evidence and how sure it is, and every gap with its question."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .catalogue import CATALOGUE, Origin
from .facts import Certainty, Fact
from .surface import Surface

HEAD = """\
# What no document says of our surfaces. `dragoman review` reads this file; the documents stay as they are.
# What is unknown is left out, or stands behind a #: a verdict is then less sure, and says what it hinges on.
# What stands under `inferred` nobody has confirmed: move a line up once you know that it is right.
"""


def written(
    surfaces: Sequence[Surface], team: Fact | None = None, path: Callable[[str], str] = lambda file: file
) -> str:
    """The file's text. ``team`` is the fact ``skills``, as it holds for all; ``path`` gives a document's path as seen
    from where the file will be.
    """
    parts = [HEAD]
    if team is not None and team.known:
        parts.append(f"[team]\n{team.name} = {_toml(team.value)}\n")
    else:
        question = CATALOGUE["skills"]
        parts.append(f"[team]\n# skills = {_toml(frozenset(question.choices[:2]))}  # {question.asks}\n")
    parts += ["\n".join(_section(surface, team, path)) for surface in surfaces]
    return "\n".join(parts)


def _section(surface: Surface, team: Fact | None, path: Callable[[str], str]) -> Iterator[str]:
    key = _key(surface.name)
    yield f"[surfaces.{key}]"
    if surface.readings:
        yield f"documents = {_toml([path(each.file) for each in surface.readings])}"
    facts = [surface.facts[name] for name, each in CATALOGUE.items() if each.origin is Origin.PEOPLE]
    stated = [each for each in facts if each.certainty >= Certainty.READ and each != team]
    inferred = [each for each in facts if each.certainty is Certainty.INFERRED]
    yield from (_line(each) for each in stated)
    for each in facts:
        if not each.known and each.name not in (("skills", "work") if surface.readings else ("skills",)):
            question = CATALOGUE[each.name]
            yield f"# {each.name} =   # {question.asks}{f' ({question.unit})' if question.unit else ''}"
    if inferred:
        yield ""
        yield f"[surfaces.{key}.inferred]"
        yield from (_line(each) for each in inferred)
    yield ""


def _line(fact: Fact) -> str:
    reasons = _one_line("; ".join(_places(fact)))
    return f"{fact.name} = {_toml(fact.value)}" + (f"  # {reasons}" if reasons else "")


def _places(fact: Fact) -> Iterable[str]:
    for each in fact.evidence[:3]:
        yield f"{each.text} ({each.position})" if each.position is not None else each.text


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    """A basic string. TOML's escapes are those of JSON, but that it wants DEL escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (list, tuple, frozenset)):
        items = sorted(value) if isinstance(value, frozenset) else value
        return f"[{', '.join(_text(each) for each in items)}]"
    return f"{value:g}" if isinstance(value, float) and value < 1e15 else str(value)
