"""What a finding points at: an element of a document, and where it stands."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """What an element is."""

    DOCUMENT = "document"
    SURFACE = "surface"
    OPERATION = "operation"
    PARAMETER = "parameter"
    ANSWER = "answer"
    TYPE = "type"
    FIELD = "field"
    VALUE = "value"
    EVENT = "event"


@dataclass(frozen=True, slots=True, order=True)
class Element:
    """One element, by kind and name. Names are those that its author wrote, and stay what they are when lines move, so
    that a baseline can name them.

    ========= ==================================================================================
    document  the file, as it is shown: ``openapi/partner.yaml``
    surface   its name
    operation its address: ``GET /v1/orders/{id}``, ``fraud.v1.FraudService/Predict``, ``query orders``,
              ``send order/placed``
    parameter the operation's address and its name: ``GET /v1/orders · page_size``
    answer    the operation's address and the status: ``GET /v1/orders · 404``
    type      ``Order``, ``shop.v1.Order``
    field     ``Order.status``
    value     ``Order.status.placed``, ``Status.PLACED``
    event     ``order.placed``
    ========= ==================================================================================
    """

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file. ``line`` and ``column`` count from 1; 1 where nothing better is known."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def operation(address: str) -> Element:
    """The operation at that address."""
    return Element(Kind.OPERATION, address)


def parameter(address: str, name: str) -> Element:
    """A parameter of an operation."""
    return Element(Kind.PARAMETER, f"{address} · {name}")


def answer(address: str, status: str) -> Element:
    """One of the answers of an operation."""
    return Element(Kind.ANSWER, f"{address} · {status}")


def type_(name: str) -> Element:
    """A named type."""
    return Element(Kind.TYPE, name)


def field(owner: str, name: str) -> Element:
    """A field of a named type, or of an anonymous one whose path is ``owner``."""
    return Element(Kind.FIELD, f"{owner}.{name}")
