"""The command ``dragoman``. Each command is a module: ``add`` declares it, another function runs it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import Fault
from dragoman.hosts.listening import ListenError
from dragoman.hosts.tls import TlsError
from dragoman.ports.mount import MountError
from dragoman.ports.store import StoreError

from . import advise, demo, explain, export, keys, ledger, lock, migrate, new, review, serve
from .failure import CommandError

__all__ = ["main"]

EXAMPLES: Final = """\
examples:
  dragoman demo                          a shop with real orders, on http://127.0.0.1:8000
  dragoman new price-list                a small project to start from
  dragoman serve shop:app                the App called app in shop.py
  dragoman keys create --owner acme --audience partner
  dragoman explain shop:app orders.list  what an operation became on each surface
  dragoman export shop:app --surface partner
  dragoman review .                      which style fits which surface, from contracts of any kind

`dragoman COMMAND --help` says more.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 with one line on stderr, 2 for wrong usage."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except CommandError as error:
        fail(str(error))
        return error.code
    except (DeclarationError, ListenError, MountError, StoreError, TlsError) as error:
        return fail(str(error))
    except Fault as error:
        return fail(error.message)
    except BrokenPipeError:
        # The reader of our output (a pager, `head`) went away; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def fail(message: str) -> int:
    """Say what is wrong, in one line."""
    print(f"dragoman: {' '.join(message.split())}", file=sys.stderr)
    return 1


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, and name the way to help."""

    def error(self, message: str) -> NoReturn:
        """Wrong usage."""
        self.exit(2, f"dragoman: {message}; `{self.prog} --help` shows how\n")


class Version(argparse.Action):
    """Says the installed version; a source tree on the path has none."""

    def __call__(self, parser: argparse.ArgumentParser, *more: object) -> NoReturn:
        """Say it, and end. It takes a while to be found, so that no other command asks for it."""
        from importlib import metadata

        try:
            print(f"dragoman {metadata.version('dragoman')}")
        except metadata.PackageNotFoundError:
            print("dragoman (not installed)")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="dragoman",
        description="State an API contract once, in typed Python; serve each caller in the style that fits.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=Version, nargs=0, help="show the installed version, and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="command")
    for command in (demo, new, serve, keys, ledger, lock, migrate, explain, export, review, advise):
        command.add(commands)
    return parser
