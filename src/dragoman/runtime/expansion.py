"""Expansion: what a resource refers to, shown beside it, one level deep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dragoman.contract.annotations import visible_to
from dragoman.contract.handle import Exposed
from dragoman.contract.operation import Method
from dragoman.contract.principal import Audience, Principal
from dragoman.ports.store import Join, Value

from .codec import JsonEncoder, Projector
from .permission import denied, permits
from .rows import Rows


def expandable(exposed: Exposed, among: Iterable[Exposed], audience: Audience) -> dict[str, Exposed]:
    """The references of a resource that a surface can expand, each with the get of its target, which is among what the
    surface exposes: it shows what that shows, to whoever may call it.
    """
    resource = exposed.operation.resource
    if resource is None:
        return {}
    gets = {
        each.operation.resource.name: each
        for each in among
        if each.operation.method is Method.GET
        and each.operation.resource is not None
        and each.handle.contract is exposed.handle.contract
    }
    return {
        each.name: gets[reference.target]
        for each in resource.record.fields
        if (reference := resource.references.get(each.name)) is not None
        and reference.target in gets
        and visible_to(each, audience)
    }


@dataclass(frozen=True, slots=True)
class Expansion:
    """A reference that can be expanded: its field, the rows it refers to, and the operation that shows one of them."""

    field: str
    operation: str
    rows: Rows
    encoder: JsonEncoder

    def check(self, principal: Principal) -> None:
        """Raises PermissionDenied for a principal who may not read what is referred to."""
        if not permits(principal.scopes, self.operation):
            raise denied(principal, self.operation)

    def join(self, principal: Principal, projector: Projector, start: int) -> tuple[Join, tuple[Value, ...]]:
        """What is read beside each row: nothing that the principal may not see. Slots are numbered from ``start``."""
        where, values = self.rows.visible_shape(principal, start)
        return Join(self.field, self.rows.table, projector.columns, where), values
