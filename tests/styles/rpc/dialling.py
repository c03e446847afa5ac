"""Calls an application inside this process as a client of Connect does, in JSON or in the binary form."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf import empty_pb2
from google.protobuf.unknown_fields import UnknownFieldSet

import dragoman as dm
from dragoman.ports.wire import Request


class Said:
    """An answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body

    def __repr__(self) -> str:
        return f"<{self.status} {self.body[:600]!r}>"

    @property
    def json(self) -> Any:
        """The message."""
        assert self.status == 200, self
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The fault's code."""
        assert self.status != 200, self
        return str(json.loads(self.body)["code"])

    @property
    def message(self) -> str:
        """The fault's message."""
        return str(json.loads(self.body)["message"])

    @property
    def violations(self) -> list[tuple[str, str]]:
        """Where each violation is, and the rule that is broken."""
        found = []
        for each in json.loads(self.body)["details"]:
            if each["type"] == "google.rpc.BadRequest":
                data = base64.b64decode(each["value"] + "==")
                for violation in UnknownFieldSet(empty_pb2.Empty.FromString(data)):
                    parts = {
                        part.field_number: part.data.decode()
                        for part in UnknownFieldSet(empty_pb2.Empty.FromString(violation.data))
                    }
                    found.append((parts.get(1, ""), parts[3].lower()))
        return found

    def refused(self, code: str, *violations: tuple[str, str]) -> Said:
        """Itself, if it is such a fault."""
        assert (self.code, self.violations) == (code, list(violations)), self
        return self


class Caller:
    """Somebody who calls the procedures of one package."""

    def __init__(self, app: dm.App, package: str, key: str = "") -> None:
        self.app = app
        self.package = package
        self.headers = {"authorization": f"Bearer {key}"} if key else {}

    async def __call__(self, procedure: str, message: Any = None, **headers: str) -> Said:
        """Call ``Service/Method`` with a message in JSON; with bytes, in the binary form."""
        binary = isinstance(message, bytes)
        body = message if binary else json.dumps({} if message is None else message).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        media = "application/proto" if binary else "application/json"
        request = Request(
            "POST", f"/{self.package}.{procedure}", "", {"content-type": media, **self.headers, **named}, body
        )
        response = await self.app.respond(request)
        return Said(response.status, response.body)


def run(app: dm.App, scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario with the application started."""

    async def whole() -> None:
        await app.start()
        try:
            await scenario()
        finally:
            await app.stop()

    asyncio.run(whole())
