"""``dragoman migrate``."""

from __future__ import annotations

import argparse
import sys

from . import declare
from .target import load


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "migrate",
        run,
        summary="bring a database to an application's resources",
        description="Bring the database to the application's resources. What adds is applied, in one\n"
        "transaction; what would lose data is refused, and then nothing is applied.",
        examples="  dragoman migrate shop:app --dry-run\n  dragoman migrate shop:app --database shop.db",
    )
    declare.add_target(parser)
    declare.add_database(parser, "what the App names, else DRAGOMAN_DATABASE, else dragoman.db")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be done")


def run(options: argparse.Namespace) -> int:
    """Migrate; exit code 1 where something is refused."""
    app = load(options.target)
    if options.database:
        app.use(options.database)
    plan = app.store.plan(app.tables) if options.dry_run else app.store.migrate(app.tables)
    if plan.refusals:
        for refusal in plan.refusals:
            print(f"dragoman: {refusal}", file=sys.stderr)
        print(f"dragoman: nothing was applied to {app.database}", file=sys.stderr)
        return 1
    if not plan.steps:
        print(f"{app.database} is up to date")
        return 0
    print(f"{app.database}, {'to do' if options.dry_run else 'done'}:")
    for step in plan.steps:
        print(f"  {step}")
    return 0
