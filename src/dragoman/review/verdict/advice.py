"""A verdict in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.review.surfaces.catalogue import CATALOGUE

from .styles import SPOKEN
from .verdict import Confidence, Decision, Nature


def advice(
    decision: Decision, style: str, runner_up: str, nature: Nature, confidence: Confidence, asks: Sequence[str]
) -> str:
    """The verdict in a sentence, with the first question where an answer could turn it."""
    beside = f" beside {SPOKEN[nature.style]}" if nature.style is not None and style in nature.beside else ""
    name = f"{SPOKEN[style]}{beside}"
    question = next((CATALOGUE[each].asks for each in asks if CATALOGUE[each].asks), "")
    doubt = f" But find out first: {question}" if confidence is Confidence.LOW and question else ""
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
            return f"Begin with {name}; {SPOKEN[runner_up]} comes next.{doubt}"
        case Decision.ASK:
            return f"Ask before you decide: {question}" if question else "Ask before you decide."
