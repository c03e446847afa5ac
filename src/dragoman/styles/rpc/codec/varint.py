"""Variable-width integers, and the pieces of the binary form (https://protobuf.dev/programming-guides/encoding)."""

from __future__ import annotations

from typing import Final

from dragoman.contract.fault import Malformed

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)
"""The wire types."""

MAX_NESTING: Final = 64
"""How deeply messages nest at most: as any other input."""

SMALL: Final = [bytes([n]) for n in range(128)]
MORE: Final = [bytes([n | 128]) for n in range(128)]


def broken(what: str) -> Malformed:
    """The fault for what is no message."""
    return Malformed(f"the message is not a protocol buffer of its type: {what}")


def write(n: int) -> bytes:
    """An integer from 0 to 2^64 - 1."""
    if n < 128:
        return SMALL[n]
    if n < 16_384:
        return MORE[n & 127] + SMALL[n >> 7]
    low = MORE[n & 127] + MORE[n >> 7 & 127]
    return low + (SMALL[n >> 14] if n < 2_097_152 else write(n >> 14))


def read(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The integer at a place, modulo 2^64, and the place behind it. Raises Malformed."""
    n = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        if byte < 128:
            return (n | byte << shift) & 0xFFFF_FFFF_FFFF_FFFF, at
        n |= (byte & 127) << shift
        shift += 7
        if shift > 63:
            raise broken("an integer has more than ten bytes")
    raise broken("it ends within an integer")


def read_tag(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A field's number and wire type, and the place behind them. Raises Malformed."""
    tag, behind = read(data, at, end)
    if tag > 0xFFFF_FFFF or behind - at > 5:
        raise broken("a field has a number beyond the last one")
    return tag, behind


def skip(data: bytes, at: int, end: int, tag: int, nesting: int = MAX_NESTING) -> int:
    """The place behind the value of a field that is not known. Raises Malformed."""
    kind = tag & 7
    if not tag >> 3:
        raise broken("a field has the number 0")
    if kind == VARINT:
        return read(data, at, end)[1]
    if kind == BYTES:
        size, at = read(data, at, end)
        at += size
    elif kind == FIXED64:
        at += 8
    elif kind == FIXED32:
        at += 4
    elif kind == GROUP and nesting:
        while True:
            inner, at = read_tag(data, at, end)
            if inner & 7 == END_GROUP:
                if inner >> 3 != tag >> 3:
                    raise broken("a group ends that did not begin")
                break
            at = skip(data, at, end, inner, nesting - 1)
    else:
        raise broken("a field is of no known wire type")
    if at > end:
        raise broken("it ends within a field")
    return at


def bytes_field(number: int, content: bytes) -> bytes:
    """A field of bytes, of text or of a message."""
    return write(number << 3 | BYTES) + write(len(content)) + content


def text_field(number: int, text: str) -> bytes:
    """A field of text. What is no Unicode is replaced, as in faults that hold what a client sent."""
    return bytes_field(number, text.encode(errors="replace"))


def number_field(number: int, value: int) -> bytes:
    """A field of an integer from 0 on."""
    return write(number << 3 | VARINT) + write(value)
