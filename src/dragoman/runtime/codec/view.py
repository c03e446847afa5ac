"""Which fields of a record take part."""

from __future__ import annotations

from dataclasses import dataclass

from dragoman.contract.annotations import visible_to
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Field, Record


@dataclass(frozen=True, slots=True)
class View:
    """A record as one audience sees it: everything, where ``audience`` is None. A ``writable`` view leaves out what
    only the server sets. What a view leaves out does not exist for its callers.
    """

    audience: Audience | None = None
    writable: bool = False

    def sees(self, field: Field) -> bool:
        """Whether the field exists in this view."""
        if self.writable and field.read_only:
            return False
        return self.audience is None or visible_to(field, self.audience)

    def fields(self, record: Record) -> tuple[Field, ...]:
        """The record's fields in this view, in order."""
        return tuple(each for each in record.fields if self.sees(each))


EVERYTHING = View()
"""All fields, for everyone's eyes: what is stored."""
