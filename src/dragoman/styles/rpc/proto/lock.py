"""The lock file: the numbers of fields and of enums' values, as they were given once, and never again to another.

It is JSON, meant to be committed and read by people::

    {"fraud.v1": {"Score": {"1": "double probability", "2": "reserved string old_reason"}}}

New numbers begin with 1. A value of an enum that has 0 in an existing ``.proto`` is given it here, by hand: it is then
what an absent one is.
A field keeps its number wherever it stands in its class. One that is removed, or whose type becomes another, leaves its
number reserved. Who renames a field and wants to keep its number renames it here too. The names are those that follow
from the contract, also where others are given by hand: ``dm.ProtoName`` changes no number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from dragoman.contract.declaration import DeclarationError
from dragoman.styles.rpc.traits import LARGEST, NAME
from dragoman.styles.rpc.traits import RESERVED as PROTOBUF_S_OWN

from .model import EnumType, Label, Leaf, Message, MessageField, Package

Numbers: TypeAlias = dict[int, str]
"""By number: what has it, or had it, with ``reserved`` in front."""

GONE: Final = "reserved "
LARGEST_OF_ENUMS: Final = 2**31 - 1


class LockError(Exception):
    """The lock file cannot be read: names it, and says why."""


@dataclass(slots=True)
class Lock:
    """The numbers, by package and type (without the package)."""

    packages: dict[str, dict[str, Numbers]]

    @staticmethod
    def read(path: Path) -> Lock | None:
        """The lock of a file; None where there is no such file. Raises LockError."""
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LockError(f"the lock file {path} cannot be read: {error.strerror}") from None
        try:
            return Lock.parse(text)
        except (ValueError, RecursionError) as error:
            raise LockError(f"the lock file {path} is damaged, and its numbers cannot be found anew: {error}") from None

    @staticmethod
    def parse(text: bytes) -> Lock:
        """The lock that a text holds. Raises ValueError, also for numbers that are given twice, as a careless merge
        does it.
        """
        value = json.loads(text, object_pairs_hook=_once)
        try:
            lock = Lock(msgspec.convert(value, dict[str, dict[str, dict[int, str]]], str_keys=True))
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None
        for package, types in lock.packages.items():
            for name, numbers in types.items():
                _check(f"{package}.{name}", numbers)
        return lock

    def text(self) -> bytes:
        """What is written: sorted, so that the same numbers are the same bytes."""
        packages = {
            package: {name: {str(n): types[name][n] for n in sorted(types[name])} for name in sorted(types)}
            for package, types in sorted(self.packages.items())
        }
        return msgspec.json.format(msgspec.json.encode(packages), indent=2) + b"\n"


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) < len(members):
        names = [name for name, _ in members]
        raise ValueError(f"{next(each for each in names if names.count(each) > 1)!r} stands twice in one object")
    return made


def _check(name: str, numbers: Numbers) -> None:
    texts: dict[str, int] = {}
    for n, text in numbers.items():
        if not 0 <= n <= LARGEST_OF_ENUMS:
            raise ValueError(f"{name} has the number {n}, which there is not")
        if not text.startswith(GONE) and texts.setdefault(text, n) != n:
            raise ValueError(f"{name} has two numbers for {text}, {texts[text]} and {n}")


def number(package: Package, lock: Lock, place: str) -> Lock:
    """Give every field and every value of the package its number: the lock's, else one that nothing has had. Returns
    the lock as it should be, which equals the given one where that is not stale. Raises DeclarationError where numbers
    that are set by hand are taken.
    """
    known = lock.packages.get(package.name, {})
    made: dict[str, Numbers] = {}
    for each in package.everything():
        name = each.locked.removeprefix(f"{package.name}.")
        before = known.get(name, {})
        numbers = made[name] = _numbered(each, before, f"{place}, {name}", package.name)
        if isinstance(each, EnumType) and any(value.number == 0 for value in each.values):
            each.zero = ""
        named = _name if isinstance(each, Message) else _value
        each.reserved = {n: named(said.removeprefix(GONE)) for n, said in numbers.items() if said.startswith(GONE)}
    # A type that is gone may come back: whoever knows its messages still reads them by the old numbers.
    for name, numbers in known.items():
        if name not in made:
            made[name] = {n: said if said.startswith(GONE) else GONE + said for n, said in numbers.items()}
    return Lock({**lock.packages, package.name: made})


def written(field: MessageField, package: str) -> str:
    """A field as a lock file has it: its type and its name."""
    return f"{_type(field, package)} {field.locked}"


class _Numbered(Protocol):
    """A field, or a value of an enum."""

    name: str
    number: int
    fixed: bool


def _numbered(type_: Message | EnumType, before: Mapping[int, str], place: str, package: str) -> Numbers:
    said: list[tuple[str, _Numbered]]
    if isinstance(type_, Message):
        said = [(written(each, package), each) for each in type_.fields]
        if wrong := [n for n in before if not 0 < n <= LARGEST or n in PROTOBUF_S_OWN]:
            raise DeclarationError(
                place,
                f"the lock file gives it the number {wrong[0]}, which no field can have",
                "Take the file from version control again",
            )
    else:
        said = [(_text(each.value), each) for each in type_.values]
    taken = {n: text if text.startswith(GONE) else GONE + text for n, text in before.items()}
    # What is there goes before what was there once.
    by_text = {text.removeprefix(GONE): n for n, text in before.items() if text.startswith(GONE)}
    by_text |= {text: n for n, text in before.items() if not text.startswith(GONE)}
    fresh: list[tuple[str, _Numbered]] = []
    for text, each in said:
        n = each.number if each.fixed else by_text.get(text)
        if n is None:
            fresh.append((text, each))
            continue
        other = taken.get(n, GONE + text)
        if each.fixed and other not in (text, GONE + text):
            raise DeclarationError(
                f"{place}.{each.name}",
                f"its number {n} is that of another: {other.removeprefix(GONE)}",
                "Give it the number that it had, or one that nothing has had",
            )
        each.number = n
        taken[n] = text
    unused = _unused(taken, isinstance(type_, Message))
    for text, each in fresh:
        each.number = next(unused)
        taken[each.number] = text
    return taken


def _unused(taken: Iterable[int], fields: bool) -> Iterator[int]:
    """Numbers behind the last one; once there are no more, what is free before it."""
    used = frozenset(taken)
    most, own = (LARGEST, PROTOBUF_S_OWN) if fields else (LARGEST_OF_ENUMS, range(0))
    last = max([0, *used])
    for n in chain(range(last + 1, most + 1), range(1, last)):
        if n not in used and n not in own:
            yield n


def _type(field: MessageField, package: str) -> str:
    """The type as the file writes it, with its label as far as that is another wire form."""
    word = field.value.word if isinstance(field.value, Leaf) else field.value.locked.removeprefix(f"{package}.")
    if field.label is Label.MAP:
        assert field.map_key is not None
        return f"map<{field.map_key.word}, {word}>"
    return f"repeated {word}" if field.label is Label.REPEATED else word


def _text(value: str) -> str:
    """A value of an enum as the file has it: in quotes where it would be taken for one that is gone."""
    return f'"{value}"' if value.startswith((GONE, '"')) else value


def _value(text: str) -> str:
    """The value that a text stands for."""
    return text[1:-1] if text.startswith('"') else text


def _name(text: str) -> str:
    """The name of the field that a text stands for; empty where it is that of no field."""
    name = text.rpartition(" ")[2]
    return name if NAME.fullmatch(name) else ""


def renamed(before: Lock, after: Lock, package: str) -> tuple[list[str], list[str]]:
    """The types of a package that are gone in ``after``, and those that are new: who renames a class changes no wire,
    but would change its numbers.
    """
    old, new = before.packages.get(package, {}), after.packages.get(package, {})

    def lives(numbers: Numbers) -> bool:
        return any(not each.startswith(GONE) for each in numbers.values())

    return (
        sorted(name for name in old if lives(old[name]) and not lives(new[name])),
        sorted(name for name in new if name not in old and lives(new[name])),
    )


def changes(before: Lock | None, after: Lock, packages: Iterable[str]) -> list[str]:
    """What is stale, in words: a line for each difference in these packages."""
    found = []
    for package in packages:
        old = {} if before is None else before.packages.get(package, {})
        for name, numbers in after.packages[package].items():
            for n, text in numbers.items():
                was = old.get(name, {}).get(n)
                if was == text:
                    continue
                if text.startswith(GONE):
                    found.append(
                        f"{package}.{name}: {text.removeprefix(GONE)} = {n} is gone, and its number not reserved"
                    )
                else:
                    found.append(
                        f"{package}.{name}: {text} is back, and its number {n} still reserved"
                        if was == GONE + text
                        else f"{package}.{name}: {text} has no number yet"
                    )
    return found
