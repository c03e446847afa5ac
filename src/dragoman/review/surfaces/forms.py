"""What form each operation has: a standard method of a resource, an action, one endpoint for everything, a message.

Judged by names and methods, as a reader of the document would: of HTTP the path and the method (AIP-121, AIP-136,
RFC 9110 section 9), of ``.proto`` the method's name (AIP-131 to 135), of GraphQL the field.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dragoman.contract.operation import Effect, Method, Operation
from dragoman.contract.schema import Ref, Type, Types
from dragoman.review.english import words as split
from dragoman.review.wire import Channelled, Http, Procedure, RootField, wire

from . import words
from .endpoints import carried
from .misuses import Misuse, misuses
from .paths import parted, steps


class Form(enum.StrEnum):
    """What an operation is."""

    STANDARD = "standard method"  # lists, gets, creates, updates or deletes a thing
    CUSTOM = "custom method"  # an action on a thing
    CALL = "call"  # an action by itself
    ENDPOINT = "endpoint for everything"  # what is meant stands in the body
    MESSAGE = "message"  # what happened, or what is told
    UPKEEP = "upkeep"  # whether the server is well; it says nothing of how it speaks


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
        return _named(operation, split(reached.method))
    if isinstance(reached, RootField):
        return _root_field(operation, reached)
    assert isinstance(reached, Channelled)
    return Shape(Form.MESSAGE)


def _declared(operation: Operation) -> Shape:
    """Of a contract that says which method of a resource it is."""
    if operation.method is None:
        return _named(operation, split(operation.name))
    noun = words.noun(split(operation.resource.name)) if operation.resource is not None else ""
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
    parts = split(root.field)
    if root.root == "mutation":
        return _named(operation, parts)
    computes = words.computes(parts)
    if words.acts(parts) and parts[0] not in words.STANDARD:
        return Shape(Form.CALL, reads=True, computes=computes)
    return Shape(Form.STANDARD, words.noun(parts), reads=True)


def _over_http(operation: Operation, http: Http, types: Types) -> Shape:
    if http.direction != "served":
        return Shape(Form.MESSAGE)
    walked = steps(http.path)
    speaks = carried(operation, http, walked, types)
    if speaks:
        return Shape(Form.ENDPOINT, speaks=speaks)
    if http.method == "GET" and len(walked) == 1 and walked[0].lower() in words.UPKEEP:
        return Shape(Form.UPKEEP, reads=True)
    action, things = parted(walked, posted=http.method == "POST")
    noun = words.noun(split(things[-1])) if things else ""
    owner = words.noun(split(things[-2])) if len(things) > 1 else ""
    parts = split(action)
    reads = operation.effect is Effect.SAFE or bool(parts and parts[0] in words.READING | words.COMPUTING)
    made = http.method == "POST" and not action and walked[-1:] != ["{}"] and noun.split("_")[-1] in words.COMPUTED
    form = Form.STANDARD if not action else Form.CUSTOM if things else Form.CALL
    return Shape(
        form,
        noun,
        owner if form is Form.STANDARD else "",
        reads=reads or made,
        computes=words.computes(parts) or made,
        job=_starts_work(operation, http, noun),
        misuses=tuple(misuses(http, parts, types)),
    )


def _starts_work(operation: Operation, http: Http, noun: str) -> bool:
    if http.method == "GET":
        return False
    succeeding = [answer.status for answer in http.answers if answer.succeeds]
    if (succeeding and all(status == "202" for status in succeeding)) or _is_operation(operation.output):
        return True
    return http.method == "POST" and http.path.rstrip("/")[-1:] != "}" and noun.split("_")[-1] in words.JOBS
