"""How answers go out over ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from dragoman.ports.wire import WITHOUT_CONTENT, ByteStream, Header, Request, Response

from .presence import Message, Presence

Send: TypeAlias = Callable[[Message], Awaitable[None]]


async def send_whole(request: Request, response: Response, send: Send) -> None:
    """Send an answer whose body is known; with trailers, where the server can send them."""
    body, headers = response.body, [*response.headers]
    trailers = response.trailers if _can_have_trailers(request, response) else None
    if response.status not in WITHOUT_CONTENT and trailers is None:
        headers.append((b"content-length", b"%d" % len(body)))
    if request.method == "HEAD":
        body = b""  # the length that a GET would have, and nothing of it
    await send(_start(response.status, headers, trailers=trailers is not None))
    await send({"type": "http.response.body", "body": body})
    await _send_trailers(trailers, send)


def _can_have_trailers(request: Request, response: Response) -> bool:
    return request.trailers and request.method != "HEAD" and response.status not in WITHOUT_CONTENT


def _start(status: int, headers: list[Header], *, trailers: bool) -> Message:
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return {**start, "trailers": True} if trailers else start


async def _send_trailers(trailers: list[Header] | None, send: Send) -> None:
    if trailers is not None:
        await send({"type": "http.response.trailers", "headers": trailers})


async def send_stream(
    request: Request,
    response: Response,
    stream: ByteStream,
    presence: AbstractAsyncContextManager[Presence],
    send: Send,
) -> None:
    """Send the head, the stream chunk by chunk, trailers and the end. Returns early, without the end, when the client
    goes away, which is noticed while nothing is sent too. Closes the stream in any case; HEAD reads nothing of it.
    """
    if asyncio.current_task() is None:  # granian can run a request without one
        await asyncio.create_task(send_stream(request, response, stream, presence, send))
        return
    promised = response.trailers is not None and _can_have_trailers(request, response)
    try:
        await send(_start(response.status, [*response.headers], trailers=promised))
        async with presence as client:
            if request.method != "HEAD":
                async for chunk in stream:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    # Neither need have waited for anything, least of all where the client is gone.
                    await asyncio.sleep(0)
        if not client.gone:
            await send({"type": "http.response.body", "body": b""})
            await _send_trailers(response.trailers if promised else None, send)
    except OSError:
        pass  # what ``send`` raises when the client is gone (ASGI 2.4)
    finally:
        await stream.aclose()
