"""Answers of people: text and TOML values become what a fact holds, or are refused with what would be right."""

from __future__ import annotations

import difflib
import math
import re
from typing import Any, Final

from .catalogue import STYLES, Question

YES: Final = frozenset({"y", "yes", "true", "1"})
NO: Final = frozenset({"n", "no", "false", "0"})
NUMBER: Final = re.compile(
    r"(\d{1,3}(?:[,_ ]\d{3})+|\d+)(\.\d+)?\s*([a-z]*)(?:\s+(?:[a-z/ ]|p\d\d)*|/[a-z]+)?", re.IGNORECASE
)
COUNTS: Final = {"dozen": 12.0, "hundred": 1e2, "k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "billion": 1e9}
TIMES: Final = (
    {"": 1.0}
    | dict.fromkeys(("ms", "msec", "millis", "millisecond", "milliseconds"), 1.0)
    | dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1e3)
    | dict.fromkeys(("min", "mins", "minute", "minutes"), 6e4)
    | dict.fromkeys(("h", "hour", "hours"), 3.6e6)
    | dict.fromkeys(("d", "day", "days"), 86.4e6)
)
"""In milliseconds. Whatever is no unit of time is refused, where one is asked for; what is counted may be named."""

ALIASES: Final = {
    alias: style
    for style, aliases in (
        ("rest", "http openapi swagger odata"),
        ("rpc", "grpc connect protobuf proto thrift twirp jsonrpc json-rpc xml-rpc trpc"),
        ("graphql", "gql apollo relay"),
        ("events", "event kafka rabbitmq amqp mqtt nats pulsar sqs sns pubsub queue queues broker messaging asyncapi"),
        ("webhooks", "webhook callbacks"),
        ("soap", "wsdl"),
    )
    for alias in aliases.split()
}
"""What styles are called too, where they are asked for."""


class WrongAnswer(ValueError):
    """An answer that a question does not take; the text says what it takes."""


def parsed(question: Question, text: str) -> Any:
    """What a person typed, as a value. Numbers may be written ``1,500``, ``1.5k``, ``300 ms`` and, where the unit is
    milliseconds, ``2 s``, ``5 min`` and ``6h``; styles may be called by what speaks them (``grpc``); of choices, the
    first letters or the number are enough. Raises WrongAnswer.
    """
    text = text.strip()
    if question.type is bool:
        return _yes_or_no(text)
    if question.type in (int, float):
        return _number(question, text)
    if question.type is frozenset:
        if text.lower() in ("none", "-"):
            return frozenset()
        return frozenset(_choice(question, each) for each in re.split(r"[,\s]+", text) if each)
    return _choice(question, text) if question.choices else text


def checked(question: Question, value: Any) -> Any:
    """A value of TOML, as a fact holds it. Raises WrongAnswer."""
    if question.type is frozenset:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise WrongAnswer(f"write a list, such as {list(question.choices[:2])}")
        return frozenset(_known(question, each) for each in value)
    if question.type is bool:
        if not isinstance(value, bool):
            raise WrongAnswer("write true or false")
        return value
    if question.type in (int, float):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole and not (question.type is float and isinstance(value, float)):
            raise WrongAnswer(f"write a {'whole ' if question.type is int else ''}number of {question.unit}")
        return _in_range(question, question.type(value))
    if not isinstance(value, str) or not value.strip():
        raise WrongAnswer("write a text in quotes")
    return _known(question, value) if question.choices else value


def shown(question: Question, value: Any) -> str:
    """A value for people: ``300 ms at p99``, ``yes``, ``rest, rpc``."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    if isinstance(value, float):
        number = f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"
        return f"{number} {question.unit}" if question.unit and question.unit != "of 1" else f"{value:.0%}"
    if isinstance(value, int):
        unit = question.unit.removesuffix("s") if value == 1 else question.unit
        return f"{value:,} {unit}".rstrip()
    return str(value)


def _yes_or_no(text: str) -> bool:
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise WrongAnswer("answer yes or no")


def _number(question: Question, text: str) -> Any:
    match = NUMBER.fullmatch(text)
    suffix = match[3].lower() if match else ""
    time = question.unit.startswith("ms")
    factor = TIMES.get(suffix) if time else None if suffix in TIMES.keys() - {""} else COUNTS.get(suffix, 1.0)
    if match is None or factor is None:
        raise WrongAnswer(
            f"answer with a number of {question.unit}, such as {'300, 2 s or 5 min' if time else '1500 or 1.5k'}"
        )
    number = float(re.sub(r"[_, ]", "", match[1]) + (match[2] or "")) * factor
    return _in_range(question, int(number) if question.type is int else number)


def _in_range(question: Question, number: Any) -> Any:
    if math.isnan(number) or number < 0 or (question.unit.startswith("ms") and number == 0) or number > 1e15:
        raise WrongAnswer(f"{number:g} is no number of {question.unit}")
    if number > question.most:
        raise WrongAnswer(f"{number:,} {question.unit} cannot be meant: it is {question.most:,} at most")
    return number


def _choice(question: Question, text: str) -> str:
    choices = question.choices
    if text.isdigit() and 1 <= int(text) <= len(choices):
        return str(choices[int(text) - 1])
    if choices == STYLES and text.lower() in ALIASES:
        return ALIASES[text.lower()]
    begun = [each for each in choices if text and each.startswith(text.lower())]
    if text.lower() in choices or len(begun) == 1:
        return text.lower() if text.lower() in choices else str(begun[0])
    return _known(question, text)


def _known(question: Question, text: str) -> str:
    if text in question.choices:
        return text
    if question.choices == STYLES and text.lower() in ALIASES:
        return ALIASES[text.lower()]
    close = difflib.get_close_matches(text.lower(), question.choices, 1)
    hint = f"did you mean {close[0]}?" if close else f"it is one of {', '.join(question.choices)}"
    raise WrongAnswer(f"there is no {text!r}; {hint}")
