"""What the commands' parsers share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

TARGET = "MODULE:APP"


def command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int] | None = None,
    *,
    summary: str,
    description: str,
    examples: str = "",
) -> argparse.ArgumentParser:
    """Add a command; ``run`` carries it out, unless commands of its own do."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=examples and f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


def add_target(parser: argparse.ArgumentParser) -> None:
    """The argument that names an application."""
    parser.add_argument("target", metavar=TARGET, help="the module, a colon, the App in it: shop:app")


def add_database(parser: argparse.ArgumentParser, default: str) -> None:
    """The option that names a database."""
    parser.add_argument("--database", metavar="FILE", help=f"the SQLite file (default: {default})")


def port(text: str) -> int:
    """A port's number."""
    if not (text.isascii() and text.isdecimal()) or not int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: take a number from 1 to 65535")
    return int(text)


def workers(text: str) -> int:
    """A number of processes."""
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to 256")
    return int(text)
