"""The facts that there are: what each is called, what values it takes, and how a person is asked for it.

One table: the readers of documents fill it, ``surfaces.toml`` names its keys, the dialogues ask its questions, the
rules read it, and the reports print it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from dragoman.contract.principal import Audience


class Origin(enum.StrEnum):
    """Who can say it."""

    PEOPLE = "people"  # no document can; it is asked for, and at best inferred
    DOCUMENTS = "documents"  # counted


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of fact. ``type`` is bool, int, float, str or frozenset (of strings); ``choices`` bound a string or the
    members of a set. ``asks`` is the question for a person, ``help`` what the answer changes, ``unit`` what a number
    counts, ``most`` the largest that anybody can mean.
    """

    name: str
    type: type[Any]
    says: str
    origin: Origin
    unit: str = ""
    choices: tuple[str, ...] = ()
    asks: str = ""
    help: str = ""
    most: int = 10**15


STYLES: Final = ("rest", "rpc", "graphql", "events", "webhooks", "soap")
"""How a surface can speak. SOAP is recognised, and never advised."""

_PEOPLE: Final = (
    Question(
        "audience",
        str,
        "who it is for",
        Origin.PEOPLE,
        choices=tuple(Audience),
        asks="Who calls this surface?",
        help="public: anybody who signs up. partner: companies you know. internal: your own services. "
        "frontend: your own web and mobile apps. operator: your own staff.",
    ),
    Question(
        "work",
        str,
        "what it mostly does",
        Origin.PEOPLE,
        choices=("things", "answers", "events", "streams", "files"),
        asks="What does this surface mostly do?",
        help="things: list, read, create and change them. answers: compute one from what is sent, as a model does. "
        "events: tell that something happened. streams: send or take many messages in one call. files: carry them.",
    ),
    Question(
        "consumers",
        int,
        "how many organisations outside yours call it",
        Origin.PEOPLE,
        unit="organisations",
        most=10**9,
        asks="How many organisations outside of yours call this surface, or will within a year?",
        help="Each of them has to follow whatever you change.",
    ),
    Question(
        "teams",
        int,
        "how many of your own teams call it",
        Origin.PEOPLE,
        unit="teams",
        most=10_000,
        asks="How many of your own teams call this surface?",
        help="Many teams need what a platform needs: documents, discovery, one set of rules.",
    ),
    Question(
        "waits",
        bool,
        "whether its callers wait for the result",
        Origin.PEOPLE,
        asks="Does the caller wait for the result?",
        help="Work that nobody waits for is better put in a queue, with retries, than held open in a call.",
    ),
    Question(
        "latency_budget_ms",
        float,
        "the p99 latency that its callers need",
        Origin.PEOPLE,
        unit="ms at p99",
        most=30 * 24 * 3600 * 1000,
        asks="What p99 latency do its callers need (of a hundred answers, one may take longer)?",
        help="Below some ten milliseconds the form of the message begins to matter.",
    ),
    Question(
        "calls_per_second",
        float,
        "how often it is called at its busiest",
        Origin.PEOPLE,
        unit="calls/s",
        most=10**9,
        asks="How many calls a second does this surface take at its busiest?",
        help="Thousands a second between your own services are worth a binary form and few connections.",
    ),
    Question(
        "stateful",
        bool,
        "whether a caller has to come back to the same server",
        Origin.PEOPLE,
        asks="Does a caller have to come back to the same server (a session, an open conversation)?",
        help="REST's statelessness is what makes balancing and retries simple; without it much of its worth is gone.",
    ),
    Question(
        "joins",
        int,
        "how many resources its callers put together for one screen or answer",
        Origin.PEOPLE,
        unit="resources",
        most=100,
        asks="How many different resources does a caller put together for one screen or one answer?",
        help="From three on, flexible queries begin to save round trips.",
    ),
    Question(
        "skills",
        frozenset,
        "which styles the team can operate",
        Origin.PEOPLE,
        choices=STYLES,
        asks="Which of these do your teams operate today?",
        help="Name all of them, such as: rest, grpc. What nobody can operate is no good answer, however well it fits; "
        "it becomes a gap to hire or train for.",
    ),
    Question(
        "owner",
        str,
        "who answers for it",
        Origin.PEOPLE,
        asks="Which team or person answers for this surface?",
        help="It changes no verdict; what nobody owns is a finding of its own.",
    ),
)

_DOCUMENTS: Final = (
    Question("style", str, "the style that it speaks in fact", Origin.DOCUMENTS, choices=STYLES),
    Question("operations", int, "how many operations it has", Origin.DOCUMENTS, unit="operations"),
    Question("resources", int, "how many nouns it has", Origin.DOCUMENTS, unit="resources"),
    Question(
        "standard_share",
        float,
        "the part of its operations that are standard methods of a resource",
        Origin.DOCUMENTS,
        unit="of 1",
    ),
    Question(
        "verb_share", float, "the part of its operations that are named for an action", Origin.DOCUMENTS, unit="of 1"
    ),
    Question("read_share", float, "the part of its operations that change nothing", Origin.DOCUMENTS, unit="of 1"),
    Question(
        "links", int, "how many references its resources hold to one another", Origin.DOCUMENTS, unit="references"
    ),
    Question(
        "stream_share", float, "the part of its operations that send or take streams", Origin.DOCUMENTS, unit="of 1"
    ),
    Question("event_share", float, "the part of what it declares that are events", Origin.DOCUMENTS, unit="of 1"),
    Question(
        "jobs", int, "how many operations start work that is asked after later", Origin.DOCUMENTS, unit="operations"
    ),
    Question(
        "computes",
        float,
        "the part of its operations that compute an answer from their input alone, as a model does",
        Origin.DOCUMENTS,
        unit="of 1",
    ),
    Question(
        "numeric_share",
        float,
        "the part of its messages' fields that are numbers or lists of numbers",
        Origin.DOCUMENTS,
        unit="of 1",
    ),
    Question("binary", bool, "whether it carries files or raw bytes", Origin.DOCUMENTS),
)

CATALOGUE: Final[Mapping[str, Question]] = MappingProxyType({each.name: each for each in (*_PEOPLE, *_DOCUMENTS)})
"""All facts by name, those of people first, in the order in which they are asked."""
