"""Values without parts, between the contract's JSON and protocol buffers: what is more than a number or a text."""

from __future__ import annotations

import base64
import math
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any, Final

import msgspec

from dragoman.contract.schema import Kind

from .varint import broken, read, read_tag, skip, write

DOUBLE: Final = Struct("<d")
FLOAT: Final = Struct("<f")

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TEXTUAL: Final = frozenset({Kind.INT64, Kind.UINT64})
"""Integers that are text in JSON, whatever their value."""


# Seconds and nanoseconds: Timestamp and Duration have the same fields.


def read_pair(data: bytes, at: int, end: int, before: Any) -> tuple[int, int]:
    """Seconds and nanoseconds; of what is not there, those that were read before. Raises Malformed."""
    seconds, nanos = (0, 0) if before is None else _pair(before)
    while at < end:
        tag = data[at]
        if tag < 128:
            at += 1
        else:
            tag, at = read_tag(data, at, end)
        if tag == 8:
            seconds, at = read(data, at, end)
            if seconds > 0x7FFF_FFFF_FFFF_FFFF:
                seconds -= 1 << 64
        elif tag == 16:
            nanos, at = read(data, at, end)
            nanos = (nanos & 0xFFFF_FFFF) - (nanos << 1 & 0x1_0000_0000)
        else:
            at = skip(data, at, end, tag)
    return seconds, nanos


