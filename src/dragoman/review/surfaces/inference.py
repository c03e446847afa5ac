"""What documents hint at and do not say: whom a surface is for, who owns it, whether anybody waits.

Each clue is a row of a table: what it looks at, what it points to, and how strongly. Clues for different values of one
fact are weighed against each other; where they balance, the fact stays unknown.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from dragoman.contract.operation import Operation
from dragoman.contract.principal import Audience
from dragoman.review.elements import Element, Kind
from dragoman.review.reading.outcome import Format, Reading
from dragoman.review.wire import Channelled, Http, Procedure, wire

from .facts import Certainty, Evidence, Fact

WORDS: Final[tuple[tuple[Audience, str], ...]] = (
    (Audience.PARTNER, r"partners?|b2b|reseller|affiliate|integrators?"),
    (Audience.OPERATOR, r"admin|operator|backoffice|back-office|ops|management|console"),
    (Audience.FRONTEND, r"frontend|front-end|bff|web|mobile|app|apps|ios|android|dashboard|storefront"),
    (Audience.INTERNAL, r"internal|private|inference|model|svc|rpc|grpc"),
    (Audience.PUBLIC, r"public|open|developer|developers"),
)
"""Words in names of folders, files, hosts and titles that say whom a surface is for."""

INNER_HOSTS: Final = re.compile(r"(^|\.)(localhost|local|internal|intranet|lan|corp|cluster|svc|test|home\.arpa)$")

BROKERS: Final = frozenset(
    {"kafka", "amqp", "amqps", "amqp1", "mqtt", "mqtts", "mqtt5", "nats", "jms", "stomp", "stomps", "pulsar"}
    | {"redis", "rediss", "sns", "sqs", "googlepubsub", "solace", "ibmmq", "anypointmq"}
)
"""Protocols of brokers, by AsyncAPI's names of bindings; variants (``kafka-secure``) begin like them."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A value that something points to, how strongly (1 to 4), and what it is."""

    value: str
    weight: int
    evidence: Evidence


def infer(readings: Sequence[Reading], owners: Callable[[str], str | None]) -> Iterator[Fact]:
    """The facts of people that documents point to. ``owners`` gives the owner of a file, from CODEOWNERS."""
    stated = next((each for each in readings if each.about.audience is not None), None)
    if stated is not None:
        assert stated.about.audience is not None
        where = stated.locate(Element(Kind.DOCUMENT, stated.file))
        yield Fact("audience", str(stated.about.audience), Certainty.READ, (Evidence("the document says so", where),))
    else:
        yield from _weighed("audience", [hint for each in readings for hint in _callers(each)])
    yield from _weighed("owner", [hint for each in readings for hint in _owner(each, owners)])
    yield from _waits(readings)
    yield from _deadline(readings)


def _weighed(name: str, hints: Sequence[Hint]) -> Iterator[Fact]:
    """The value that most points to, unless another has as much for it."""
    weights: dict[str, int] = defaultdict(int)
    for hint in hints:
        weights[hint.value] += hint.weight
    best = sorted(weights, key=lambda value: -weights[value])[:2]
    if not best or (len(best) == 2 and weights[best[0]] == weights[best[1]]):
        return
    evidence = tuple(dict.fromkeys(hint.evidence for hint in hints if hint.value == best[0]))
    yield Fact(name, best[0], Certainty.INFERRED, evidence)


def _callers(reading: Reading) -> Iterator[Hint]:
    """What points to an audience. A broker is never public: it has a name in the DNS as everything has, and terms and
    scopes for those who were let in.
    """
    brokered = any(_is_broker(each) for each in reading.about.servers)
    return (hint for hint in _audience(reading) if not (brokered and hint.value == Audience.PUBLIC))


def _is_broker(server: str) -> bool:
    return server.partition(":")[0].partition("-")[0].lower() in BROKERS


def _audience(reading: Reading) -> Iterator[Hint]:
    document = reading.locate(Element(Kind.DOCUMENT, reading.file))
    for folder in PurePosixPath(reading.file).parts:
        yield from _named(folder, 3, f"its path has {folder!r}", reading)
    yield from _named(reading.about.title, 3, f"its title is {reading.about.title!r}", reading)
    for server in reading.about.servers:
        yield from _server(server, reading)
    if reading.about.terms:
        yield Hint(Audience.PUBLIC, 2, Evidence("it has terms of service", document))
    if any(each.type == "oauth2" and each.scopes for each in reading.about.schemes):
        yield Hint(Audience.PUBLIC, 1, Evidence("callers are given scopes by OAuth 2", document))
    operations = tuple(reading.contract.operations.values())
    yield from _paths(operations, reading)
    procedures = [found for each in operations if isinstance(found := wire(each), Procedure)]
    if procedures and not any(each.http for each in procedures):
        yield Hint(
            Audience.INTERNAL,
            2,
            Evidence("gRPC without a form for HTTP reaches neither browsers nor most partners", document),
        )
    elif procedures:
        yield Hint(Audience.PUBLIC, 2, Evidence("its procedures have a form for HTTP too (google.api.http)", document))
    if reading.format is Format.ASYNCAPI:
        yield Hint(Audience.INTERNAL, 1, Evidence("a broker's channels are mostly a company's own", document))


