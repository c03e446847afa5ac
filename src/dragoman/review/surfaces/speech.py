"""How the documents of a surface speak: the style in fact, its form, and how many of its operations fit it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dragoman.contract.operation import Operation
from dragoman.review.reading.outcome import Format, Reading
from dragoman.review.wire import Http, Procedure, RootField

from .creation import addresses, creates
from .forms import Form, Shape, shape
from .misuses import Misuse

POSTED: Final = 0.9
"""From this part on, POST is used for everything."""


WEIGHT: Final = 5
"""An endpoint for everything stands for more than one operation: for a handful, at the least."""


@dataclass(frozen=True, slots=True)
class Told:
    """One operation with its document and its form."""

    reading: Reading
    operation: Operation
    shape: Shape

    @property
    def http(self) -> Http | None:
        """How it is reached, where that is over HTTP."""
        return self.operation.traits.get(Http)


TRANSCODED: Final = "gRPC, with HTTP beside it"
"""The form of procedures most of which google.api.http gives a resource's form over HTTP too."""


@dataclass(frozen=True, slots=True)
class Speech:
    """All operations, and what comes of them. ``events`` are how many events are declared beside them."""

    told: tuple[Told, ...]
    events: int
    style: str | None
    form: str
    purity: float

    def formed(self, *forms: Form) -> list[Told]:
        """The operations of these forms."""
        return [each for each in self.told if each.shape.form in forms]

    @property
    def served(self) -> list[Told]:
        """The operations that are called for what the surface is for: neither messages nor upkeep."""
        return [each for each in self.told if each.shape.form not in (Form.MESSAGE, Form.UPKEEP)]


def speech(readings: Sequence[Reading]) -> Speech:
    """How they speak."""
    told = tuple(
        Told(reading, operation, shape(operation, reading.contract.types))
        for reading in readings
        for operation in reading.contract.operations.values()
    )
    read = addresses(each.http for each in told if each.http is not None)
    told = tuple(_called(each) if _makes_nothing(each, read) else each for each in told)
    events = sum(len(reading.contract.events) for reading in readings)
    votes = _votes(told)
    votes["events"] += events
    if not votes.total():
        return Speech(told, events, None, "", 0)
    loudest = max(votes, key=lambda each: (votes[each], each))
    if loudest == "http":
        return _over_http(told, events, votes.total())
    style = {"graphql over http": "graphql", "rpc over http": "rpc"}.get(loudest, loudest)
    return Speech(told, events, style, _form(loudest, told), votes[loudest] / votes.total())


def _votes(told: Sequence[Told]) -> Counter[str]:
    """How much each way of speaking is spoken."""
    votes = Counter[str]()
    for each in told:
        # What an operation calls back belongs to it, and upkeep is for whoever runs it: neither is a way to speak.
        if each.shape.form is not Form.UPKEEP and (each.http is None or each.http.direction != "callback"):
            votes[_style(each)] += WEIGHT if each.shape.form is Form.ENDPOINT else 1
    return votes


def _makes_nothing(told: Told, read: Container[str]) -> bool:
    """Whether it posts to what looks like a collection, and nothing comes of it that can be read."""
    http, shape = told.http, told.shape
    if http is None or http.method != "POST" or shape.form is not Form.STANDARD or told.operation.method is not None:
        return False
    if http.path.rstrip("/").endswith("}"):  # it changes what is there
        return False
    return not creates(http, shape.noun, told.operation.output, told.reading.contract.types, read)


def _called(told: Told) -> Told:
    """The operation as an action: on the thing that its path leads to, or by itself."""
    shape = told.shape
    on_a_thing = bool(shape.owner) and told.http is not None and "{" in told.http.path
    form, noun = (Form.CUSTOM, shape.owner) if on_a_thing else (Form.CALL, "")
    return replace(told, shape=replace(shape, form=form, noun=noun, owner=""))


def _style(told: Told) -> str:
    traits, form = told.operation.traits, told.shape.form
    if form is Form.MESSAGE:
        return "webhooks" if told.http is not None else "events"
    if form is Form.ENDPOINT:
        return {"soap": "soap", "graphql": "graphql over http"}.get(told.shape.speaks, "rpc over http")
    if Procedure in traits:
        return "rpc"
    if RootField in traits:
        return "graphql"
    return "http"


def _form(loudest: str, told: Sequence[Told]) -> str:
    match loudest:
        case "events":
            return "messages through channels"
        case "webhooks":
            return "calls to addresses of others"
        case "graphql":
            return "GraphQL"
        case "graphql over http":
            return "one endpoint, GraphQL"
        case "rpc over http":
            return "one endpoint, RPC"
        case "soap":
            return "one endpoint, SOAP"
    procedures = [each.operation.traits.get(Procedure) for each in told]
    transcoded = sum(1 for each in procedures if each is not None and each.http)
    return TRANSCODED if transcoded * 2 > len(procedures) else "gRPC"


def _over_http(told: tuple[Told, ...], events: int, whole: int) -> Speech:
    """REST or RPC, by whether things or actions are addressed."""
    served = [each for each in told if each.http is not None and each.shape.form not in (Form.MESSAGE, Form.UPKEEP)]
    things = [each for each in served if each.shape.form in (Form.STANDARD, Form.CUSTOM)]
    if _addresses_things(served, things):
        fitting = [each for each in things if not each.shape.misuses]
        return Speech(told, events, "rest", "resources over HTTP", len(fitting) / whole)
    fit = sum(1 for each in served if _is_post(each) or (each.shape.reads and not each.shape.misuses))
    if posts_all(served):
        # What is only ever posted to is no resource, whatever it is called.
        told = tuple(_called(each) if each.shape.form is Form.STANDARD else each for each in told)
    return Speech(told, events, "rpc", "RPC over HTTP", fit / whole)


def _addresses_things(served: Sequence[Told], things: Sequence[Told]) -> bool:
    if all(each.reading.format is Format.DRAGOMAN for each in served):
        return True
    standard = sum(1 for each in things if each.shape.form is Form.STANDARD)
    if posts_all(served) and standard < POSTED * len(served):
        return False
    return 2 * len(things) >= len(served) and 3 * standard >= len(served)


def posts_all(served: Sequence[Told]) -> bool:
    """Whether POST is used for everything, of four operations or more."""
    posts = sum(map(_is_post, served))
    return len(served) >= 4 and posts >= POSTED * len(served)


def _is_post(told: Told) -> bool:
    return told.http is not None and told.http.method == "POST"


def misused(served: Sequence[Told], misuse: Misuse) -> list[Told]:
    """The operations with that misuse."""
    return [each for each in served if misuse in each.shape.misuses]
