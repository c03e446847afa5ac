"""What ``.proto`` says and a contract has no place for: kept beside what it is said of."""

from __future__ import annotations

from dataclasses import dataclass

from dragoman.contract.schema import Field
from dragoman.contract.traits import Trait


@dataclass(frozen=True, slots=True)
class Reserved(Trait):
    """Numbers and names that a message or an enum must not use again. Ranges include both ends."""

    numbers: tuple[tuple[int, int], ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtensionRanges(Trait):
    """Numbers that others may define fields for (proto2). Ranges include both ends."""

    numbers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Members(Trait):
    """The fields of a oneof, each as it would be alone: a variant has no place for comments and behaviours."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Extension(Trait):
    """The field was added to the message by ``extend``; ``name`` is its own full name."""

    name: str


@dataclass(frozen=True, slots=True)
class Delimited(Trait):
    """The field is written between two tags, as the groups of proto2 are."""


@dataclass(frozen=True, slots=True)
class ApiResource(Trait):
    """google.api.resource: the message is a resource (AIP-123). ``patterns`` are forms of its name."""

    type: str
    patterns: tuple[str, ...] = ()
    singular: str = ""
    plural: str = ""


@dataclass(frozen=True, slots=True)
class ResourceReference(Trait):
    """google.api.resource_reference: the field holds the name of a resource of this type, or of the parent of one."""

    type: str = ""
    child_type: str = ""


@dataclass(frozen=True, slots=True)
class Behavior(Trait):
    """google.api.field_behavior beyond REQUIRED and OUTPUT_ONLY, which the field itself says (AIP-203): ``IMMUTABLE``,
    ``INPUT_ONLY``, ``IDENTIFIER``, ``OPTIONAL``, ``UNORDERED_LIST``, ``NON_EMPTY_DEFAULT``.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LongRunning(Trait):
    """google.longrunning.operation_info: the answer is a task, whose result comes later (AIP-151)."""

    response: str
    metadata: str


@dataclass(frozen=True, slots=True)
class Signatures(Trait):
    """google.api.method_signature: fields that clients take as arguments of their own."""

    signatures: tuple[str, ...]
