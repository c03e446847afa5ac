"""The lock file: the numbers of fields and of enums' values, as they were given once, and never again to another.

It is JSON, meant to be committed and read by people::

    {"fraud.v1": {"Score": {"1": "double probability", "2": "reserved string old_reason"}}}

New numbers begin with 1. A value of an enum that has 0 in an existing ``.proto`` is given it here, by hand: it is then
what an absent one is.
A field keeps its number wherever it stands in its class. One that is removed, or whose type becomes another, leaves its
number reserved. Who renames a field and wants to keep its number renames it here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import msgspec

from dragoman.contract.declaration import DeclarationError
from dragoman.styles.rpc.traits import RESERVED as PROTOBUF_S_OWN

from .model import EnumType, Message, Package

Numbers: TypeAlias = dict[int, str]
"""By number: what has it, or had it, with ``reserved`` in front."""

GONE: Final = "reserved "


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
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LockError(f"the lock file {path} is damaged, and its numbers cannot be found anew: {error}") from None

    @staticmethod
    def parse(text: bytes) -> Lock:
        """The lock that a text holds. Raises msgspec's DecodeError."""
        return Lock(msgspec.json.decode(text, type=dict[str, dict[str, dict[int, str]]]))

    def text(self) -> bytes:
        """What is written: sorted, so that the same numbers are the same bytes."""
        packages = {
            package: {name: {str(n): types[name][n] for n in sorted(types[name])} for name in sorted(types)}
            for package, types in sorted(self.packages.items())
        }
        return msgspec.json.format(msgspec.json.encode(packages), indent=2) + b"\n"


def number(package: Package, lock: Lock, place: str) -> Lock:
    """Give every field and every value of the package its number: the lock's, else one that nothing has had. Returns
    the lock as it should be, which equals the given one where that is not stale. Raises DeclarationError where numbers
    that are set by hand are taken.
    """
    known = lock.packages.get(package.name, {})
    made: dict[str, Numbers] = {}
    for each in package.everything():
        name = each.name.removeprefix(f"{package.name}.")
        before = known.get(name, {})
        numbers = made[name] = _numbered(each, before, f"{place}, {name}", package.name)
        if isinstance(each, EnumType) and any(value.number == 0 for value in each.values):
            each.zero = ""
        gone = {n: said.removeprefix(GONE) for n, said in numbers.items() if said.startswith(GONE)}
        fields = isinstance(each, Message)
        each.reserved = {n: said.rpartition(" ")[2] if fields else said for n, said in gone.items()}
    # A type that is gone may come back: whoever knows its messages still reads them by the old numbers.
    for name, numbers in known.items():
        if name not in made:
            made[name] = {n: said if said.startswith(GONE) else GONE + said for n, said in numbers.items()}
    return Lock({**lock.packages, package.name: made})


class _Numbered(Protocol):
    """A field, or a value of an enum."""

    name: str
    number: int
    fixed: bool


def _numbered(type_: Message | EnumType, before: Mapping[int, str], place: str, package: str) -> Numbers:
    said: list[tuple[str, _Numbered]]
    if isinstance(type_, Message):
        said = [(f"{each.type.replace(f'{package}.', '')} {each.name}", each) for each in type_.fields]
    else:
        said = [(each.value, each) for each in type_.values]
    taken = {n: text if text.startswith(GONE) else GONE + text for n, text in before.items()}
    by_text = {text.removeprefix(GONE): n for n, text in before.items()}
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
    last = max([0, *taken])
    for text, each in fresh:
        last += 1
        if last in PROTOBUF_S_OWN and isinstance(type_, Message):
            last = PROTOBUF_S_OWN.stop
        each.number = last
        taken[last] = text
    return taken


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
                    found.append(f"{package}.{name}: {text} has no number yet")
    return found
