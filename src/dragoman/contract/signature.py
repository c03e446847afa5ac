"""What a handler's own signature says about its operation."""

from __future__ import annotations

import collections.abc as abc
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Final

from .context import Context
from .declaration import DeclarationError
from .fault import Fault
from .operation import Batch, Interaction, Operation
from .reading.members import is_record
from .reading.refusals import name_of
from .reading.scope import Scope, is_text, scope_of, text_of

ASYNC_STREAMS: Final = frozenset({abc.AsyncIterator, abc.AsyncGenerator, abc.AsyncIterable})
STREAMS: Final = frozenset({abc.Iterator, abc.Generator, abc.Iterable})
SEQUENCES: Final = frozenset({abc.Sequence, list})
AWAITABLES: Final = frozenset({abc.Awaitable, abc.Coroutine})
TAKEN: Final = frozenset({abc.AsyncIterator, abc.AsyncIterable})
"""What a handler may call a stream that it takes."""

INTERACTIONS: Final = {(each.streams_input, each.streams_output): each for each in Interaction}


@dataclass(frozen=True, slots=True)
class Signature:
    """A handler as the runtime calls it: ``function([resource], [input], [context])``.

    ``input`` and ``output`` are the Python types (of one item, for a batch or a stream), or None. ``asynchronous``
    handlers are coroutine functions (or asynchronous generators, where the output is a stream).
    """

    input: Any = None
    output: Any = None
    context: bool = False
    asynchronous: bool = False
    interaction: Interaction = Interaction.UNARY
    description: str = ""


def read_signature(
    function: Callable[..., Any],
    operation: Operation | None,
    *,
    resource: Any = None,
    batch: Batch | None = None,
) -> Signature:
    """Read it. ``operation`` is given when the handler is bound to what was declared before, and must agree.

    Raises DeclarationError, which names the function, the parameter and the remedy.
    """
    if operation is not None and operation.batch is not None:
        batch = operation.batch
    signature = _Handler(function, resource, batch).read()
    if operation is not None:
        _agree(signature, operation, function)
    return signature


