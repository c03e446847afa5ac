"""Names on one surface: their casing, their words, and paths that are taken for one another."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.contract.schema import Enum
from dragoman.review import elements
from dragoman.review.elements import Position
from dragoman.review.english import singular, vocabulary, words
from dragoman.review.misfits.call import Call, https, parameters
from dragoman.review.misfits.casing import Casing, habit
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import (
    VERSION,
    first_word,
    is_entry,
    is_plain,
    is_variable,
    last,
    literals,
    segments,
    shape,
)
from dragoman.review.misfits.reach import reach
from dragoman.review.misfits.shape import plain
from dragoman.review.misfits.tally import EVIDENCE, found_surface
from dragoman.review.misfits.wording import VERBS, bare, counted, is_plural, some
from dragoman.review.reading.outcome import Format
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http

from .audience import computes

AIP_140: Final = Source("AIP-140", "https://google.aip.dev/140")
_FOREIGN: Final = vocabulary(
    "access_token oauth_token token_type expires_in refresh_token client_id client_secret grant_type redirect_uri "
    "id_token "
    "code_verifier code_challenge response_type error_description error_uri device_code user_code"
)
"""Names that standards fix (OAuth: RFC 6749), whatever a surface does otherwise."""

_ACTING: Final = vocabulary(
    "get fetch retrieve find create add insert update edit delete remove destroy save submit send cancel approve "
    "reject "
    "activate deactivate enable disable unregister unassign unpublish rename revoke terminate purge generate validate "
    "calculate unarchive unlock unblock execute"
)
"""Verbs that are hardly ever nouns."""

_SAID: Final = {
    **dict.fromkeys(("get", "fetch", "retrieve", "find", "list", "read", "search"), "GET"),
    **dict.fromkeys(("create", "add", "insert"), "POST"),
    **dict.fromkeys(("update", "edit", "save"), "PATCH"),
    **dict.fromkeys(("delete", "remove", "destroy"), "DELETE"),
}
"""The method that says what the verb says."""

_JOINING: Final = vocabulary("from by for to with in on or and of all at into as")
"""Words after which no noun of the verb's own can stand."""

_LOOKING: Final = vocabulary("get fetch retrieve find")
_CRUD: Final = vocabulary("get list read create add insert update edit replace delete remove")


def _mixed(subject: Subject, names: Mapping[str, Callable[[], Position]], what: str, remedy: str) -> Iterator[Found]:
    """Where names show several casings. One stray name among many may be somebody else's, and is let be."""
    found = habit(names)
    if found is None or found.total < 5 or len(found.others) < 2 or found.share > 0.98:
        return
    others = list(found.others)
    yield found_surface(
        subject,
        f"{len(others):,} of {found.total:,} {what} are not in {found.way}: {some(others)}",
        f"{remedy} in {found.way}, as in {_recased(others[0], found.way)} for {others[0]}; keep the old name beside it "
        "for a while",
        [names[each]() for each in others[: EVIDENCE + 1]],
    )


def _recased(name: str, way: Casing) -> str:
    parts = words(name)
    match way:
        case Casing.SNAKE:
            return "_".join(parts)
        case Casing.KEBAB:
            return "-".join(parts)
        case Casing.PASCAL:
            return "".join(each.capitalize() for each in parts)
        case Casing.CAMEL:
            return "".join((*parts[:1], *(each.capitalize() for each in parts[1:])))


def _fields(subject: Subject) -> Iterator[Found]:
    names: dict[str, Callable[[], Position]] = {}
    for reading in subject.surface.readings:
        if reading.format is not Format.OPENAPI:
            continue
        for message in reach(reading).all:
            for each in message.fields:
                if each.name not in _FOREIGN and each.name not in names:
                    names[each.name] = partial(reading.locate, message.element(each))
    yield from _mixed(subject, names, "names of fields", "Name fields")


def _paths(subject: Subject) -> Iterator[Found]:
    names: dict[str, Callable[[], Position]] = {}
    for call in https(subject):
        for part in literals(call.wire.path):
            if ":" not in part and "." not in part and part not in names:
                names[part] = partial(call.reading.locate, call.element)
    yield from _mixed(subject, names, "parts of paths", "Write paths")


