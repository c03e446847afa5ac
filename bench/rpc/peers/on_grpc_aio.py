"""grpc.aio, with asyncio's own loop or, as ``on_grpc_aio.py uvloop``, with uvloop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import fraud_pb2
import fraud_pb2_grpc
import grpc
from fraud import MESSAGES, PREDICT, REASONS, SLOW, SLOW_SECONDS, WATCH, Refused, of_grpc

SCORE = fraud_pb2.Score(score=0.61, reasons=REASONS)
SIZE = SCORE.ByteSize()


class FraudService(fraud_pb2_grpc.FraudServiceServicer):
    """The service."""

    async def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802  (the procedure's name)
        try:
            with of_grpc(PREDICT, context) as call:
                call.admit(request)
                if request.country == SLOW:
                    await asyncio.sleep(SLOW_SECONDS)
                call.answers(SIZE)
                return SCORE
        except Refused as refused:
            await context.abort(grpc.StatusCode[refused.code], str(refused))

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        try:
            with of_grpc(WATCH, context) as call:
                call.admit(request)
                for _ in range(MESSAGES):
                    yield SCORE
                call.answers(SIZE * MESSAGES)
        except Refused as refused:
            await context.abort(grpc.StatusCode[refused.code], str(refused))


async def main() -> None:
    server = grpc.aio.server()
    fraud_pb2_grpc.add_FraudServiceServicer_to_server(FraudService(), server)
    server.add_insecure_port(f"127.0.0.1:{os.environ['PORT']}")
    await server.start()
    await server.wait_for_termination()


if sys.argv[1:] == ["uvloop"]:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
