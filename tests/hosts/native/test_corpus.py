"""Hostile HTTP/1.1 is answered as the table in corpus.py says: sent whole, and cut at every byte."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from corpus import CASES, LIMITS, TIMED, Case, End
from tried import PLENTY, Counted, Running, Serving, Tried, answers_of, run, running

AFTER = b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n"
"""Sent behind each case: it is answered where the connection stays open, and never seen where not."""

CUT_MOST = 4096
"""Bytes of the largest case that is cut at every byte."""

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": uvloop.new_event_loop,
    "asyncio": asyncio.new_event_loop,
}

PROMPT = [each for each in CASES if not each.timed]
SLOW = [each for each in CASES if each.timed]


def expected_of(case: Case) -> list[str]:
    """What comes back, with the answer to what is sent behind it."""
    return [*case.answers, "200 GET /after"] if case.end is End.OPEN else list(case.answers)


def test_the_table() -> None:
    names = [each.name for each in CASES]
    assert len(CASES) >= 60
    assert len(set(names)) == len(names), "each has a name of its own"
    assert all(each.why for each in CASES)


# Whole, over TCP


class Client:
    """Sends one case over TCP, whole or in two pieces, and takes what comes back."""

    def __init__(self, port: int, case: Case, pieces: list[bytes]) -> None:
        self._port = port
        self._case = case
        self._pieces = pieces

    def talk(self) -> list[str]:
        """The answers, until the server closes or all are there."""
        case = self._case
        with socket.create_connection(("127.0.0.1", self._port), PLENTY) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for number, piece in enumerate(self._pieces):
                    if number:
                        time.sleep(0.002)
                    line.sendall(piece)
                if case.trickle is not None:
                    threading.Thread(target=self._trickle, args=[line], daemon=True).start()
                elif case.end is End.LEFT:
                    line.shutdown(socket.SHUT_WR)
                elif case.end not in (End.LATE, End.SHUT):
                    line.sendall(AFTER)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has closed already
            return answers_of(self._received(line), tuple(expected_of(case)))

    def _trickle(self, line: socket.socket) -> None:
        assert self._case.trickle is not None
        try:
            for byte in self._case.trickle.data:
                line.sendall(bytes([byte]))
                time.sleep(self._case.trickle.seconds)
        except OSError:
            pass  # it is over

    def _received(self, line: socket.socket) -> bytes:
        received = b""
        while not (self._case.end is End.OPEN and received.endswith(b"GET /after")):
            try:
                part = line.recv(65_536)
            except ConnectionResetError:
                part = b""
            if not part:
                break
            received += part
        return received


def pieces_of(case: Case, cut: random.Random | None) -> list[bytes]:
    """The case whole, or in two at some place."""
    if cut is None or len(case.sends) < 2:
        return [case.sends] if case.sends else []
    at = cut.randrange(1, len(case.sends))
    return [case.sends[:at], case.sends[at:]]


class Other:
    """Another client, which asks all the time while the block runs, and must always be answered."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.troubles: list[str] = []
        self.answered = 0

    def __enter__(self) -> Other:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(PLENTY)

    def _ask(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port), PLENTY) as line:
            while not self._over.wait(0.002):
                line.sendall(b"GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
                received = b""
                while not received.endswith(b"GET /other"):
                    part = line.recv(65_536)
                    if not part:
                        self.troubles.append(f"closed after {received!r}")
                        return
                    received += part
                if answers_of(received) != ["200 GET /other"]:
                    self.troubles.append(repr(received))
                self.answered += 1


def talk_all(server: Running, cases: list[Case], cut: random.Random | None, at_once: int) -> dict[str, list[str]]:
    """What came back for each case; many at once."""
    waiting = list(cases)
    answers: dict[str, list[str]] = {}

    def work() -> None:
        while waiting:
            try:
                case = waiting.pop()
            except IndexError:
                return
            try:
                answers[case.name] = Client(server.port, case, pieces_of(case, cut)).talk()
            except Exception as error:
                answers[case.name] = [repr(error)]

    threads = [threading.Thread(target=work, daemon=True) for _ in range(at_once)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(PLENTY * 2)
    return answers


def check(server: Running, cases: list[Case], answers: dict[str, list[str]]) -> None:
    wrong = {
        case.name: (answers.get(case.name, ["nothing came of it"]), expected_of(case))
        for case in cases
        if answers.get(case.name) != expected_of(case)
    }
    assert not wrong, "\n".join(f"{name}: {found} instead of {expected}" for name, (found, expected) in wrong.items())
    seen = server.app.seen
    assert "GET /smuggled" not in seen, "what follows a refusal is never served"
    assert seen.count("GET /after") == sum(case.end is End.OPEN for case in cases)


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "in two"])
@pytest.mark.parametrize("slow", [False, True], ids=["at once", "in time"])
@pytest.mark.parametrize("loop", LOOPS)
def test_over_tcp(loop: str, slow: bool, cut: bool, tmp_path: Path) -> None:
    """Many at once, and meanwhile another client is served without an error. The handlers wait for nothing, or do."""
    chance = random.Random(f"{loop} {slow}") if cut else None
    app = Tried(tmp_path, limits=LIMITS, slow=slow)
    with running(app, loop_factory=LOOPS[loop]) as server, Other(server.port) as other:
        answers = talk_all(server, PROMPT, chance, 8)
    check(server, PROMPT, answers)
    assert not other.troubles
    assert other.answered > 20
    assert app.cancelled == sum("/never" in each.sends.decode("latin-1") for each in PROMPT)


