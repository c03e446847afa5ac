"""Puts the nouns that were made out into the contract, as resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from dragoman.contract.contract import Contract
from dragoman.contract.handle import Resources
from dragoman.contract.operation import Method, Operation
from dragoman.contract.resource import Reference, ResourceDescription
from dragoman.contract.schema import List, Record, Scalar, Type, Types
from dragoman.review.english import singular, words

from .noun import Noun
from .shape import bare, items_of, record_in
from .words import pascal

_TELLING: Final = (Method.GET, Method.UPDATE, Method.CREATE)
"""Whose answer is the resource itself, best first."""


def assemble(contract: Contract, nouns: Iterable[Noun]) -> None:
    """Name the operations by their nouns, and add the resources."""
    described = _described(contract.types, nouns)
    patterns = _id_patterns(each for each, _ in described)
    changed: dict[str, tuple[Operation, ResourceDescription]] = {}
    for description, claims in described:
        whole = replace(description, references=_references(description, patterns, contract.types))
        made: dict[str, Operation] = {}
        for noun in claims:
            for claim in noun.claims:
                name = _free(_name(whole.plural, claim.name, noun, made), made)
                made[name] = replace(claim.operation, name=name, method=claim.method, resource=whole)
                changed[claim.operation.name] = made[name], whole
        contract.resources[whole.plural] = Resources(contract, whole, made.values())
    operations = [changed[each.name][0] if each.name in changed else each for each in contract.operations.values()]
    contract.operations.clear()
    for operation in operations:
        contract.add(operation)


def _name(plural: str, method: str, noun: Noun, taken: Mapping[str, object]) -> str:
    """``orders.list``; where there is one, ``orders.list_by_customer``."""
    name = f"{plural}.{method}"
    return f"{name}_by_{noun.within[0]}" if name in taken and noun.within and noun.within[0] else name


def _described(types: Types, nouns: Iterable[Noun]) -> list[tuple[ResourceDescription, list[Noun]]]:
    """The resources. Nouns that are called alike and answer with one record are one, which is found in two places."""
    found: dict[str, tuple[ResourceDescription, list[Noun]]] = {}
    answered: dict[str, set[str]] = {}
    for noun in nouns:
        records = _records(noun, types)
        names = {name for name, _ in records if name}
        if names & answered.get(noun.plural, set()):
            found[noun.plural][1].append(noun)
            continue
        plural = _plural(noun, found)
        name, record = records[0] if records else ("", Record(None, (), open=True))
        name = name.rpartition(".")[2] or pascal(_one(noun, plural))
        found[plural] = ResourceDescription(name, plural, "", record), [noun]
        answered[plural] = names
    return list(found.values())


def _one(noun: Noun, plural: str) -> str:
    return plural if noun.singleton else singular(plural)


def _plural(noun: Noun, taken: Mapping[str, object]) -> str:
    """What the noun is called, with as much of what it stands within as tells it from the others."""
    plural = noun.plural
    for word in noun.within:
        if plural not in taken:
            break
        plural = f"{word}_{plural}" if word else plural
    return _free(plural, taken)


def _free(wanted: str, taken: Mapping[str, object]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _records(noun: Noun, types: Types) -> list[tuple[str, Record]]:
    """What the noun's methods answer with, and its names, best first: where there are several (whole, partial,
    expanded), the one that is called as the noun is.
    """
    answers = [operation.output for each in _TELLING if (operation := noun.operation(each)) is not None]
    listed = noun.operation(Method.LIST)
    if listed is not None:
        answers.append(items_of(listed.output, types))
    found = [each for answer in answers if (each := record_in(answer, types)) is not None and each[1].fields]
    called = words(_one(noun, noun.plural))
    return sorted(found, key=lambda each: words(each[0].rpartition(".")[2]) != called)


def _id_patterns(descriptions: Iterable[ResourceDescription]) -> dict[str, str]:
    """Resources by the pattern of their ids, where they have one of their own."""
    found: dict[str, str] = {}
    for each in descriptions:
        id = each.record.field("id")
        if id is not None and isinstance(id.type, Scalar) and id.type.constraints.pattern:
            found.setdefault(id.type.constraints.pattern, each.name)
    return found


def _references(description: ResourceDescription, patterns: Mapping[str, str], types: Types) -> dict[str, Reference]:
    """The fields that hold other resources' ids, by the ids' pattern."""
    found: dict[str, Reference] = {}
    for field in description.record.fields:
        pattern = _pattern(field.type, types)
        if field.name != "id" and pattern in patterns:
            found[field.name] = Reference(field.name, patterns[pattern], None, "restrict")
    return found


def _pattern(type_: Type, types: Types) -> str:
    found = bare(type_, types)
    if isinstance(found, List):
        found = bare(found.item, types)
    return (found.constraints.pattern or "") if isinstance(found, Scalar) else ""
