"""How names look in protocol buffers: as its style guide has it (https://protobuf.dev/programming-guides/style), which
buf lints.
"""

from __future__ import annotations

import re
from typing import Final

_PARTS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+")

_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])")


def words(name: str) -> list[str]:
    """The words of a name, in lower case, however they are set apart: ``totalCents``, ``total_cents``."""
    return [each.lower() for each in _PARTS.findall(name)]


def snake(name: str) -> str:
    """As fields and packages are called: ``total_cents``. A digit does not begin a word, so that JSON's form of the
    name leads back to it.
    """
    text = re.sub(r"_([0-9])", r"\1", "_".join(words(name)))
    return text if text[:1].isalpha() else f"x{text}"


def camel(name: str) -> str:
    """As messages, enums, services and procedures are called: ``TotalCents``."""
    text = "".join(each[:1].upper() + each[1:] for each in words(name))
    return text if text[:1].isalpha() else f"X{text}"


def upper(name: str) -> str:
    """As values of enums are called: ``TOTAL_CENTS``."""
    return "_".join(words(name)).upper()


def prefix(type_: str) -> str:
    """What the values of an enum begin with, in the words that buf sees in its name: ``ORDER_STATUS``."""
    return _WORD.sub("_", type_).upper()


def entry(name: str) -> str:
    """What protoc calls the message of a map's entries, by the field's name."""
    return "".join(each[:1].upper() + each[1:] for each in name.split("_")) + "Entry"


def json_name(name: str) -> str:
    """What protoc calls a field in JSON: underscores are left out, and what follows one is in upper case."""
    first, *rest = name.split("_")
    return first + "".join(each[:1].upper() + each[1:] for each in rest)
