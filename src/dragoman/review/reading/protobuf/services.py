"""Methods of services as operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor_pb2 import (
    FileDescriptorProto,
    MethodDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)

from dragoman.contract.operation import Effect, Interaction, Operation
from dragoman.contract.schema import Type
from dragoman.contract.traits import Trait, Traits
from dragoman.review.elements import Position
from dragoman.review.reading.methods import effect_of
from dragoman.review.wire import EffectSource, Procedure

from .annotations import HTTP, METHOD_SIGNATURE, OPERATION_INFO
from .messages import reference
from .scalars import EMPTY
from .source import Source
from .traits import LongRunning, Signatures

_FILE_SERVICE, _SERVICE_METHOD = 6, 2
_READS: Final = re.compile(r"(?:Get|List)(?=[A-Z]|$)")
_INTERACTIONS: Final = {
    (False, False): Interaction.UNARY,
    (False, True): Interaction.SERVER_STREAM,
    (True, False): Interaction.CLIENT_STREAM,
    (True, True): Interaction.BIDIRECTIONAL,
}


def operations(file: FileDescriptorProto, source: Source) -> Iterator[tuple[Operation, Position]]:
    """The methods of all services of a file, each with its place."""
    for index, service in enumerate(file.service):
        for number, method in enumerate(service.method):
            path = (_FILE_SERVICE, index, _SERVICE_METHOD, number)
            yield _operation(file.package, service, method, source.comment(path)), source.position(path)


def _operation(package: str, service: ServiceDescriptorProto, method: MethodDescriptorProto, comment: str) -> Operation:
    options = method.options
    http = tuple(_bindings(options.Extensions[HTTP])) if options.HasExtension(HTTP) else ()
    effect, source = _effect(method, http)
    traits: list[Trait] = [Procedure(package, service.name, method.name, http), source]
    if options.HasExtension(OPERATION_INFO):
        info = options.Extensions[OPERATION_INFO]
        traits.append(LongRunning(info.response_type, info.metadata_type))
    signatures = tuple(options.Extensions[METHOD_SIGNATURE])
    if signatures:
        traits.append(Signatures(signatures))
    return Operation(
        f"{package}.{service.name}.{method.name}" if package else f"{service.name}.{method.name}",
        input=_message(method.input_type),
        output=_message(method.output_type),
        effect=effect,
        interaction=_INTERACTIONS[method.client_streaming, method.server_streaming],
        description=comment,
        deprecated=options.deprecated or service.options.deprecated,
        traits=Traits(traits),
    )


def _message(type_name: str) -> Type | None:
    """The type of a message; None for the empty one, which says nothing."""
    return None if type_name == f".{EMPTY}" else reference(type_name)


def _bindings(rule: HttpRule) -> Iterator[tuple[str, str]]:
    """Method and path of a rule and of those beside it."""
    for each in (rule, *rule.additional_bindings):
        pattern = each.WhichOneof("pattern")
        if pattern == "custom":
            yield each.custom.kind, each.custom.path
        elif pattern is not None:
            yield pattern.upper(), str(getattr(each, pattern))


def _effect(method: MethodDescriptorProto, http: tuple[tuple[str, str], ...]) -> tuple[Effect, EffectSource]:
    """What a call does, and what says so. A name alone is no promise: it only makes it likely."""
    level = method.options.idempotency_level
    if level == MethodOptions.NO_SIDE_EFFECTS:
        return Effect.SAFE, EffectSource("idempotency_level")
    if level == MethodOptions.IDEMPOTENT:
        return Effect.IDEMPOTENT, EffectSource("idempotency_level")
    if http and (bound := effect_of(http[0][0])) is not Effect.UNSAFE:
        return bound, EffectSource("google.api.http")
    found = _READS.match(method.name)
    if found is not None:
        return Effect.UNSAFE, EffectSource("", Effect.SAFE, "AIP-131" if found[0] == "Get" else "AIP-132")
    return Effect.UNSAFE, EffectSource()
