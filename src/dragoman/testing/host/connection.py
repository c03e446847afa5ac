"""A connection on which a test says each byte: HTTP clients put right what hosts have to be tried with."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Answer:
    """A response as it came: names of headers in lower case, in their order."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self) -> str:
        return f"<{self.status} {self.headers} {self.body[:200]!r}>"

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for each, value in self.headers if each == name]


class Closed(Exception):
    """The server closed the connection where an answer was expected."""


class Connection:
    """A TCP connection to a server. Waits at most ``seconds`` for each piece of an answer."""

    def __init__(self, url: str, *, seconds: float = 10) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._host = f"{parts.hostname}:{parts.port}"
        self._socket = socket.create_connection((parts.hostname, parts.port), seconds)
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def send_some(self, data: bytes) -> int:
        """Send as many of them as can be sent now; returns how many. Raises TimeoutError if none can for long."""
        return self._socket.send(data)

    def request(self, method: str, target: str, *headers: str, body: bytes = b"", version: str = "1.1") -> None:
        """Send a request, with a Host, and a Content-Length where it has a body."""
        lines = [f"{method} {target} HTTP/{version}", f"Host: {self._host}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def ask(self, method: str, target: str, *headers: str, body: bytes = b"", version: str = "1.1") -> Answer:
        """Send a request, and read the answer."""
        self.request(method, target, *headers, body=body, version=version)
        return self.answer(head_only=method == "HEAD")

    def answer(self, *, head_only: bool = False) -> Answer:
        """Read the next answer, as RFC 9112 has it (section 6.3). Raises Closed."""
        status, headers = self.head()
        answer = Answer(status, headers, b"")
        if head_only or status in (204, 304) or status < 200:
            return answer
        if answer.all("transfer-encoding"):
            while part := self.chunk():
                answer.body += part
        elif lengths := answer.all("content-length"):
            answer.body = self._take(int(lengths[0]))
        else:
            answer.body = self.rest()
        return answer

    def head(self) -> tuple[int, list[tuple[str, str]]]:
        """Read the status and the headers."""
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in lines]
        return int(first.split(" ")[1]), [(name.lower(), value.strip()) for name, _, value in pairs]

    def chunk(self) -> bytes:
        """Read the next chunk of a body; empty for the last."""
        size = int(self._until(b"\r\n").partition(b";")[0], 16)
        part = self._take(size)
        self._take(2)
        return part

    def rest(self) -> bytes:
        """Read until the server closes the connection."""
        while self._more():
            pass
        rest, self._received = self._received, b""
        return rest

    def closed(self) -> bool:
        """Whether the server has closed it, or does so in time."""
        try:
            return not self._received and not self._more()
        except TimeoutError:
            return False

    def _until(self, end: bytes) -> bytes:
        while end not in self._received:
            if not self._more():
                raise Closed(f"closed after {self._received[:200]!r}")
        found, _, self._received = self._received.partition(end)
        return found

    def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            if not self._more():
                raise Closed(f"closed {size - len(self._received)} bytes before the end")
        found, self._received = self._received[:size], self._received[size:]
        return found

    def _more(self) -> bool:
        try:
            part = self._socket.recv(65_536)
        except ConnectionResetError:
            part = b""
        self._received += part
        return bool(part)
