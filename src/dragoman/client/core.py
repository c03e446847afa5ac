"""A client, without the words that its users say: what a call is, from its request to its result."""

from __future__ import annotations

import ssl
import time
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from dragoman.contract.fault import DeadlineExceeded, Fault, Unavailable
from dragoman.contract.handle import Handle
from dragoman.contract.operation import Effect, Method, Operation
from dragoman.contract.principal import audience_called
from dragoman.contract.resource import Resource

from .http.message import Ask, Broken, Exchange, Head, body
from .http.net import Address, Net
from .http.pool import Pool
from .options import Options
from .retries import Budget, Retries, helps
from .speech import MESSAGE_SIZE, Over, Speech
from .values import UNKNOWN
from .ways.spoken import Given, Reader, Spoken

TIMEOUT: Final = 30.0
AGENT: Final = ("user-agent", "dragoman")
_PORTS: Final = {"http": 80, "https": 443}


class Core:
    """What a client knows; it is shared by all that :meth:`using` gives."""

    def __init__(
        self,
        net: Net,
        url: str,
        over: Over,
        path: str | None,
        audience: str | None,
        package: str,
        lock: Any,
        auth: str | Callable[[], str] | None,
        timeout: float | None,
        retries: Retries,
        headers: Mapping[str, str],
        tls: ssl.SSLContext | None,
        unix_socket: Any,
        http2: bool,
        keys: bool | None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError(f"{url!r} is not where a server is; write http://127.0.0.1:8000, or https://…")
        if over not in ("connect", "grpc", "rest", "plain"):
            raise ValueError(f'over={over!r} is no way to speak; write "connect", "grpc", "rest" or "plain"')
        if over in ("rest", "plain") and path is None:
            raise ValueError(f'over="{over}" needs the path of the surface, as in path="/v1"')
        if over == "grpc" and lock is None:
            raise ValueError('over="grpc" needs the numbers of fields: lock="dragoman.lock", as dm.rpc(…) has it')
        if parts.scheme == "https" and tls is None:
            tls = ssl.create_default_context()
        two = http2 or over == "grpc"
        if two:
            _check_h2()
        if tls is not None:
            tls.set_alpn_protocols(["h2"] if two else ["http/1.1"])
        port = parts.port or _PORTS[parts.scheme]
        address = Address(
            parts.hostname,
            port,
            "" if unix_socket is None else str(unix_socket),
            tls if parts.scheme == "https" else None,
        )
        self.net = net
        self._root = parts.path.rstrip("/")
        self._pool = Pool(net, address, parts.netloc, two=two)
        asked = None if audience is None else audience_called(audience, "client")
        self._speech = Speech(over, path or "", asked, package, lock)
        self._auth = auth
        self._timeout = timeout
        self._retries = retries
        self._budget = Budget(retries)
        self._headers = [(name.lower(), value) for name, value in headers.items()]
        known = auth is not None or any(name == "authorization" for name, _ in self._headers)
        self.keys = known if keys is None else keys

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    def spoken(self, handle: Handle[Any, Any]) -> Spoken:
        """How an operation is said."""
        spoken = self._speech.spoken(handle)
        if spoken.two and not self._pool.two:
            raise TypeError(
                f"{handle.operation.name} answers while it is asked, for which HTTP/1.1 has no room: "
                'write http2=True, or over="grpc"'
            )
        return spoken

    # What a call is given

    def given(self, handle: Any, arguments: tuple[Any, ...]) -> tuple[Spoken, Given, Any]:
        """What is called, with what, and the items that are to be sent, if that is a stream."""
        if not isinstance(handle, Handle):
            raise TypeError(
                f"{handle!r:.100} is no operation of a contract: give what its decorator made of the function"
            )
        spoken, operation = self.spoken(handle), handle.operation
        if operation.resource is not None and operation.method is not Method.CUSTOM:
            raise TypeError(f"{operation.name} is a standard method: write client[…].{operation.method}(…)")
        wanted = (operation.resource is not None) + (operation.input is not None)
        if len(arguments) != wanted:
            raise TypeError(f"{operation.name} is called with {wanted} arguments, and {len(arguments)} are given")
        given = Given()
        rest = arguments
        if operation.resource is not None:
            target, *more = arguments
            rest = tuple(more)
            given.id, given.version = known(target, operation, conditional=operation.effect is not Effect.SAFE)
        if not rest:
            return spoken, given, None
        if operation.interaction.streams_input:
            return spoken, given, rest[0]
        assert spoken.input is not None
        given.value = spoken.input.json(rest[0])
        return spoken, given, None

    # Calls

    async def call(self, handle: Any, arguments: tuple[Any, ...], options: Options) -> Any:
        """Call what answers once."""
        spoken, given, items = self.given(handle, arguments)
        if spoken.operation.interaction.streams_output:
            raise TypeError(f"{spoken.operation.name} answers with a stream: write client.stream(…)")
        return await self.unary(spoken, given, options, items)

    async def unary(self, spoken: Spoken, given: Given, options: Options, items: Any = None) -> Any:
        """Call it until it is answered for good."""
        call = Call(self, spoken, given, options, self._timeout)
        return await call.tried(lambda: self._once(call, items))

    async def _once(self, call: Call, items: Any) -> Any:
        exchange = await self.open(call)
        sending = None
        try:
            if items is not None and self.net.concurrent:
                sending = Sending(self.net, call.spoken, exchange, items)
            elif items is not None:
                await _send(call.spoken, exchange, items)
            head = await exchange.head()
            return await _whole(call.spoken, exchange, head)
        except Broken:
            if sending is not None and sending.wrong is not None:
                raise sending.wrong from None
            raise
        finally:
            if sending is not None:
                sending.stop()
            exchange.close()

    def stream(self, handle: Any, arguments: tuple[Any, ...], options: Options) -> Items:
        """Call what answers with a stream. Nothing is sent before the first item is asked for."""
        spoken, given, items = self.given(handle, arguments)
        if not spoken.operation.interaction.streams_output:
            raise TypeError(f"{spoken.operation.name} answers once: write client.call(…)")
        return Items(self, Call(self, spoken, given, options, None), items)

    async def open(self, call: Call) -> Exchange:
        """Send the request of an attempt. Raises Broken and TimeoutError."""
        ask = call.spoken.ask(call.given, call.key)
        headers = [*ask.headers, AGENT, *self._headers, *call.headers]
        if self._auth is not None:
            headers.append(("authorization", f"Bearer {self._auth if isinstance(self._auth, str) else self._auth()}"))
        if call.deadline is not None:
            seconds = call.deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            headers.append(call.spoken.time(seconds))
        for name, value in headers:
            if not (name.isascii() and name.isprintable() and value.isascii() and value.isprintable()):
                raise ValueError(f"the header {name[:40]!r} cannot be {value[:40]!r}: only printable ASCII can be sent")
        return await self._pool.open(Ask(ask.method, self._root + ask.target, headers, ask.body), call.deadline)

    @property
    def retries(self) -> Retries:
        """When calls are tried again, if nothing else is said."""
        return self._retries

    @property
    def budget(self) -> Budget:
        """What retries are left."""
        return self._budget


class Call:
    """A call, over all its attempts: its deadline, its key, and whether it may be repeated."""

    def __init__(self, core: Core, spoken: Spoken, given: Given, options: Options, timeout: float | None) -> None:
        self.spoken = spoken
        self.given = given
        self._core = core
        self._retries = options.get("retries", core.retries)
        limits = [options.get("timeout", timeout)]
        if "within" in options:
            limits.append(options["within"].remaining())
        seconds = min((each for each in limits if each is not None), default=None)
        self._seconds = seconds
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.headers = [(name.lower(), value) for name, value in options.get("headers", {}).items()]
        operation = spoken.operation
        streamed = operation.interaction.streams_input or operation.interaction.streams_output
        self.key: str | None = None
        if operation.effect is not Effect.SAFE and not streamed:
            made_up = _key(operation, given) if core.keys and "key" not in options else None
            self.key = options.get("key", made_up)
        self._repeatable = not operation.interaction.streams_input and (
            operation.effect is not Effect.UNSAFE or self.key is not None
        )
        core.budget.called()

    async def tried(self, attempt: Callable[[], Awaitable[Any]]) -> Any:
        """What the first attempt comes to that is not to be repeated. Raises Fault."""
        number = 0
        while True:
            number += 1
            try:
                return await attempt()
            except TimeoutError:
                raise self.late() from None
            except Broken as broken:
                fault: Fault = self.lost(broken)
                again = self._repeatable or (not broken.reached and not self.spoken.operation.interaction.streams_input)
            except Fault as told:
                fault, again = told, self._repeatable and helps(told)
            if not again or number >= self._retries.attempts or fault.retryable is False:
                raise fault
            pause = self._retries.pause(number, fault)
            if self.deadline is not None and time.monotonic() + pause >= self.deadline:
                raise fault
            if not self._core.budget.take():
                raise fault
            await self._core.net.sleep(pause)

    def late(self) -> DeadlineExceeded:
        """The fault for a call that took too long."""
        return DeadlineExceeded(f"{self.spoken.operation.name} was not answered within {self._seconds:g} s")

    def lost(self, broken: Broken) -> Unavailable:
        """The fault for a connection that failed."""
        return Unavailable(f"{self.spoken.operation.name}: {broken}")


class Sending:
    """Sends the items of a stream, beside what is read. ``wrong`` is what the caller's own iterable came to."""

    def __init__(self, net: Net, spoken: Spoken, exchange: Exchange, items: Any) -> None:
        self.wrong: Exception | None = None
        self._spoken = spoken
        self._exchange = exchange
        self._work = net.spawn(self._send(items), f"dragoman client, {spoken.operation.name}")

    async def _send(self, items: Any) -> None:
        try:
            await _send(self._spoken, self._exchange, items)
        except (TimeoutError, Broken):
            pass  # who reads learns of it
        except Exception as error:
            self.wrong = error
            self._exchange.close()

    def stop(self) -> None:
        """No more of it."""
        self._work.cancel()


class Items:
    """An answer that is a stream, item by item. Who does not take all of it closes it, which cancels the call."""

    def __init__(self, core: Core, call: Call, items: Any) -> None:
        self._core = core
        self._call = call
        self._items = items
        self._exchange: Exchange | None = None
        self._reader: Reader | None = None
        self._ready: list[Any] = []
        self._sending: Sending | None = None
        self._over = False

    async def next(self) -> Any:
        """The next item. Raises StopAsyncIteration at the end, and Fault."""
        if self._ready:
            return self._ready.pop(0)
        if self._over:
            raise StopAsyncIteration
        try:
            if self._exchange is None:
                await self._call.tried(self._begin)
            elif not await self._more():
                self.close()
            if self._ready:
                return self._ready.pop(0)
        except TimeoutError:
            self.close()
            raise self._call.late() from None
        except Broken as broken:
            self.close()
            raise self._wrong() or self._call.lost(broken) from None
        except BaseException as error:
            self.close()
            wrong = self._wrong() if isinstance(error, Fault) else None
            if wrong is not None:
                raise wrong from None
            raise
        wrong = self._wrong()
        if wrong is not None:
            raise wrong
        raise StopAsyncIteration

    def _wrong(self) -> Exception | None:
        """What the caller's own items came to."""
        return None if self._sending is None else self._sending.wrong

    async def _begin(self) -> None:
        """Ask, and wait for the first item, or for the end: so far a call may be repeated."""
        self._exchange = exchange = await self._core.open(self._call)
        try:
            if self._items is not None:
                self._sending = Sending(self._core.net, self._call.spoken, exchange, self._items)
            head = await exchange.head()
            self._reader = self._call.spoken.reader(head)
            if self._reader is None:
                await _whole(self._call.spoken, exchange, head)
                raise self._call.spoken.broken("is no stream")
            if not await self._more():
                self.close()
        except BaseException:
            exchange.close()
            raise

    async def _more(self) -> bool:
        """Read until there is an item; returns whether there is one. Raises Fault."""
        assert self._exchange is not None
        assert self._reader is not None
        while not self._ready:
            data = await self._exchange.read()
            if not data:
                self._reader.end(self._exchange.trailers)
                return False
            self._ready = self._reader.feed(data)
        return True

    def close(self) -> None:
        """Cancel the call, if it has not come to its end."""
        self._over = True
        if self._sending is not None:
            self._sending.stop()
        if self._exchange is not None:
            self._exchange.close()

    def __del__(self) -> None:
        if not self._over and self._exchange is not None:
            self._core.net.drop(self._exchange.close)


async def _send(spoken: Spoken, exchange: Exchange, items: Any) -> None:
    """Send all items of a stream, and its end."""
    assert spoken.input is not None
    each: AsyncIterator[Any] = aiter(items) if isinstance(items, AsyncIterable) else _handed(items)
    try:
        async for value in each:
            if not await exchange.send(spoken.item(spoken.input.json(value))):
                break  # the answer is there, and says why
    finally:
        close = getattr(each, "aclose", None)
        if close is not None:
            await close()
    await exchange.send(b"", end=True)


async def _handed(items: Iterable[Any]) -> AsyncIterator[Any]:
    for each in items:
        yield each


async def _whole(spoken: Spoken, exchange: Exchange, head: Head) -> Any:
    """The result of an answer that is read to its end. Raises Fault."""
    try:
        content = await body(exchange, MESSAGE_SIZE)
    except ValueError as error:
        raise spoken.broken(f"cannot be taken: {error}") from None
    reader = spoken.reader(head) if spoken.operation.interaction.streams_input else None
    if reader is None:
        return spoken.reply(head, content, exchange.trailers)
    found = reader.feed(content)
    reader.end(exchange.trailers)
    if len(found) != 1:
        raise spoken.broken(f"has {len(found)} messages, and not one")
    return found[0]


def known(target: Any, operation: Operation, *, conditional: bool) -> tuple[str, int | None]:
    """The id that is meant, and the version that it must have still: who gives a resource means it as it was read."""
    if isinstance(target, str):
        return target, None
    assert operation.resource is not None
    native = operation.resource.native
    if not isinstance(target, Resource) or not isinstance(target, native):
        raise TypeError(f"{operation.name} is called with a {operation.resource.name} or its id, not {target!r:.100}")
    if not conditional:
        return target.id, None
    if target.version == UNKNOWN:
        raise ValueError(
            f"{operation.name}: the version of {target.id} is not known, for it came in a list of REST, or within "
            "something else; get it first, or give its id, to change it whatever it has become"
        )
    return target.id, target.version


def _key(operation: Operation, given: Given) -> str | None:
    """A key, where a repetition would else be answered in another way than the call itself."""
    if operation.effect is Effect.UNSAFE or operation.external or operation.method is Method.DELETE:
        return str(uuid.uuid4())
    return None if given.version is None else str(uuid.uuid4())


def _check_h2() -> None:
    try:
        import h2  # noqa: F401
    except ImportError:
        raise RuntimeError('HTTP/2, which gRPC needs, is spoken with h2: install "dragoman[client]"') from None
