"""Lists and their pages: what is a list, whether it could grow without end, and how its pages are asked for."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from dragoman.contract.operation import Method
from dragoman.contract.schema import Field, List, Record, Type
from dragoman.review.english import singular, vocabulary, words
from dragoman.review.reading.outcome import Format
from dragoman.review.wire import Http, Procedure, RootField, Wire

from .call import Call, parameters, verb_of
from .path import is_variable, last, literals, segments
from .shape import fields_of, item_of, plain, record_of
from .wording import bare, is_plural


class Way(enum.StrEnum):
    """How a caller says which page."""

    TOKEN = "tokens"
    NUMBER = "numbers"


TOKENS: Final = vocabulary(
    "cursor continue after before pagetoken nexttoken continuationtoken continuation startingafter endingbefore "
    "pagecursor "
    "nextcursor marker startkey exclusivestartkey sinceid maxid minid bookmark starttoken nextpagetoken lastkey "
    "scrollid lastid pagekey skiptoken startcursor endcursor lastevaluatedkey nextid synctoken pagingtoken startafter"
)
NUMBERS: Final = vocabulary(
    "page offset pagenumber pageno pageindex pagenum skip start startindex startat currentpage firstresult pg "
    "resultoffset from fromindex startrow startposition pageoffset index"
)
SIZES: Final = vocabulary(
    "limit pagesize perpage size maxresults count top take first last maxitems rows num pagelimit resultsperpage "
    "itemsperpage maxpagesize maxcount resultlimit recordsperpage pagecount n length quantity maxkeys"
)
_NEXT: Final = TOKENS | vocabulary(
    "next nextpage nextlink nexturl nextpageurl nextpagelink hasmore hasnext hasnextpage morepages more islast "
    "lastpage pageinfo paging pagination links odatanextlink pages meta totalpages"
)
_BATCH: Final = vocabulary("ids identifiers names keys codes uuids emails")
_SMALL: Final = vocabulary(
    "countries currencies languages locales timezones categories permissions roles types kinds plans regions "
    "statuses units settings features versions formats models options scopes tags zones preferences capabilities "
    "enums days months holidays limits quotas metrics fields columns top popular trending latest recent nearest "
    "suggestions suggest autocomplete methods colors sizes states levels tiers services environments platforms "
    "parents children labels machines downloads protection conduct errors head"
)
_WINDOWS: Final = (("from", "to"), ("start", "end"), ("since", "until"), ("after", "before"), ("begin", "end"))
_SAYS_BOUND: Final = re.compile(
    r"\b(?:at most|up to|no more than|never more than|maximum of|max(?:imum)?:?)\s+\d|"
    r"\b(?:last|past|previous)\s+(?:\d+\s+|(?:two|three|four|seven|ten|twelve|thirty)\s+)?"
    r"(?:minute|hour|day|week|month|quarter|year)s?\b|"
    r"\b(?:top|first|(?:most|more) (?:recent|popular)|latest)\s+(?:\d+|five|ten|twenty|fifty|hundred)\b",
    re.IGNORECASE,
)
"""A number, a span of time or a rank that bounds a list."""

_GROWING: Final = vocabulary(
    "order payment transaction transfer payout charge refund invoice receipt event log message mail email "
    "notification comment review post article customer user account member contact lead subscriber subscription "
    "client person patient student employee product item document file image photo video record row entry run job "
    "task build deployment commit issue ticket case request booking reservation appointment shipment delivery "
    "parcel package session visit click view measurement metric reading alert incident audit history activity "
    "statement report export repository repositories backup snapshot version revision release conversation call "
    "chat thread device vehicle trip location store card grant offer attachment asset listing bid"
)
"""Things of which there are more every day where business goes well."""

_FEW: Final = vocabulary(
    "restriction restrictions permission permissions settings setting protection policy policies pending selected "
    "allowed large current config configuration default"
)

_SAYS_GROWTH: Final = re.compile(r"\b(?:all|every|each)\b[^.]{0,30}\b(?:ever|since|history|created)\b", re.IGNORECASE)
_ENVELOPES: Final = vocabulary("items data results records entries values content list rows elements objects")


@dataclass(frozen=True, slots=True)
class Listing:
    """An answer that is a list. ``envelope`` is the record around it, where there is one."""

    item: Type
    type: List
    envelope: Record | None
    field: str = ""


def listing(call: Call[Wire]) -> Listing | None:
    """What the call lists, where it is a read whose answer is in essence one list of records."""
    if not _may_list(call):
        return None
    types, answer = call.types, plain(call.types, call.operation.output)
    if isinstance(answer, List):
        return Listing(answer.item, answer, None) if record_of(types, answer.item) is not None else None
    if not isinstance(answer, Record) or isinstance(call.wire, RootField):
        return None
    lists = [
        (each, found)
        for each in fields_of(types, answer)
        if isinstance(found := plain(types, each.type), List) and record_of(types, found.item) is not None
    ]
    if len(lists) != 1 or not _is_envelope(call, answer, lists[0][0]):
        return None
    field, list_ = lists[0]
    return Listing(list_.item, list_, answer, field.name)


def _may_list(call: Call[Wire]) -> bool:
    if call.operation.interaction.streams_output or call.reading.format is Format.DRAGOMAN:
        return False
    match call.wire:
        case Http(method="GET", path=path):
            return not is_variable(last(path))
        case Procedure(method=method):
            return words(method)[:1] in {("list",), ("search",)}
        case RootField(root="query"):
            return True
        case _:
            return False


def _is_envelope(call: Call[Wire], answer: Record, field: Field) -> bool:
    """Whether the record stands around the list, and is no thing of its own that has a list among its parts."""
    if isinstance(call.wire, Procedure):
        return True
    if not isinstance(call.wire, Http):
        return False
    if any(bare(each.name) in ("id", "uuid", "name", "title", "status") for each in fields_of(call.types, answer)):
        return False
    tail = literals(call.wire.path)
    noun = words(tail[-1]) if tail else ()
    named = bare(field.name) in _ENVELOPES or bare(field.name) == "".join(noun)
    return (
        named
        and bool(noun)
        and (call.operation.method is Method.LIST or is_plural(noun[-1]) or verb_of(call) == "list")
    )


def asked(call: Call[Wire]) -> dict[str, str]:
    """What a caller can say beside the path, by names made bare, each with the name as it is written: parameters, and
    the fields of what the call takes.
    """
    names: dict[str, str] = {}
    for each in parameters(call, "query", "header"):
        names[bare(each.name)] = each.name
        names |= {bare(piece): each.name for piece in re.split(r"[.\[\]]", each.name)[1:] if piece}
    for field in fields_of(call.types, call.input) if call.input is not None else ():
        names.setdefault(bare(field.name), field.name)
        nested = record_of(call.types, field.type) if words(field.name)[:1] in _PAGE_WORDS else None
        for part in fields_of(call.types, nested) if nested is not None else ():
            names.setdefault(bare(part.name), f"{field.name}.{part.name}")
    return names


_PAGE_WORDS: Final = {("page",), ("paging",), ("pagination",), ("pager",), ("cursor",), ("options",)}


def way(call: Call[Wire]) -> Way | None:
    """How pages are asked for; tokens where both ways are open."""
    names = set(asked(call))
    if names & TOKENS:
        return Way.TOKEN
    return Way.NUMBER if names & NUMBERS else None


def size_of(call: Call[Wire]) -> str | None:
    """The name, made bare, of what bounds a page."""
    return next((each for each in asked(call) if each in SIZES), None)


def is_paged(call: Call[Wire], found: Listing) -> bool:
    """Whether it speaks of pages at all: what it asks, what it answers, or a header says so."""
    if way(call) is not None or size_of(call) is not None:
        return True
    if isinstance(call.wire, Http):
        headers = {bare(each) for answer in call.wire.answers for each in answer.headers}
        asks = {bare(each.name) for each in parameters(call, "header")}
        if headers & {"link", "contentrange", "xnextpage", "xtotalpages"} or "range" in asks:
            return True
    return continues(call, found)


def continues(call: Call[Wire], found: Listing) -> bool:
    """Whether the answer says how to go on."""
    if found.envelope is None:
        return False
    return any(bare(each.name) in _NEXT for each in fields_of(call.types, found.envelope))


def is_bounded(call: Call[Wire], found: Listing) -> bool:
    """Whether it cannot grow without end: a bound in the schema or in words, a list that was asked for item by item or
    by a span of time, or nouns of which there are never many.
    """
    if found.type.constraints.max_length is not None or _SAYS_BOUND.search(call.operation.description[:5000]):
        return True
    if isinstance(call.wire, Http) and any(_is_several(part) for part in segments(call.wire.path)):
        return True
    names = set(asked(call))
    if any(name in _BATCH or any(name.endswith(each) for each in _BATCH if len(each) > 2) for name in names):
        return True
    if any(each.endswith(("year", "month", "date", "day")) for each in names):
        return True
    spans = [pair for pair in _WINDOWS if all(any(end in name for name in names) for end in pair)]
    return bool(spans) or bool(set(_subject(call)) & _SMALL) or _asks_many(call)


def grows(call: Call[Wire]) -> bool:
    """Whether it lists what there is more of every day: by its noun, or by its description. Settings and what waits
    for something name some of them, and few.
    """
    named = _subject(call)
    around = {word for part in literals(call.wire.path) for word in words(part)} if isinstance(call.wire, Http) else ()
    if _FEW & {*around, *named[:-1]}:
        return False
    nouns = {singular(each) for each in named[-1:]}
    return bool(nouns & _GROWING) or bool(_SAYS_GROWTH.search(call.operation.description[:5000]))


def _is_several(segment: str) -> bool:
    """Whether it is a variable for several things that the caller names: ``{orderIds}``."""
    return is_variable(segment) and words(segment)[-1:] in {
        ("ids",),
        ("identifiers",),
        ("keys",),
        ("names",),
        ("codes",),
    }


def _subject(call: Call[Wire]) -> tuple[str, ...]:
    match call.wire:
        case Http(path=path):
            tail = literals(path)
            return words(tail[-1]) if tail else ()
        case Procedure(method=method):
            return words(method)
        case RootField(field=field):
            return words(field)
        case _:
            return ()


def _asks_many(call: Call[Wire]) -> bool:
    return any(each.place == "query" and each.required and item_of(call.types, each.type) for each in parameters(call))
