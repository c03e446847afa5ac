"""``dragoman explain``."""

from __future__ import annotations

import argparse
import difflib
import textwrap

from dragoman.app import App
from dragoman.ports.style import Explained

from . import declare
from .failure import CommandError
from .target import load


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "explain",
        run,
        summary="show what an operation became on each surface",
        description="Show what was compiled of an operation, on each surface: its routes, the phases that a\n"
        "call goes through, and the SQL.",
        examples="  dragoman explain shop:app orders.list\n  dragoman explain dragoman.demo:app predict",
    )
    declare.add_target(parser)
    parser.add_argument(
        "operation", metavar="OPERATION", help="its name in the contract: orders.list; or a mount's path"
    )


def run(options: argparse.Namespace) -> int:
    """Explain."""
    print(explain(load(options.target), options.operation))
    return 0


def explain(app: App, operation: str) -> str:
    """What the operation became, or what is mounted at a path. Raises CommandError for one that no surface exposes."""
    for mounted in app.mounts:
        if mounted.mount.path == operation:
            return f"{mounted.mount}\n  phases: lifespan, access log; none of ours else"
    known: dict[str, None] = dict.fromkeys(each.mount.path for each in app.mounts)
    parts = []
    for bound in app.surfaces:
        explained = bound.endpoint.explain()
        known.update(dict.fromkeys(explained))
        if operation in explained:
            surface = bound.surface
            title = f"{surface.name}: {surface.style.name} for {surface.audience} callers at {surface.path}"
            parts.append("\n".join([title, *_lines(explained[operation])]))
    if parts:
        return "\n\n".join(parts)
    close = difflib.get_close_matches(operation, known, 3) or list(known)
    there = f"there is {', '.join(close)}" if close else "none exposes any"
    raise CommandError(f"no surface exposes an operation {operation!r}; {there}")


def _lines(explained: Explained) -> list[str]:
    lines = [f"  {route}" for route in explained.routes]
    lines.append(
        textwrap.fill("phases: " + " → ".join(explained.phases), 100, initial_indent="  ", subsequent_indent="    ")
    )
    for name, text in explained.statements.items():
        lines += [f"  {name}:", textwrap.indent(text.strip(), "    ")]
    return lines
