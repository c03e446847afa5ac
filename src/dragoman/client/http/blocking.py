"""In a thread, without an event loop."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, TypeVar

from .net import CHUNK, Address, Signal, Wire, left

T = TypeVar("T")

_READ: Final = select.POLLIN
_WRITE: Final = select.POLLOUT


def run(work: Coroutine[Any, Any, T]) -> T:
    """Drive a coroutine to its end. It must wait for nothing that an event loop would have to give."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError("a blocking client was given something to await; pass what is at hand, or use dm.AsyncClient")


class SocketWire:
    """A connection that its threads wait for themselves. One thread may read while others write: TLS is spoken in
    memory, so that no two of them are ever in it at once.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._guard = threading.Lock()
        self._closed = False
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.protocol: str | None = None

    def secure(self, context: ssl.SSLContext, host: str, deadline: float | None) -> None:
        """Begin TLS."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                self._send(self._outgoing.read(), deadline)
                self._feed(self._receive(deadline))
                continue
            self._send(self._outgoing.read(), deadline)
            break
        self._tls, self.protocol = tls, tls.selected_alpn_protocol()

    def put(self, data: bytes, deadline: float | None) -> None:
        """Send."""
        with self._guard:
            if self._tls is not None:
                self._tls.write(data)
                data = self._outgoing.read()
            self._send(data, deadline)

    async def drain(self, deadline: float | None) -> None:
        """All that was put has been sent."""

    async def receive(self, deadline: float | None) -> bytes:
        """What came."""
        if self._tls is None:
            return self._receive(deadline)
        while True:
            with self._guard:
                try:
                    return self._tls.read(CHUNK)
                except ssl.SSLWantReadError:
                    if answer := self._outgoing.read():
                        self._send(answer, deadline)
                except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                    return b""
            self._feed(self._receive(deadline))

    @property
    def quiet(self) -> bool:
        """Whether nothing came."""
        return not self._closed and not self._ready(_READ, 0)

    def close(self) -> None:
        """Close it."""
        if self._closed:
            return
        self._closed = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)  # who waits for it is woken
        except OSError:
            pass
        self._socket.close()

    def _feed(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _send(self, data: bytes, deadline: float | None) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                self._await(_WRITE, deadline)

    def _receive(self, deadline: float | None) -> bytes:
        while True:
            try:
                return self._socket.recv(CHUNK)
            except BlockingIOError:
                self._await(_READ, deadline)

    def _await(self, event: int, deadline: float | None) -> None:
        seconds = left(deadline)
        if not self._ready(event, None if seconds is None else seconds * 1000):
            raise TimeoutError

    def _ready(self, event: int, milliseconds: float | None) -> bool:
        poll = select.poll()
        try:
            poll.register(self._socket, event)
        except ValueError:
            raise OSError("the connection is closed") from None
        return bool(poll.poll(milliseconds))


class ThreadSignal(threading.Event):
    """A signal between threads."""

    async def wait(self, deadline: float | None = None) -> None:  # type: ignore[override]
        """Wait until it is given."""
        if not super().wait(left(deadline)):
            raise TimeoutError


class ThreadLock:
    """A lock between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    async def __aenter__(self) -> None:
        self._lock.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


class ThreadWork:
    """What a thread does. It cannot be stopped from outside, and ends by itself once its exchange has."""

    def __init__(self, threads: set[threading.Thread], thread: threading.Thread) -> None:
        self._threads = threads
        self._thread = thread

    def cancel(self) -> bool:
        """Let it go its way."""
        self._threads.discard(self._thread)
        return False


class ThreadNet:
    """A thread's part."""

    concurrent = False

    def __init__(self) -> None:
        self._threads: set[threading.Thread] = set()

    async def connect(self, address: Address, deadline: float | None) -> Wire:
        """A new connection."""
        seconds = left(deadline)
        if address.path:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(seconds)
                sock.connect(address.path)
            except BaseException:
                sock.close()
                raise
        else:
            sock = socket.create_connection((address.host, address.port), seconds)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = SocketWire(sock)
        if address.tls is not None:
            try:
                wire.secure(address.tls, address.host, deadline)
            except BaseException:
                wire.close()
                raise
        return wire

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: ASYNC251  (no event loop is there to be kept waiting)

    def signal(self) -> Signal:
        """A new signal."""
        return ThreadSignal()

    def lock(self) -> ThreadLock:
        """A new lock."""
        return ThreadLock()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> ThreadWork:
        """Do it in a thread, which does not keep the process from ending."""

        def target() -> None:
            try:
                run(work)
            finally:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.add(thread)
        thread.start()
        return ThreadWork(self._threads, thread)

    def drop(self, close: Callable[[], None]) -> None:
        """Close it."""
        try:
            close()
        except OSError:
            pass

    async def close(self) -> None:
        """Wait for the threads."""
        for each in list(self._threads):
            if each is not threading.current_thread():
                each.join(5)