class _Handler:
    """A handler while it is read."""

    def __init__(self, function: Callable[..., Any], resource: Any, batch: Batch | None) -> None:
        if not callable(function):
            raise DeclarationError(
                repr(function), "a handler is a function", "Write def or async def under the decorator"
            )
        self.function = function
        self.resource = resource
        self.batch = batch
        self.name = getattr(function, "__name__", type(function).__name__)
        self.scope: Scope = scope_of(inspect.unwrap(getattr(function, "__func__", function)))
        called = function if inspect.isroutine(function) else type(function).__call__
        self.generator = inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called)
        self.asynchronous = inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called)

    def wrong(self, thing: str, remedy: str, parameter: str = "") -> DeclarationError:
        """The error of this handler, or of one of its parameters."""
        return DeclarationError(f"{self.name}({parameter})", thing, remedy)

    def read(self) -> Signature:
        """The signature."""
        plain = inspect.signature(self.function)
        given = [(name, self.annotation(parameter)) for name, parameter in plain.parameters.items()]
        if self.resource is not None:
            self.check_resource(given)
            given = given[1:]
        context = [name for name, annotation in given if annotation is Context]
        others = [(name, annotation) for name, annotation in given if annotation is not Context]
        if len(context) > 1:
            raise self.wrong("it takes the context twice", "Take it once", context[1])
        if len(others) > 1:
            raise self.wrong(
                f"it takes {len(others)} inputs: {', '.join(name for name, _ in others)}",
                "Take one: a dm.Struct with a field for each",
                others[1][0],
            )
        if context and others and given[-1][0] != context[0]:
            raise self.wrong("the context stands before the input", f"Write ({others[0][0]}, {context[0]})", context[0])
        output, yields = self.output(plain.return_annotation)
        if context and not self.asynchronous:
            raise self.wrong("a plain def gets no context, for it runs in a thread", "Write async def", context[0])
        if self.batch is not None:
            if context:
                raise self.wrong("a batch has many callers, and no one context", "Remove the parameter", context[0])
            if yields:
                raise self.wrong("a batch cannot be a stream", "Return a Sequence, or remove batch=")
            if not others:
                raise self.wrong("the handler of a batch takes a sequence of inputs", "Write (items: Sequence[Item])")
        taken, streamed = self.input(*others[0]) if others else (None, False)
        interaction = INTERACTIONS[streamed, yields]
        return Signature(
            taken, output, bool(context), self.asynchronous, interaction, inspect.getdoc(self.function) or ""
        )

    def annotation(self, parameter: inspect.Parameter) -> Any:
        """The parameter's type. Refuses what a call by position cannot fill."""
        name = parameter.name
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise self.wrong("it takes any number of arguments", "Name one input, and the context", name)
        if parameter.kind is parameter.KEYWORD_ONLY:
            raise self.wrong("it is keyword-only, and handlers are called by position", "Remove the *", name)
        if parameter.annotation is parameter.empty:
            raise self.wrong(
                "it has no type",
                f"Write {name}: {self.resource.__name__}"
                if self.is_first(name)
                else f"Write {name}: dm.Context, or the class of the input",
                name,
            )
        return self.resolve(parameter.annotation, name)

    def is_first(self, name: str) -> bool:
        """Whether it is where a method takes its resource."""
        return self.resource is not None and next(iter(inspect.signature(self.function).parameters)) == name

    def resolve(self, annotation: Any, name: str = "") -> Any:
        """The annotation, whether it was written as text or not; aliases are followed."""
        while True:
            if is_text(annotation):
                annotation = self.scope.evaluate(text_of(annotation), f"{self.name}({name})")
            elif type(annotation).__name__ == "TypeAliasType":
                annotation = annotation.__value__
            elif typing.get_origin(annotation) is typing.Annotated:
                annotation = annotation.__origin__
            else:
                return annotation

    def check_resource(self, given: list[tuple[str, Any]]) -> None:
        """A method's first parameter is its resource."""
        expected = self.resource.__name__
        if not given:
            raise self.wrong("a method takes its resource first", f"Write ({expected.lower()}: {expected})")
        name, annotation = given[0]
        if annotation is not self.resource:
            raise self.wrong(
                f"it is {name_of(annotation)}, and the method is one of {expected}",
                f"Take the resource first: ({expected.lower()}: {expected})",
                name,
            )

    def input(self, name: str, annotation: Any) -> tuple[Any, bool]:
        """The class of the input (of one item, for a batch or a stream), and whether it is a stream."""
        origin = typing.get_origin(annotation) or (annotation if isinstance(annotation, type) else None)
        if self.batch is None and origin in ASYNC_STREAMS | STREAMS:
            return self.taken(name, annotation, origin), True
        if self.batch is not None:
            arguments = typing.get_args(annotation)
            if typing.get_origin(annotation) not in SEQUENCES or not arguments:
                raise self.wrong(
                    f"the handler of a batch takes a sequence of inputs, not {name_of(annotation)}",
                    f"Write {name}: Sequence[{name_of(annotation) if is_record(annotation) else 'Item'}]",
                    name,
                )
            annotation = self.resolve(arguments[0], name)
        if not is_record(annotation):
            raise self.wrong(
                f"its type is {name_of(annotation)}, and an input has named fields",
                "Wrap it in a dm.Struct with one field",
                name,
            )
        return annotation, False

    def taken(self, name: str, annotation: Any, origin: Any) -> Any:
        """What a stream is made of that the handler takes."""
        arguments = typing.get_args(annotation)
        item = self.resolve(arguments[0], name) if arguments else None
        remedy = f"Write {name}: AsyncIterator[{name_of(item) if is_record(item) else 'Item'}]"
        if not self.asynchronous:
            raise self.wrong(
                "it takes a stream in a plain def, which would keep a thread for as long as its caller is silent",
                f"{remedy}, and async def",
                name,
            )
        if origin not in TAKEN:
            raise self.wrong(f"a stream is taken as an AsyncIterator, and this is {name_of(annotation)}", remedy, name)
        if item is None:
            raise self.wrong("it takes a stream, and does not say of what", remedy, name)
        if not is_record(item):
            raise self.wrong(
                f"it is a stream of {name_of(item)}, and an input has named fields",
                "Wrap each item in a dm.Struct with one field",
                name,
            )
        return item

    def output(self, annotation: Any) -> tuple[Any, bool]:
        """The class of the output, and whether it is a stream."""
        if annotation is inspect.Signature.empty:
            raise self.wrong("it does not say what it returns", "Write -> and the class of the output, or -> None")
        annotation = self.resolve(annotation)
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in AWAITABLES and not self.asynchronous:
            self.asynchronous = True
            annotation = self.resolve(arguments[-1])
            origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in ASYNC_STREAMS | STREAMS:
            return self.item(annotation, origin, arguments), True
        if self.generator:
            kind = "AsyncIterator" if self.asynchronous else "Iterator"
            raise self.wrong(
                f"it yields, and says that it returns {name_of(annotation)}",
                f"Write -> {kind}[{name_of(annotation)}]",
            )
        if annotation is None or annotation is NoneType:
            if self.batch is not None:
                raise self.wrong("the handler of a batch returns a result for each input", "Write -> Sequence[Result]")
            return None, False
        if self.batch is not None:
            if origin not in SEQUENCES or not arguments:
                raise self.wrong(
                    f"the handler of a batch returns a sequence of results, not {name_of(annotation)}",
                    f"Write -> Sequence[{name_of(annotation) if is_record(annotation) else 'Result'}]",
                )
            annotation = self.without_faults(self.resolve(arguments[0]))
        return self.checked(annotation), False

    def item(self, annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> Any:
        """What a stream is made of."""
        if not arguments:
            raise self.wrong(f"{name_of(annotation)} does not say what it yields", f"Write {name_of(origin)}[Event]")
        if origin in ASYNC_STREAMS and self.asynchronous and not self.generator:
            raise self.wrong("it returns a stream instead of being one", "Yield the items: yield item")
        if origin in STREAMS and self.asynchronous:
            raise self.wrong(
                f"an async def yields an AsyncIterator, not {name_of(annotation)}",
                "Write -> AsyncIterator[…]",
            )
        self.asynchronous = self.asynchronous or origin in ASYNC_STREAMS
        return self.checked(self.resolve(arguments[0]))

    def without_faults(self, annotation: Any) -> Any:
        """A batch may return a fault in the place of a result."""
        if typing.get_origin(annotation) not in (typing.Union, UnionType):
            return annotation
        rest = [
            each
            for each in map(self.resolve, typing.get_args(annotation))
            if not (isinstance(each, type) and issubclass(each, Fault))
        ]
        return rest[0] if len(rest) == 1 else annotation

    def checked(self, annotation: Any) -> Any:
        """The output's class. Refuses what has no named fields."""
        if not is_record(annotation):
            raise self.wrong(
                f"it returns {name_of(annotation)}, and an output has named fields",
                "Wrap it in a dm.Struct with one field",
            )
        return annotation


def _agree(signature: Signature, operation: Operation, function: Callable[..., Any]) -> None:
    """A handler that is bound later says what the declaration says."""
    name = getattr(function, "__name__", type(function).__name__)
    pairs = (
        ("takes", signature.input, operation.native_input),
        ("returns", signature.output, operation.native_output),
    )
    for verb, written, declared in pairs:
        if written is not declared:
            raise DeclarationError(
                f"{name}()",
                f"it {verb} {_called(written)}, and {operation.name} was declared with {_called(declared)}",
                "Make the two say the same",
            )
    here, there = signature.interaction, operation.interaction
    for verb, streams, declared_to in (
        ("take", here.streams_input, there.streams_input),
        ("return", here.streams_output, there.streams_output),
    ):
        if streams is not declared_to:
            kinds = {False: "one message", True: "a stream"}
            raise DeclarationError(
                f"{name}()",
                f"it {verb}s {kinds[streams]}, and {operation.name} was declared to {verb} {kinds[declared_to]}",
                "Make the two say the same",
            )


def _called(native: Any) -> str:
    return "nothing" if native is None else name_of(native)
