"""Frames: five bytes before each message, flags and its length (gRPC over HTTP/2; Connect's streams have the same)."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from struct import Struct
from typing import Final

from dragoman.contract.fault import InvalidArgument, Malformed, ResourceExhausted, Unimplemented
from dragoman.ports.wire import BodyStream
from dragoman.runtime.http.compression import OFF_LOOP, THRESHOLD, gzipped

HEAD: Final = Struct(">BI")
COMPRESSED: Final = 1
END: Final = 2
"""Connect's flag for what ends a stream."""

KEPT_LEAST: Final = 16 * 1024
"""From how many bytes on a host is told what is kept of a stream: what most streams keep is not worth the telling."""

GZIP: Final = "gzip"
CODINGS: Final = "gzip, identity"


def frame(message: bytes, flags: int = 0) -> bytes:
    """A message in its frame."""
    return HEAD.pack(flags, len(message)) + message


async def framed(message: bytes) -> bytes:
    """The same for who asks for compression: compressed where that is worth it, in a thread if it is large."""
    if len(message) < THRESHOLD:
        return frame(message)
    return frame(await gzipped(message), COMPRESSED)


def too_large(most: int) -> ResourceExhausted:
    """The fault for a message beyond the limit."""
    return ResourceExhausted(f"the message is larger than {most:,} bytes, which is the limit here", retryable=False)


def check_coding(coding: str | None) -> bool:
    """Whether messages may be compressed. Raises Unimplemented for a coding that is not read here."""
    if coding is None or coding == "identity":
        return False
    if coding != GZIP:
        raise Unimplemented(f"the message encoding {coding[:20]!r} is not read here; send gzip, or identity")
    return True


def becomes(data: bytes, most: int) -> int:
    """How many bytes what was compressed with gzip becomes, as its last four say (RFC 1952, section 2.3.1), of ``most``
    that it may. No more are ever made of it, and what turns out to be of another size is refused.
    """
    return min(int.from_bytes(data[-4:], "little"), most)


async def inflated(data: bytes, most: int) -> bytes:
    """What was compressed with gzip. Raises ResourceExhausted beyond ``most`` bytes, and Malformed.

    It is begun here, and what is large goes on in a thread.
    """
    unpacker, size = zlib.decompressobj(16 + zlib.MAX_WBITS), becomes(data, most)
    try:
        message = unpacker.decompress(data, min(OFF_LOOP, size + 1))
        if len(message) == OFF_LOOP <= size and not unpacker.eof:
            loop, room = asyncio.get_running_loop(), size + 1 - OFF_LOOP
            message += await loop.run_in_executor(None, unpacker.decompress, unpacker.unconsumed_tail, room)
    except zlib.error:
        raise Malformed("the message is not compressed with gzip, as its flags say") from None
    if len(message) > most:
        raise too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed("the message is not one whole text of gzip")
    return message


def one(body: bytes, most: int) -> tuple[bytes, int]:
    """The only message of a body, with its flags: where they are not 0, it is still to be :func:`unpacked`. Raises
    InvalidArgument, ResourceExhausted and Malformed.
    """
    if len(body) < 5:
        if body:
            raise Malformed("the body ends within the five bytes before its message")
        raise InvalidArgument("the call has no message, and takes one")
    flags, size = HEAD.unpack_from(body)
    if size > most:
        raise too_large(most)
    if len(body) != size + 5:
        if len(body) < size + 5:
            raise Malformed("the body ends within its message")
        raise InvalidArgument("the call has more than one message, and takes one")
    return body[5:], flags


async def unpacked(message: bytes, flags: int, most: int, *, coded: bool) -> bytes:
    """A message with flags, as it was before. Raises ResourceExhausted and Malformed."""
    if flags != COMPRESSED:
        raise Malformed(f"the flags of the message are {flags}, and no such are known")
    if not coded:
        raise Malformed("the message is compressed, and no header says how")
    return await inflated(message, most)


async def messages(stream: BodyStream, most: int, *, coded: bool) -> AsyncIterator[bytes]:
    """The messages of a body, each as soon as it is complete. Raises Fault.

    What is kept is what came of the next message, and the one that was taken, until another is asked for. One that is
    compressed counts with what it becomes from before it is inflated: others come while a thread does that.
    """
    held = bytearray()
    kept = 0
    try:
        async for chunk in stream:
            held += chunk
            at = 0
            while len(held) - at >= 5:
                flags, size = HEAD.unpack_from(held, at)
                if size > most:
                    raise too_large(most)
                if len(held) - at < size + 5:
                    break
                message = bytes(held[at + 5 : at + 5 + size])
                at += size + 5
                if size >= KEPT_LEAST:
                    del held[:at]
                    at = 0
                keeps = len(held) + (max(size, becomes(message, most)) if flags else size)
                if kept or keeps >= KEPT_LEAST:
                    stream.keep(keeps, most)
                    kept = keeps
                if flags:
                    message = await unpacked(message, flags, most, coded=coded)
                yield message
            del held[:at]
            if kept or len(held) >= KEPT_LEAST:
                kept = len(held)
                stream.keep(kept, most)
        if held:
            raise Malformed("the body ends within a message")
    finally:
        if kept:
            stream.keep(0, most)
