"""The all-features contract has every feature: what Dragoman gains and it lacks is named here."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import dragoman as dm
import dragoman.testing.contract as kit
from dragoman.contract import schema
from dragoman.contract.annotations import OPERATORS, Filter, Ref
from dragoman.contract.contract import Contract
from dragoman.contract.event import Event
from dragoman.contract.handle import Resources
from dragoman.contract.operation import Effect, Interaction, Method, Operation
from dragoman.contract.resource import Reference, ResourceDescription
from dragoman.contract.traits import Traits
from dragoman.runtime.binding import contracts_of

FOLDER = Path(kit.__file__).parent
TREES = [ast.parse(path.read_text()) for path in sorted(FOLDER.glob("*.py"))]
REMEDY = "add it to dragoman.testing.contract, or say here why it has no place there"

NO_PLACE = {
    "DeclarationError": "what a wrong declaration raises",
    "Mount": "what mount() returns",
    "MountError": "what a mounted application that does not start raises",
    "mount": "no part of a contract, but of an application",
    "Surface": "what rest() and rpc() return",
    "__version__": "no part of a contract",
    "Code": "each fault has its own; the faults are used",
    "client_certificates": "only a host with TLS has them, and any host must serve the contract",
    "Certificate": "what they are told by",
    "AsyncClient": "who calls, which is no part of a contract",
    "Client": "the same",
    "Page": "what a client is given of a list",
    "Retries": "how a client repeats calls",
    "PreconditionFailed": "what a client is told; handlers raise Aborted",
}
"""What Dragoman exports that no contract uses."""

FOREIGN = {
    Operation: {"native_input", "native_output", "interaction"},  # interactions have a test of their own
    Event: {"deprecated", "traits", "native"},  # no declaration sets them yet
    schema.Field: {"number", "arguments"},  # of .proto and GraphQL
    schema.Record: {"implements", "interface", "open", "deprecated", "traits"},  # of foreign documents
    schema.Enum: {"kind"},
    schema.EnumValue: {"number"},  # of .proto
    schema.Variant: {"number"},
    schema.Union: {"name", "description"},
}
"""Attributes of descriptions that readers of foreign contracts set, and those that nothing sets yet."""


def used(of: str) -> set[str]:
    """The attributes of a name that the contract's source mentions: ``Ge`` of ``dm.Ge``."""
    return {
        node.attr
        for tree in TREES
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == of
    }


def keywords(*functions: str) -> set[str]:
    """The keywords that calls of functions or methods of these names are given."""
    return {
        keyword.arg
        for tree in TREES
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in functions
        for keyword in node.keywords
        if keyword.arg
    }


def described() -> Iterator[Any]:
    """Every frozen description in the contracts, down to scalars and bounds."""
    todo: list[Any] = [
        value
        for contract in contracts_of([bound.surface for bound in kit.app.surfaces]).values()
        for value in (
            *contract.operations.values(),
            *contract.events.values(),
            *contract.types.values(),
            *(each.description for each in contract.resources.values()),
        )
    ]
    seen: set[int] = set()
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            yield value
            todo += [getattr(value, field.name) for field in dataclasses.fields(value)]
        elif isinstance(value, tuple | list):
            todo += value
        elif isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, Traits):
            yield from value


DESCRIBED = list(described())


def of(kind: type[Any]) -> list[Any]:
    found = [each for each in DESCRIBED if type(each) is kind]
    assert found, f"there is no {kind.__name__} in the contract: {REMEDY}"
    return found


def test_every_exported_name_is_used() -> None:
    missing = set(dm.__all__) - used("dm") - set(NO_PLACE)
    assert not missing, f"{sorted(missing)}: {REMEDY}"


@pytest.mark.parametrize(
    "kind",
    [
        Operation, Event, ResourceDescription, Reference, schema.Constraints, schema.Scalar, schema.Enum,
        schema.EnumValue, schema.List, schema.Map, schema.Nullable, schema.Variant, schema.Union, schema.Field,
        schema.Record,
    ],
)  # fmt: skip
def test_every_attribute_of_a_description_is_set(kind: type[Any]) -> None:
    """Somewhere it has another value than if nothing is said."""
    values = of(kind)
    for field in dataclasses.fields(kind):
        if field.name in FOREIGN.get(kind, ()) or field.name == "native":
            continue
        default = field.default_factory() if callable(field.default_factory) else field.default
        assert any(getattr(each, field.name) != default for each in values), f"{kind.__name__}.{field.name}: {REMEDY}"


def test_every_type_is_used() -> None:
    assert {each.kind for each in of(schema.Scalar)} == set(schema.Kind) - {schema.Kind.ANY}
    assert {type(each) for each in DESCRIBED} >= set(get_args(schema.Type))


def test_every_kind_of_operation_is_there() -> None:
    operations = of(Operation)
    assert {each.effect for each in operations} == set(Effect)
    assert {each.method for each in operations} == {*Method, None}
    assert {each.interaction for each in operations} == set(Interaction)


def test_every_operator_and_every_reference_is_there() -> None:
    assert {operator for each in of(Filter) for operator in each.operators} == set(OPERATORS)
    assert {each.on_delete for each in of(Ref)} == {"restrict", "cascade", "null"}
    assert any(each.target == "Part" for each in of(Reference)), "a resource that refers to its own kind"


def test_every_fault_can_be_provoked() -> None:
    assert {fault.code for fault in kit.FAULTS.values()} == set(dm.Code)


@pytest.mark.parametrize(
    ("function", "called"),
    [
        (dm.rest, ["rest"]),
        (dm.rpc, ["rpc"]),
        (dm.App.__init__, ["App"]),
        (dm.api_keys, ["api_keys"]),
        (Contract.operation, ["operation"]),
        (Contract.declare_operation, ["operation", "method", "declare"]),
        (Resources.method, ["method"]),
    ],
)
def test_every_option_is_given(function: Callable[..., Any], called: list[str]) -> None:
    options = {
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    internal = {"resources", "interaction"}
    assert not options - keywords(*called) - internal, f"of {called}: {REMEDY}"