def _named(name: str, weight: int, says: str, reading: Reading) -> Iterator[Hint]:
    words = set(re.findall(r"[a-z0-9]+(?:-[a-z]+)?", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))
    words |= {part for word in words for part in word.split("-")}
    for audience, pattern in WORDS:
        if any(re.fullmatch(pattern, word) for word in words):
            yield Hint(audience, weight, Evidence(says, reading.locate(Element(Kind.DOCUMENT, reading.file))))


def _server(server: str, reading: Reading) -> Iterator[Hint]:
    host = urlsplit(server if "//" in server else f"//{server}").hostname or ""
    if not host or "{" in host:
        return
    where = reading.locate(Element(Kind.DOCUMENT, reading.file))
    if INNER_HOSTS.search(host) or _private(host) or "." not in host:
        weight = 1 if host in ("localhost", "127.0.0.1", "::1") else 4
        yield Hint(Audience.INTERNAL, weight, Evidence(f"its server {host} is not reached from outside", where))
        return
    # Hosts called app.… and web.… mostly serve everybody.
    hints = _named(host.rpartition(".")[0], 3, f"its server is {host}", reading)
    named = [each for each in hints if each.value not in (Audience.FRONTEND, Audience.PUBLIC)]
    yield from named
    if not named or re.match(r"(api|developers?)\.", host):
        yield Hint(Audience.PUBLIC, 2, Evidence(f"its server {host} is reached from anywhere", where))


def _private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return False


def _paths(operations: Sequence[Operation], reading: Reading) -> Iterator[Hint]:
    paths = [found.path for each in operations if isinstance(found := wire(each), Http)]
    for audience, segment in (
        (Audience.OPERATOR, "admin"),
        (Audience.INTERNAL, "internal"),
        (Audience.PARTNER, "partner"),
    ):
        under = [path for path in paths if re.match(rf"^/(v\d+/)?{segment}s?(/|$)", path)]
        if paths and len(under) == len(paths):
            where = reading.locate(Element(Kind.DOCUMENT, reading.file))
            yield Hint(audience, 4, Evidence(f"all of its paths begin with /{segment}", where))


def _owner(reading: Reading, owners: Callable[[str], str | None]) -> Iterator[Hint]:
    where = reading.locate(Element(Kind.DOCUMENT, reading.file))
    if (owner := owners(reading.file)) is not None:
        yield Hint(owner, 3, Evidence("CODEOWNERS says so", where))
    if reading.about.contact:
        yield Hint(reading.about.contact, 1, Evidence("it is the contact that the document names", where))


def _waits(readings: Sequence[Reading]) -> Iterator[Fact]:
    """Nobody waits for what goes through a broker; whoever opens a stream or asks a question does."""
    wires = [(each, wire(operation)) for each in readings for operation in each.contract.operations.values()]
    channels = [each for each, found in wires if isinstance(found, Channelled)]
    events = [each for each in readings if each.contract.events]
    if (channels or events) and len(channels) == len(wires):
        where = (channels or events)[0]
        place = where.locate(Element(Kind.DOCUMENT, where.file))
        yield Fact("waits", False, Certainty.INFERRED, (Evidence("all that it has goes through channels", place),))


def _deadline(readings: Iterable[Reading]) -> Iterator[Fact]:
    """The shortest deadline that an operation declares is what its callers wait at most."""
    declared = [
        (operation.deadline, reading, operation)
        for reading in readings
        for operation in reading.contract.operations.values()
        if operation.deadline is not None
    ]
    if declared:
        seconds, reading, operation = min(declared, key=lambda each: each[0])
        place = reading.locate(Element(Kind.OPERATION, wire(operation).address))
        text = f"{operation.name} has a deadline of {seconds * 1000:g} ms"
        yield Fact("latency_budget_ms", seconds * 1000, Certainty.INFERRED, (Evidence(text, place),))
