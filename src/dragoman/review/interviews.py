"""Questions for whoever would operate a style, and what a strong answer speaks of.

They ask for judgement, not for syntax: when one would choose the style, what one gives up, what goes wrong at night.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .people import Ask

_REST: Final = (
    Ask(
        "A partner wants POST /predict; your API has resources. When do you give it to them as it is, and what do you "
        "give up?",
        (
            "computations, which have no identity: a resource would be one in name only",
            "the version of the model and of the contract, and who promises what",
            "what is lost: caching, standard methods, one way to page and to fail",
            "keeping the outer contract apart from inner serving",
        ),
    ),
    Ask(
        "You must rename a field that four hundred consumers read. Walk me through the next year.",
        (
            "adding beside, and never renaming in place",
            "knowing who still reads it, from logs",
            "Deprecation and Sunset headers, dates, and a person who writes to the last of them",
            "a check in CI that finds breaking changes before they are merged",
        ),
    ),
    Ask(
        "A client times out on POST /payments and tries again. What must be true so that nobody pays twice?",
        (
            "an idempotency key, kept with the result and within the same transaction",
            "refusing the same key with another body",
            "which failures are kept and which may be tried again",
            "effects outside of the database",
        ),
    ),
    Ask(
        "What does it change for balancing, retries and scaling that a service keeps no session?",
        (
            "servers of which any answers any request, so that a retry may go elsewhere",
            "state that lives in a store, or signed with the caller",
            "scaling by adding servers, and deployments that drain them",
            "where it does not fit: conversations, streams, games",
        ),
    ),
    Ask(
        "Reads are slow. What do you do before anybody speaks of another style?",
        (
            "measuring where the time goes",
            "ETag and Cache-Control, and which reads are safe to keep for how long",
            "leaner answers, pages by a key instead of an offset, batches",
            "queries in a loop behind the endpoint",
        ),
    ),
)

_RPC: Final = (
    Ask(
        "When does a latency budget move you from REST to gRPC, and how would you show that it was worth it?",
        (
            "a number: the budget, the rate, and what share of it the message costs",
            "measuring both with real payloads, at p99",
            "trying a faster server first",
            "what is lost: caches, curl, browsers, people who know it",
        ),
    ),
    Ask(
        "A message has been in use for two years. Which changes are safe, and which are not?",
        (
            "field numbers, which are for ever, and reserved once removed",
            "types that share an encoding and those that do not",
            "readers that do not know a new value of an enum",
            "servers before clients, and a check for breaking changes",
        ),
    ),
    Ask(
        "After a deployment, one of five servers gets all the traffic. Why, and what do you do?",
        (
            "connections that live long, and balancers of connections, which do not see calls",
            "balancing by call, in the client or in a proxy that speaks HTTP/2",
            "a greatest age of connections",
            "health checks of the protocol's own",
        ),
    ),
    Ask(
        "A calls B, and B calls C. The user gave up two seconds ago. What should happen, and what usually does?",
        (
            "deadlines that travel with the call, and what is left of them",
            "cancellation that reaches the query in the database",
            "retries that multiply, budgets for them, and hedging only of what is safe",
            "queues that are bounded, so that the dead are not served",
        ),
    ),
    Ask(
        "What would you have to see before you opened an internal gRPC service to partners?",
        (
            "who can speak it, and what they would need",
            "a REST surface in front, made from the same contract",
            "authentication of others than one's own services",
            "names and messages that give away the inside",
        ),
    ),
)

_GRAPHQL: Final = (
    Ask(
        "A new query takes the service down. How was that possible, and what should have prevented it?",
        (
            "limits of depth, of cost and of page size, before anything runs",
            "cost by what a field really takes",
            "queries that are known beforehand for one's own apps",
            "time-outs that reach the database",
        ),
    ),
    Ask(
        "A list of fifty orders makes a hundred and one queries. Show me how you find it and what you change.",
        (
            "batching by level, with a loader for each request",
            "what the loader must not share between callers",
            "looking at the plan of the whole query",
            "tests that count queries",
        ),
    ),
    Ask(
        "Where do you decide who may see a field, and what happens to the rest of the answer?",
        (
            "in what serves the data, not in the resolver alone",
            "rows as well as fields",
            "a null, an error or a refusal, and what nullable fields make of it",
            "introspection and messages that tell too much",
        ),
    ),
    Ask(
        "When would you talk a team out of GraphQL?",
        (
            "screens that need one or two resources",
            "callers who know just what they need: services",
            "files, and public reads that caches should answer",
            "nobody who will look after the schema and its cost",
        ),
    ),
    Ask(
        "How does a schema grow for three years without versions?",
        (
            "adding, deprecating, and measuring who still asks for a field",
            "input types and enums that cannot shrink",
            "pages and errors designed as types from the first day",
            "one owner, and reviews of names",
        ),
    ),
)

_EVENTS: Final = (
    Ask(
        "A consumer gets the same message twice, and an old one after a new one. What must it look like so that "
        "nothing is wrong?",
        (
            "handling that can be repeated, by the id of the message",
            "order only by key, and what the key is",
            "versions of what the event speaks of",
            "no belief in exactly once beyond one system",
        ),
    ),
    Ask(
        "An order is saved and its event must go out. How do you make sure that there is never one without the other?",
        (
            "an outbox in the same transaction",
            "why writing to both is not enough",
            "what reads the outbox, and what happens when it stops",
            "delivery at least once",
        ),
    ),
    Ask(
        "At three at night a queue holds two million messages. What do you look at, and what do you do first?",
        (
            "the age of the oldest, more than their number",
            "one message that always fails, and where it should go",
            "whether more workers help or kill what is behind them",
            "what may be dropped, and who decides that",
        ),
    ),
    Ask(
        "How do you change an event that six teams read, three of whom you do not know?",
        (
            "a schema that is registered, and rules of what is compatible",
            "adding fields, and a new event for a new meaning",
            "knowing beforehand who reads",
            "old messages that are read again",
        ),
    ),
    Ask(
        "When is a queue the wrong answer?",
        (
            "results that somebody waits for",
            "calls with a time-out, where they would do",
            "reading back one's own writes",
            "teams that cannot watch it",
        ),
    ),
)

_WEBHOOKS: Final = (
    Ask(
        "A partner says that an event never came. What can you show, and what can they do by themselves?",
        (
            "a log of each delivery, with the answer",
            "sending it again, by them",
            "a list of events that can be read from a point on",
            "an id by which both speak of it",
        ),
    ),
    Ask(
        "How does the receiver know that a call is yours, and not an old one repeated?",
        (
            "a signature over the body and a time",
            "comparing in constant time, over the bytes as they came",
            "secrets that can be changed while both hold",
            "a window of time, and ids that were seen",
        ),
    ),
    Ask(
        "One receiver answers after thirty seconds, another is gone for a day. What happens to the others?",
        (
            "queues apart, so that none waits for another",
            "retries further and further apart, with an end",
            "switching off, and telling a person",
            "what is delivered late, and in which order",
        ),
    ),
    Ask(
        "Customers enter the addresses that you call. What can go wrong?",
        (
            "addresses inside of your own network, also after redirects and after a name changes",
            "calls from a place that reaches nothing else",
            "limits on time, size and number",
            "what is put in the body, and whether it should only say where to look",
        ),
    ),
)

ASKS: Final[Mapping[str, tuple[Ask, ...]]] = MappingProxyType(
    {"rest": _REST, "rpc": _RPC, "graphql": _GRAPHQL, "events": _EVENTS, "webhooks": _WEBHOOKS}
)
"""By style."""

ANY_STYLE: Final = (
    Ask(
        "Which controls belong in the gateway, and which in the code?",
        (
            "the gateway: TLS, who calls, quotas, sizes, addresses that are not to be reached",
            "the code: what this caller may do with this row",
            "validated input, wherever it comes from",
            "tests of what is exposed, again and again",
        ),
    ),
    Ask(
        "How do you document, version and watch a contract that both outsiders and your own teams use?",
        (
            "documents made from what is served, so that they cannot differ",
            "what is promised to whom, and for how long",
            "rate, errors and p99 latency by consumer",
            "outsiders' experience and the inner fast path as two things",
        ),
    ),
)
"""For whoever answers for a surface, whatever it speaks."""
