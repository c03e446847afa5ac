"""A review of a shop's seven surfaces, written by hand: every audience and decision, and texts that mean harm."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dragoman.contract.contract import Contract
from dragoman.contract.principal import Audience
from dragoman.review.elements import Element, Kind, Position, operation
from dragoman.review.misfits.finding import Finding, Found, Misfit, Severity, Subject
from dragoman.review.people import Ask, People, Skill
from dragoman.review.reading.outcome import About, Format, Kept, Reading, Refusal, Remark, Why
from dragoman.review.review import Review, Reviewed
from dragoman.review.surfaces.facts import Certainty, Evidence, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.rule import Condition, Rule, Source, Test
from dragoman.review.verdict.verdict import Confidence, Decision, Nature, Reason, Turn, Verdict

HOSTILE = (
    "<script>alert(1)</script>\"'&amp; \x1b[31m\u202eevil |`*_[x](javascript:alert(1)) "
    "@everyone ::error::no %0A\r\nnext"
)
GUIDE = Source("The guide: the matrix")


def _nothing(subject: Subject) -> Iterable[Found]:
    return ()


def rule(name: str, title: str, reason: str, **adds: float) -> Rule:
    return Rule(
        name,
        title,
        GUIDE,
        (Condition("audience", Test.IS, ("public",)),),
        adds,
        reason,
        "Where there is a single caller.",
        "A weather service that anybody may sign up for.",
    )


OUTSIDE = rule(
    "outside-callers",
    "Outside callers know REST",
    "Companies outside yours call it; they know REST, and their tools do.",
    rest=3,
    rpc=-1,
)
HOT = rule(
    "hot-path",
    "A hot path between services",
    "Its callers wait 20 ms at most and call 4,000 times a second; a binary form and few connections pay here.",
    rpc=3,
    rest=-2,
)
JOINS = rule("screens-join", "Screens join resources", "One screen joins five resources.", graphql=2.5, rest=-1)
QUEUE = rule("nobody-waits", "Nobody waits", "Nobody waits for the result; a queue retries and decouples.", events=3)
NOUNS = rule("nouns", "It is made of nouns", "38 of 41 operations are standard methods of a resource.", rest=2)
STAYING = rule("it-works", "It is there", "It is there, and it works.", present=2.5)
SKILLS = rule("skills", "What the team operates", "The team that owns it operates this style today.", rest=1)

UNPAGED = Misfit(
    "unpaged-list",
    "A list without pages",
    Source("AIP-158", "https://google.aip.dev/158"),
    Severity.WARNING,
    _nothing,
    "A list that gives everything grows with its data until it times out.",
    "Take a page size and a page token, and return the next token.",
    "Lists that are bounded by nature, such as the days of a week.",
    "GET /orders becomes GET /orders?page_size=50&page_token=…",
    {Audience.PUBLIC: Severity.ERROR, Audience.PARTNER: Severity.ERROR},
)
CALLS = Misfit(
    "public-rpc",
    "A public surface built of calls",
    Source("The guide: what usually fails"),
    Severity.ERROR,
    _nothing,
    "Outside developers have to learn each call by itself.",
    "Name the nouns, and give them the standard methods.",
    "Surfaces that compute one answer.",
    "POST /createOrder becomes POST /orders.",
)
CASING = Misfit(
    "mixed-casing",
    "Names in several casings",
    Source("AIP-140", "https://google.aip.dev/140"),
    Severity.HINT,
    _nothing,
    "Callers guess names; two casings make half the guesses wrong.",
    "Keep to one casing on one platform.",
    "Names that another standard fixes.",
    "orderId and order_id: keep one.",
)
KEYLESS = Misfit(
    "no-idempotency-key",
    "An unsafe call that cannot be repeated",
    Source("RFC 9110, 9.2.2", "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2"),
    Severity.WARNING,
    _nothing,
    "A caller that hears nothing cannot know whether to try again.",
    "Take an Idempotency-Key, and answer a repeated one with the first answer.",
    "Calls whose repetition does no harm.",
    "POST /payments takes Idempotency-Key.",
)
RULES = (UNPAGED, CALLS, CASING, KEYLESS)


def finding(of: Misfit, severity: Severity, surface: str, address: str, at: Position, message: str) -> Finding:
    return Finding(of.id, severity, surface, operation(address), at, message, of.remedy)


def reading(file: str, format: Format, version: str, title: str, **about: Any) -> Reading:
    at = Position(file)
    return Reading(file, format, version, About(title, "1.4.0", **about), Contract("read"), lambda element: at)


def facts(**known: tuple[Any, Certainty, str, Position | None]) -> Facts:
    return Facts(
        {
            name: Fact(name, value, certainty, (Evidence(text, at),) if text else ())
            for name, (value, certainty, text, at) in known.items()
        }
    )


def reviewed(
    name: str,
    readings: tuple[Reading, ...],
    known: Facts,
    nature: Nature,
    verdict: Verdict,
    findings: Iterable[Finding] = (),
) -> Reviewed:
    return Reviewed(Surface(name, readings, known), nature, verdict, tuple(findings))


STATED, READ, INFERRED = Certainty.STATED, Certainty.READ, Certainty.INFERRED


def partner() -> Reviewed:
    file = "openapi/partner.yaml"
    scores = {"rest": 6.0, "rpc": -1.0, "graphql": 0.5, "events": 0.0, "webhooks": 0.0}
    return reviewed(
        "partner",
        (reading(file, Format.OPENAPI, "3.1.0", "Shop for partners", license="MIT"),),
        facts(
            audience=("partner", STATED, "surfaces.toml", Position("surfaces.toml", 4)),
            consumers=(40, STATED, "surfaces.toml", Position("surfaces.toml", 5)),
            style=("rest", READ, "38 of 41 paths are nouns", Position(file, 31)),
            operations=(41, READ, "", None),
            standard_share=(0.927, READ, "38 of 41 operations", Position(file, 31)),
            owner=("team-partners", INFERRED, "CODEOWNERS", Position("CODEOWNERS", 3)),
        ),
        Nature("rest", "resources over HTTP", 0.93, (Evidence("38 of 41 paths are nouns", Position(file, 31)),)),
        Verdict(
            Decision.MEND,
            "rest",
            "graphql",
            scores,
            (
                Reason(OUTSIDE, 3, OUTSIDE.reason),
                Reason(NOUNS, 2, NOUNS.reason),
                Reason(SKILLS, 1, SKILLS.reason),
                Reason(STAYING, 2.5, STAYING.reason),
            ),
            (),
            Confidence.HIGH,
            (Turn("consumers", 0, "rpc", True, "Were it called by no other company, RPC would fit better."),),
            ("Give the lists pages.", "Take an Idempotency-Key where money moves."),
            (),
            (),
            "The style is right; seven things keep partners from relying on it.",
            staying=2.5,
        ),
        [
            *(
                finding(
                    UNPAGED,
                    Severity.ERROR,
                    "partner",
                    f"GET /v1/{noun}",
                    Position(file, 40 + 17 * at, 5),
                    f"GET /v1/{noun} gives all {noun} at once",
                )
                for at, noun in enumerate(["orders", "customers", "invoices", "returns", "prices", "stock", "carriers"])
            ),
            replace(
                finding(
                    KEYLESS,
                    Severity.WARNING,
                    "partner",
                    "POST /v1/payments",
                    Position(file, 310, 5),
                    "POST /v1/payments takes money twice where it is tried again",
                ),
                evidence=(Position(file, 322), Position("openapi/payments.yaml", 9)),
            ),
            finding(
                CASING,
                Severity.HINT,
                "partner",
                "GET /v1/orders",
                Position(file, 44),
                "orderId stands beside created_at",
            ),
        ],
    )


def public() -> Reviewed:
    file = "openapi/öffentlich, v2%.json"
    return reviewed(
        "öffentlich-商店",
        (reading(file, Format.OPENAPI, "3.0.3", HOSTILE),),
        facts(
            audience=("public", INFERRED, "the host is api.example.com", Position(file, 7)),
            style=("rpc", READ, "19 of 22 paths are verbs", Position(file, 12)),
            verb_share=(0.86, READ, "19 of 22 operations", Position(file, 12)),
        ),
        Nature("rpc", "RPC over HTTP", 0.86, (Evidence("19 of 22 paths are verbs", Position(file, 12)),)),
        Verdict(
            Decision.MOVE,
            "rest",
            "rpc",
            {"rest": 3.0, "rpc": 0.0, "graphql": 1.0, "events": -1.0, "webhooks": 0.0},
            (Reason(OUTSIDE, 3, OUTSIDE.reason), Reason(SKILLS, 1, SKILLS.reason)),
            (
                Reason(JOINS, -1, f"{JOINS.reason} (it puts together 5 resources)"),
                Reason(STAYING, 2.5, STAYING.reason, "rpc"),
            ),
            Confidence.MEDIUM,
            (
                Turn("audience", "internal", "rpc", True, "Were only your own services to call it, RPC would fit."),
                Turn("latency_budget_ms", 10.0, "rpc", False, "With less than 10 ms to answer, RPC would fit better."),
            ),
            ("Trim what createOrder answers: it returns the whole customer.", "Cache the four reads."),
            ("Every caller changes 19 calls; keep both for two releases.", "Its SDKs are made anew."),
            ("consumers", "latency_budget_ms"),
            "Outside developers meet 19 calls where five nouns would do.",
            staying=2.5,
        ),
        [
            finding(
                CALLS,
                Severity.ERROR,
                "öffentlich-商店",
                "POST /createOrder",
                Position(file, 12, 3),
                "POST /createOrder is a call in the clothes of a path",
            ),
            finding(CALLS, Severity.ERROR, "öffentlich-商店", f"POST /{HOSTILE}", Position(file, 61, 3), HOSTILE),
        ],
    )


def fraud() -> Reviewed:
    file = "proto/fraud/v1/fraud.proto"
    return reviewed(
        "fraud",
        (reading(file, Format.PROTO, "proto3", "fraud.v1"),),
        facts(
            audience=("internal", STATED, "surfaces.toml", Position("surfaces.toml", 12)),
            latency_budget_ms=(20.0, STATED, "surfaces.toml", Position("surfaces.toml", 13)),
            calls_per_second=(4000.0, STATED, "surfaces.toml", Position("surfaces.toml", 14)),
            style=("rpc", READ, "a service in proto", Position(file, 8)),
            skills=(frozenset({"rest", "rpc"}), STATED, "surfaces.toml", Position("surfaces.toml", 15)),
        ),
        Nature("rpc", "gRPC", 1.0, (Evidence("a service in proto", Position(file, 8)),)),
        Verdict(
            Decision.KEEP,
            "rpc",
            "rest",
            {"rest": -1.0, "rpc": 5.0, "graphql": -2.0, "events": 0.0, "webhooks": 0.0},
            (Reason(HOT, 3, HOT.reason),),
            (),
            Confidence.HIGH,
            (),
            (),
            (),
            (),
        ),
    )


def storefront() -> Reviewed:
    file = "graphql/storefront.graphql"
    return reviewed(
        "storefront",
        (reading(file, Format.GRAPHQL, "", "Storefront"),),
        facts(
            audience=("frontend", INFERRED, "the file's name", Position(file)),
            joins=(5, STATED, "surfaces.toml", Position("surfaces.toml", 20)),
            style=("graphql", READ, "a schema with a query type", Position(file, 1)),
        ),
        Nature("graphql", "GraphQL", 1.0),
        Verdict(
            Decision.KEEP,
            "graphql",
            "rest",
            {"rest": 1.0, "rpc": -1.0, "graphql": 3.5, "events": 0.0, "webhooks": 0.0},
            (Reason(JOINS, 2.5, JOINS.reason),),
            (),
            Confidence.MEDIUM,
            (Turn("joins", 1, "rest", True, "Were a screen to need one resource only, REST would do."),),
            (),
            (),
            ("teams",),
        ),
        [
            finding(
                CASING, Severity.HINT, "storefront", "query orders", Position(file, 9, 3), "orderID beside createdAt"
            )
        ],
    )


def pipeline() -> Reviewed:
    return reviewed(
        "order-pipeline",
        (reading("asyncapi/orders.yaml", Format.ASYNCAPI, "3.0.0", "Orders"),),
        facts(
            audience=("internal", STATED, "surfaces.toml", Position("surfaces.toml", 26)),
            waits=(False, STATED, "surfaces.toml", Position("surfaces.toml", 27)),
            style=("events", READ, "six channels", Position("asyncapi/orders.yaml", 10)),
        ),
        Nature("events", "events", 1.0),
        Verdict(
            Decision.KEEP,
            "events",
            "webhooks",
            {"rest": -1.0, "rpc": 0.0, "graphql": -2.0, "events": 4.0, "webhooks": 1.0},
            (Reason(QUEUE, 3, QUEUE.reason),),
            (),
            Confidence.HIGH,
            (),
            (),
            (),
            (),
        ),
    )


def admin() -> Reviewed:
    return reviewed(
        "admin",
        (reading("openapi/admin.yaml", Format.OPENAPI, "2.0", "Back office"),),
        facts(
            style=("rest", READ, "12 of 30 paths are nouns", Position("openapi/admin.yaml", 14)),
            operations=(30, READ, "", None),
        ),
        Nature("rest", "resources over HTTP", 0.4),
        Verdict(
            Decision.ASK,
            "rest",
            None,
            {"rest": 1.0, "rpc": 1.0, "graphql": 0.0, "events": 0.0, "webhooks": 0.0},
            (),
            (),
            Confidence.LOW,
            (Turn("audience", "operator", "rest", False, "If your own staff call it, REST fits."),),
            (),
            (),
            ("audience", "consumers", "waits"),
        ),
        [
            finding(
                UNPAGED,
                Severity.WARNING,
                "admin",
                "GET /audit",
                Position("openapi/admin.yaml", 99, 5),
                "GET /audit gives all entries at once",
            )
        ],
    )


def notices() -> Reviewed:
    return reviewed(
        "notices",
        (),
        facts(audience=("operator", STATED, "answered", None), waits=(False, STATED, "answered", None)),
        Nature(None, "", 0.0),
        Verdict(
            Decision.CHOOSE,
            "webhooks",
            "events",
            {"rest": 0.0, "rpc": 0.0, "graphql": -1.0, "events": 2.0, "webhooks": 2.5},
            (Reason(QUEUE, 2.5, QUEUE.reason),),
            (),
            Confidence.LOW,
            (),
            (),
            (),
            ("consumers",),
            "There is no contract yet: begin with one page of OpenAPI.",
        ),
    )


PEOPLE = People(
    (
        Skill("HTTP semantics and OpenAPI", ("rest",), ("partner", "öffentlich-商店", "admin"), True),
        Skill("Protobuf and latency tuning", ("rpc",), ("fraud",), True),
        Skill(
            "Schema modelling and query cost",
            ("graphql",),
            ("storefront",),
            False,
            (
                Ask(
                    "How do you keep one query from asking for the whole graph?",
                    ("depth and cost limits", "persisted queries", "paging of every list"),
                ),
                Ask("When would you give a screen a plain resource instead?", ("one resource", "HTTP caches")),
            ),
        ),
        Skill(
            "Streams and delivery",
            ("events", "webhooks"),
            ("order-pipeline", "notices"),
            None,
            (Ask("What does exactly once mean to you?", ("idempotent consumers", "a key for each event")),),
        ),
    )
)


def review() -> Review:
    """The whole."""
    return Review(
        (partner(), public(), fraud(), storefront(), pipeline(), admin(), notices()),
        PEOPLE,
        (
            Refusal(
                Why.UNREADABLE,
                Position("openapi/broken.yaml", 17, 4),
                "a mapping is not closed here",
                "Close the brace that line 12 opens.",
            ),
            Refusal(
                Why.UNSUPPORTED,
                Position("wsdl/legacy.wsdl"),
                f"WSDL is not read {HOSTILE}",
                "Describe it in surfaces.toml.",
            ),
        ),
        (Remark(Position("openapi/admin.yaml", 210), "#/definitions/Entry leads nowhere", "Write the definition."),),
        tuple(
            Kept(Element(Kind.TYPE, name), what, Position("openapi/partner.yaml", line))
            for name, what, line in [
                ("Order", "a discriminator with a mapping", 400),
                ("Price", "multipleOf 0.01", 433),
                ("Address", "patternProperties", 460),
            ]
        ),
        (
            finding(
                KEYLESS,
                Severity.WARNING,
                "partner",
                "POST /v1/returns",
                Position("openapi/partner.yaml", 280, 5),
                "POST /v1/returns cannot be repeated",
            ),
        ),
        (
            "unpaged-list on operation GET /v0/orders: nothing of this rule and name is found any more",
            "mixed-casing on operation GET /v1/stock: the excuse expired on 2026-01-31",
        ),
        9,
        RULES,
        {("no-idempotency-key", "operation POST /v1/returns"): "The warehouse drops doubles (SHOP-112)"},
        made=datetime.date(2026, 2, 3),
        paths=("openapi", "proto", "graphql", "asyncapi"),
    )


def large(surfaces: int, findings: int) -> Review:
    """A platform of many surfaces, with that many findings over them."""
    each = findings // surfaces
    kinds = [partner(), public(), fraud(), storefront(), pipeline(), admin()]
    many = []
    for number in range(surfaces):
        model = kinds[number % len(kinds)]
        found = tuple(
            finding(
                RULES[at % len(RULES)],
                (Severity.ERROR, Severity.WARNING, Severity.HINT)[at % 3],
                f"surface-{number}",
                f"GET /v1/things-{at}",
                Position(f"openapi/{number}.yaml", at + 1),
                f"GET /v1/things-{at} gives all things at once",
            )
            for at in range(each)
        )
        many.append(replace(model, surface=replace(model.surface, name=f"surface-{number}"), findings=found))
    return replace(review(), surfaces=tuple(many))
