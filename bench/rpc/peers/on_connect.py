"""connectrpc's application, with the messages and stubs of its own generators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from fraud import MESSAGES, PREDICT, REASONS, SLOW, SLOW_SECONDS, WATCH, Call, Refused
from stubs.fraud_connect import FraudService, FraudServiceASGIApplication
from stubs.fraud_pb import Score, Transaction

SCORE = Score(score=0.61, reasons=REASONS)
SIZE = len(SCORE.to_binary())


def begun(path: str, context: Any) -> Call:
    """The call that a context is of."""
    return Call(path, context.request_headers.get("authorization"), context.client_address)


class Fraud(FraudService):
    """The service."""

    async def predict(self, request: Transaction, context: Any) -> Score:
        try:
            with begun(PREDICT, context) as call:
                call.admit(request)
                if request.country == SLOW:
                    await asyncio.sleep(SLOW_SECONDS)
                call.answers(SIZE)
                return SCORE
        except Refused as refused:
            raise ConnectError(Code[refused.code], str(refused)) from None

    async def watch(self, request: Transaction, context: Any) -> AsyncIterator[Score]:
        try:
            with begun(WATCH, context) as call:
                call.admit(request)
                for _ in range(MESSAGES):
                    yield SCORE
                call.answers(SIZE * MESSAGES)
        except Refused as refused:
            raise ConnectError(Code[refused.code], str(refused)) from None


app = FraudServiceASGIApplication(Fraud())