def _parameters(subject: Subject) -> Iterator[Found]:
    names: dict[str, Callable[[], Position]] = {}
    for call in https(subject):
        for each in parameters(call, "query"):
            if each.name not in _FOREIGN and each.name not in names:
                names[each.name] = partial(call.reading.locate, elements.parameter(call.address, each.name))
    yield from _mixed(subject, names, "names of parameters", "Name parameters")


def _verb(subject: Subject) -> Iterator[Found]:
    """Of surfaces of resources alone: where all is calls, :mod:`.audience` says so."""
    if subject.nature.style == "rpc":
        return
    for call in https(subject):
        path = call.wire.path
        parts = segments(path)
        if is_entry(path) or is_plain(path) or computes(call):
            continue
        for index, part in enumerate(parts):
            before = parts[index - 1] if index else ""
            after_item = index == len(parts) - 1 and (is_variable(before) or before == "actions")
            verb = words(part)
            if is_variable(part) or ":" in part or not verb or verb[0] not in _ACTING or after_item:
                continue
            if (
                len(verb) == 1
                and index == len(parts) - 1
                and (index or verb[0] == "list")
                and _may_stand(call, verb[0])
            ):
                continue
            yield call.found(f"{call.address} has a verb in its path: {part}", _without_verb(call, parts[:index], verb))
            break


def _without_verb(call: Call[Http], before: tuple[str, ...], verb: tuple[str, ...]) -> str:
    """The address with a noun in place of the verb, or with the verb after a colon where no method says it."""
    noun = () if set(verb[1:]) & _JOINING else verb[1:]
    path = "/".join(("", *before, *(["-".join(noun)] if noun else ())))
    if not path or VERSION.fullmatch(path.strip("/")):
        return (
            "Name the thing that it acts on, and put the verb after a colon, as in POST /orders/{id}:cancel (AIP-136)"
        )
    if verb[0] in _SAID:
        return f"Write {_SAID[verb[0]]} {path}: {_SAID[verb[0]]} already says {verb[0]}"
    return f"Put the verb after a colon: {call.wire.method} {path}:{verb[0]} (AIP-136)"


def _may_stand(call: Call[Http], verb: str) -> bool:
    """Whether one word at the end of a path is an action that no method says."""
    return call.wire.method == "POST" or (call.wire.method == "GET" and verb not in _LOOKING)


def _collections(subject: Subject) -> Iterator[Found]:
    """Nouns before a variable, by whether they are plural."""
    plural: dict[str, Call[Http]] = {}
    single: dict[str, Call[Http]] = {}
    for call in https(subject):
        parts = segments(call.wire.path)
        for noun, variable in itertools.pairwise(parts):
            if is_variable(variable) and not is_variable(noun) and words(noun) and words(variable)[-1:] == ("id",):
                (plural if is_plural(words(noun)[-1]) else single).setdefault(noun, call)
    total = len(plural) + len(single)
    if total < 4 or not single or len(single) > 0.34 * total:
        return
    for noun, call in single.items():
        if first_word(noun) in VERBS:
            continue
        same = len(words(noun)[-1]) < 4 or noun.endswith(("ss", "ate", "ing", "ity"))
        if is_plain("/" + noun) or is_entry("/" + noun) or same:
            continue
        yield call.found(
            f"{call.address} has a collection in the singular ({noun}); {counted(len(plural), 'other')} here "
            f"{'is' if len(plural) == 1 else 'are'} in the plural",
            f"Use the plural of {noun}, as in /{next(iter(plural))}/{{id}}",
        )


def _slash(subject: Subject) -> Iterator[Found]:
    found = list(https(subject))
    ending = [each for each in found if each.wire.path.endswith("/") and len(each.wire.path) > 1]
    if ending and len(ending) <= len(found) / 2 and len(found) > len(ending):
        for each in ending:
            yield each.found(
                f"{each.address} ends with a slash, and most paths here do not",
                f"Write {each.wire.path.rstrip('/')}, and redirect (308) from the other",
            )


def _colliding(subject: Subject) -> Iterator[Found]:
    by_shape: dict[tuple[str, str], dict[str, Call[Http]]] = defaultdict(dict)
    for call in https(subject):
        key = (call.reading.file, shape(call.wire.path.rstrip("/")).lower())
        by_shape[key].setdefault(call.wire.path, call)
    for paths in by_shape.values():
        if len(paths) < 2 or any("?" in each or "#" in each for each in paths):
            continue
        first, *others = paths.values()
        for each in others:
            yield each.found(
                f"{each.wire.path} and {first.wire.path} differ only in case, a slash or the name of a variable",
                f"Keep one of them; servers, caches and clients do not agree on which one {each.wire.path} is",
                (first.position,),
            )


