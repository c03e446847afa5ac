"""``dragoman ledger``: what is known of calls with an idempotency key, and what has to be settled by hand."""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

from dragoman.contract.fault import CANONICAL, Code
from dragoman.ports.store import Store
from dragoman.runtime.ledger.entry import FINAL, LEDGER
from dragoman.runtime.ledger.settling import Listed, find, listed, settle_fault, settle_forgotten, settle_result

from . import columns, declare
from .failure import CommandError
from .storing import with_store

EXAMPLES: Final = """\
  dragoman ledger list --unknown --database shop.db
  dragoman ledger show 3f2a91c0
  dragoman ledger settle 3f2a91c0 --result '{"id": "pay_1", "status": "paid"}'
  dragoman ledger settle 3f2a91c0 --fault FAILED_PRECONDITION 'the card was declined'
  dragoman ledger settle 3f2a91c0 --forget
"""


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "ledger",
        summary="list, show and settle calls with an idempotency key",
        description="See what was answered to calls with an idempotency key. A call with effects outside that was\n"
        "begun and has not ended, because its process died, has an unknown outcome: look there what came of\n"
        "it, then settle it, so that whoever repeats the call is told.",
        examples=EXAMPLES,
    )
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = declare.command(
        actions,
        "list",
        run_list,
        summary="list the calls, newest first",
        description="List the calls, newest first.",
    )
    listing.add_argument("--unknown", action="store_true", help="only those whose outcome is not known")
    listing.add_argument("--operation", help="only those of this operation, such as payments.charge")
    listing.add_argument("--limit", type=int, default=100, metavar="N", help="how many at most (default: %(default)s)")
    show = declare.command(
        actions, "show", run_show, summary="show a call", description="Show all that is known of a call, as JSON."
    )
    settle = declare.command(
        actions,
        "settle",
        run_settle,
        summary="say what came of a call whose outcome is not known",
        description="Say what came of a call whose outcome is not known: whoever repeats it gets that answer. Nothing\n"
        "else is done: rows and events that the handler staged were lost with it, and have to be made good\n"
        "by other calls. What was settled by hand may be settled again.",
        examples="\n".join(EXAMPLES.splitlines()[2:]),
    )
    outcome = settle.add_mutually_exclusive_group(required=True)
    outcome.add_argument("--result", metavar="JSON", help="it was done, and this is its result; null if it has none")
    outcome.add_argument(
        "--fault",
        nargs=2,
        metavar=("CODE", "MESSAGE"),
        help=f"it was refused: {', '.join(sorted(each.name for each in FINAL))}, and why, for the caller",
    )
    outcome.add_argument("--forget", action="store_true", help="it was not done: the next call with the key does it")
    for each in (show, settle):
        each.add_argument("entry", metavar="ENTRY", help="the first letters of what lists show, or the key itself")
    for each in (listing, show, settle):
        declare.add_database(each, "DRAGOMAN_DATABASE, else dragoman.db")


def run_list(options: argparse.Namespace) -> int:
    """List the calls."""

    async def show(store: Store) -> int:
        rows = [("ENTRY", "STATE", "OPERATION", "PRINCIPAL", "TENANT", "KEY", "CREATED")]
        for each in await listed(store, unknown=options.unknown, operation=options.operation, limit=options.limit):
            row = each.row
            created = _time(row["created_at"])
            names = (row["operation"], row["principal"], row["tenant"], row["idempotency_key"])
            rows.append((each.name, each.state, *names, created))
        columns.show(rows)
        return 0

    return _run(options, show)


def run_show(options: argparse.Namespace) -> int:
    """Show a call."""

    async def show(store: Store) -> int:
        print(json.dumps(_shown(await find(store, options.entry)), indent=2, ensure_ascii=False))
        return 0

    return _run(options, show)


def run_settle(options: argparse.Namespace) -> int:
    """Settle a call."""

    async def settle(store: Store) -> int:
        entry = await find(store, options.entry)
        if options.forget:
            await settle_forgotten(store, entry)
        elif options.fault is not None:
            if not options.fault[1].strip():
                raise CommandError("the message of a fault says to the caller why it was refused: it is empty")
            await settle_fault(store, entry, _code(options.fault[0]), options.fault[1])
        else:
            await settle_result(store, entry, options.result)
        print(f"settled: {entry.row['operation']} of {entry.row['principal']}, {entry.row['idempotency_key']}")
        return 0

    return _run(options, settle)


def _code(name: str) -> Code:
    for each in CANONICAL:
        if each.code.name == name.upper() and each.code in FINAL:
            return each.code
    known = ", ".join(sorted(each.name for each in FINAL))
    raise CommandError(f"{name} is no code of an answer that holds for good; there are {known}")


def _shown(entry: Listed) -> dict[str, Any]:
    row = entry.row
    return {
        "entry": entry.name,
        "state": entry.state,
        "operation": row["operation"],
        "principal": row["principal"],
        "tenant": row["tenant"],
        "idempotency_key": row["idempotency_key"],
        "resource": row["resource"] or None,
        "surface": row["surface"] or None,
        "downstream_key": entry.downstream_key,
        "request_id": row["request_id"],
        "created_at": _time(row["created_at"]),
        "leased_until": None if row["leased_until"] is None else _time(row["leased_until"]),
        # What is not known is kept until it is settled.
        "expires_at": None if entry.state in ("unknown", "under way") else _time(row["expires_at"]),
        "result": None if row["result"] is None else next(iter(json.loads(row["result"]).values())),
        "fault": None if row["fault"] is None else _fault(json.loads(row["fault"])),
    }


def _fault(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"code": Code(told["code"]).name}


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _run(options: argparse.Namespace, use: Callable[[Store], Awaitable[int]]) -> int:
    return with_store(options, [LEDGER], use, lacking="ledger")


__all__ = ["add"]
