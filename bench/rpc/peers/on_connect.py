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
        call = begun(PREDICT, context)
        try:
            call.admit()
            call.check(request)
            if request.country == SLOW:
                await asyncio.sleep(SLOW_SECONDS)
            call.status, call.size = "OK", SIZE
            return SCORE
        except Refused as refused:
            call.status = refused.code
            raise ConnectError(Code[refused.code], str(refused)) from None
        finally:
            call.log()

    async def watch(self, request: Transaction, context: Any) -> AsyncIterator[Score]:
        call = begun(WATCH, context)
        try:
            call.admit()
            call.check(request)
            for _ in range(MESSAGES):
                yield SCORE
                call.size += SIZE
            call.status = "OK"
        except Refused as refused:
            call.status = refused.code
            raise ConnectError(Code[refused.code], str(refused)) from None
        finally:
            call.log()


app = FraudServiceASGIApplication(Fraud())
