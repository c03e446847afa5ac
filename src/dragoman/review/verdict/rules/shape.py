"""What the contract itself shows: nouns or actions, what is computed, what is carried."""

from __future__ import annotations

from typing import Final

from dragoman.review.verdict.conditions import FRONT, INSIDE, OUTSIDE, ROUNDABOUT, at_least, at_most, is_
from dragoman.review.verdict.rule import Rule

from . import sources

GATHERED: Final = at_least("joins", 3)
COMPUTES: Final = at_least("computes", 0.5)

RULES: Final = (
    Rule(
        id="resource-model",
        title="Half of its operations are standard methods of resources",
        source=sources.RESOURCES,
        when=(at_least("standard_share", 0.5),),
        adds={"rest": 1.5, "rpc": 0.5},
        reason="It has things that are listed, read, created, changed and deleted: that is what REST's interface is.",
        exception="Callers who put three or more together can query the same resources by GraphQL. A latency path "
        "outweighs it.",
        example="GET, POST, PATCH and DELETE on /v1/orders.",
        unless=(GATHERED,),
    ),
    Rule(
        id="pure-resource-model",
        title="Nearly all of its operations are standard methods of resources",
        source=sources.RESOURCES,
        when=(at_least("standard_share", 0.8),),
        adds={"rest": 0.5},
        reason="With the standard methods and little else, one who knows one resource knows them all.",
        exception="As for `resource-model`.",
        example="Projects, members and keys, each with the five methods.",
        unless=(GATHERED,),
    ),
    Rule(
        id="named-for-actions",
        title="Half of its operations are named for actions",
        source=sources.CUSTOM,
        when=(at_least("verb_share", 0.5),),
        adds={"rpc": 1, "rest": -0.5},
        reason="It is a set of calls; resources made of them would be nouns in name only.",
        exception="Outside callers are better served by the nouns behind those actions, with custom methods where none "
        "is to be found.",
        example="/reprice, /allocate, /recalculate.",
        unless=(OUTSIDE,),
    ),
    Rule(
        id="computes-inside",
        title="It computes answers for your services, as a model does",
        source=sources.EXAMPLES,
        when=(INSIDE, COMPUTES),
        adds={"rpc": 2},
        reason="Features in, a score out: there is no noun in it, and serving comes first.",
        exception="None.",
        example="POST /predict with features, the model's version and a score.",
    ),
    Rule(
        id="model-for-partners",
        title="It computes answers for callers outside",
        source=sources.USUALLY,
        when=(OUTSIDE, COMPUTES),
        adds={"rest": 1, "rpc": 0.5},
        reason="A model that is sold needs what every outside contract needs: a version, documents, limits, errors "
        "that keep. Behind it, serve it as you like.",
        exception="None.",
        example="POST /v1/predictions in front of the internal /predict.",
    ),
    Rule(
        id="numbers-inside",
        title="Its messages are mostly numbers",
        source=sources.CONSTRAINTS,
        when=(INSIDE, COMPUTES, at_least("numeric_share", 0.6)),
        adds={"rpc": 1},
        reason="JSON writes vectors of numbers at three to five times their size, and parsing them costs most.",
        exception="None.",
        example="Embeddings of 768 floats.",
    ),
    Rule(
        id="connected-resources",
        title="Many connected resources, not between services",
        source=sources.MATRIX,
        when=(ROUNDABOUT, at_least("resources", 5), at_least("links", 5), GATHERED),
        adds={"graphql": 1},
        reason="The resources form a graph, and callers walk it.",
        exception="Where callers need one or two of them at a time, nothing is walked.",
        example="Customers, orders, items, products and stock.",
    ),
    Rule(
        id="few-resources",
        title="A front end over one or two resources",
        source=sources.CONSTRAINTS,
        when=(FRONT, at_most("resources", 2)),
        adds={"graphql": -1},
        reason="There is nothing to put together.",
        exception="Where screens gather resources of several surfaces, it is those that count.",
        example="A list of appointments.",
        unless=(GATHERED,),
    ),
    Rule(
        id="files",
        title="It carries files",
        source=sources.RANGES,
        when=(is_("binary", True),),
        adds={"rest": 1, "graphql": -1, "rpc": -1, "events": -1, "webhooks": -1},
        reason="Large bodies are what HTTP carries well: ranges, resumed uploads, signed addresses, caches on the way.",
        exception="A model that takes raw bytes as its input is still a call; and screens that gather resources may "
        "send their few files to an address beside.",
        example="A video is uploaded to an address that was made for it.",
        unless=(COMPUTES, GATHERED),
    ),
)
