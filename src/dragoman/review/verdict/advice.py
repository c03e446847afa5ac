"""A verdict in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.contract.operation import Operation
from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.counting import SHOWN
from dragoman.review.surfaces.facts import Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.wire import Procedure

from .rules.workload import STREAMS_SEEN, STREAMS_SENT
from .styles import SPOKEN
from .verdict import Confidence, Decision, Nature


def advice(
    decision: Decision,
    style: str,
    runner_up: str,
    nature: Nature,
    confidence: Confidence,
    asks: Sequence[str],
    surface: Surface,
) -> str:
    """The verdict in a sentence, with the first question where an answer could turn it."""
    name = _name(style, surface.facts)
    question = next((CATALOGUE[each].asks for each in asks if CATALOGUE[each].asks), "")
    doubt = f" But find out first: {question}" if confidence is Confidence.LOW and question else ""
    if decision in (Decision.KEEP, Decision.MEND) and nature.beside:
        others = " and ".join(SPOKEN[each] for each in nature.beside)
        mend = " Mend what is found before you think of moving." if decision is Decision.MEND else ""
        return f"Keep both: {name}, with {others} beside it.{_alone(surface)}{mend}{doubt}"
    match decision:
        case Decision.KEEP:
            return f"Keep {name}.{doubt}"
        case Decision.MEND:
            return f"Keep {name}, and do it well: mend what is found before you think of moving.{doubt}"
        case Decision.MOVE if nature.style == "soap":
            return f"Offer {name} beside SOAP, and keep SOAP for those who speak it until the last has moved."
        case Decision.MOVE:
            return f"Move from {nature.form or SPOKEN[nature.style or style]} to {name}: beside it first, then instead."
        case Decision.CHOOSE:
            comes = "come" if SPOKEN[runner_up].endswith("s") else "comes"
            return f"Begin with {name}; {SPOKEN[runner_up]} {comes} next.{doubt}"
        case Decision.ASK:
            return f"Ask before you decide: {question}" if question else "Ask before you decide."


def _name(style: str, facts: Facts) -> str:
    """The style, with the form that its streams take."""
    if style == "rest" and STREAMS_SENT.applies(facts):
        return "REST in batches, and gRPC streams for partners who can speak them"
    if style == "rest" and STREAMS_SEEN.applies(facts):
        return "REST with server-sent events"
    return SPOKEN[style]


def _alone(surface: Surface) -> str:
    """What HTTP beside procedures cannot carry: streams that callers send."""
    sent = [each.name.rpartition("/")[2].rpartition(".")[2] for _, each in surface.operations if _sends(each)]
    if not sent:
        return ""
    more = f" and {len(sent) - SHOWN} more" if len(sent) > SHOWN else ""
    goes = "goes" if len(sent) == 1 else "go"
    return (
        f" {', '.join(sent[:SHOWN])}{more} {goes} through gRPC alone: HTTP has no form for streams that callers send."
    )


def _sends(operation: Operation) -> bool:
    return operation.interaction.streams_input and operation.traits.get(Procedure) is not None
