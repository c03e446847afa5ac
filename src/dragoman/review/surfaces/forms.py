"""What form each operation has: a standard method of a resource, an action, one endpoint for everything, a message.

Judged by names and methods, as a reader of the document would: of HTTP the path and the method (AIP-121, AIP-136,
RFC 9110 section 9), of ``.proto`` the method's name (AIP-131 to 135), of GraphQL the field.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dragoman.contract.operation import Effect, Method, Operation
from dragoman.contract.schema import Field, List, Nullable, Record, Ref, Type, Types
from dragoman.review.wire import Channelled, Http, Procedure, RootField, wire

from . import words

_VERSION: Final = re.compile(r"^v?\d+([._]\d+)*(alpha\d*|beta\d*|preview)?$", re.IGNORECASE)
_DATE: Final = re.compile(r"^\d{4}-\d{2}(-\d{2})?$")
_PREFIXES: Final = frozenset({"api", "apis", "rest", "services", "service", "public", "internal", "admin"})
_ENDPOINTS: Final = frozenset(
    {"graphql", "gql", "rpc", "jsonrpc", "json-rpc", "json_rpc", "soap", "api", "gateway", "invoke", "call", "execute"}
)
_SOAP_MEDIA: Final = frozenset({"application/soap+xml", "text/xml"})


class Form(enum.StrEnum):
    """What an operation is."""

    STANDARD = "standard method"  # lists, gets, creates, updates or deletes a thing
    CUSTOM = "custom method"  # an action on a thing
    CALL = "call"  # an action by itself
    ENDPOINT = "endpoint for everything"  # what is meant stands in the body
    MESSAGE = "message"  # what happened, or what is told
    UPKEEP = "upkeep"  # whether the server is well; it says nothing of how it speaks


class Misuse(enum.StrEnum):
    """HTTP's methods and statuses used for what they do not mean (RFC 9110, sections 9 and 15)."""

    GET_CHANGES = "GET that changes something"
    POST_READS = "POST that only reads"
    OK_FAILS = "200 for errors"


@dataclass(frozen=True, slots=True)
class Shape:
    """What is seen of one operation. ``noun`` is the thing that it is about, in the singular, where there is one;
    ``owner`` what that thing is listed under. ``speaks`` is, of an endpoint for everything, what it carries.
    """

    form: Form
    noun: str = ""
    owner: str = ""
    reads: bool = False
    computes: bool = False
    job: bool = False
    misuses: tuple[Misuse, ...] = ()
    speaks: str = ""


def shape(operation: Operation, types: Types) -> Shape:
    """What form the operation has."""
    try:
        reached = wire(operation)
    except KeyError:
        return _declared(operation)
    if isinstance(reached, Http):
        return _over_http(operation, reached, types)
    if isinstance(reached, Procedure):
        return _named(operation, words.words(reached.method))
    if isinstance(reached, RootField):
        return _root_field(operation, reached)
    assert isinstance(reached, Channelled)
    return Shape(Form.MESSAGE)


def _declared(operation: Operation) -> Shape:
    """Of a contract that says which method of a resource it is."""
    if operation.method is None:
        return _named(operation, words.words(operation.name))
    noun = words.noun(words.words(operation.resource.name)) if operation.resource is not None else ""
    form = Form.CUSTOM if operation.method is Method.CUSTOM else Form.STANDARD
    return Shape(form, noun, reads=operation.effect is Effect.SAFE)


def _named(operation: Operation, parts: tuple[str, ...]) -> Shape:
    """A method by its name: ``ListBooks`` is a standard one, ``ArchiveBook`` and ``Predict`` are actions."""
    first = parts[0] if parts else ""
    reads = operation.effect is Effect.SAFE or first in words.READING | words.COMPUTING
    computes = words.computes(parts)
    job = _is_operation(operation.output)
    if first in words.STANDARD and len(parts) > 1 and not computes:
        return Shape(Form.STANDARD, words.noun(parts[1:]), reads=reads, job=job)
    return Shape(Form.CALL, reads=reads, computes=computes, job=job)


def _is_operation(type_: Type | None) -> bool:
    """Whether it is work under way (AIP-151)."""
    return isinstance(type_, Ref) and type_.name in ("google.longrunning.Operation", "Operation")


def _root_field(operation: Operation, root: RootField) -> Shape:
    parts = words.words(root.field)
    if root.root == "mutation":
        return _named(operation, parts)
    computes = words.computes(parts)
    if words.acts(parts) and parts[0] not in words.STANDARD:
        return Shape(Form.CALL, reads=True, computes=computes)
    return Shape(Form.STANDARD, words.noun(parts), reads=True)


# HTTP


def _over_http(operation: Operation, http: Http, types: Types) -> Shape:
    if http.direction != "served":
        return Shape(Form.MESSAGE)
    steps = _steps(http.path)
    speaks = _everything(operation, http, steps, types)
    if speaks:
        return Shape(Form.ENDPOINT, speaks=speaks)
    if http.method == "GET" and len(steps) == 1 and steps[0].lower() in words.UPKEEP:
        return Shape(Form.UPKEEP, reads=True)
    action, things = _parted(steps, posted=http.method == "POST")
    noun = words.noun(words.words(things[-1])) if things else ""
    owner = words.noun(words.words(things[-2])) if len(things) > 1 else ""
    parts = words.words(action)
    reads = operation.effect is Effect.SAFE or bool(parts and parts[0] in words.READING | words.COMPUTING)
    made = http.method == "POST" and not action and steps[-1:] != ["{}"] and noun.split("_")[-1] in words.COMPUTED
    form = Form.STANDARD if not action else Form.CUSTOM if things else Form.CALL
    return Shape(
        form,
        noun,
        owner if form is Form.STANDARD else "",
        reads=reads or made,
        computes=words.computes(parts) or made,
        job=_starts_work(operation, http, noun),
        misuses=tuple(_misuses(http, parts, types)),
    )


