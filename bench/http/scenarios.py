"""What is asked of every server, and how its bodies are compared."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from .filling import Filled

Document = dict[str, object]
GIVEN_BY_THE_SERVER: Final = ("id", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Requests that are sent in turn, over so many connections. ``waiting`` is how the client waits: see load.c."""

    name: str
    title: str
    method: str
    targets: tuple[str, ...]
    body: bytes = b""
    connections: int = 32
    waiting: str = "spin"

    @property
    def shown(self) -> str:
        """The target as a reader is told it."""
        return self.targets[0] if len(self.targets) == 1 else self.targets[0].rpartition("/")[0] + "/…"

    def sleeping(self) -> Scenario:
        """The same with a client that leaves the processors to the server."""
        return replace(self, waiting="sleep")

    def write(self, folder: Path, key: str) -> Path:
        """The requests as load.c reads them: each as it is sent, behind its length."""
        path = folder / f"{self.name}.requests"
        with path.open("wb") as file:
            for target in self.targets:
                request = self._request(target, key)
                file.write(b"%d\n%b" % (len(request), request))
        return path

    def comparable(self, body: bytes) -> object:
        """What has to be the same in the body of every server."""
        if self.name == "page":
            # The token says the same in other letters, and ours is signed.
            start, name, token = body.rpartition(b',"next_page_token":')
            return start, name, token != b'""}'
        if self.name == "create":
            order: Document = json.loads(body)
            given = {each: len(str(order[each])) for each in GIVEN_BY_THE_SERVER}
            return list(order), order | given, len(body)
        return body

    def _request(self, target: str, key: str) -> bytes:
        lines = [f"{self.method} {target} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}"]
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def scenarios(filled: Filled) -> tuple[Scenario, ...]:
    """The four of them."""
    some = filled.orders[:: len(filled.orders) // 1000]
    order = {"customer": filled.customers[3], "total_cents": 1999, "currency": "EUR", "note": "Ring twice."}
    new = json.dumps(order, separators=(",", ":")).encode()
    return (
        Scenario("constant", "constant bytes", "GET", ("/v1/hello",)),
        Scenario("one", "one order by id", "GET", tuple(f"/v1/orders/{each}" for each in some)),
        Scenario("page", "a page of 100 orders", "GET", ("/v1/orders?page_size=100",)),
        Scenario("create", "creating an order", "POST", ("/v1/orders",), new, 64, "sleep"),
    )