@pytest.mark.parametrize("loop", LOOPS)
def test_over_tcp_with_patience(loop: str, tmp_path: Path) -> None:
    """Those that have to be waited for, all at once; and meanwhile another client is served without an error."""
    app = Tried(tmp_path, limits=TIMED)
    with running(app, loop_factory=LOOPS[loop]) as server, Other(server.port) as other:
        answers = talk_all(server, SLOW, None, len(SLOW))
    check(server, SLOW, answers)
    assert not other.troubles
    assert other.answered > 20


Cuts = Callable[[Case], list[list[bytes]]]

# Cut at every byte, over pairs of sockets in the server's own loop


async def send(line: socket.socket, connection: Counted, piece: bytes) -> None:
    """Send a piece, and let the server read it before anything follows."""
    expected = connection.received + len(piece)
    while piece:
        try:
            piece = piece[line.send(piece) :]
        except BlockingIOError:  # a pair of sockets holds few packets, and who has closed reads none
            if connection.over:
                return
            await asyncio.sleep(0)
        except (BrokenPipeError, ConnectionResetError):
            return
    while connection.received < expected and not connection.over:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def talk(served: Serving, case: Case, pieces: list[bytes], room: asyncio.Semaphore) -> list[str]:
    """The answers, until the server closes or all are there. Nobody takes longer to send than he has time."""
    received, idle = b"", 0
    await room.acquire()
    line, connection = await served.connect()
    try:
        for piece in pieces:
            await send(line, connection, piece)
        if case.end is End.LEFT:
            line.shutdown(socket.SHUT_WR)
        elif case.end not in (End.LATE, End.SHUT):
            await send(line, connection, AFTER)
        if case.timed:
            room.release()
        while not (case.end is End.OPEN and received.endswith(b"GET /after")):
            try:
                part = line.recv(65_536)
            except BlockingIOError:
                idle += 1
                await asyncio.sleep(0 if idle < 50 else 0.005)
                continue
            except ConnectionResetError:
                part = b""
            if not part:
                break
            received += part
        return answers_of(received, tuple(expected_of(case)))
    finally:
        line.close()
        if not case.timed:
            room.release()


def cuts_of(case: Case) -> list[list[bytes]]:
    """The case in two at every byte, and byte by byte."""
    sends = case.sends
    return [*([sends[:at], sends[at:]] for at in range(1, len(sends))), *bytes_of(case)]


def bytes_of(case: Case) -> list[list[bytes]]:
    """The case byte by byte."""
    return [[bytes([each]) for each in case.sends]]


def talk_in_pieces(cases: list[Case], app: Tried, loop: str, cuts: Cuts = cuts_of) -> None:
    async def act(served: Serving) -> None:
        room = asyncio.Semaphore(40)

        async def one(case: Case, pieces: list[bytes]) -> None:
            answers = await talk(served, case, pieces, room)
            assert answers == expected_of(case), f"{case.name}, cut to {[len(each) for each in pieces]}"

        pending = [asyncio.ensure_future(one(case, pieces)) for case in cases for pieces in cuts(case)]
        await asyncio.wait_for(asyncio.gather(*pending), 4 * PLENTY)

    run(act, app, loop_factory=LOOPS[loop])
    assert "GET /smuggled" not in app.seen, "what follows a refusal is never served"
    assert app.seen.count("GET /after") == sum(len(cuts(case)) for case in cases if case.end is End.OPEN)


SHORT = [each for each in PROMPT if len(each.sends) <= CUT_MOST]
PARTS = 4


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_cut_at_every_byte(part: int, tmp_path: Path) -> None:
    talk_in_pieces(SHORT[part::PARTS], Tried(tmp_path, limits=LIMITS), "uvloop")


@pytest.mark.slow
def test_cut_at_every_byte_with_patience(tmp_path: Path) -> None:
    patient = [each for each in SLOW if each.trickle is None and each.sends]
    talk_in_pieces(patient, Tried(tmp_path, limits=TIMED), "uvloop")


@pytest.mark.parametrize("loop", LOOPS)
def test_byte_by_byte(loop: str, tmp_path: Path) -> None:
    """With handlers that take a moment."""
    talk_in_pieces(SHORT, Tried(tmp_path, limits=LIMITS, slow=True), loop, bytes_of)
