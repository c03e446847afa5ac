"""grpcurl, and what it asks the procedures that others' clients are tried on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from running import Running
from tooling import HERE, run

KEY: Final = "authorization: Bearer valley"
SERVICE: Final = "echoes.v1.EchoesService"
LARGEST: Final = 4 * 1024 * 1024
KINDS: Final = {
    "Echo": [("a", 1)],
    "Repeat": [("a", 1), ("a", 2)],
    "Join": [("ab", 2)],
    "Talk": [("a", 1), ("a", 2), ("b", 3), ("b", 4)],
}
"""What a procedure answers to ``asked``."""
STREAMED: Final = ("Join", "Talk")
DETAILS: Final = ["google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.RequestInfo"]


def asked(kind: str) -> str:
    """What a procedure is asked: one question, or two."""
    texts = "ab" if kind in STREAMED else "a"
    return "".join(json.dumps({"text": text, "times": 2}) for text in texts)


def answers(text: str) -> list[tuple[str, int]]:
    """The answers of JSON documents that stand behind one another."""
    found, at, text = [], 0, text.strip()
    while at < len(text):
        value, at = json.JSONDecoder().raw_decode(text, at)
        found.append((value["text"], value["number"]))
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


class Grpcurl:
    """grpcurl, which learns of procedures from the server, or from a file."""

    def __init__(self, server: Running, *options: str | Path) -> None:
        self._options = options
        self._address = server.url.removeprefix("http://")

    def __call__(self, *last: str, given: str = "", code: int | None = 0, key: str = KEY, **options: str) -> str:
        more = [word for name, value in options.items() for word in (f"-{name.replace('_', '-')}", value)]
        data = ("-d", "@") if given else ()
        command = ("grpcurl", "-plaintext", "-H", key, *self._options, *more, *data, self._address, *last)
        return run(*command, folder=HERE, code=code, given=given)
