"""``dragoman export``."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dragoman.app import App

from . import declare
from .failure import CommandError
from .target import load


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "export",
        run,
        summary="print the document that describes a surface to other tools",
        description="Print the document that describes a surface, byte for byte as it is served. No server is\n"
        "started, and no database opened.",
        examples="  dragoman export shop:app --surface partner --output openapi.json\n"
        "  dragoman export shop:app --surface partner --check openapi.json",
    )
    declare.add_target(parser)
    parser.add_argument("--surface", metavar="NAME", required=True, help="the surface's name")
    parser.add_argument("--format", metavar="FORMAT", help="such as openapi (default: the first that there is)")
    written = parser.add_mutually_exclusive_group()
    written.add_argument("--output", metavar="FILE", type=Path, help="write it to a file")
    written.add_argument(
        "--check", metavar="FILE", type=Path, help="compare it with a file: exit code 1, and what differs, if it does"
    )


def run(options: argparse.Namespace) -> int:
    """Export; exit code 1 where the document is another than the file it is compared with."""
    document = export(load(options.target), options.surface, options.format)
    if options.check is not None:
        return _check(document, options.check)
    if options.output is not None:
        _write(document, options.output)
    else:
        sys.stdout.buffer.write(document)
    return 0


def export(app: App, surface: str, format: str | None = None) -> bytes:
    """The document of a surface. Raises CommandError for a surface and for a format that there is not."""
    by_name = {each.surface.name: each for each in app.surfaces}
    if surface not in by_name:
        raise CommandError(f"there is no surface {surface!r}; there is {_listed(by_name)}")
    bound = by_name[surface]
    exports: Mapping[str, Callable[[], bytes]] = bound.endpoint.exports()
    style = bound.surface.style.name
    if not exports:
        others = [name for name, each in by_name.items() if each.endpoint.exports()]
        hint = f"; there is one for {_listed(others)}" if others else ""
        raise CommandError(f"the surface {surface!r} speaks {style}, which has no document to export{hint}")
    format = format or next(iter(exports))
    if format not in exports:
        raise CommandError(f"the surface {surface!r} speaks {style}, which is exported as {_listed(exports)}")
    with app.named():
        bound.endpoint.check()
    return exports[format]()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _write(document: bytes, path: Path) -> None:
    try:
        path.write_bytes(document)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from None


def _check(document: bytes, path: Path) -> int:
    try:
        known = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}; write it with --output {path}") from None
    if known == document:
        return 0
    before, now = (each.decode(errors="replace").splitlines(keepends=True) for each in (known, document))
    sys.stdout.writelines(difflib.unified_diff(before, now, fromfile=str(path), tofile="what is declared now"))
    print(f"dragoman: {path} is stale; write it anew with --output {path}", file=sys.stderr)
    return 1
