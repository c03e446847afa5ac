"""``dragoman serve``."""

from __future__ import annotations

import argparse
import os

from dragoman.hosts.serve import DRAIN_SECONDS

from . import declare
from .launch import launch
from .target import load

EXAMPLES = """\
  dragoman serve shop:app
  dragoman serve shop:app --port 9000 --database /var/lib/shop.db
  dragoman serve shop:app --host 0.0.0.0 --workers 4 --production
"""


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "serve",
        run,
        summary="serve an application",
        description="Serve every surface of an application on one port, until Ctrl-C or SIGTERM. From then on\n"
        f"nobody can connect, and requests under way may go on for {DRAIN_SECONDS} seconds, or until Ctrl-C is\n"
        "pressed again; those that are not finished by then are answered 503.",
        examples=EXAMPLES,
    )
    declare.add_target(parser)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=declare.port, default=8000, help="default: %(default)s; 0 takes one that is free"
    )
    parser.add_argument(
        "--workers", type=declare.workers, default=1, metavar="N", help="processes (default: %(default)s)"
    )
    declare.add_database(parser, "what the App names, else DRAGOMAN_DATABASE, else dragoman.db")
    parser.add_argument(
        "--production",
        action="store_true",
        help="refuse to start while the database lacks schema changes, instead of applying them; "
        "`dragoman migrate` applies them",
    )


def run(options: argparse.Namespace) -> int:
    """Serve."""
    if options.production:
        os.environ["DRAGOMAN_ENV"] = "production"
    app = load(options.target)
    if options.database:
        app.use(options.database)
    return launch(app, options.target, host=options.host, port=options.port, workers=options.workers)
