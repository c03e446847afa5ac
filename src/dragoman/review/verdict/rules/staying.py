"""What speaks for the style that is there: moving costs whoever calls.

These add to :data:`PRESENT`, the style that the surface speaks now. They take no part in the scores, which say how well
each style fits; they say by how much another one must fit better before it is worth moving.
"""

from __future__ import annotations

from typing import Final

from dragoman.review.verdict.conditions import OURS, OUTSIDE, at_least
from dragoman.review.verdict.rule import Rule

from . import sources

PRESENT: Final = "present"
"""Stands in ``adds`` for the style that a surface speaks now."""

RULES: Final = (
    Rule(
        id="it-works",
        title="It is there, and it works",
        source=sources.BASICS,
        when=(),
        adds={PRESENT: 3},
        reason="How well a style is done matters more than which it is: mend first, and move for a clear gain.",
        exception="SOAP is kept for those who speak it, and is never a reason to stay.",
        example="A REST surface that is slow because it returns whole rows.",
    ),
    Rule(
        id="consumers-must-follow",
        title="Outside organisations would have to follow",
        source=sources.COMPATIBILITY,
        when=(at_least("consumers", 1),),
        adds={PRESENT: 0.5},
        reason="Every outside consumer has to change its code at a time that suits it, and both styles run until then.",
        exception="SOAP is kept for those who speak it, and is never a reason to stay.",
        example="One partner with a release a quarter.",
        unless=(OURS,),
    ),
    Rule(
        id="ten-consumers-must-follow",
        title="Ten or more outside organisations would have to follow",
        source=sources.COMPATIBILITY,
        when=(at_least("consumers", 10),),
        adds={PRESENT: 1.5},
        reason="With ten consumers, the last of them moves a year after the first.",
        exception="SOAP is kept for those who speak it, and is never a reason to stay.",
        example="Thirty partners, two of whom no longer have a developer.",
        unless=(OURS,),
    ),
    Rule(
        id="hundred-consumers-must-follow",
        title="A hundred or more outside organisations would have to follow",
        source=sources.COMPATIBILITY,
        when=(at_least("consumers", 100),),
        adds={PRESENT: 2.5},
        reason="A hundred consumers never all move: what is there will be run for years beside what is new.",
        exception="SOAP is kept for those who speak it, and is never a reason to stay.",
        example="An API with a public price list.",
        unless=(OURS,),
    ),
    Rule(
        id="teams-must-follow",
        title="Three or more of your teams would have to follow",
        source=sources.COMPATIBILITY,
        when=(at_least("teams", 3),),
        adds={PRESENT: 0.5},
        reason="Your own teams can be asked to move, but each has plans of its own.",
        exception="SOAP is kept for those who speak it, and is never a reason to stay.",
        example="Five services with generated clients.",
    ),
    Rule(
        id="strangers-must-follow",
        title="Its callers are outside your company",
        source=sources.COMPATIBILITY,
        when=(OUTSIDE,),
        adds={PRESENT: 0.5},
        reason="What was published was promised.",
        exception="SOAP is kept for those who speak it, and is never a reason to stay.",
        example="An address that stands in somebody else's program.",
    ),
)
