"""HTML, made of elements. Whatever is not markup is text: it is cut, cleaned and escaped here, and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Final, TypeAlias

from dragoman.review.report import wording

VOID: Final = frozenset({"input", "meta", "wbr"})
"""The elements without an end tag that are used here."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content: TypeAlias = "Markup | str | int | Iterable[Content] | None"
Value: TypeAlias = "str | int | float | bool | None"


def element(name: str, /, *content: Content, **attributes: Value) -> Markup:
    """An element. ``class_`` is the attribute ``class``, ``data_of`` is ``data-of``; None and False leave one out, True
    writes its name alone.
    """
    opening = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    if name in VOID:
        return Markup(opening)
    return Markup(f"{opening}{join(content)}</{name}>")


def join(content: Iterable[Content]) -> Markup:
    """Contents one after another; None is nothing."""
    return Markup("".join(_content(each) for each in content))


def _content(of: Content) -> str:
    if isinstance(of, Markup):
        return of
    if of is None:
        return ""
    if isinstance(of, int):
        return f"{of:,}"
    if isinstance(of, str):
        return html.escape(_text(of), quote=False)
    return join(of)


def _text(of: str) -> str:
    """Clean, and as far from its neighbours as it was."""
    clean = wording.plain(of)
    if not clean:
        return " " if of else ""
    return f"{' ' if of[0] == ' ' else ''}{clean}{' ' if of[-1] == ' ' else ''}"


def _attribute(name: str, value: Value) -> str:
    written = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {written}"
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f' {written}="{html.escape(wording.plain(shown, 100_000))}"'
