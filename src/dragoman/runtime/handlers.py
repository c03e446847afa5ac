"""How a handler is called: coroutines in the loop, plain functions in a named executor, batches gathered."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from dragoman.contract.handle import Handle
from dragoman.contract.operation import Interaction

from .batching import Batcher
from .deadline import Begun, within
from .failure import BrokenContract, cancelled_from_within
from .thread_items import ThreadItems

if TYPE_CHECKING:
    from .call import State

Invoke = Callable[["State"], Awaitable[None] | None]
"""Runs a handler, and keeps its result in the state. Returns what is to be awaited, if the handler waits."""

Items = Callable[["State"], AsyncIterable[Any]]

THREADS = 16
"""How many plain handlers run at once in a process."""

STREAM_THREADS = 64
"""How many plain generators make an item at once; apart from the others, since they may take long over one."""


class Handlers:
    """Compiles handlers to one shape: a function of the call's state, bounded by its deadline."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._streaming: ThreadPoolExecutor | None = None
        self._compiled: dict[Handle[Any, Any], Invoke] = {}

    def start(self) -> None:
        """Make the executor."""
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="dragoman-handler")
        self._streaming = ThreadPoolExecutor(STREAM_THREADS, thread_name_prefix="dragoman-stream")

    def stop(self) -> None:
        """Let running handlers finish, and start no more."""
        for executor in (self._executor, self._streaming):
            if executor is not None:
                executor.shutdown(wait=True, cancel_futures=True)

    def compile(self, handle: Handle[Any, Any]) -> Invoke:
        """The handler as the call's runner wants it, once for all surfaces: they share its batches. Raises
        DeclarationError where there is none.
        """
        invoke = self._compiled.get(handle)
        if invoke is None:
            invoke = self._compiled[handle] = self._invoke(handle)
        return invoke

    def _invoke(self, handle: Handle[Any, Any]) -> Invoke:
        function, signature, operation = handle.bound_handler, handle.signature, handle.operation
        assert signature is not None
        if operation.batch is not None:
            run = function if signature.asynchronous else self._in_executor(function)
            batcher = Batcher(operation.name, operation.batch, run, cancellable=signature.asynchronous)
            return lambda state: _bounded(operation.name, batcher.submit(state.input, state.deadline), state)
        arguments = _arguments(handle.resources is not None, operation.input is not None, signature.context)
        if operation.interaction is Interaction.CLIENT_STREAM:
            return lambda state: _run_long(operation.name, function(*arguments(state)), state)
        if signature.asynchronous:
            return lambda state: _run(operation.name, function(*arguments(state)), state)
        execute = self._in_executor(function)
        return lambda state: _bounded(operation.name, execute(*arguments(state)), state)

    def items(self, handle: Handle[Any, Any]) -> Items:
        """The handler of a stream, as what makes the items of a call. Raises DeclarationError where there is none."""
        function, signature, operation = handle.bound_handler, handle.signature, handle.operation
        assert signature is not None
        arguments = _arguments(handle.resources is not None, operation.input is not None, signature.context)
        if signature.asynchronous:
            return lambda state: function(*arguments(state))

        def in_threads(state: State) -> ThreadItems:
            assert self._streaming is not None
            return ThreadItems(self._streaming, function, arguments(state), state.exchange)

        return in_threads

    def _in_executor(self, function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        def execute(*arguments: Any) -> Awaitable[Any]:
            return asyncio.get_running_loop().run_in_executor(self._executor, _called, function, *arguments)

        return execute


def _called(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call it. A future never ends with StopIteration: before Python 3.12 its caller would wait for ever."""
    try:
        return function(*arguments)
    except StopIteration as error:
        raise RuntimeError("a handler let StopIteration pass") from error


def _arguments(resource: bool, input: bool, context: bool) -> Callable[[State], Sequence[Any]]:
    """What the handler is given, in its order."""
    if resource:
        if input:
            return (lambda s: (s.resource, s.input, s.unit)) if context else (lambda s: (s.resource, s.input))
        return (lambda s: (s.resource, s.unit)) if context else (lambda s: (s.resource,))
    if input:
        return (lambda s: (s.input, s.unit)) if context else (lambda s: (s.input,))
    return (lambda s: (s.unit,)) if context else (lambda s: ())


async def _bounded(name: str, running: Awaitable[Any], state: State) -> None:
    """Await until the deadline, and keep the result. A TimeoutError of the handler's own is not taken for it, nor a
    CancelledError for the caller's going away.
    """
    try:
        state.result = await within(state.deadline, running, f"{name} took longer than its deadline allows")
    except asyncio.CancelledError as error:
        _check_cancelled(name, error)
        raise


def _run(name: str, coroutine: Coroutine[Any, Any, Any], state: State) -> Awaitable[None] | None:
    """The same with a coroutine: for one that never waits there is no timer, and nothing to be awaited."""
    try:
        waits_for = coroutine.send(None)
    except StopIteration as done:
        state.result = done.value
        return None
    except asyncio.CancelledError as error:
        _check_cancelled(name, error)
        raise
    return _bounded(name, Begun(coroutine, waits_for), state)


async def _run_long(name: str, coroutine: Coroutine[Any, Any, Any], state: State) -> None:
    """The same for one that takes a stream, which may have no deadline."""
    if state.deadline < math.inf:
        running = _run(name, coroutine, state)
        if running is not None:
            await running
        return
    try:
        state.result = await coroutine
    except asyncio.CancelledError as error:
        _check_cancelled(name, error)
        raise


def _check_cancelled(name: str, error: asyncio.CancelledError) -> None:
    """Raises BrokenContract where it is the handler's own."""
    if cancelled_from_within():
        raise BrokenContract(f"the handler of {name} let a CancelledError pass that was not its own") from error
