"""What was compiled, in words and statements, for ``dragoman explain``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dragoman.contract.operation import Method
from dragoman.ports.style import Explained

from .call import CompiledCall, Plan
from .rows import BY_ID


def explain(call: Any, routes: Sequence[str]) -> Explained:
    """A compiled call: its phases, in order, and the statements whose text is known before any request."""
    assert isinstance(call, CompiledCall)
    return Explained(tuple(routes), call.phases, _statements(call.plan))


def _statements(plan: Plan) -> dict[str, str]:
    rows = plan.rows
    if rows is None or plan.method is Method.CREATE:
        return {}
    if plan.method is Method.LIST:
        assert plan.listing is not None
        return {"first page": plan.listing.statement().text}
    columns = plan.projector.columns if plan.projector and plan.method is Method.GET else rows.columns
    return {"load": rows.prepare(columns, BY_ID, limit=1).text}
