"""``dragoman lock``."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

import msgspec

from . import declare
from .failure import CommandError
from .target import load


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "lock",
        run,
        summary="settle the numbers of fields that binary formats go by",
        description="Write the lock files of the surfaces: the number of each field of their messages, which\n"
        "stays with it for ever. New fields get new numbers, those of removed fields are reserved. Commit the files.",
        examples="  dragoman lock shop:app\n  dragoman lock shop:app --check",
    )
    declare.add_target(parser)
    parser.add_argument(
        "--gone", action="store_true", help="what is missing is gone, and none of it has another name now"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing: exit code 1, and what would change, if a file is stale"
    )


def run(options: argparse.Namespace) -> int:
    """Write the files that are stale; with --check, exit code 1 where one is."""
    files: dict[Path, bytes] = {}
    app = load(options.target)
    with app.named():
        for bound in app.surfaces:
            bound.endpoint.lock(files, gone=options.gone)
    if not files:
        print("no surface of the application goes by numbers")
    code = 0
    for path, wanted in files.items():
        known = path.read_bytes() if path.exists() else b""
        if _says(known) == _says(wanted):
            print(f"{path} is as it should be")
            continue
        before, now = (each.decode(errors="replace").splitlines(keepends=True) for each in (known, wanted))
        sys.stdout.writelines(difflib.unified_diff(before, now, fromfile=str(path), tofile="what is declared now"))
        if options.check:
            print(f"dragoman: {path} is stale; write it with `dragoman lock {options.target}`", file=sys.stderr)
            code = 1
        else:
            _write(wanted, path)
    return code


def _says(text: bytes) -> object:
    """What a file says, in whatever order: who renames a class in it need not sort it."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _write(text: bytes, path: Path) -> None:
    try:
        path.write_bytes(text)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from None
    print(f"{path} is written: commit it")
