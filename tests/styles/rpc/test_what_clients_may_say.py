"""What is odd, hostile or only HTTP's in calls by Connect and gRPC, and how it is answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import dragoman as dm
from dragoman.ports.wire import Request, Response
from dragoman.styles.rpc.codec.leaves import read_value
from dragoman.styles.rpc.codec.varint import bytes_field
from dragoman.styles.rpc.ways.framing import frame


class Key(dm.Resource, prefix="key"):
    tags: dict[str, str] = {}


class Said(dm.Struct):
    text: str = ""


class Told(dm.Struct):
    text: str


shed = dm.Contract("shed")
keys = shed.resource(Key)


@shed.operation(effect="safe", traits=[dm.Fresh(60)])
async def say(said: Said, ctx: dm.Context) -> Told:
    return Told(text=",".join(sorted(ctx.metadata)) if said.text == "metadata" else said.text * 100)


@shed.operation
async def change(said: Said, ctx: dm.Context) -> Told:
    return Told(text=said.text)


@shed.operation(effect="safe")
async def tell(said: Said) -> AsyncIterator[Told]:
    yield Told(text=said.text)


class ByHeader:
    """Who calls is told by a header of its own."""

    anonymous = False
    challenge = ""
    tables = ()
    headers = ("x-api-key",)

    def check_listening(self, host: str) -> None:
        """Anywhere."""

    def bind(self, store: Any) -> Any:
        """Everybody is ann."""
        return lambda headers, certificate: dm.Principal(
            "ann", "one", frozenset({"*"}), frozenset({dm.Audience.INTERNAL})
        )


def make_app(folder: Path) -> dm.App:
    surface = dm.rpc(
        "shed",
        "/shed",
        audience="internal",
        auth=ByHeader(),  # type: ignore[arg-type]
        exposes=[keys, say, change, tell],
        lock=folder / "dragoman.lock",
        reflection=True,
    )
    files: dict[Path, bytes] = {}
    dm.App(surface).surfaces[0].endpoint.lock(files)
    for path, text in files.items():
        path.write_bytes(text)
    return dm.App(surface, database=folder / "shed.db")


class Asking:
    """Asks an application."""

    def __init__(self, app: dm.App) -> None:
        self.app = app

    async def __call__(
        self, path: str, body: Any = None, method: str = "POST", query: str = "", **headers: str
    ) -> Response:
        given = {"host": "localhost", "content-type": "application/json", "x-api-key": "alice"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return await self.app.respond(Request(method, path, query, given, sent, version="2", trailers=True))


def asked(folder: Path, conversation: Any) -> None:
    async def main() -> None:
        app = make_app(folder)
        async with app.lifespan():
            await conversation(Asking(app))

    asyncio.run(main())


def head(response: Response) -> Mapping[str, str]:
    return {name.decode(): value.decode() for name, value in response.headers}


HEALTH = "/grpc.health.v1.Health/Check"


@pytest.mark.parametrize("body", [{"service": 5}, {"service": ["x"]}, {"service": {}}, [], 7])
def test_who_asks_for_the_health_in_odd_ways_is_told_so(tmp_path: Path, body: Any) -> None:
    async def conversation(ask: Asking) -> None:
        assert (await ask(HEALTH, json.dumps(body).encode())).status == 400

    asked(tmp_path, conversation)


def test_a_query_of_many_parameters(tmp_path: Path) -> None:
    async def conversation(ask: Asking) -> None:
        query = "&".join(f"a{n}=1" for n in range(30))
        assert (await ask("/shed.v1.ShedService/Say", b"", "GET", query)).status == 400
        assert (await ask(HEALTH, b"", "GET", query)).status == 400

    asked(tmp_path, conversation)


def test_what_http_says_of_a_request(tmp_path: Path) -> None:
    async def conversation(ask: Asking) -> None:
        path = "/shed.v1.ShedService/Say"
        assert (await ask(path, b"", content_type="text/xml")).status == 415
        assert (await ask(path, b"", "GET", "encoding=xml&message=%7B%7D")).status == 415
        for name, method in (("Say", "PUT"), ("Change", "GET"), ("Change", "HEAD")):
            response = await ask(f"/shed.v1.ShedService/{name}", b"", method)
            assert response.status == 405
            assert "POST" in head(response)["allow"]
        assert (await ask("/shed", {})).status == 404

    asked(tmp_path, conversation)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_plain_post_of_what_streams_is_told_where_it_goes(tmp_path: Path, method: str) -> None:
    async def conversation(ask: Asking) -> None:
        answer = await ask("/shed/tell", {}, method)
        told = json.loads(answer.body)
        assert (answer.status, told["status"], told["code"]) == (501, 501, "UNIMPLEMENTED")
        assert told["detail"] == (
            "this procedure streams, which plain POST does not carry; call it by Connect, gRPC or gRPC-Web: "
            "POST /shed.v1.ShedService/Tell"
        )
        assert (await ask("/shed/told", {}, method)).status == 404

    asked(tmp_path, conversation)


def test_caches_are_told_what_rest_tells_them(tmp_path: Path) -> None:
    async def conversation(ask: Asking) -> None:
        query = "encoding=json&message=" + "%7B%22text%22%3A%22" + "a" * 50 + "%22%7D"
        answer = await ask("/shed.v1.ShedService/Say", b"", "GET", query, accept_encoding="gzip")
        found = head(answer)
        assert found["cache-control"] == "private, max-age=60"
        assert "X-Api-Key" in found["vary"]
        assert "Accept-Encoding" in found["vary"]
        assert found["content-encoding"] == "gzip"
        assert "content-encoding" not in head(
            await ask("/shed.v1.ShedService/Say", b"", "GET", query, accept_encoding="gzip;q=0")
        )
        assert head(await ask("/shed.v1.ShedService/Say", {}))["cache-control"] == "no-store"

    asked(tmp_path, conversation)


def test_two_times_to_wait(tmp_path: Path) -> None:
    """A proxy may add its own; the shorter one counts, from the beginning."""

    async def conversation(ask: Asking) -> None:
        path = "/shed.v1.ShedService/Say"
        for header in ({"connect_timeout_ms": "5000"}, {"connect_timeout_ms": "20000"}):
            assert (await ask(path, {}, request_timeout="10", **header)).status == 200
        late = await ask(path, {}, connect_timeout_ms="0")
        assert (late.status, json.loads(late.body)["code"]) == (504, "deadline_exceeded")
        late = await ask(path, frame(b""), content_type="application/grpc", grpc_timeout="0n")
        assert (b"grpc-status", b"4") in (late.trailers or late.headers)

    asked(tmp_path, conversation)


def test_credentials_are_no_metadata(tmp_path: Path) -> None:
    async def conversation(ask: Asking) -> None:
        answer = await ask("/shed.v1.ShedService/Say", {"text": "metadata"}, x_trace="1", authorization="Bearer x")
        assert json.loads(answer.body)["text"] == "content-type,host,x-trace"

    asked(tmp_path, conversation)


def test_types_that_are_wrong_are_told(tmp_path: Path) -> None:
    async def conversation(ask: Asking) -> None:
        for path, body, at in (
            ("/shed/keys.update", {"key": {"id": "key_1"}, "update_mask": [1]}, "#/update_mask/0"),
            ("/shed/keys.list", {"ids": [{}]}, "#/ids/0"),
            ("/shed/keys.update", {"key": {"id": "key_1", "etag": {"a": 1}}}, "#/etag"),
        ):
            answer = await ask(path, body)
            assert answer.status == 422, answer.body
            assert [each["pointer"] for each in json.loads(answer.body)["errors"]] == [at]

    asked(tmp_path, conversation)


def test_masks_and_values_take_time_by_their_length_alone(tmp_path: Path) -> None:
    async def conversation(ask: Asking) -> None:
        made = json.loads((await ask("/shed.v1.KeyService/CreateKey", {})).body)
        for count, status in ((1000, 200), (1001, 400)):
            mask = ",".join(f"tags.k{n}" for n in range(count))
            body = {"key": {"id": made["id"], "tags": {"k1": "a"}}, "updateMask": mask}
            assert (await ask("/shed.v1.KeyService/UpdateKey", body)).status == status
        struct = bytes_field(5, bytes_field(1, bytes_field(1, b"a") + bytes_field(2, b"")))
        began = time.process_time()
        assert read_value(struct * 200_000, 0, len(struct) * 200_000, 60, None) == {"a": None}
        assert time.process_time() - began < 20  # a square would take minutes

    asked(tmp_path, conversation)


@pytest.mark.parametrize("size", ["4MB", 0, -1, True, 2**31])
def test_the_size_of_messages_is_a_number_of_bytes(size: Any) -> None:
    with pytest.raises(dm.DeclarationError, match="no number of bytes"):
        dm.rpc("shed", "/shed", audience="internal", auth=dm.anonymous(), exposes=[say], message_size=size)


def test_one_surface_tells_what_there_is(tmp_path: Path) -> None:
    surfaces = [
        dm.rpc(
            name,
            f"/{name}",
            audience="internal",
            auth=dm.anonymous(),
            exposes=[say],
            package=f"{name}.v1",
            reflection=True,
            lock=tmp_path / "dragoman.lock",
        )
        for name in ("one", "two")
    ]
    with pytest.raises(dm.DeclarationError, match="only one surface of an application"):
        dm.App(*surfaces)
