"""How a body that is made while it is sent goes out over ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from dragoman.ports.wire import ByteStream, Request, Response

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


async def send_stream(request: Request, response: Response, stream: ByteStream, receive: Receive, send: Send) -> None:
    """Send the head, the stream chunk by chunk, and the end. Returns early, without the end, when the client goes away,
    which is noticed while nothing is sent too. Closes the stream in any case; HEAD reads nothing of it.
    """
    if asyncio.current_task() is None:  # granian can run a request without one
        await asyncio.create_task(send_stream(request, response, stream, receive, send))
        return
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers]})
        async with Presence(receive) as client:
            if request.method != "HEAD":
                async for chunk in stream:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    # Neither need have waited for anything, least of all where the client is gone.
                    await asyncio.sleep(0)
        if not client.gone:
            await send({"type": "http.response.body", "body": b""})
    except OSError:
        pass  # what ``send`` raises when the client is gone (ASGI 2.4)
    finally:
        await stream.aclose()


class Presence:
    """Ends the block, quietly, when the client goes away."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.gone = False

    async def __aenter__(self) -> Presence:
        self._task = asyncio.current_task()
        self._watching = asyncio.create_task(self._watch(), name="client's presence")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        self._watching.cancel()
        try:
            await asyncio.wait({self._watching})
        except asyncio.CancelledError:  # the client went away as the block ended
            if not self.gone:
                raise
            kind = asyncio.CancelledError
        if not self._watching.cancelled():
            self._watching.exception()  # a server that cannot tell leaves it to ``send``
        if not self.gone or self._task is None:
            return False
        self._task.uncancel()
        return kind is asyncio.CancelledError

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._task is not None:
            self._task.cancel()
