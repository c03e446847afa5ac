"""``dragoman keys``: create, list and revoke API keys."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from dragoman.auth.api_keys import TABLE_NAME, create_key, key_table, list_keys, revoke_key
from dragoman.contract.principal import Audience
from dragoman.ports.store import Store, Table

from . import columns, declare
from .storing import database_of, with_store

T = TypeVar("T")

EXAMPLES: Final = """\
  dragoman keys create --owner acme --audience partner --database shop.db
  dragoman keys create --owner report --audience internal --scope orders.list --scope 'customers.*'
  dragoman keys create --owner ann --audience operator --scope '*' --scope staff
  KEY=$(dragoman keys create --owner acme --audience partner)
  dragoman keys list
  dragoman keys revoke dm_ab12cd34
"""


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "keys",
        summary="create, list and revoke API keys",
        description="Create, list and revoke the API keys in a database. Changes hold from the next call\n"
        "on, also in processes that are running.",
        examples=EXAMPLES,
    )
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    create = declare.command(
        actions,
        "create",
        run_create,
        summary="make a key, and show it this once",
        description="Make a key. It is shown once, on stdout; the database holds its hash alone.",
        examples="\n".join(EXAMPLES.splitlines()[:4]),
    )
    create.add_argument("--owner", required=True, help="who calls; every key of an owner is the same caller")
    create.add_argument("--tenant", default="default", help="whose rows the key sees (default: %(default)s)")
    create.add_argument(
        "--audience",
        action="append",
        required=True,
        help=f"a kind of surface that it may enter: {', '.join(Audience)}; may be given again",
    )
    create.add_argument(
        "--scope",
        action="append",
        metavar="PATTERN",
        help="operations that it may call: orders.list, 'orders.*', or '*' for all (default); a word that names "
        "none, such as staff, is a mark for rules of visibility, and stands beside those; may be given again",
    )
    create.add_argument("--description", default="", help="what it is for, in a line")

    listing = declare.command(
        actions, "list", run_list, summary="list the keys", description="List the keys, oldest first."
    )
    revoke = declare.command(
        actions,
        "revoke",
        run_revoke,
        summary="revoke a key for good",
        description="Revoke a key, for good and at once.",
        examples="  dragoman keys revoke dm_ab12cd34",
    )
    revoke.add_argument("prefix", metavar="PREFIX", help="the key's first part, as lists show it: dm_ab12cd34")
    for each in (create, listing, revoke):
        declare.add_database(each, "DRAGOMAN_DATABASE, else dragoman.db")
        each.add_argument(
            "--table", default=TABLE_NAME, help="the table, where the App has its own (default: %(default)s)"
        )


def run_create(options: argparse.Namespace) -> int:
    """Make a key."""

    async def create(store: Store, table: Table) -> int:
        text, record = await create_key(
            store,
            owner=options.owner,
            tenant=options.tenant,
            scopes=options.scope or ("*",),
            audiences=options.audience,
            description=options.description,
            table=table,
        )
        print(text, flush=True)
        print(
            f"\nThis is the only time that the key is shown. It belongs to {record.owner} "
            f"(tenant {record.tenant}), enters {', '.join(record.audiences)} surfaces and may call "
            f"{', '.join(record.scopes)}.\nIt stands in {database_of(options)}, which has to be the App's database. "
            f"Callers send it as `Authorization: Bearer <key>`; "
            f"`dragoman keys revoke {record.prefix}` ends it.",
            file=sys.stderr,
        )
        return 0

    return _with_store(options, create, new=True)


def run_list(options: argparse.Namespace) -> int:
    """List the keys."""

    async def show(store: Store, table: Table) -> int:
        rows = [("PREFIX", "OWNER", "TENANT", "AUDIENCES", "SCOPES", "CREATED", "REVOKED", "DESCRIPTION")]
        rows += [
            (
                each.prefix,
                each.owner,
                each.tenant,
                ",".join(each.audiences),
                ",".join(each.scopes),
                each.created_at[:19] + "Z",
                each.revoked_at[:19] + "Z" if each.revoked_at else "-",
                each.description,
            )
            for each in await list_keys(store, table=table)
        ]
        columns.show(rows)
        return 0

    return _with_store(options, show)


def run_revoke(options: argparse.Namespace) -> int:
    """Revoke a key."""

    async def revoke(store: Store, table: Table) -> int:
        owner = await revoke_key(store, options.prefix, table=table)
        print(f"revoked: a key of {owner}")
        return 0

    return _with_store(options, revoke)


def _with_store(options: argparse.Namespace, use: Callable[[Store, Table], Awaitable[T]], *, new: bool = False) -> T:
    table = key_table(options.table)
    return with_store(options, [table], lambda store: use(store, table), new=new)
