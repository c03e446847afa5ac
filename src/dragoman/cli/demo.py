"""``dragoman demo``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from dragoman.contract.declaration import DeclarationError

from . import declare
from .failure import CommandError
from .launch import launch
from .target import load

EXAMPLES = """\
  dragoman demo
  PORT=9000 WORKERS=2 dragoman demo

environment:
  PORT      the port (default: 8000)
  HOST      the address, of this machine only (default: 127.0.0.1)
  DATABASE  the SQLite file (default: dragoman-demo.db, here)
  WORKERS   processes (default: one for each core)

It accepts the keys demo-partner, demo-internal and demo-operator, each on its own surface.
"""


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    declare.command(
        commands,
        "demo",
        run,
        summary="serve a shop with real orders, to look around in",
        description="Serve a shop with the 6,919 real orders of 2,357 customers, filled in on first start.",
        examples=EXAMPLES,
    )


def run(options: argparse.Namespace) -> int:
    """Serve the demo."""
    host = os.environ.get("HOST") or "127.0.0.1"
    port = from_environment("PORT", declare.port, 8000)
    workers = from_environment("WORKERS", declare.workers, declare.cores())
    target = "dragoman.demo:app"
    app = load(target)
    try:
        app.check_listening(host)
    except DeclarationError as error:
        raise CommandError(
            f"HOST={host}: {error.thing}; leave HOST out, and reach the demo from another machine through a tunnel: "
            f"ssh -L {port}:localhost:{port} and the name of this one"
        ) from None
    return launch(app, target, (host, port), workers=workers, another="PORT={port} make demo")


def from_environment(name: str, read: Callable[[str], int], default: int) -> int:
    """A number from the environment. Raises CommandError."""
    text = os.environ.get(name)
    if not text:
        return default
    try:
        return read(text)
    except argparse.ArgumentTypeError as error:
        raise CommandError(f"{name}: {error}") from None
