"""Frames: five bytes before each message, flags and its length (gRPC over HTTP/2; Connect's streams have the same)."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from struct import Struct
from typing import Final

from dragoman.contract.fault import InvalidArgument, Malformed, ResourceExhausted, Unimplemented
from dragoman.ports.wire import BodyStream
from dragoman.runtime.http.compression import OFF_LOOP, THRESHOLD, gzip

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


def framed(message: bytes, *, compress: bool) -> bytes:
    """The same, compressed where that is asked for and worth it."""
    if compress and len(message) >= THRESHOLD:
        return frame(gzip(message), COMPRESSED)
    return frame(message)


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


def inflate(data: bytes, most: int) -> bytes:
    """What was compressed with gzip. Raises ResourceExhausted beyond ``most`` bytes, and Malformed."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        message = unpacker.decompress(data, most + 1)
    except zlib.error:
        raise Malformed("the message is not compressed with gzip, as its flags say") from None
    if len(message) > most:
        raise too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed("the message is not one whole text of gzip")
    return message


def one(body: bytes, most: int, *, coded: bool) -> bytes:
    """The only message of a body. Raises InvalidArgument, ResourceExhausted and Malformed."""
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
    message = body[5:]
    return message if flags == 0 else _decoded(message, flags, most, coded)


def _decoded(message: bytes, flags: int, most: int, coded: bool) -> bytes:
    if flags != COMPRESSED:
        raise Malformed(f"the flags of the message are {flags}, and no such are known")
    if not coded:
        raise Malformed("the message is compressed, and no header says how")
    return inflate(message, most)


async def messages(stream: BodyStream, most: int, *, coded: bool) -> AsyncIterator[bytes]:
    """The messages of a body, each as soon as it is complete. Raises Fault.

    What is kept is what came of the next message, and the one that was taken, until another is asked for.
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
                if flags:
                    message = await _off_loop(message, flags, most, coded)
                keeps = len(held) + len(message)
                if kept or keeps >= KEPT_LEAST:
                    stream.keep(keeps, most)
                    kept = keeps
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


async def _off_loop(message: bytes, flags: int, most: int, coded: bool) -> bytes:
    if len(message) < OFF_LOOP:
        return _decoded(message, flags, most, coded)
    return await asyncio.get_running_loop().run_in_executor(None, _decoded, message, flags, most, coded)