def _pair(read: datetime | timedelta | str) -> tuple[int, int]:
    """The seconds and nanoseconds of what was read."""
    if isinstance(read, str):
        seconds, nanos = map(int, read.removesuffix(" ns").split(" s and "))
        return seconds, nanos
    since = read - EPOCH if isinstance(read, datetime) else read
    seconds, micros = divmod(since // timedelta(microseconds=1), 1_000_000)
    if isinstance(read, timedelta) and seconds < 0 and micros:
        return seconds + 1, (micros - 1_000_000) * 1000
    return seconds, micros * 1000


def write_pair(seconds: int, nanos: int) -> bytes:
    """The two as a message."""
    out = b"\x08" + write(seconds & 0xFFFF_FFFF_FFFF_FFFF) if seconds else b""
    return out + b"\x10" + write(nanos & 0xFFFF_FFFF_FFFF_FFFF) if nanos else out


def read_timestamp(data: bytes, at: int, end: int, left: int, before: Any) -> Any:
    """A moment, to the microsecond; text that no moment is where the calendar has none."""
    seconds, nanos = read_pair(data, at, end, before)
    if 0 <= nanos < 1_000_000_000:
        try:
            return EPOCH + timedelta(0, seconds, nanos // 1000)
        except OverflowError:
            pass
    return f"{seconds} s and {nanos} ns"


def write_timestamp(value: str) -> bytes:
    """Of a moment in RFC 3339, as the contract's JSON has it."""
    since = datetime.fromisoformat(value) - EPOCH
    return write_pair(since.days * 86_400 + since.seconds, since.microseconds * 1000)


def read_duration(data: bytes, at: int, end: int, left: int, before: Any) -> Any:
    """A time span, to the microsecond; text that is none where it is too long, or of two signs."""
    seconds, nanos = read_pair(data, at, end, before)
    if -1_000_000_000 < nanos < 1_000_000_000 and seconds * nanos >= 0:
        try:
            return timedelta(0, seconds, nanos // 1000 if nanos > 0 else -(-nanos // 1000))
        except OverflowError:
            pass
    return f"{seconds} s and {nanos} ns"


def seconds_of(value: str) -> tuple[int, int]:
    """Seconds and nanoseconds of an ISO 8601 duration, both of one sign."""
    micros = msgspec.convert(value, timedelta) // timedelta(microseconds=1)
    seconds, rest = divmod(abs(micros), 1_000_000)
    return (-seconds, -rest * 1000) if micros < 0 else (seconds, rest * 1000)


def write_duration(value: str) -> bytes:
    """Of an ISO 8601 duration, as the contract's JSON has it."""
    return write_pair(*seconds_of(value))


def read_mask(data: bytes, at: int, end: int, left: int, before: Any) -> list[str]:
    """The paths of a field mask."""
    paths: list[str] = [] if before is None else before
    while at < end:
        tag, at = read_tag(data, at, end)
        if tag == 10:
            size, at = read(data, at, end)
            if at + size > end:
                raise broken("it ends within a path")
            paths.append(text(data, at, at + size))
            at += size
        else:
            at = skip(data, at, end, tag)
    return paths


def write_mask(paths: list[str]) -> bytes:
    """A field mask."""
    return b"".join(b"\x0a" + write(len(path.encode())) + path.encode() for path in paths)


def text(data: bytes, at: int, end: int) -> str:
    """A string. Raises Malformed for what is not UTF-8."""
    try:
        return data[at:end].decode()
    except UnicodeDecodeError:
        raise broken("a string is not UTF-8") from None


def raw(value: Any) -> bytes:
    """Bytes, which are base64 in the contract's JSON."""
    return value if type(value) is bytes else base64.b64decode(value)


# google.protobuf.Value: any JSON.


def read_value(data: bytes, at: int, end: int, left: int, before: Any) -> Any:
    """JSON. A value without a kind is null. Raises Malformed."""
    value = before
    while at < end:
        tag, at = read_tag(data, at, end)
        if tag in (8, 32):
            number, at = read(data, at, end)
            value = None if tag == 8 else number != 0
        elif tag == 17:
            if at + 8 > end:
                raise broken("it ends within a number")
            number = DOUBLE.unpack_from(data, at)[0]
            at += 8
            if not math.isfinite(number):
                raise broken("a value is a number that JSON does not have")
            value = int(number) if number.is_integer() and abs(number) <= 2**53 else number
        elif tag in (26, 42, 50):
            size, at = read(data, at, end)
            stop = at + size
            if stop > end:
                raise broken("it ends within a value")
            if tag == 26:
                value = text(data, at, stop)
            elif left < 1:
                raise broken("a value is nested too deeply")
            elif tag == 42:
                members = _members(data, at, stop, left - 1)
                if type(value) is dict:
                    value.update(members)
                else:
                    value = members
            else:
                items = _items(data, at, stop, left - 1)
                if type(value) is list:
                    value += items
                else:
                    value = items
            at = stop
        else:
            at = skip(data, at, end, tag)
    return value


def _members(data: bytes, at: int, end: int, left: int) -> dict[str, Any]:
    found = {}
    for start, stop in _parts(data, at, end):
        name, value = "", None
        while start < stop:
            tag, start = read_tag(data, start, stop)
            if tag in (10, 18):
                size, start = read(data, start, stop)
                if start + size > stop:
                    raise broken("it ends within a member")
                if tag == 10:
                    name = text(data, start, start + size)
                else:
                    value = read_value(data, start, start + size, left, value)
                start += size
            else:
                start = skip(data, start, stop, tag)
        found[name] = value
    return found


def _items(data: bytes, at: int, end: int, left: int) -> list[Any]:
    return [read_value(data, start, stop, left, None) for start, stop in _parts(data, at, end)]


def _parts(data: bytes, at: int, end: int) -> list[tuple[int, int]]:
    """The fields with number 1, each a message."""
    found = []
    while at < end:
        tag, at = read_tag(data, at, end)
        if tag == 10:
            size, at = read(data, at, end)
            if at + size > end:
                raise broken("it ends within a value")
            found.append((at, at + size))
            at += size
        else:
            at = skip(data, at, end, tag)
    return found


def write_value(value: Any) -> bytes:
    """Any JSON as a google.protobuf.Value."""
    match value:
        case None:
            return b"\x08\x00"
        case bool():
            return b"\x20\x01" if value else b"\x20\x00"
        case int() | float():
            return b"\x11" + DOUBLE.pack(value)
        case str():
            return _sized(b"\x1a", value.encode())
        case dict():
            members = (
                _sized(b"\x0a", name.encode()) + _sized(b"\x12", write_value(each)) for name, each in value.items()
            )
            return _sized(b"\x2a", b"".join(_sized(b"\x0a", each) for each in members))
        case _:
            return _sized(b"\x32", b"".join(_sized(b"\x0a", write_value(each)) for each in value))


def _sized(tag: bytes, content: bytes) -> bytes:
    return tag + write(len(content)) + content
