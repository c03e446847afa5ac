"""gRPC's own services, by gRPC's own clients of them: how the server is, and what there is to call."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2, descriptor_pb2, struct_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from serving import served

SERVING, NOT_SERVING, UNKNOWN = (
    health_pb2.HealthCheckResponse.SERVING,
    health_pb2.HealthCheckResponse.NOT_SERVING,
    health_pb2.HealthCheckResponse.SERVICE_UNKNOWN,
)
SERVICE = "echoes.v1.EchoesService"
KEY = ("authorization", "Bearer valley")


def asked(service: str = "") -> Any:
    return health_pb2.HealthCheckRequest(service=service)


@pytest.fixture
def channel(address: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(address) as channel:
        yield channel


def test_the_server_and_its_services_are_well(channel: grpc.Channel) -> None:
    """Nobody has to be known for that."""
    health = health_pb2_grpc.HealthStub(channel)
    assert [health.Check(asked(each)).status for each in ("", SERVICE)] == [SERVING, SERVING]
    with pytest.raises(grpc.RpcError) as error:
        health.Check(asked("echoes.v1.Nobody"))
    assert error.value.code() is grpc.StatusCode.NOT_FOUND


def test_who_watches_is_told_when_the_server_is_about_to_stop(tmp_path: Path) -> None:
    with served("echo_server:app", tmp_path, "--grace", "3") as server:
        with grpc.insecure_channel(server.url.removeprefix("http://")) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            told: queue.Queue[Any] = queue.Queue()
            watched = {name: health.Watch(asked(name)) for name in ("", SERVICE, "echoes.v1.Nobody")}

            def listen(name: str) -> None:
                try:
                    for each in watched[name]:
                        told.put((name, each.status))
                except grpc.RpcError:
                    pass

            for name in watched:
                threading.Thread(target=listen, args=(name,), daemon=True).start()
            first = {told.get(timeout=20) for _ in watched}
            assert first == {("", SERVING), (SERVICE, SERVING), ("echoes.v1.Nobody", UNKNOWN)}
            server.process.send_signal(signal.SIGTERM)
            assert {told.get(timeout=20) for _ in range(2)} == {("", NOT_SERVING), (SERVICE, NOT_SERVING)}
            for each in watched.values():
                each.cancel()
        assert server.process.wait(20) == 0


class WithKey(grpc.StreamStreamClientInterceptor):  # type: ignore[misc]
    """Shows a key with each call."""

    def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        return continuation(details._replace(metadata=[KEY]), requests)


def test_a_client_calls_what_it_learns_of(channel: grpc.Channel) -> None:
    """With nothing but the address: it finds the services, their messages, and what those refer to."""
    found = ProtoReflectionDescriptorDatabase(grpc.intercept_channel(channel, WithKey()))
    assert list(found.get_services()) == [SERVICE, "grpc.health.v1.Health"]
    pool = DescriptorPool(found)
    status = pool.FindEnumTypeByName("grpc.health.v1.HealthCheckResponse.ServingStatus")
    assert [(each.name, each.number) for each in status.values] == list(
        health_pb2.HealthCheckResponse.ServingStatus.items()
    )
    service = pool.FindServiceByName(SERVICE)
    assert sorted(each.name for each in service.methods) == ["Echo", "Join", "Repeat", "Seen", "Shout", "Talk"]
    assert service.FindMethodByName("Seen").input_type.full_name == "google.protobuf.Empty"
    method = service.FindMethodByName("Echo")
    taken, given = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    call = channel.unary_unary(
        f"/{SERVICE}/Echo", request_serializer=taken.SerializeToString, response_deserializer=given.FromString
    )
    assert call(taken(text="hello"), metadata=[KEY]).text == "hello"
    with pytest.raises(KeyError):
        pool.FindMessageTypeByName("echoes.v1.Nothing")


def without_json_names(messages: Any) -> None:
    """Pools tell them or not, as they got their files."""
    for each in messages:
        for field in each.field:
            field.ClearField("json_name")
        without_json_names(each.nested_type)


def test_a_client_learns_what_faults_hold(channel: grpc.Channel) -> None:
    """As Google's own files have it, and those that they import: with nothing of Google's in the server."""
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(grpc.intercept_channel(channel, WithKey())))
    for theirs in (status_pb2.DESCRIPTOR, error_details_pb2.DESCRIPTOR, any_pb2.DESCRIPTOR, struct_pb2.DESCRIPTOR):
        expected, told = descriptor_pb2.FileDescriptorProto(), descriptor_pb2.FileDescriptorProto()
        theirs.CopyToProto(expected)
        expected.ClearField("options")
        pool.FindFileByName(theirs.name).CopyToProto(told)
        for file in (expected, told):
            file.message_type.sort(key=lambda each: each.name)
            without_json_names(file.message_type)
        assert told == expected
    details = pool.FindMessageTypeByName("google.rpc.BadRequest.FieldViolation")
    assert details.file.name == "google/rpc/error_details.proto"
    stub = channel.unary_unary(f"/{SERVICE}/Echo", request_serializer=bytes, response_deserializer=bytes)
    with pytest.raises(grpc.RpcError) as error:
        stub(b"\x0a", metadata=[KEY])
    trailer = dict(error.value.trailing_metadata())["grpc-status-details-bin"]
    status = GetMessageClass(pool.FindMessageTypeByName("google.rpc.Status")).FromString(trailer)
    names = [each.type_url.removeprefix("type.googleapis.com/") for each in status.details]
    assert names
    for name, each in zip(names, status.details, strict=True):
        assert GetMessageClass(pool.FindMessageTypeByName(name)).FromString(each.value)


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_by_either_name(channel: grpc.Channel, version: str) -> None:
    call = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    questions = [
        reflection_pb2.ServerReflectionRequest(list_services="*"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=f"{SERVICE}.Echo"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="google/protobuf/empty.proto"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="nothing"),
        reflection_pb2.ServerReflectionRequest(all_extension_numbers_of_type="echoes.v1.Ask"),
    ]
    answers = list(call(iter(questions), metadata=[KEY]))
    assert [each.original_request for each in answers] == questions
    kinds = [each.WhichOneof("message_response") for each in answers]
    assert kinds == ["list_services_response", *["file_descriptor_response"] * 2, *["error_response"] * 2]
    assert answers[3].error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    with pytest.raises(grpc.RpcError) as error:
        list(call(iter(questions)))
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_they_count_among_the_streams(tmp_path: Path) -> None:
    """Those who watch and those who ask what there is to call, beside the streams of the contract."""
    (tmp_path / "narrow.py").write_text("import dragoman as dm\nfrom echo_server import app as echoes\n" + NARROW)
    with (
        served("narrow:app", tmp_path, folders=[tmp_path]) as server,
        grpc.insecure_channel(server.url.removeprefix("http://")) as channel,
    ):
        watching = health_pb2_grpc.HealthStub(channel).Watch(asked())
        assert next(watching).status == SERVING
        going_on = threading.Event()

        def questions() -> Iterator[Any]:
            yield reflection_pb2.ServerReflectionRequest(list_services="*")
            going_on.wait(30)

        reflect = channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        asking = reflect(questions(), metadata=[KEY])
        assert next(asking).list_services_response.service
        for refused in (health_pb2_grpc.HealthStub(channel).Watch(asked()), reflect(iter(()), metadata=[KEY])):
            with pytest.raises(grpc.RpcError) as error:
                next(refused)
            assert error.value.code() is grpc.StatusCode.UNAVAILABLE
            assert "as many streams" in error.value.details()
        going_on.set()
        assert list(asking) == []
        again = health_pb2_grpc.HealthStub(channel).Watch(asked())
        assert next(again).status == SERVING
        for each in (watching, again):
            each.cancel()


NARROW = "app = dm.App(*(each.surface for each in echoes.surfaces), limits=dm.Limits(streams=2))\n"


def test_a_surface_that_does_not_ask_for_it_tells_nothing(tmp_path: Path) -> None:
    with (
        served("interop_server:app", tmp_path) as server,
        grpc.insecure_channel(server.url.removeprefix("http://")) as channel,
        pytest.raises(grpc.RpcError) as error,
    ):
        list(ProtoReflectionDescriptorDatabase(channel).get_services())
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
