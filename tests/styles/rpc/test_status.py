"""Faults in trailers: as much of them as gRPC's clients take."""

from __future__ import annotations

import base64

import pytest
from google.rpc import error_details_pb2, status_pb2

import dragoman as dm
from dragoman.styles.rpc.ways.status import trailers


@pytest.mark.parametrize("text", ["is wrong", "x" * 300, "ß€😀" * 100])
def test_trailers_are_taken_however_much_is_wrong(text: str) -> None:
    violations = [dm.Violation(("items", n), text, "rule") for n in range(100)]
    found = trailers(dm.InvalidArgument(text * 100, violations=violations), "req_1", "shop.v1")
    assert sum(len(name) + len(value) + 32 for name, value in found) < 8 * 1024
    told = dict(found)[b"grpc-status-details-bin"]
    status = status_pb2.Status.FromString(base64.b64decode(told + b"=" * (-len(told) % 4)))
    assert (text * 100).startswith(status.message)
    request = error_details_pb2.BadRequest()
    assert status.details[0].Unpack(request)
    assert request.field_violations[0].field == "items[0]"
    assert request.field_violations[0].description == text
