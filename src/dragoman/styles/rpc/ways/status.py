"""Faults as ``google.rpc.Status`` with its usual details (https://cloud.google.com/apis/design/errors), which gRPC and
Connect carry.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from dragoman.contract.fault import RETRYABLE, Fault
from dragoman.ports.wire import Header
from dragoman.runtime.codec.violations import dotted
from dragoman.styles.rpc.codec.leaves import write_pair
from dragoman.styles.rpc.codec.varint import bytes_field, number_field, text_field

TYPES: Final = "type.googleapis.com/"
_PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


MOST_IN_TRAILERS: Final = 3072
"""How many bytes of violations trailers hold: gRPC's clients take 8 KiB of headers, if nothing is said, and what is
beyond them costs the whole answer.
"""
LONGEST_MESSAGE: Final = 512
"""The same of the message: each of them may be written as three."""
RETRYABLE_KEY: Final = "retryable"
"""In ErrorInfo's metadata: whether a retry may help, where it is not as the code and RetryInfo say."""


def details(fault: Fault, request_id: str, domain: str, most: float = math.inf) -> Iterator[tuple[str, bytes]]:
    """The details of a fault: the name of each message, and its bytes. ``domain`` is whose reasons they are; ``most``
    bounds what is told of violations, in bytes.
    """
    metadata = fault.metadata
    usual = fault.code in RETRYABLE or fault.retry_after is not None
    if fault.retryable != usual or RETRYABLE_KEY in metadata:
        metadata = {**metadata, RETRYABLE_KEY: "true" if fault.retryable else "false"}
    if fault.reason or metadata:
        entries = (text_field(1, name) + text_field(2, value) for name, value in metadata.items())
        info = text_field(1, fault.reason) + text_field(2, domain) + b"".join(bytes_field(3, each) for each in entries)
        yield "google.rpc.ErrorInfo", info
    if fault.violations:
        found, size = [], 0
        for v in fault.violations:
            told = text_field(1, dotted(v.path)) + text_field(2, v.message) + text_field(3, v.rule.upper())
            size += len(told) + 4
            if size > most:
                break
            found.append(bytes_field(1, told))
        yield "google.rpc.BadRequest", b"".join(found)
    if fault.retry_after is not None:
        seconds = int(fault.retry_after)
        yield "google.rpc.RetryInfo", bytes_field(1, write_pair(seconds, int((fault.retry_after - seconds) * 1e9)))
    yield "google.rpc.RequestInfo", text_field(1, request_id)


def status(fault: Fault, request_id: str, domain: str) -> bytes:
    """A google.rpc.Status, as trailers hold it."""
    parts = [number_field(1, int(fault.code)), text_field(2, _short(fault.message))]
    for name, content in details(fault, request_id, domain, MOST_IN_TRAILERS):
        parts.append(bytes_field(3, text_field(1, TYPES + name) + bytes_field(2, content)))
    return b"".join(parts)


def trailers(fault: Fault, request_id: str, domain: str) -> list[Header]:
    """What ends a call of gRPC that came to a fault."""
    # What is not printable ASCII is percent-encoded (gRPC over HTTP/2, "Status-Message").
    return [
        (b"grpc-status", b"%d" % int(fault.code)),
        (b"grpc-message", quote(_short(fault.message), safe=_PRINTABLE).encode()),
        (b"grpc-status-details-bin", base64.b64encode(status(fault, request_id, domain)).rstrip(b"=")),
    ]


def _short(text: str) -> str:
    return text.encode(errors="replace")[:LONGEST_MESSAGE].decode(errors="ignore")
