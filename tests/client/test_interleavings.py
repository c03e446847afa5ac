"""A call's thread, and that which listens to its connection: whatever comes, and whenever, the call sees all of it."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest

from dragoman.client.http.blocking import run
from dragoman.client.http.message import Ask, Broken, body
from dragoman.client.http.two import Exchange2, Http2

MOST_STEPS = 2_000


class Stuck(Exception):
    """A thread would wait, though nothing is left that would wake it."""


@types.coroutine
def given() -> Generator[None, bytes, bytes]:
    return (yield)


class Wire:
    """What is put on it, is kept; what is received, is sent to the listening coroutine."""

    protocol = None
    quiet = True

    def __init__(self) -> None:
        self.sent = b""

    def put(self, data: bytes, deadline: float | None) -> None:
        self.sent += data

    async def drain(self, deadline: float | None) -> None:
        """All of it is sent."""

    async def receive(self, deadline: float | None) -> bytes:
        return await given()

    def close(self) -> None:
        """It is kept."""


class Signal:
    """What would wait lets the rest happen, as it would meanwhile."""

    def __init__(self, rest: Callable[[], None]) -> None:
        self._rest = rest
        self._set = False

    def set(self) -> None:
        self._set = True

    def clear(self) -> None:
        self._set = False

    async def wait(self, deadline: float | None) -> None:
        if not self._set:
            self._rest()
        if not self._set:
            raise Stuck


class Net:
    """Lets a test say when something comes."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] | None = None
        self.listening: Coroutine[Any, Any, None] | None = None

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        work.send(None)
        self.listening = work

    def signal(self) -> Signal:
        return Signal(self.happen)

    def happen(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()


class Talk:
    """A request on a connection, and the server that got it."""

    def __init__(self, content: bytes | None) -> None:
        self.net, self.wire = Net(), Wire()
        net: Any = self.net
        self.connection = Http2(net, self.wire, "http", "fair")
        self.connection.start()
        self.server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.server.initiate_connection()
        self.come()
        self.exchange: Exchange2 = run(self.connection.open(Ask("POST", "/", [], content), None))
        self.come()

    def come(self) -> None:
        """What the server has to say comes."""
        sent, self.wire.sent = self.wire.sent, b""
        self.server.receive_data(sent)
        assert self.net.listening is not None
        if data := self.server.data_to_send():
            self.net.listening.send(data)

    def close(self) -> None:
        assert self.net.listening is not None
        self.net.listening.close()

    def head(self) -> None:
        self.server.send_headers(self.exchange.number, [(":status", "200")])

    def rest(self) -> None:
        self.server.send_data(self.exchange.number, b"14")
        self.server.send_headers(self.exchange.number, [("grpc-status", "0")], end_stream=True)

    def half(self) -> None:
        self.server.send_data(self.exchange.number, b"1")

    def reset(self) -> None:
        self.server.reset_stream(self.exchange.number)

    def early(self) -> None:
        self.server.send_data(self.exchange.number, b"14", end_stream=True)

    def fill(self) -> None:
        """Send more than the server takes, so that who sends waits."""
        with contextlib.suppress(Stuck):
            run(self.exchange.send(bytes(100_000)))


def at_step(number: int, happen: Callable[[], None], work: Callable[[], Any]) -> tuple[bool, Any]:
    """Do it, and let something happen before that step of what the exchange does. Returns whether it came so far."""
    steps = 0

    def stepped(frame: types.FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        if event == "call":
            if not isinstance(frame.f_locals.get("self"), Exchange2):
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        elif event == "opcode":
            steps += 1
            if steps == number:
                happen()
        return stepped

    before = sys.gettrace()
    sys.settrace(stepped)
    try:
        found = work()
    finally:
        sys.settrace(before)
    return steps >= number, found


def at_each_step(content: bytes | None, before: str, comes: str, work: Callable[[Exchange2], Any]) -> list[Any]:
    """What the work gives where that comes before its first step, its second, and so on, each on a call of its own."""
    found = []
    for number in range(1, MOST_STEPS):
        with contextlib.closing(Talk(content)) as talk:

            def say(said: str, talk: Talk = talk) -> None:
                for each in said.split():
                    getattr(talk, each)()

            def meanwhile(talk: Talk = talk, say: Callable[[str], None] = say) -> None:
                say(comes)

            say(before)
            talk.net.meanwhile = meanwhile
            came, result = at_step(number, talk.net.happen, lambda talk=talk: work(talk.exchange))  # type: ignore[misc]
            found.append(result)
            if not came:
                return found
    raise AssertionError("it does not end")


def whole(exchange: Exchange2) -> tuple[bytes, str | None, int]:
    """The body, the trailers, and how much of it is not given back to the connection's window."""
    return run(body(exchange)), exchange.trailers.get("grpc-status"), exchange.buffered


@pytest.mark.parametrize("sending", [False, True], ids=["asked", "while it is asked"])
def test_a_head_is_seen_whenever_it_comes(sending: bool) -> None:
    content, more = (None, " fill") if sending else (b"", "")
    found = at_each_step(content, "", "head come" + more, lambda exchange: run(exchange.head()).status)
    assert len(found) > 10
    assert set(found) == {200}


@pytest.mark.parametrize("sending", [False, True], ids=["asked", "while it is asked"])
@pytest.mark.parametrize(
    ("before", "comes"), [("head come", "rest come"), ("", "head rest come"), ("head half come", "rest come")]
)
def test_a_body_is_whole_whenever_it_comes(sending: bool, before: str, comes: str) -> None:
    content, more = (None, " fill") if sending else (b"", "")
    found = at_each_step(content, before, comes + more, whole)
    assert len(found) > 10
    assert set(found) == {(b"114" if "half" in before else b"14", "0", 0)}


def test_what_came_before_a_failure_is_seen_whenever_both_come() -> None:
    def read(exchange: Exchange2) -> bytes:
        found = run(exchange.read())
        with pytest.raises(Broken, match=r"CANCEL|NO_ERROR"):
            run(exchange.read())
        return found

    found = at_each_step(b"", "head come", "half come reset come", read)
    assert len(found) > 10
    assert set(found) == {b"1"}


@pytest.mark.parametrize("resets", [False, True])
def test_who_is_answered_before_all_is_asked_leaves_no_stream_open(resets: bool) -> None:
    with contextlib.closing(Talk(None)) as talk:
        talk.head()
        talk.early()
        if resets:
            talk.reset()
        talk.come()
        assert not run(talk.exchange.send(b"nobody wants it"))
        assert run(body(talk.exchange)) == b"14"
        talk.exchange.close()
        told = talk.server.receive_data(talk.wire.sent)
        assert [each.stream_id for each in told if isinstance(each, h2.events.StreamReset)] == [1] * (not resets)
        assert talk.server.open_inbound_streams == 0
