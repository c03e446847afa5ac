"""Nouns in names of procedures: ``GetOrder`` and ``ListOrders`` (AIP-131 to 136)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from dragoman.contract.operation import Method, Operation
from dragoman.contract.resource import pluralize, snake
from dragoman.review.english import singular, words
from dragoman.review.wire import Procedure

from .noun import Noun

STANDARD: Final = {
    "List": Method.LIST,
    "Get": Method.GET,
    "Create": Method.CREATE,
    "Update": Method.UPDATE,
    "Delete": Method.DELETE,
}
_NAME: Final = re.compile(r"(List|Get|Create|Update|Delete)([A-Z][A-Za-z0-9]*)\Z")

Group: TypeAlias = dict[str, list[tuple[Method, Operation]]]


def procedure_nouns(operations: Iterable[Operation]) -> Iterator[Noun]:
    """The nouns of each service: those with a Get, or with two standard methods at least."""
    services = defaultdict[tuple[str, str], list[tuple[str, Operation]]](list)
    for operation in operations:
        procedure = operation.traits.get(Procedure)
        if procedure is not None:
            services[procedure.package, procedure.service].append((procedure.method, operation))
    for (package, service), methods in services.items():
        yield from _of_service(methods, _within(package, service))


def _within(package: str, service: str) -> tuple[str, ...]:
    """What may stand before a noun that two services have: the service, then the parts of its package."""
    parts = [each for each in package.split(".") if not re.match(r"v\d", each)]
    return (snake(service).removesuffix("_service"), *reversed(["_".join(words(each)) for each in parts]))


def _of_service(methods: list[tuple[str, Operation]], within: tuple[str, ...]) -> list[Noun]:
    groups: Group = defaultdict(list)
    for name, operation in methods:
        found = _NAME.match(name)
        if found:
            groups[_plural(found[2], listed=found[1] == "List")].append((STANDARD[found[1]], operation))
    nouns: dict[str, Noun] = {}
    for plural, members in groups.items():
        kinds = {method for method, _ in members}
        if Method.GET in kinds or len(kinds) > 1:
            nouns[plural] = noun = Noun(plural, within)
            for method, operation in members:
                noun.claim(operation, method)
    for name, operation in methods:
        _claim_custom(name, operation, nouns)
    return list(nouns.values())


def _plural(noun: str, *, listed: bool) -> str:
    """The plural that both ``ListOrders`` and ``GetOrder`` lead to."""
    name = snake(noun)
    return pluralize(singular(name)) if listed else pluralize(name)


def _claim_custom(name: str, operation: Operation, nouns: dict[str, Noun]) -> None:
    """``CancelOrder`` and ``BatchGetOrders``: one or two verbs, and the noun, one or many."""
    parts = snake(name).split("_")
    if any(each.operation is operation for noun in nouns.values() for each in noun.claims):
        return
    for start in (1, 2):
        rest = "_".join(parts[start:])
        for plural in (pluralize(rest), pluralize(singular(rest))) if rest else ():
            if plural in nouns:
                nouns[plural].claim(operation, Method.CUSTOM, "_".join(parts[:start]))
                return
