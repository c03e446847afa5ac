"""Where the names in an annotation are looked up, and what stands beside each field."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, ForwardRef

from dragoman.contract.declaration import DeclarationError


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that an annotation may use, given as text (a quoted class, ``from __future__ import
    annotations``).
    """

    names: Mapping[str, Any] = field(default_factory=dict)
    module: str = ""

    def evaluate(self, text: str, place: str) -> Any:
        """The annotation that the text stands for. Raises DeclarationError for a name that is not known."""
        try:
            return eval(text, dict(self.names))
        except NameError as error:
            raise unknown_name(error, text, place, self.module) from None
        except Exception as error:
            raise DeclarationError(
                place, f"its type {text!r} cannot be read: {error}", "Write a type, as in name: str"
            ) from None


@dataclass(frozen=True, slots=True)
class At:
    """Where the reader is: what errors call the place, and which names are known there."""

    place: str
    scope: Scope


def unknown_name(error: NameError, text: str, place: str, module: str) -> DeclarationError:
    """What to say of a name that an annotation uses and nobody knows."""
    name = error.name or text
    where = f" in {module}" if module else ""
    return DeclarationError(
        place,
        f"its type names {name!r}, which is not known{where}",
        f"Import or declare {name} there, outside `if TYPE_CHECKING` and before the contract reads it "
        f'(an id of a later class is written dm.Id["{name}"])',
    )


def scope_of(thing: Any) -> Scope:
    """The names that the annotations of a class or a function may use: its module's, those of the functions
    around it that still run, and the classes written inside it.
    """
    module = getattr(thing, "__module__", None) or ""
    names: dict[str, Any] = dict(vars(sys.modules[module])) if module in sys.modules else {}
    names.update(getattr(thing, "__globals__", {}))
    qualified = getattr(thing, "__qualname__", "")
    names.update(_around(module, qualified))
    if inspect.isfunction(thing):
        names.update(_closure(thing))
    if isinstance(thing, type):
        inner = {each.__name__: each for each in vars(thing).values() if isinstance(each, type)}
        names.update({name: each for name, each in inner.items() if each.__qualname__ == f"{qualified}.{name}"})
        names.setdefault(thing.__name__, thing)
    return Scope(names, module)


def _closure(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The names that a function keeps from those around it. One that is its own is not there yet."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue


def _around(module: str, qualified: str) -> dict[str, Any]:
    """The local names of the functions in which a class or function was defined, where these still run."""
    enclosing = {qualified[: match.start()] for match in re.finditer(r"\.<locals>\.", qualified)}
    found: list[dict[str, Any]] = []
    frame = sys._getframe(1) if enclosing else None
    while frame is not None:
        if frame.f_code.co_qualname in enclosing and frame.f_globals.get("__name__") == module:
            found.append(dict(frame.f_locals))
        frame = frame.f_back
    names: dict[str, Any] = {}
    for each in reversed(found):
        names.update(each)
    return names


def hints(cls: type) -> dict[str, tuple[Any, Scope]]:
    """The annotations of a class and its bases, in order of declaration, each with the names that are known
    to it.
    """
    found: dict[str, tuple[Any, Scope]] = {}
    for base in reversed(cls.__mro__):
        if base is object:
            continue
        try:
            annotations = inspect.get_annotations(base)
        except NameError as error:
            raise unknown_name(error, str(error), base.__name__, base.__module__) from None
        scope = scope_of(base) if annotations else Scope()
        for name, annotation in annotations.items():
            found[name] = (annotation, scope)
    return found


def is_text(annotation: Any) -> bool:
    """Whether the annotation was written as text."""
    return isinstance(annotation, str | ForwardRef)


def text_of(annotation: str | ForwardRef) -> str:
    """The text of such an annotation."""
    return annotation if isinstance(annotation, str) else annotation.__forward_arg__
