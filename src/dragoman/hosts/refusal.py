"""What a host refuses by itself, before the application sees it."""

from __future__ import annotations

import time

from dragoman.contract.fault import Fault
from dragoman.ports.wire import Request, Response
from dragoman.runtime import observation
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.http.problem import ContentTooLarge

from .hosted import Hosted


def refuse(app: Hosted, fault: Fault, request: Request) -> Response:
    """The answer to a request that never reaches the application. It has its line in the log all the same."""
    started = time.perf_counter()
    exchange = Exchange(observation.request_id(request, started), started, 0.0)
    exchange.fault = fault.code.name
    response = app.refuse(fault, request, exchange)
    observation.access(request, response.status, len(response.body), exchange)
    observation.add_request_id(response, exchange)
    return response


def too_large(limit: int) -> Fault:
    """The fault of a body with more bytes than are read."""
    return ContentTooLarge(f"the body is larger than {limit:,} bytes, the most that is read; send less")