def _tunnel(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        for each in parameters(call, "header", "query"):
            override = bare(each.name) in ("xhttpmethodoverride", "xmethodoverride", "xhttpmethod", "methodoverride")
            if override or each.name == "_method" or _selects(call, each.name):
                yield call.found_parameter(
                    each.name,
                    f"{each.name} of {call.address} overrides the HTTP method",
                    f"Make one operation for each value of {each.name}, with its own HTTP method",
                )


def _selects(call: Call[Http], name: str) -> bool:
    """Whether a required parameter of the query chooses among verbs."""
    parameter = next(each for each in parameters(call) if each.name == name)
    type_ = plain(call.types, parameter.type)
    if parameter.place != "query" or bare(name) not in ("action", "method", "cmd", "command", "operation", "op"):
        return False
    values = type_.names if isinstance(type_, Enum) else ()
    return len(values) > 1 and all(first_word(each) in _CRUD for each in values)


def _extension(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        tail = last(call.wire.path)
        stem, dot, suffix = tail.rpartition(".")
        named = bool(dot) and suffix.lower() in ("json", "xml", "php", "aspx", "asp", "jsp", "do", "ashx", "cgi")
        is_file = is_plain("/" + stem) or ".well-known" in call.wire.path or tail.startswith("{")
        if named and not is_file:
            yield call.found(
                f"{call.address} has the extension .{suffix}",
                f"Write {call.wire.path[: -len(suffix) - 1]}, and let Accept choose the format",
            )


def _nouns(subject: Subject) -> Iterator[Found]:
    """One variable of a path under several names. What to call it is chosen once for the surface: as most are."""
    names: dict[str, dict[str, Call[Http]]] = defaultdict(dict)
    habits = Counter[str]()
    for call in https(subject):
        parts = segments(call.wire.path)
        for noun, variable in itertools.pairwise(parts):
            if not is_variable(noun) and variable.startswith("{") and variable.endswith("}"):
                names[noun].setdefault(variable.strip("{}"), call)
                habits[_habit(noun, variable.strip("{}"))] += 1
    usual = min((each for each in habits if each), key=lambda each: (-habits[each], each), default="")
    for noun, variables in names.items():
        spelt = {bare(each) for each in variables}
        own = singular(bare(noun))
        ids = {each for each in spelt if each in ("id", own + "id", own)}
        if len(variables) > 1 and (len(spelt) == 1 or (len(spelt) == len(ids) and len(ids) > 1)):
            kept = next((each for each in variables if _habit(noun, each) == usual), next(iter(variables)))
            for each in variables:
                if each != kept:
                    yield variables[each].found_parameter(
                        each,
                        f"the variable after /{noun}/ is called {kept} in one path and {each} in another",
                        f"Call it {kept} everywhere after /{noun}/",
                    )


def _habit(noun: str, variable: str) -> str:
    """How a variable is made from its noun: ``{id}``, ``{order_id}`` or ``{order}``; empty for any other."""
    own = singular(bare(noun))
    return {"id": "id", own + "id": "its noun and id", own: "its noun"}.get(bare(variable), "")


RULES: Final = (
    Misfit(
        id="mixed-field-casing",
        title="Inconsistent casing of fields",
        source=AIP_140,
        severity=Severity.WARNING,
        check=_fields,
        reason="Callers must look up each name, and generated types look inconsistent.",
        remedy="Choose one casing.",
        exception="Names of one word, names from a standard (access_token), and a single exception among few fields.",
        example="{order_id, totalCents} → {order_id, total_cents}",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="mixed-path-casing",
        title="Inconsistent casing of paths",
        source=Source("AIP-122", "https://google.aip.dev/122"),
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING},
        check=_paths,
        reason="People type paths by hand, and paths are case-sensitive: irregular ones are mistyped.",
        remedy="Choose one casing.",
        exception="Segments of one word, versions, variables, and verbs after a colon.",
        example="/order-lines and /shippingAddresses → /order-lines and /shipping-addresses",
        styles=("rest",),
    ),
    Misfit(
        id="mixed-parameter-casing",
        title="Inconsistent casing of query parameters",
        source=AIP_140,
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING},
        check=_parameters,
        reason="Most servers ignore a misspelt parameter, so the filter is silently not applied.",
        remedy="Choose one casing.",
        exception="Names of one word, names from a standard; headers, which have a casing of their own.",
        example="?page_size=…&sortBy=… → ?page_size=…&sort_by=…",
        styles=("rest",),
    ),
    Misfit(
        id="verb-in-path",
        title="Verb in a resource path",
        source=Source("AIP-136", "https://google.aip.dev/136"),
        severity=Severity.WARNING,
        severities={Audience.INTERNAL: Severity.HINT},
        check=_verb,
        reason="The method and the path then say the same thing twice, or contradict each other.",
        remedy="Name the resource, and let the method say what is done to it.",
        exception="Verbs after a colon or at the end behind an item (POST /orders/{id}/cancel), login, "
        "models; and RPC-style surfaces, which rpc-in-public reports.",
        example="POST /createOrder → POST /orders",
        styles=("rest",),
    ),
    Misfit(
        id="singular-collection",
        title="Singular collection name among plural ones",
        source=Source("AIP-122", "https://google.aip.dev/122"),
        severity=Severity.HINT,
        check=_collections,
        reason="Callers guess the URL of one collection from that of another.",
        remedy="Use the plural everywhere.",
        exception="Surfaces that mostly use the singular, surfaces with fewer than four collections, and "
        "words with no separate plural.",
        example="/customer/{id} beside /orders/{id} → /customers/{id}",
        styles=("rest",),
    ),
    Misfit(
        id="trailing-slash",
        title="Inconsistent trailing slash",
        source=Source("RFC 3986, 6.2", "https://www.rfc-editor.org/rfc/rfc3986#section-6.2"),
        severity=Severity.HINT,
        check=_slash,
        reason="With and without the slash are two URLs. Callers must guess which one works, and many "
        "clients drop the body of a POST on a redirect.",
        remedy="Leave it out everywhere.",
        exception="Surfaces where most paths end with a slash, and the root.",
        example="/orders/ → /orders",
        styles=("rest",),
    ),
    Misfit(
        id="colliding-paths",
        title="Ambiguous paths",
        source=Source("OpenAPI 3.1, 4.8.8", "https://spec.openapis.org/oas/v3.1.0#paths-object"),
        severity=Severity.ERROR,
        check=_colliding,
        reason="Which of the two operations answers depends on the server, its version, and the order of its routes.",
        remedy="Keep one.",
        exception="The same path in two documents of a surface; paths with different queries.",
        example="/orders/{id} and /orders/{order_id} → /orders/{id}",
        styles=("rest",),
    ),
    Misfit(
        id="tunnelled-method",
        title="HTTP method overridden by a parameter",
        source=Source("RFC 9110, 9.1", "https://www.rfc-editor.org/rfc/rfc9110#section-9.1"),
        severity=Severity.WARNING,
        check=_tunnel,
        reason="Gateways, caches and permissions use the method, and see the wrong one.",
        remedy="Use the method that is meant.",
        exception="Parameters whose values are no methods or verbs.",
        example="POST /orders/{id} with X-HTTP-Method-Override: DELETE → DELETE /orders/{id}",
        styles=("rest",),
    ),
    Misfit(
        id="extension-in-path",
        title="File extension in the path",
        source=Source("RFC 9110, 12.5.1", "https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1"),
        severity=Severity.HINT,
        check=_extension,
        reason="The resource stays the same when its format changes, and so should its URL.",
        remedy="Let Accept and Content-Type say the format.",
        exception="Real files (openapi.json), .well-known, and extensions in a variable.",
        example="/orders.json → /orders with Accept: application/json",
        styles=("rest",),
    ),
    Misfit(
        id="variable-of-many-names",
        title="Inconsistent path variable names",
        source=Source("AIP-122", "https://google.aip.dev/122"),
        severity=Severity.HINT,
        check=_nouns,
        reason="Generated clients then have orderId in one method and id in another for the same value.",
        remedy="Use one name.",
        exception="Variables with different meanings after one noun (/orders/{id}, /orders/{month}).",
        example="/orders/{id}, /orders/{orderId}/lines → /orders/{id}, /orders/{id}/lines",
        styles=("rest",),
    ),
)
