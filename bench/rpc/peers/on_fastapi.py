"""FastAPI's ``POST /internal/predict``, with Pydantic models; around it one plain ASGI class, which is faster than its
dependencies and middleware.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import FastAPI
from fraud import REASONS, SLOW, SLOW_SECONDS, Call
from pydantic import BaseModel, ConfigDict, Field

PROBLEM: Final = (b"content-type", b"application/problem+json")
NO_KEY: Final = b'{"type":"about:blank","status":401,"detail":"no key"}'
TOO_LATE: Final = b'{"type":"about:blank","status":504,"detail":"the deadline is over"}'


class Transaction(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    amount_cents: Annotated[int, Field(ge=0, le=2**53 - 1)]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    orders_before: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0


class Score(BaseModel):
    score: Annotated[float, Field(ge=0, le=1)]
    reasons: list[str]


SCORE = Score(score=0.61, reasons=REASONS)
api = FastAPI(openapi_url=None)


@api.post("/internal/predict")
async def predict(transaction: Transaction) -> Score:
    if transaction.country == SLOW:
        await asyncio.sleep(SLOW_SECONDS)
    return SCORE


class Observed:
    """An answer under way: its status and size, for the log, and its id."""

    __slots__ = ("call", "send")

    def __init__(self, call: Call, send: Callable[[Any], Any]) -> None:
        self.call = call
        self.send = send

    async def __call__(self, message: Any) -> None:
        """Pass it on."""
        if message["type"] == "http.response.start":
            self.call.status = message["status"]
            message["headers"].append((b"x-request-id", self.call.id.encode()))
        else:
            self.call.size += len(message["body"])
        await self.send(message)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Who calls, a deadline, a line in the log."""
    if scope["type"] != "http":
        await api(scope, receive, send)
        return
    headers = dict(scope["headers"])
    call = Call(scope["path"], headers.get(b"authorization", b"").decode("latin-1"), scope["client"][0])
    observed = Observed(call, send)
    with call:
        if call.caller is None:
            await _refuse(observed, 401, NO_KEY)
            return
        patience = headers.get(b"request-timeout")
        try:
            async with asyncio.timeout(30.0 if patience is None else float(patience)):
                await api(scope, receive, observed)
        except TimeoutError:
            await _refuse(observed, 504, TOO_LATE)


async def _refuse(observed: Observed, status: int, body: bytes) -> None:
    head = [PROBLEM, (b"content-length", b"%d" % len(body))]
    await observed({"type": "http.response.start", "status": status, "headers": head})
    await observed({"type": "http.response.body", "body": body})
