"""HTTP used for what it does not mean."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final

from dragoman.contract.schema import Record, Types
from dragoman.review.wire import Http

from . import words
from .types import resolved


class Misuse(enum.StrEnum):
    """HTTP's methods and statuses used for what they do not mean (RFC 9110, sections 9 and 15)."""

    GET_CHANGES = "GET that changes something"
    POST_READS = "POST that only reads"
    OK_FAILS = "200 for errors"


def misuses(http: Http, action: tuple[str, ...], types: Types) -> Iterable[Misuse]:
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
