"""What kind of work it is: waited for or not, a stream, a conversation, a job."""

from __future__ import annotations

from typing import Final

from dragoman.review.verdict.conditions import INSIDE, NOBODY_WAITS, OUTSIDE, ROUNDABOUT, at_least, is_
from dragoman.review.verdict.rule import Rule

from . import sources

WAITED_FOR: Final = is_("waits", True)

STREAMING: Final = at_least("stream_share", 0.25)
THOUSANDS: Final = at_least("calls_per_second", 1000)

STREAMS_SEEN: Final = Rule(
    id="streams-to-browsers",
    title="Streams to browsers and outside callers",
    source=sources.EVENT_STREAMS,
    when=(is_("audience", "public", "partner", "frontend"), STREAMING),
    adds={"rest": 0.5, "events": -1},
    reason="Server-sent events over HTTP reach every browser and pass every proxy, and need no library.",
    exception="A conversation both ways that belongs to one server is another matter (`conversation`).",
    example="The tokens of a language model's answer as they come.",
    unless=(is_("stateful", True),),
)

STREAMS_SENT: Final = Rule(
    id="busy-streams-of-partners",
    title="Partners stream at a thousand messages a second or more",
    source=sources.CONSTRAINTS,
    when=(is_("audience", "partner"), STREAMING, THOUSANDS),
    adds={"rpc": 4, "rest": -3.5},
    reason="At such a rate a request for each message is mostly ceremony. Partners who can speak gRPC stream it with "
    "back-pressure; the others send batches over REST.",
    exception="Where most partners speak nothing but HTTP, batches are the way, and this says how large they grow.",
    example="Five machine makers send twenty thousand readings a second.",
)

RULES: Final = (
    Rule(
        id="nobody-waits",
        title="Nobody waits for the result",
        source=sources.MATRIX,
        when=(NOBODY_WAITS,),
        adds={"events": 5, "rest": -1, "rpc": -2, "graphql": -2},
        reason="Work that nobody waits for belongs in a queue: sender and worker are decoupled, and what fails is "
        "tried again.",
        exception="Apps, staff and other companies hand it over by a call (`handed-over`).",
        example="Pictures are resized after the upload.",
        unless=(ROUNDABOUT,),
    ),
    Rule(
        id="handed-over",
        title="Apps, staff or partners hand over work and go on",
        source=sources.LONG_RUNNING,
        when=(ROUNDABOUT, NOBODY_WAITS),
        adds={"rest": 1},
        reason="They hand it over by a call that answers at once: 202, and an address to look at.",
        exception="What they are told, rather than hand over, is another matter (`events-for-the-outside`).",
        example="POST /v1/imports, and GET /v1/imports/{id} whenever somebody wants to know.",
    ),
    Rule(
        id="callers-wait",
        title="Its callers wait for the result",
        source=sources.SHORTLIST,
        when=(WAITED_FOR,),
        adds={"events": -2, "webhooks": -2},
        reason="A caller who stands still until the answer comes needs an answer, not a message later.",
        exception="None.",
        example="A checkout that cannot go on without the price.",
    ),
    Rule(
        id="peaks-are-queued",
        title="A hundred a second or more that nobody waits for",
        source=sources.MATRIX,
        when=(NOBODY_WAITS, at_least("calls_per_second", 100)),
        adds={"events": 1},
        reason="A queue takes peaks that would bring a server down, and workers follow at their own pace.",
        exception="Apps, staff and other companies hand it over by a call (`handed-over`).",
        example="Measurements of a hundred thousand devices.",
        unless=(ROUNDABOUT,),
    ),
    Rule(
        id="declares-events",
        title="Most of what it declares are events",
        source=sources.MATRIX,
        when=(at_least("event_share", 0.5),),
        adds={"events": 2, "webhooks": 1, "rest": -1, "rpc": -1, "graphql": -1},
        reason="It says what happened rather than answering questions.",
        exception="Where its callers say that they wait for results, it is no stream of events.",
        example="order.placed, order.paid, order.shipped.",
        unless=(WAITED_FOR,),
    ),
    Rule(
        id="events-for-the-outside",
        title="Events that partners are told of",
        source=sources.WEBHOOKS,
        when=(OUTSIDE, ROUNDABOUT, at_least("event_share", 0.5)),
        adds={"webhooks": 5, "rest": -1},
        reason="Other companies are told by a signed call to an address of theirs; polling costs both sides.",
        exception="Where its callers say that they wait for results, it is no stream of events.",
        example="A payment provider tells shops that a payment has settled.",
        unless=(WAITED_FOR,),
    ),
    Rule(
        id="nobody-waits-outside",
        title="Outside, somebody wants to be told later",
        source=sources.WEBHOOKS,
        when=(OUTSIDE, NOBODY_WAITS),
        adds={"webhooks": 2},
        reason="Partners who do not wait are told when it is done.",
        exception="None; what they ask for is still asked for over REST.",
        example="A credit check that takes an hour.",
    ),
    Rule(
        id="jobs-inside",
        title="Work between your services that is started and asked after",
        source=sources.MATRIX,
        when=(INSIDE, at_least("jobs", 1)),
        adds={"events": 1},
        reason="Asking again and again whether a job is done is a queue made by hand.",
        exception="Where callers do wait, a stream of its progress is simpler.",
        example="POST /renderings, then GET /renderings/{id} every second.",
        unless=(WAITED_FOR,),
    ),
    Rule(
        id="jobs-outside",
        title="Work for others that is started and asked after",
        source=sources.LONG_RUNNING,
        when=(ROUNDABOUT, at_least("jobs", 1)),
        adds={"rest": 0.5},
        reason="A job is a resource: it is created, looked at and cancelled, and a lost connection loses nothing.",
        exception="None; tell partners by webhook when it is done, so that they need not ask.",
        example="POST /v1/reports answers 202 with the address of the report to come.",
    ),
    Rule(
        id="streams-inside",
        title="Streams between your services",
        source=sources.CONSTRAINTS,
        when=(INSIDE, at_least("stream_share", 0.25)),
        adds={"rpc": 2, "rest": -1},
        reason="REST is made of requests and answers; gRPC carries streams both ways, with back-pressure.",
        exception="None.",
        example="Prices that flow to the pricing engine as they change.",
    ),
    STREAMS_SEEN,
    STREAMS_SENT,
    Rule(
        id="conversation",
        title="A caller has to come back to the same server",
        source=sources.CONSTRAINTS,
        when=(is_("stateful", True),),
        adds={"rest": -3, "rpc": 1.5, "graphql": -2},
        reason="Statelessness is what makes REST simple to balance and retry; a conversation that lives on one server "
        "has none of it, and a stream holds it together.",
        exception="If the session can be kept in a store, keep it there: then this no longer holds. Outside and for "
        "staff, it can.",
        example="A game in which every move changes what the others see.",
        unless=(is_("audience", "public", "partner", "operator"),),
    ),
)
