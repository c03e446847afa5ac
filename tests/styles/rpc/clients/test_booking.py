"""A ``.proto`` file that was there first: a contract matches it by names given by hand, and its clients call that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import booking_server
import grpc
import pytest
from connectrpc.client import ConnectClientSync
from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from serving import served
from stubs import HERE, Stubs, compiled, descriptor, export

import dragoman as dm
from dragoman.client.speech import Over

KEY = {"authorization": "Bearer ann"}
BUF = Path(sys.executable).with_name("buf")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("booking_server:app", tmp_path_factory.mktemp("served")) as server:
        yield server.url


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Stubs:
    """The stubs of the file that was there."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "booking.proto").write_text((HERE / "booking.proto").read_text())
    return compiled(folder, "booking.proto")


def asked(theirs: Stubs) -> Any:
    return theirs.messages.RateRequest(
        guestName="Emma", kind_of_room=theirs.messages.double, extrasByName={"tea": 250}, board=2, total_nights=3
    )


def test_what_is_exported_says_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "legacy/booking/booking.proto"
    export("booking_server:app", "desk", path)
    ours, theirs = descriptor(path), descriptor(HERE / "booking.proto")
    for kind in ("service", "message_type", "enum_type"):
        found = {each.name: each for each in getattr(ours, kind)}
        for each in getattr(theirs, kind):
            assert found[each.name] == each
    lint = [BUF, "lint", tmp_path, "--config", '{"version":"v2"}']
    assert subprocess.run(lint, capture_output=True, text=True, timeout=60, check=False).stdout == ""


def test_its_stubs_over_grpc(url: str, theirs: Stubs) -> None:
    with grpc.insecure_channel(url.removeprefix("http://")) as channel:
        desk = theirs.services.DeskStub(channel)
        answer = desk.Rate(asked(theirs), metadata=tuple(KEY.items()))
        assert (answer.Cents, answer.kind, answer.guest) == (550, theirs.messages.double, "Emma")


@pytest.mark.parametrize("codec", [google_protobuf_json_codec(), google_protobuf_binary_codec()], ids=["json", "proto"])
def test_its_stubs_over_connect(url: str, theirs: Stubs, codec: Any) -> None:
    """In JSON, too, names are those that the file gives."""
    messages = theirs.messages
    method = MethodInfo(
        name="Rate",
        service_name="legacy.booking.Desk",
        input=messages.RateRequest,
        output=messages.RateReply,
        stream_type=StreamType.UNARY,
        idempotency_level=IdempotencyLevel.NO_SIDE_EFFECTS,
    )
    with ConnectClientSync(url, codec=codec) as client:
        answer = client.execute_unary(request=asked(theirs), method=method, headers=KEY)
    assert (answer.Cents, answer.kind, answer.guest) == (550, messages.double, "Emma")


@pytest.mark.parametrize(
    ("over", "lock"), [("grpc", HERE / "booking.lock"), ("connect", HERE / "booking.lock"), ("connect", None)]
)
def test_our_own_client_has_the_contract_s_names(url: str, over: Over, lock: Path | None) -> None:
    stay = booking_server.Stay(guest="Emma", kind=booking_server.Kind.TWO, board="half", nights=2)
    with dm.Client(url, over=over, lock=lock, package="legacy.booking", auth="ann") as client:
        assert client.call(booking_server.rate, stay).kind is booking_server.Kind.TWO
        room = client[booking_server.rooms].create(booking_server.Room(floor=2))
        changed = client[booking_server.rooms].update(room, beds=3)
        assert (changed.floor, changed.beds) == (2, 3)
        rooms = client[booking_server.rooms].list(booking_server.rooms.field.floor >= 2, order_by="-floor")
        assert changed.id in [each.id for each in rooms]
