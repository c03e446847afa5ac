"""What the commands' parsers share."""

from __future__ import annotations

import argparse
import ipaddress
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from dragoman.contract.declaration import TARGET
from dragoman.hosts.settings import GRACE_MOST

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]


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


WORKERS_MOST = 256


def workers(text: str) -> int:
    """A number of processes."""
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= WORKERS_MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to {WORKERS_MOST}")
    return int(text)


def cores() -> int:
    """How many processes are served by, if nothing is said: one for each core that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        found = len(os.sched_getaffinity(0))
    else:
        found = os.cpu_count() or 1
    return min(found, WORKERS_MOST)


def grace(text: str) -> float:
    """A number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= GRACE_MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to {GRACE_MOST:g}")
    return seconds


def networks(text: str) -> tuple[str, ...]:
    """Addresses and networks of proxies."""
    found = tuple(each.strip() for each in text.split(","))
    for each in found:
        try:
            ipaddress.ip_network(each)
        except ValueError as error:
            raise argparse.ArgumentTypeError(
                f"{error}: write addresses and networks with a comma between them, such as 10.0.0.0/8,::1"
            ) from None
    return found
