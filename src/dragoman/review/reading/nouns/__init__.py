"""Finds the nouns in operations that were read: resources, and which operation is which of their methods."""

from __future__ import annotations

from dragoman.contract.contract import Contract

from .assembly import assemble
from .paths import path_nouns
from .procedures import procedure_nouns


def recognise(contract: Contract) -> None:
    """Find the resources of a contract that was read, and the standard and custom methods (AIP-131 to 136) among its
    operations: over HTTP by paths, of procedures by their names. What is found is named ``orders.list``, knows its
    method and its resource, and stands in ``contract.resources``; everything else stays as it is.

    Resources have no prefix, since documents do not say one.
    """
    operations = list(contract.operations.values())
    assemble(contract, [*path_nouns(operations, contract.types), *procedure_nouns(operations)])


__all__ = ["recognise"]
