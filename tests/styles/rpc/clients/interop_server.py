"""``grpc.testing.TestService``, as a contract: what its own ``.proto`` files say, by names and by numbers."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec

import dragoman as dm
from dragoman.testing.contract import FAULTS

MOST = 8 * 1024 * 1024


@dm.ProtoName(values={"COMPRESSABLE": "COMPRESSABLE"})
class PayloadType(enum.StrEnum):
    COMPRESSABLE = "COMPRESSABLE"


class Empty(dm.Struct):
    pass


class BoolValue(dm.Struct):
    value: Annotated[bool, dm.Number(1)]


class Payload(dm.Struct):
    type: Annotated[PayloadType, dm.Number(1)]
    body: Annotated[bytes, dm.Number(2)]


class EchoStatus(dm.Struct):
    code: Annotated[dm.Int32, dm.Number(1)]
    message: Annotated[str, dm.Number(2)]


class SimpleRequest(dm.Struct):
    response_type: Annotated[PayloadType, dm.Number(1)]
    response_size: Annotated[dm.Int32, dm.Number(2), dm.Ge(0), dm.Le(MOST)]
    payload: Annotated[Payload | None, dm.Number(3)] = None
    fill_username: Annotated[bool, dm.Number(4)]
    fill_oauth_scope: Annotated[bool, dm.Number(5)]
    response_compressed: Annotated[BoolValue | None, dm.Number(6)] = None
    response_status: Annotated[EchoStatus | None, dm.Number(7)] = None
    expect_compressed: Annotated[BoolValue | None, dm.Number(8)] = None
    fill_server_id: Annotated[bool, dm.Number(9)]


class SimpleResponse(dm.Struct):
    payload: Annotated[Payload | None, dm.Number(1)]
    username: Annotated[str, dm.Number(2)] = ""
    oauth_scope: Annotated[str, dm.Number(3)] = ""
    server_id: Annotated[str, dm.Number(4)] = ""
    hostname: Annotated[str, dm.Number(6)] = ""


class StreamingInputCallRequest(dm.Struct):
    payload: Annotated[Payload | None, dm.Number(1)] = None
    expect_compressed: Annotated[BoolValue | None, dm.Number(2)] = None


class StreamingInputCallResponse(dm.Struct):
    aggregated_payload_size: Annotated[dm.Int32, dm.Number(1)]


class ResponseParameters(dm.Struct):
    size: Annotated[dm.Int32, dm.Number(1), dm.Ge(0), dm.Le(MOST)]
    interval_us: Annotated[dm.Int32, dm.Number(2), dm.Ge(0)]
    compressed: Annotated[BoolValue | None, dm.Number(3)] = None


class StreamingOutputCallRequest(dm.Struct):
    response_type: Annotated[PayloadType, dm.Number(1)]
    response_parameters: Annotated[list[ResponseParameters], dm.Number(2)] = msgspec.field(default_factory=list)
    payload: Annotated[Payload | None, dm.Number(3)] = None
    response_status: Annotated[EchoStatus | None, dm.Number(7)] = None


class StreamingOutputCallResponse(dm.Struct):
    payload: Annotated[Payload | None, dm.Number(1)]


contract = dm.Contract("interop")


def end(asked: EchoStatus | None) -> None:
    """Raise what is asked for."""
    if asked is not None and asked.code:
        raise next(each for each in FAULTS.values() if each.code == asked.code)(asked.message)


def answer(request: SimpleRequest) -> SimpleResponse:
    end(request.response_status)
    return SimpleResponse(payload=Payload(type=request.response_type, body=bytes(request.response_size)))


async def answers(request: StreamingOutputCallRequest) -> AsyncIterator[StreamingOutputCallResponse]:
    for each in request.response_parameters:
        await asyncio.sleep(each.interval_us / 1e6)
        yield StreamingOutputCallResponse(payload=Payload(type=request.response_type, body=bytes(each.size)))
    end(request.response_status)


@contract.operation(traits=[dm.Procedure(service="TestService", method="EmptyCall")])
def empty_call(empty: Empty) -> Empty:
    return empty


@contract.operation(traits=[dm.Procedure(service="TestService", method="UnaryCall")])
def unary_call(request: SimpleRequest) -> SimpleResponse:
    return answer(request)


@contract.operation(effect="safe", traits=[dm.Procedure(service="TestService", method="CacheableUnaryCall")])
def cacheable_unary_call(request: SimpleRequest) -> SimpleResponse:
    return answer(request)


@contract.operation(traits=[dm.Procedure(service="TestService", method="StreamingOutputCall")])
def streaming_output_call(request: StreamingOutputCallRequest) -> AsyncIterator[StreamingOutputCallResponse]:
    return answers(request)


@contract.operation(traits=[dm.Procedure(service="TestService", method="StreamingInputCall")])
async def streaming_input_call(requests: AsyncIterator[StreamingInputCallRequest]) -> StreamingInputCallResponse:
    sizes = [len(each.payload.body) if each.payload is not None else 0 async for each in requests]
    return StreamingInputCallResponse(aggregated_payload_size=sum(sizes))


@contract.operation(traits=[dm.Procedure(service="TestService", method="FullDuplexCall")])
async def full_duplex_call(
    requests: AsyncIterator[StreamingOutputCallRequest],
) -> AsyncIterator[StreamingOutputCallResponse]:
    async for request in requests:
        async for each in answers(request):
            yield each


@contract.operation(traits=[dm.Procedure(service="TestService", method="HalfDuplexCall")])
async def half_duplex_call(
    requests: AsyncIterator[StreamingOutputCallRequest],
) -> AsyncIterator[StreamingOutputCallResponse]:
    for request in [each async for each in requests]:
        async for each in answers(request):
            yield each


app = dm.App(
    dm.rpc(
        "interop",
        "/interop",
        audience="public",
        auth=dm.anonymous(),
        package="grpc.testing",
        lock="interop.lock",
        exposes=[
            empty_call,
            unary_call,
            cacheable_unary_call,
            streaming_output_call,
            streaming_input_call,
            full_duplex_call,
            half_duplex_call,
        ],
    )
)
