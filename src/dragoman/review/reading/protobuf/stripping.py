"""A file without the imports that are missing, and without the options that they may define.

Most of what companies import and do not keep beside their files only defines options: validation rules, documentation,
hints for generators. Such a file can be read without them, as long as it uses no type of theirs; protoc tells.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"(?P<comment>/\*.*?(?:\*/|\Z)|//[^\n]*)|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?|[\w.]+|\S", re.DOTALL
)
_OPENING: Final = frozenset("{[(<")
_CLOSING: Final = frozenset("}])>")
_KEPT: Final = "google."
"""Options that are read begin so, and are always there."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def stripped(text: str, imports: Collection[str]) -> str:
    """The text without these imports, and without options in parentheses that are not Google's. What is taken out
    leaves spaces, so that everything stays where it was.
    """
    tokens = [
        _Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text) if match["comment"] is None
    ]
    parts: list[str] = []
    done = 0
    for start, end in sorted(_cuts(tokens, imports)):
        parts += (text[done:start], re.sub(r"[^\n]", " ", text[start:end]))
        done = end
    return "".join((*parts, text[done:]))


def _cuts(tokens: Sequence[_Token], imports: Collection[str]) -> Iterator[tuple[int, int]]:
    index, before = 0, ";"
    while index < len(tokens):
        token, first = tokens[index], index
        begins = before in ("{", "}", ";")
        if token.text in ("import", "option") and begins:
            index = _end(tokens, index, ";")
            inner = tokens[first + 1 : index]
            if any(each.text[1:-1] in imports for each in inner) if token.text == "import" else _is_foreign(inner):
                yield token.start, tokens[index].end
        elif token.text == "[":
            index = _end(tokens, index, "]")
            yield from _of_list(tokens[first : index + 1])
        before = tokens[index].text
        index += 1


def _end(tokens: Sequence[_Token], index: int, closing: str) -> int:
    """Where a statement or a list ends that begins there; at the latest with the file."""
    depth = 0
    for each in range(index + 1, len(tokens)):
        text = tokens[each].text
        if depth == 0 and text == closing:
            return each
        depth += (text in _OPENING) - (text in _CLOSING)
    return len(tokens) - 1


def _is_foreign(option: Sequence[_Token]) -> bool:
    """Whether an option is one that an import defines, other than Google's."""
    return len(option) > 1 and option[0].text == "(" and not option[1].text.lstrip(".").startswith(_KEPT)


def _of_list(tokens: Sequence[_Token]) -> Iterator[tuple[int, int]]:
    """The foreign options in a list, with the commas that no others stand around; the list, where it has no others."""
    options: list[list[_Token]] = [[]]
    commas: list[_Token] = []
    depth = 0
    for token in tokens[1:-1]:
        if token.text == "," and depth == 0:
            commas.append(token)
            options.append([])
            continue
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        options[-1].append(token)
    kept = [not _is_foreign(each) for each in options]
    if not any(kept):
        yield tokens[0].start, tokens[-1].end
        return
    for place, option in enumerate(options):
        if place and not (kept[place] and any(kept[:place])):
            yield commas[place - 1].start, commas[place - 1].end
        if not kept[place] and option:
            yield option[0].start, option[-1].end
