"""What was compiled, in words and statements, for ``dragoman explain``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dragoman.contract.expression import EVERYTHING, NOTHING
from dragoman.contract.operation import Effect, Method
from dragoman.contract.principal import Principal
from dragoman.ports.style import Explained

from .call import CompiledCall, Plan
from .excerpts import MAX_EXPANDED, Excerpts
from .rows import Rows
from .stream_call import CompiledStream, TakingCall

PROBE: Final = Principal("probe", "probe")
"""Whose statements are shown where they differ by principal."""

COMMIT: Final = (
    "one transaction: writes what was staged, if the versions of what was read, unique keys and references\n"
    "allow it; else nothing"
)


def explain(call: Any, routes: Sequence[str]) -> Explained:
    """A compiled call: its phases, in order, and the statements whose text is known before any request."""
    if isinstance(call, TakingCall):
        call = call.call
    assert isinstance(call, CompiledCall | CompiledStream)
    statements = _statements(call.plan)
    if "commit" in call.phases and call.plan.operation.effect is not Effect.SAFE:
        statements["commit"] = COMMIT
    return Explained(tuple(routes), call.phases, statements)


def _statements(plan: Plan) -> dict[str, str]:
    rows = plan.rows
    if rows is None or plan.method is Method.CREATE:
        return {}
    columns = plan.excerpts.whole.columns if plan.excerpts is not None else rows.columns
    if plan.method is Method.LIST:
        assert plan.listing is not None
        # As calls have it: the values are given with each, so that only the rule's shape stands in the text.
        shape, _ = rows.visible_shape(PROBE)
        statements = {"first page": plan.listing.statement(shape).text}
        if plan.excerpts is not None and plan.excerpts.expansions:
            statements[_expanding(plan.excerpts)] = plan.listing.expanded_statement(PROBE).text
        statements["count"] = plan.listing.count_statement(shape).text
    elif rows.visibility is None:
        statements = {"load": rows.by_id(columns).text}
    else:
        statements = {"load": rows.prepare(columns, rows.visible_by_id(PROBE)[0], limit=1).text}
    if plan.method is Method.GET and plan.excerpts is not None and plan.excerpts.expansions:
        statements[_expanding(plan.excerpts)] = plan.excerpts.expanded().statement(PROBE)[0].text
    return statements if rows.visibility is None else {"visible": _visible(rows), **statements}


def _expanding(excerpts: Excerpts) -> str:
    return f"expand={','.join(list(excerpts.expansions)[:MAX_EXPANDED])}"


def _visible(rows: Rows) -> str:
    assert rows.visibility is not None
    name = getattr(rows.visibility, "__name__", repr(rows.visibility))
    shown = rows.visible_to(PROBE)
    what = ", who may see everything" if shown == EVERYTHING else ", who may see nothing" if shown == NOTHING else ""
    return f"{name} decides by principal; shown for Principal({PROBE.identity!r}, tenant {PROBE.tenant!r}){what}"
