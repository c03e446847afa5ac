"""Batches: on the wire the input is one item; the handler gets those that came while it was busy, all at once.

    dragoman serve 07_batches:app
    curl localhost:8000/internal/score --json '{"text": "win money now"}'
    curl localhost:8000/internal/score --json '{"text": ""}'  # 422
    curl 'localhost:8000/v1/score?text=dinner+tonight'

A call that finds the model idle is not kept waiting. A plain `def` runs in a thread, so that the model keeps nobody
from the event loop; what is late is answered DEADLINE_EXCEEDED.
"""

from collections.abc import Sequence
from typing import Annotated

import dragoman as dm

SPAM = frozenset({"win", "money", "now", "free", "prize"})


class Message(dm.Struct):
    text: Annotated[str, dm.Length(0, 10_000)]


class Score(dm.Struct):
    spam: Annotated[float, dm.Ge(0), dm.Le(1)]


filters = dm.Contract("filters")


@filters.operation(effect="safe", deadline=2.0, batch=dm.Batch(max_size=64))
def score(messages: Sequence[Message]) -> Sequence[Score | dm.Fault]:
    """How likely a message is spam."""
    return [rate(message.text.split()) for message in messages]


def rate(words: list[str]) -> Score | dm.Fault:
    """One of the batch; a fault fails it alone."""
    if not words:
        return dm.InvalidArgument("there are no words", violations=[dm.Violation(("text",), "has no word")])
    return Score(spam=sum(word.lower() in SPAM for word in words) / len(words))


app = dm.App(
    dm.rpc("inference", "/internal", audience="internal", auth=dm.anonymous(), exposes=[score]),
    dm.rest("public", "/v1", audience="public", auth=dm.anonymous(), exposes=[score]),
)
