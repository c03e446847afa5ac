"""grpcio's server with threads, as its documentation starts it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fraud_pb2
import fraud_pb2_grpc
import grpc
from fraud import MESSAGES, PREDICT, REASONS, SLOW, SLOW_SECONDS, WATCH, Refused, of_grpc

SCORE = fraud_pb2.Score(score=0.61, reasons=REASONS)
SIZE = SCORE.ByteSize()


class FraudService(fraud_pb2_grpc.FraudServiceServicer):
    """The service."""

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802  (the procedure's name)
        try:
            with of_grpc(PREDICT, context) as call:
                call.admit(request)
                if request.country == SLOW:
                    time.sleep(SLOW_SECONDS)
                call.answers(SIZE)
                return SCORE
        except Refused as refused:
            context.abort(grpc.StatusCode[refused.code], str(refused))

    def Watch(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        try:
            with of_grpc(WATCH, context) as call:
                call.admit(request)
                for _ in range(MESSAGES):
                    yield SCORE
                call.answers(SIZE * MESSAGES)
        except Refused as refused:
            context.abort(grpc.StatusCode[refused.code], str(refused))


server = grpc.server(ThreadPoolExecutor(max_workers=10))
fraud_pb2_grpc.add_FraudServiceServicer_to_server(FraudService(), server)
server.add_insecure_port(f"127.0.0.1:{os.environ['PORT']}")
server.start()
server.wait_for_termination()
