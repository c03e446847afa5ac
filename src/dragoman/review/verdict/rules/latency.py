"""How long callers can wait, and how often they call.

No rule here favours a chattier style as the budget gets stricter: what a rule with an upper bound on the budget adds
never grows along :data:`~dragoman.review.verdict.styles.CHATTINESS`, and what one with a lower bound adds never falls.
"""

from __future__ import annotations

from typing import Final

from dragoman.review.verdict.conditions import FRONT, INSIDE, NOBODY_WAITS, OUTSIDE, ROUNDABOUT, at_least, at_most, is_
from dragoman.review.verdict.rule import Rule

from . import sources

BUDGET: Final = "latency_budget_ms"
RATE: Final = "calls_per_second"

RULES: Final = (
    Rule(
        id="budget-of-100-ms",
        title="Its callers wait at most 100 ms",
        source=sources.SHORTLIST,
        when=(at_most(BUDGET, 100),),
        adds={"rpc": 0.5, "events": -1, "webhooks": -1.5},
        reason="An answer within a tenth of a second does not go through a queue, and round trips begin to count.",
        exception="Over the internet the way itself takes most of it, and where nobody waits there is no budget.",
        example="A price that is shown while the customer types.",
        unless=(OUTSIDE, NOBODY_WAITS),
    ),
    Rule(
        id="budget-of-20-ms",
        title="Its callers wait at most 20 ms",
        source=sources.CONSTRAINTS,
        when=(at_most(BUDGET, 20),),
        adds={"rpc": 1.5, "graphql": -0.5, "rest": -0.5, "events": -1, "webhooks": -1},
        reason="Within 20 ms the ceremony of a message shows: text to parse, headers, connections to open.",
        exception="Apps, people and other companies are farther away than that, and where nobody waits there is no "
        "budget. Measure: a fast server with REST often fits as well.",
        example="A recommendation inside of a page that has 200 ms in all.",
        unless=(ROUNDABOUT, NOBODY_WAITS),
    ),
    Rule(
        id="budget-of-10-ms",
        title="Its callers wait at most 10 ms",
        source=sources.MATRIX,
        when=(at_most(BUDGET, 10),),
        adds={"rpc": 2, "graphql": -1, "rest": -1, "events": -1, "webhooks": -1},
        reason="In 10 ms a compact binary form, one open connection and no second call are what there is time for.",
        exception="Apps, people and other companies are farther away than that, and where nobody waits there is no "
        "budget.",
        example="A fraud score inside of a payment: POST /predict within 5 ms.",
        unless=(ROUNDABOUT, NOBODY_WAITS),
    ),
    Rule(
        id="far-callers",
        title="A screen of many resources must be there in 300 ms",
        source=sources.CONSTRAINTS,
        when=(FRONT, at_least("joins", 3), at_most(BUDGET, 300)),
        adds={"rpc": 1, "graphql": 1, "events": -1, "webhooks": -1},
        reason="Each round trip from a telephone costs tens of milliseconds: a screen has time for one call, not for "
        "several in a row.",
        exception="None; one endpoint made for the screen is the other way, and grows with the number of screens.",
        example="The start page over a mobile network.",
        unless=(NOBODY_WAITS,),
    ),
    Rule(
        id="a-second-is-enough",
        title="Its callers can wait a second",
        source=sources.BASICS,
        when=(at_least(BUDGET, 1000),),
        adds={"rpc": -0.5, "graphql": -0.5},
        reason="Where a second is enough, the form of the message matters to nobody, and the plainest style does.",
        exception="Where nobody waits there is no budget.",
        example="An invoice that is fetched at the end of the month.",
        unless=(NOBODY_WAITS,),
    ),
    Rule(
        id="minutes-are-enough",
        title="Its callers can wait ten seconds or more",
        source=sources.LONG_RUNNING,
        when=(at_least(BUDGET, 10_000),),
        adds={"rpc": -1, "graphql": -1, "events": 1, "webhooks": 1},
        reason="What may take ten seconds is work, not an answer: it should survive a broken connection.",
        exception="Outside, a job that can be asked after (202 and a link, or AIP-151) gives the same over REST; "
        "where nobody waits there is no budget.",
        example="A report over a year of orders.",
        unless=(NOBODY_WAITS,),
    ),
    Rule(
        id="thousand-calls",
        title="Your services call it a thousand times a second",
        source=sources.MATRIX,
        when=(INSIDE, at_least(RATE, 1000)),
        adds={"rpc": 2},
        reason="At a thousand calls a second between your own services, the form of each message costs machines.",
        exception="Where nobody waits, a queue evens it out instead (`peaks-are-queued`).",
        example="Each payment is scored.",
        unless=(NOBODY_WAITS,),
    ),
    Rule(
        id="ten-thousand-calls",
        title="Your services call it ten thousand times a second",
        source=sources.CONSTRAINTS,
        when=(INSIDE, at_least(RATE, 10_000)),
        adds={"rpc": 1, "rest": -1},
        reason="At ten thousand calls a second text is dear: parsing it is most of what such a server does.",
        exception="Where nobody waits, a queue evens it out instead (`peaks-are-queued`).",
        example="A feature store in front of every model.",
        unless=(NOBODY_WAITS,),
    ),
    Rule(
        id="quiet-inside",
        title="Your services call it less than a hundred times a second",
        source=sources.BASICS,
        when=(INSIDE, at_most(RATE, 100)),
        adds={"rest": 0.5},
        reason="At such a rate no form of message is too dear; what is known to everybody costs least.",
        exception="A strict latency budget outweighs it.",
        example="The catalogue of tariffs, read when a contract is made.",
    ),
    Rule(
        id="cached-reads",
        title="Mostly reads, and many of them",
        source=sources.CACHING,
        when=(is_("audience", "public", "partner", "frontend"), at_least(RATE, 100), at_least("read_share", 0.7)),
        adds={"rest": 1, "graphql": -0.5},
        reason="Safe reads under stable addresses are answered by caches on the way; one query endpoint gives that up.",
        exception="An answer that is computed from each input anew can seldom be cached.",
        example="Product pages behind a CDN.",
        unless=(at_least("computes", 0.5),),
    ),
)
