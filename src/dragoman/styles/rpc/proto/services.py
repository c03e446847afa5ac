"""What a surface exposes, as packages, services and procedures (AIP-131 to 136; AIP-154 and 155 for what every change
takes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dragoman.contract.annotations import Filter, visible_to
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.handle import Exposed
from dragoman.contract.operation import Effect, Interaction, Method, Operation
from dragoman.contract.resource import ResourceDescription
from dragoman.contract.schema import Enum, Field, Kind, Nullable, Record, Scalar
from dragoman.ports.style import Binder, Surface, filter_parameter
from dragoman.runtime.codec.view import View
from dragoman.styles.rpc.traits import Procedure as Named
from dragoman.styles.rpc.traits import ProtoName

from .mapping import Mapper, check_input, check_names
from .model import FIELD_MASK, LEAVES, EnumType, Label, Leaf, Message, MessageField, Package, Procedure, Service, Value
from .names import camel, snake

TEXT: Final = LEAVES[Kind.STRING]
VERSION: Final = "v1"
"""The version of a package that says none."""

ID, ETAG, REQUEST_ID, MASK = "id", "etag", "request_id", "update_mask"


@dataclass(frozen=True, slots=True)
class Bound:
    """An exposed operation and its procedure. ``path`` is that of calls: ``/fraud.v1.FraudService/Predict``.

    ``filters`` are those of a list, by the request's field: the contract's field and the operator's word; ``parents``
    the references that narrow it. ``changed`` is the message of the resource that an update changes.
    """

    exposed: Exposed
    procedure: Procedure
    service: Service
    filters: Mapping[str, tuple[str, str]]
    parents: Sequence[str] = ()
    changed: Message | None = None

    @property
    def operation(self) -> Operation:
        """The operation."""
        return self.exposed.operation

    @property
    def filter_names(self) -> dict[str, str]:
        """What the filters of a list are called in the file, by what they are on REST: ``count_gte``, ``count.gte``."""
        taken = self.procedure.input
        return {} if taken is None else {each.key: each.name for each in taken.fields if each.key in self.filters}

    @property
    def path(self) -> str:
        """The path of calls."""
        return f"/{self.service.name}/{self.procedure.name}"


class Services:
    """The packages of one surface, by name. ``package`` is the name of the only one, if it is set by hand. With
    ``later``, nothing is bound that :meth:`bind` is not called for.
    """

    def __init__(
        self, surface: Surface, exposed: Sequence[Exposed], binder: Binder, package: str, *, later: bool = False
    ) -> None:
        self._surface = surface
        self._place = f"surface {surface.name!r}"
        self._view = View(surface.audience)
        self._exposed = exposed
        self._binder = binder
        self._package = package
        self._mappers: dict[str, Mapper] = {}
        self._resources: dict[tuple[str, str], Message] = {}
        self.packages: dict[str, Package] = {}
        self.bound = [] if later else [self.bind(each) for each in exposed]
        for made in self.packages.values():
            check_names(made, self._place)

    def bind(self, exposed: Exposed) -> Bound:
        """The procedure of an operation, with its messages. Raises DeclarationError for what they cannot carry."""
        operation, contract = exposed.operation, exposed.handle.contract
        types = self._binder.types(exposed)
        name = self._package or f"{snake(contract.name)}.{VERSION}"
        mapper = self._mappers.get(contract.name)
        if mapper is None:
            package = self.packages.setdefault(name, Package(name))
            mapper = self._mappers[contract.name] = Mapper(package, types, self._view, self._place)
        resource = operation.resource
        named = operation.traits.get(Named) or Named()
        own = resource.name if resource is not None else contract.name
        of_all = (None if resource is None else resource.traits.get(Named)) or Named()
        service = self._service(mapper, named.service or of_all.service or f"{camel(own)}Service", resource)
        filters: dict[str, tuple[str, str]] = {}
        parents: list[str] = []
        place = f"{self._place}, {operation.name}"
        if resource is None:
            method = named.method or camel(operation.name)
            taken = None if operation.input is None else mapper.message(operation.input)
            given = None if operation.output is None else mapper.message(operation.output)
            if operation.input is not None:
                check_input(types, self._input, operation.input, place)
        else:
            method = named.method or of_all.standard.get(operation.short_name) or _method(operation, resource)
            taken = mapper.top(Message(f"{mapper.package.name}.{method}Request", []))
            if operation.method is Method.LIST:
                given = self._list(mapper, resource, taken, method, filters, parents)
            else:
                given = self._change(mapper, operation, resource, taken, place)
        procedure = Procedure(
            method,
            operation.name,
            taken,
            given,
            operation.interaction,
            operation.effect,
            operation.description,
            operation.deprecated,
        )
        for other in service.procedures:
            if other.name == method:
                raise DeclarationError(
                    place,
                    f"the service {service.name} has another method {method}",
                    'Give one of them another name: traits=[dm.Procedure(method="…")]',
                )
        service.procedures.append(procedure)
        changed = given if operation.method is Method.UPDATE else None
        return Bound(exposed, procedure, service, filters, parents, changed)

    @property
    def _input(self) -> View:
        return View(self._surface.audience, writable=True)

    def _service(self, mapper: Mapper, name: str, resource: ResourceDescription | None) -> Service:
        package = mapper.package
        full = f"{package.name}.{name}"
        said = "" if resource is None else resource.description
        return package.services.setdefault(full, Service(full, description=said))

    # Resources

    def _resource(self, mapper: Mapper, resource: ResourceDescription) -> Message:
        """The resource's message, which has an entity tag beside the contract's fields."""
        known = mapper.package.name, resource.name
        made = self._resources.get(known)
        if made is None:
            made = self._resources[known] = mapper.message(resource.record)
            if resource.record.field(ETAG) is None:
                said = "The version, for preconditions (AIP-154)."
                mapper.add(made, MessageField(ETAG, TEXT, key=ETAG, output_only=True, description=said))
        return made

    def _change(
        self, mapper: Mapper, operation: Operation, resource: ResourceDescription, taken: Message, place: str
    ) -> Message | None:
        """Fill in the request of a standard method or of a custom one; returns the answer."""
        message, singular = self._resource(mapper, resource), snake(resource.name)
        field = MessageField(singular, message, key=singular)
        match operation.method:
            case Method.GET:
                mapper.add(taken, _text(ID, f"The {_words(resource)}'s id."))
                return message
            case Method.CREATE:
                check_input(mapper.types, self._input, resource.record, place)
                mapper.add(taken, field)
                mapper.add(taken, _request_id())
                return message
            case Method.UPDATE:
                check_input(mapper.types, self._input, resource.record, place)
                field.description = "Its id says which one is changed."
                mapper.add(taken, field)
                said = "The fields to change; without it, those that are given. * replaces all of them (AIP-134)."
                mapper.add(taken, MessageField(MASK, Leaf(FIELD_MASK), key=MASK, description=said, asked=True))
                mapper.add(taken, _etag())
                mapper.add(taken, _request_id())
                return message
        mapper.add(taken, _text(ID, f"The {_words(resource)}'s id."))
        if operation.method is Method.CUSTOM and operation.input is not None:
            check_input(mapper.types, self._input, operation.input, place)
            record = mapper.types.resolve(operation.input)
            assert isinstance(record, Record)
            mapper.fields(taken, self._view.fields(record))
        if operation.effect is not Effect.SAFE:
            mapper.add(taken, _etag())
            if operation.interaction is Interaction.UNARY:
                mapper.add(taken, _request_id())
        if operation.output is None:
            return None
        output = mapper.types.resolve(operation.output)
        return message if output is resource.record else mapper.message(operation.output)

    def _list(
        self,
        mapper: Mapper,
        resource: ResourceDescription,
        taken: Message,
        method: str,
        filters: dict[str, tuple[str, str]],
        parents: list[str],
    ) -> Message:
        record = resource.record
        size = "How many at most; the server may give fewer. 0 for as many as it thinks right (AIP-158)."
        for each in (
            MessageField("page_size", LEAVES[Kind.INT32], key="page_size", description=size, asked=True),
            _text("page_token", "The next_page_token of the page before. Empty for the first."),
            _text("order_by", "Fields, with commas between, - before one to descend: -created_at (AIP-132)."),
            MessageField("ids", TEXT, Label.REPEATED, key="ids", description="The only ones wanted.", asked=True),
            MessageField(
                "count", LEAVES[Kind.BOOLEAN], key="count", description="Tell how many there are.", asked=True
            ),
        ):
            mapper.add(taken, each)
        message = self._resource(mapper, resource)
        shown = {each.key: each.value for each in message.fields}
        for field in record.fields:
            trait = field.traits.get(Filter)
            if trait is None or not visible_to(field, self._surface.audience):
                continue
            for word in trait.operators:
                key = filter_parameter(field.name, word)
                value, label = (
                    self._filtered(mapper, field.type, shown[field.name]),
                    Label.REPEATED if word == "in" else Label.OPTIONAL,
                )
                if isinstance(value, Leaf) and value.well_known and label is Label.OPTIONAL:
                    label = Label.PLAIN
                said = f"Only those whose {field.name} is {_WORDS[word]} this."
                name, own = _names(field, key)
                mapper.add(taken, MessageField(name, value, label, key=key, description=said, own=own))
                filters[key] = (field.name, word)
        for reference in self._references(resource):
            if reference not in filters:
                said = f"Only those whose {reference} is this one, which must be there."
                name, own = _names(record.field(reference), reference)
                made = MessageField(name, TEXT, Label.OPTIONAL, key=reference, description=said, asked=True, own=own)
                mapper.add(taken, made)
                parents.append(reference)
        given = mapper.top(Message(f"{mapper.package.name}.{method}Response", []))
        mapper.add(
            given,
            MessageField(snake(resource.plural), message, Label.REPEATED, key=resource.plural),
        )
        mapper.add(given, _text("next_page_token", "For the next page. Empty on the last one, and only there."))
        total = "How many there are on all pages, if the request asks."
        mapper.add(
            given,
            MessageField("total_size", LEAVES[Kind.INT32], Label.OPTIONAL, key="total_size", description=total),
        )
        return given

    def _filtered(self, mapper: Mapper, type_: object, shown: Value) -> Leaf | EnumType:
        """What a filter's value is: one of the field's. ``shown`` is the field's in the resource's message."""
        while True:
            if isinstance(type_, Nullable):
                type_ = type_.of
            elif isinstance(type_, Scalar):
                return LEAVES[type_.kind]
            elif isinstance(type_, Enum):
                assert isinstance(shown, EnumType)
                return shown
            else:
                type_ = mapper.types.resolve(type_)  # type: ignore[arg-type]

    def _references(self, resource: ResourceDescription) -> list[str]:
        """The references that lists are narrowed by: where both sides can be read here, as REST nests them."""
        readable = {
            each.operation.resource.name
            for each in self._exposed
            if each.operation.resource is not None and each.operation.method in (Method.GET, Method.LIST)
        }
        return [
            each.field
            for each in resource.references.values()
            if each.target in readable
            and each.reverse is not None
            and (field := resource.record.field(each.field)) is not None
            and visible_to(field, self._surface.audience)
        ]


_WORDS: Final = {
    "eq": "equal to",
    "ne": "other than",
    "lt": "below",
    "lte": "at most",
    "gt": "above",
    "gte": "at least",
    "in": "one of",
}


def _names(field: Field | None, key: str) -> tuple[str, str]:
    """What the request's field is called that narrows a list by a field, whose name ``key`` begins with; and what by
    the contract's words, if that has a name by hand.
    """
    own = snake(key.replace(".", "_"))
    given = None if field is None else field.traits.get(ProtoName)
    if given is None or not given.name:
        return own, ""
    assert field is not None
    return given.name + key.removeprefix(field.name).replace(".", "_"), own


def _method(operation: Operation, resource: ResourceDescription) -> str:
    verb = operation.short_name
    noun = resource.plural if operation.method is Method.LIST else resource.name
    return camel(verb) + camel(noun)


def _text(name: str, description: str) -> MessageField:
    return MessageField(name, TEXT, key=name, description=description, asked=True)


def _etag() -> MessageField:
    said = "The etag that it must have still. Without it, any will do (AIP-154)."
    return _text(ETAG, said)


def _request_id() -> MessageField:
    said = "By which repetitions of the call are known (AIP-155); so does the metadata idempotency-key."
    return _text(REQUEST_ID, said)


def _words(resource: ResourceDescription) -> str:
    return snake(resource.name).replace("_", " ")