def _steps(path: str) -> list[str]:
    """The segments of a path, variables as ``{}``, without versions and prefixes that say nothing."""
    found: list[str] = []
    path, _, fragment = path.partition("?")[0].partition("#")
    for segment in path.split("/"):
        if segment.startswith("{") and ":" in segment:  # {name}:cancel, {name=projects/*}:cancel
            found += ["{}", f":{segment.rpartition(':')[2]}"]
        elif "{" in segment:
            # users({id}), {id}.json: the thing is named beside the variable
            name = segment.partition("{")[0].rstrip("(=-._")
            found += [name, "{}"] if words.words(name) else ["{}"]
        elif ":" in segment:
            name, _, action = segment.rpartition(":")
            found += [name, f":{action}"] if name else [f":{action}"]
        elif segment and not _VERSION.match(segment) and not _DATE.match(segment):
            found.append(re.sub(r"\.(json|xml|php|aspx?|do|action)$", "", segment, flags=re.IGNORECASE))
    if "=" in fragment:  # /#Action=StartInstances: documents that tell apart what the body does
        found.append(f":{re.split('[=.]', fragment)[-1]}")
    while len(found) > 1 and found[0].lower() in _PREFIXES:
        found = found[1:]
    return found


def _parted(steps: list[str], *, posted: bool) -> tuple[str, list[str]]:
    """The action at the end of a path, if there is one, and the things in front of it."""
    statics = [each for each in steps if each != "{}"]
    if not statics:
        return "", []
    last = statics[-1]
    if last.startswith(":"):
        return last[1:], statics[:-1]
    if "." in last and words.acts(words.words(last.rpartition(".")[2])):  # chat.postMessage
        return last.rpartition(".")[2], []
    if words.acts(words.words(last), posted=posted and steps[-1] != "{}"):
        return last, statics[:-1]
    return "", [each for each in statics if not each.startswith(":")]


def _everything(operation: Operation, http: Http, steps: list[str], types: Types) -> str:
    """What is carried by an endpoint through which everything goes; empty for other operations."""
    if http.method not in ("POST", "GET") or "{}" in steps[-1:]:
        return ""
    last = steps[-1].lower() if steps else "api"
    soap = any(each.partition(";")[0].strip() == "application/soap+xml" for each in http.media)
    if soap or any(each.name.lower() == "soapaction" for each in http.parameters):
        return "soap"
    if last in ("graphql", "gql"):
        return "graphql"
    if http.method != "POST":
        return ""
    fields = {each.name.lower() for each in _record_fields(operation.input, types)}
    if "query" in fields and fields & {"variables", "operationname"}:
        return "graphql"
    if "method" in fields and fields & {"params", "jsonrpc", "args", "arguments"}:
        return "rpc"
    if last in _ENDPOINTS and fields & {"method", "action", "command", "operation", "function", "service"}:
        return "rpc"
    xml = {each.partition(";")[0].strip() for each in http.media}
    if last == "soap" or (last.endswith((".asmx", ".svc")) and xml & _SOAP_MEDIA):
        return "soap"
    return "rpc" if last in ("rpc", "jsonrpc", "json-rpc", "json_rpc") else ""


def _record_fields(type_: Type | None, types: Types) -> tuple[Field, ...]:
    record = resolved(type_, types)
    return record.fields if isinstance(record, Record) else ()


def resolved(type_: Type | None, types: Types) -> Type | None:
    """What a type is under references, nulls and lists; None where a reference leads nowhere."""
    for _ in range(64):
        if isinstance(type_, Ref):
            named = types.get(type_.name)
            type_ = named if named is not None else None
        elif isinstance(type_, Nullable):
            type_ = type_.of
        elif isinstance(type_, List):
            type_ = type_.item
        else:
            return type_
    return None


def _starts_work(operation: Operation, http: Http, noun: str) -> bool:
    if http.method == "GET":
        return False
    succeeding = [answer.status for answer in http.answers if answer.succeeds]
    if (succeeding and all(status == "202" for status in succeeding)) or _is_operation(operation.output):
        return True
    return http.method == "POST" and http.path.rstrip("/")[-1:] != "}" and noun.split("_")[-1] in words.JOBS


def _misuses(http: Http, action: tuple[str, ...], types: Types) -> Iterable[Misuse]:
    if http.method == "GET" and action and action[0] in words.CHANGING - words.READING - words.COMPUTING:
        yield Misuse.GET_CHANGES
    # A search by POST is a way around long addresses; what gets or lists by POST has none.
    if http.method == "POST" and action and action[0] in ("get", "list", "fetch", "read", "find", "retrieve", "show"):
        yield Misuse.POST_READS
    if _fails_with_200(http, types):
        yield Misuse.OK_FAILS


_ERROR_FIELDS: Final = frozenset({"error", "errors", "errorcode", "errormessage", "errcode", "errmsg", "error_code"})


def _fails_with_200(http: Http, types: Types) -> bool:
    """Whether errors come as success: no answer says that it failed, and the good one has a place for errors."""
    if not http.answers or any(not answer.succeeds for answer in http.answers):
        return False
    for answer in http.answers:
        record = resolved(answer.type, types)
        if isinstance(record, Record) and any(each.name.lower() in _ERROR_FIELDS for each in record.fields):
            return True
    return False
