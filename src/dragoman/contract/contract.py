"""A contract: a named set of resources, operations and events. It knows no transport and does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, overload

from .annotations import Deprecated
from .declaration import DeclarationError
from .event import Event
from .handle import EffectName, Handle, InteractionName, P, Resources, effect_called, interaction_called
from .operation import Batch, Effect, Interaction, Method, Operation
from .reading import read_record, read_resource
from .resource import Resource, ResourceDescription, snake
from .schema import Record, Ref, Types
from .signature import Signature, read_signature
from .traits import Trait, Traits

if TYPE_CHECKING:
    from .fault import Fault

R = TypeVar("R", bound=Resource)
In = TypeVar("In")
Out = TypeVar("Out")

EFFECTS = {
    Method.LIST: Effect.SAFE,
    Method.GET: Effect.SAFE,
    Method.CREATE: Effect.UNSAFE,
    Method.UPDATE: Effect.IDEMPOTENT,
    Method.DELETE: Effect.IDEMPOTENT,
}


class Contract:
    """Declare resources, operations and events here; surfaces expose them."""

    def __init__(self, name: str, *, version: str = "1.0.0", description: str = "") -> None:
        if not name.replace("_", "").replace("-", "").isalnum():
            raise DeclarationError(
                f"contract {name!r}",
                "the name is not made of letters, digits, - and _",
                'Write Contract("shop")',
            )
        self.name = name
        self.version = version
        self.description = description
        self.types = Types()
        self.resources: dict[str, Resources[Any]] = {}
        self.operations: dict[str, Operation] = {}
        self.events: dict[str, Event] = {}

    def __repr__(self) -> str:
        return f"Contract({self.name!r})"

    def resource(self, cls: type[R], *, traits: Iterable[Trait] = ()) -> Resources[R]:
        """Add a resource class with its standard methods. ``traits`` are facts about the resource as a whole.

        Raises DeclarationError, which names the class, the field and the remedy.
        """
        description = replace(read_resource(cls, self.types), traits=Traits(traits))
        if (known := self.resources.get(description.plural)) is not None and known.description.native is cls:
            raise DeclarationError(
                f"contract {self.name!r}",
                f"{description.name} is a resource of it already",
                f"Declare it once, and keep what resource({description.name}) returns",
            )
        if known is not None:
            raise DeclarationError(
                f"contract {self.name!r}",
                f"there is a resource {description.plural!r} already",
                f'Give class {description.name} another name or plural="…"',
            )
        for other in (description, *(each.description for each in self.resources.values())):
            _check_beside(description, other)
        resources: Resources[R] = Resources(self, description, _standard(description))
        self.resources[description.plural] = resources
        for handle in resources.handles.values():
            self.add(handle.operation)
        return resources

    @overload
    def operation(self, function: Callable[P, Out], /) -> Handle[P, Out]: ...
    @overload
    def operation(
        self,
        /,
        *,
        effect: EffectName = "unsafe",
        name: str | None = None,
        deadline: float | None = None,
        batch: Batch,
        faults: Iterable[type[Fault]] = (),
        traits: Iterable[Trait] = (),
        deprecated: bool | Deprecated = False,
    ) -> _BatchDecorator: ...
    @overload
    def operation(
        self,
        /,
        *,
        effect: EffectName = "unsafe",
        name: str | None = None,
        deadline: float | None = None,
        batch: None = None,
        rerun: bool = False,
        external: bool = False,
        faults: Iterable[type[Fault]] = (),
        traits: Iterable[Trait] = (),
        deprecated: bool | Deprecated = False,
    ) -> _OperationDecorator: ...
    def operation(self, function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """Declare an operation by its handler: ``(input)``, ``(input, context)``, or either alone. Use as a
        decorator. A handler that takes an AsyncIterator, or is one, takes or sends a stream.

        ``effect`` says what it does to the state, ``deadline`` bounds it in seconds, ``batch`` gives the
        handler a sequence of inputs. ``external`` is for handlers with effects outside of the database.
        """

        def declare(function: Callable[..., Any]) -> Handle[Any, Any]:
            return self.declare_from(function, resources=None, **options)

        return declare if function is None else declare(function)

    def declare(
        self,
        name: str,
        *,
        input: Any = None,
        output: Any = None,
        effect: EffectName = "unsafe",
        interaction: Interaction | InteractionName = "unary",
        deadline: float | None = None,
        batch: Batch | None = None,
        rerun: bool = False,
        external: bool = False,
        faults: Iterable[type[Fault]] = (),
        traits: Iterable[Trait] = (),
        description: str = "",
        deprecated: bool | Deprecated = False,
    ) -> Handle[..., Any]:
        """Declare an operation without a handler; bind one with ``@handle.handler``."""
        return self.declare_operation(
            name,
            resources=None,
            input=input,
            output=output,
            effect=effect_called(effect, name),
            interaction=interaction_called(interaction, name),
            deadline=deadline,
            batch=batch,
            rerun=rerun,
            external=external,
            faults=faults,
            traits=traits,
            description=description,
            deprecated=deprecated,
        )

    def event(self, cls: type[Any], *, key: str, name: str | None = None) -> Event:
        """Declare an event by its payload's class. Events that share the value of ``key`` are delivered in
        order.
        """
        payload = read_record(cls, self.types, place=f"event {getattr(cls, '__name__', cls)}")
        record = self.types.resolve(payload)
        assert isinstance(record, Record)
        if record.field(key) is None:
            raise DeclarationError(
                f"event {cls.__name__}",
                f"its key {key!r} is not a field of it",
                "Name the field whose value orders the events, for example the id of what changed",
            )
        event = Event(name or snake(cls.__name__), payload, key, description=record.description, native=cls)
        self.add_event(event)
        return event

    def add_event(self, event: Event) -> None:
        """Add an event that is a value already, as readers of other formats make them. Raises DeclarationError."""
        if event.name in self.events:
            raise DeclarationError(
                f"contract {self.name!r}",
                f"there is an event {event.name!r} already",
                'Give this one a name="…"',
            )
        self.events[event.name] = event

    def declare_from(
        self,
        function: Callable[..., Any],
        *,
        resources: Resources[Any] | None,
        effect: EffectName = "unsafe",
        name: str | None = None,
        **options: Any,
    ) -> Handle[Any, Any]:
        """Read the declaration off a handler, and bind it."""
        native = resources.description.native if resources is not None else None
        signature = read_signature(function, None, resource=native, batch=options.get("batch"))
        handle = self.declare_operation(
            name or function.__name__,
            resources=resources,
            input=signature.input,
            output=signature.output,
            effect=effect_called(effect, name or function.__name__),
            interaction=signature.interaction,
            description=signature.description,
            **options,
        )
        handle.bind(function, signature)
        return handle

    def declare_operation(
        self,
        name: str,
        *,
        resources: Resources[Any] | None,
        input: Any,
        output: Any,
        effect: Effect,
        interaction: Interaction = Interaction.UNARY,
        deadline: float | None = None,
        batch: Batch | None = None,
        rerun: bool = False,
        external: bool = False,
        faults: Iterable[type[Fault]] = (),
        traits: Iterable[Trait] = (),
        description: str = "",
        deprecated: bool | Deprecated = False,
    ) -> Handle[Any, Any]:
        """Add an operation to the contract, on its own or as a custom method of a resource."""
        full = name if resources is None else f"{resources.description.plural}.{name}"
        if not name.isidentifier() or name != name.lower():
            raise DeclarationError(full, f"the name {name!r} is not in snake_case", f'Write name="{snake(name)}"')
        if resources is not None and name in resources.handles:
            plural, remedy = resources.description.plural, 'Give this one a name="…"'
            if resources.handles[name].operation.method is not Method.CUSTOM:
                noun = snake(resources.description.name)
                remedy = (
                    f'A standard method cannot be replaced: expose {plural}.without("{name}"), and add another '
                    f"operation, such as @contract.operation {name}_{noun}"
                )
            raise DeclarationError(full, f"{plural} has an operation {name!r} already", remedy)
        if deadline is not None and deadline <= 0:
            raise DeclarationError(
                full, f"the deadline {deadline} is not positive", "Give seconds, as in deadline=0.05"
            )
        if interaction is not Interaction.UNARY:
            _check_stream(full, interaction, input, output, batch, rerun=rerun)
        if external:
            _check_external(full, effect, interaction, batch, rerun=rerun)
        operation = Operation(
            full,
            input=None if input is None else read_record(input, self.types, place=f"{full}, input"),
            output=None if output is None else read_record(output, self.types, place=f"{full}, output"),
            effect=effect,
            interaction=interaction,
            faults=tuple(faults),
            deadline=deadline,
            batch=batch,
            rerun=rerun,
            external=external,
            method=None if resources is None else Method.CUSTOM,
            resource=None if resources is None else resources.description,
            description=description,
            deprecated=bool(deprecated),
            traits=Traits([*traits, deprecated] if isinstance(deprecated, Deprecated) else traits),
            native_input=input,
            native_output=output,
        )
        self.add(operation)
        handle: Handle[Any, Any] = Handle(operation, self, resources)
        if resources is not None:
            resources.handles[name] = handle
        return handle

    def add(self, operation: Operation) -> None:
        """Add an operation that is a value already, as readers of other formats make them. Raises DeclarationError."""
        if operation.name in self.operations:
            raise DeclarationError(
                f"contract {self.name!r}",
                f"there is an operation {operation.name!r} already",
                'Give this one a name="…"',
            )
        self.operations[operation.name] = operation


def _check_stream(
    name: str, interaction: Interaction, input: Any, output: Any, batch: Batch | None, *, rerun: bool
) -> None:
    """A stream is one of something, and runs once. Raises DeclarationError for what cannot be."""
    for what, streams, type_ in (
        ("input", interaction.streams_input, input),
        ("output", interaction.streams_output, output),
    ):
        if streams and type_ is None:
            raise DeclarationError(
                name,
                f"its interaction is {interaction}, and it is declared without an {what}",
                f"Name the class of the items: {what}=Item",
            )
    if batch is not None:
        raise DeclarationError(name, "a batch cannot be a stream", "Remove batch=, or the interaction")
    if rerun:
        gone = "taken" if interaction.streams_input else "sent"
        raise DeclarationError(
            name,
            f"a stream cannot be run again after a conflict, for its items have been {gone}",
            "Remove rerun=True; a stream whose commit is refused ends with the fault",
        )


def _check_external(name: str, effect: Effect, interaction: Interaction, batch: Batch | None, *, rerun: bool) -> None:
    """What has effects outside is done once for each key. Raises DeclarationError for what cannot be."""
    if effect is Effect.SAFE:
        raise DeclarationError(name, "it is declared both safe and external", 'Write effect="unsafe", or leave it out')
    if rerun:
        raise DeclarationError(
            name,
            "it is external, and what it did outside would be done again with each run",
            "Remove rerun=True; what `dragoman ledger` settles is a call whose end nobody saw",
        )
    if interaction is not Interaction.UNARY or batch is not None:
        what = "a batch" if batch is not None else "a stream"
        raise DeclarationError(
            name,
            f"it is external and {what}, of which no part could be repeated alone",
            "Take one input, and answer once",
        )


def _check_beside(new: ResourceDescription, other: ResourceDescription) -> None:
    """Two resources of one contract have ids, and lists of what refers to them, that are told apart."""
    if new is not other and new.prefix == other.prefix:
        raise DeclarationError(
            f"class {new.name}",
            f"its ids would begin with {new.prefix!r}, as those of {other.name} do",
            'Give it another prefix="…"',
        )
    for reference in new.references.values():
        for known in other.references.values():
            same = (reference.target, reference.reverse) == (known.target, known.reverse)
            if same and reference is not known and reference.reverse is not None:
                raise DeclarationError(
                    f"{new.name}.{reference.field}",
                    f"{reference.target} has a list {reference.reverse!r} already, from {other.name}.{known.field}",
                    'Give another reverse="…"',
                )


def _standard(description: ResourceDescription) -> list[Operation]:
    """The standard methods. Their inputs follow from the resource, so that styles shape them as is usual
    there.
    """
    ref = Ref(description.name)
    return [
        Operation(
            f"{description.plural}.{method}",
            effect=EFFECTS[method],
            method=method,
            resource=description,
            output=None if method is Method.DELETE else ref,
            native_output=description.native,
            rerun=method in (Method.UPDATE, Method.DELETE),
        )
        for method in EFFECTS
    ]


if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Protocol

    class _OperationDecorator(Protocol):
        def __call__(self, function: Callable[P, Out], /) -> Handle[P, Out]: ...

    class _BatchDecorator(Protocol):
        @overload
        def __call__(
            self, function: Callable[[Sequence[In]], Awaitable[Sequence[Out]]], /
        ) -> Handle[[Sequence[In]], Awaitable[Sequence[Out]]]: ...
        @overload
        def __call__(
            self, function: Callable[[Sequence[In]], Sequence[Out]], /
        ) -> Handle[[Sequence[In]], Sequence[Out]]: ...


__all__ = ["Contract", "Signature"]
