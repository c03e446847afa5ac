"""A style that nobody here knows of, written in this file: a line protocol. Nothing else changes for it.

``GET /lines/<operation>?name=value`` calls; the answer is a line ``name=value`` for each field, and a fault is a line
``! CODE message``. Lists are a line for each item, with the fields between tabs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from driving import UNSAID, Answer, Caller, run
from market import KEYS, OPERATOR, customers, lines, memos, orders, quote

import dragoman as dm
from dragoman.contract.fault import Malformed
from dragoman.contract.handle import Exposed
from dragoman.contract.operation import Method
from dragoman.ports.style import Binder, Call, Endpoint, Explained, ListRequest
from dragoman.ports.wire import Request, Response

TEXT = (b"content-type", b"text/plain; charset=utf-8")
PARAMETERS = ("id", "version", "order_by", "page_size", "page_token")


@dataclass
class Changes:
    """A change of a resource."""

    values: Mapping[str, Any]

    def apply(self, resource: Any) -> Any:
        """The resource after it; the runtime validates it when it is staged."""
        return dm.replace(resource, **self.values)


class Tiny:
    """The style."""

    name = "tiny"

    def bind(self, surface: dm.Surface, exposed: Sequence[Exposed], binder: Binder) -> TinyEndpoint:
        """Compile every operation."""
        calls = {}
        for each in exposed:
            if each.operation.name.startswith("memos."):
                raise dm.DeclarationError(
                    f"surface {surface.name!r}, {each.operation.name}", "memos do not fit on a line", "Leave them out"
                )
            calls[each.operation.name] = binder.call(each, decode=decode_for(each), encode=write)
        return TinyEndpoint(surface, calls)


class TinyEndpoint(Endpoint):
    """A bound surface."""

    def __init__(self, surface: dm.Surface, calls: Mapping[str, Call]) -> None:
        self.surface = surface
        self.calls = calls

    def document(self, request: Request) -> Response | None:
        """The names of the operations."""
        if request.path != self.surface.path:
            return None
        return Response(200, [TEXT], "\n".join(self.calls).encode())

    def page(self, request: Request) -> Response | None:
        """None: it has no pages."""
        return None

    def match(self, request: Request) -> TinyMatch:
        """By the path's last part."""
        name = request.path.removeprefix(self.surface.path + "/")
        if name not in self.calls:
            raise dm.NotFound(f"no operation {name}")
        return TinyMatch(name, self.calls[name])

    def refuse(self, fault: dm.Fault, request: Request, exchange: Any) -> Response:
        """A line that begins with !."""
        places = " ".join(".".join(map(str, each.path)) for each in fault.violations)
        text = f"! {fault.code.name} {fault.message}" + (f" [{places}]" if places else "")
        return Response(200 + fault.code, [TEXT], text.encode())

    def explain(self) -> Mapping[str, Explained]:
        """Routes alone."""
        return {name: Explained((f"GET {self.surface.path}/{name}",), ()) for name in self.calls}

    def examples(self) -> Sequence[str]:
        """The first operation."""
        return [f"GET {self.surface.path}/{next(iter(self.calls))}"]

    def pages(self) -> Sequence[str]:
        """None."""
        return []

    def exports(self) -> Mapping[str, Callable[[], bytes]]:
        """The names of the operations."""
        return {"names": lambda: "\n".join(self.calls).encode()}


@dataclass
class TinyMatch:
    """A request that was understood."""

    operation: str
    call: Call

    async def answer(self, exchange: Any, request: Request) -> Response:
        """Drive the call."""
        response: Response = await self.call(exchange, dict(parse_qsl(request.query, keep_blank_values=True)))
        return response


def decode_for(exposed: Exposed) -> Callable[[Any], None]:
    """Fill the call's state from the parameters."""
    operation, method = exposed.operation, exposed.operation.method

    def converted(values: Mapping[str, str], cls: Any) -> Any:
        read = {name: json.loads(text) if text[:1] in '{["-0123456789tfn' else text for name, text in values.items()}
        try:
            return cls(**read) if issubclass(cls, dm.Resource) else msgspec.convert(read, cls)
        except (TypeError, msgspec.ValidationError) as error:
            raise Malformed(str(error)) from None

    def decode(state: Any) -> None:
        given = dict(state.envelope)
        state.id = given.pop("id", "")
        if "version" in given:
            state.versions = frozenset({int(given.pop("version"))})
        if method is Method.LIST:
            paging = {name: given.pop(name) for name in PARAMETERS if name in given}
            size = paging.get("page_size")
            filters = [(name, "eq", value) for name, value in given.items()]
            state.query = ListRequest(
                filters, paging.get("order_by", ""), size and int(size), paging.get("page_token", "")
            )
        elif method is Method.CREATE:
            state.input = converted(given, operation.resource.native)  # type: ignore[union-attr]
        elif method is Method.UPDATE:
            state.patch = Changes({name: json.loads(text) for name, text in given.items()})
        elif operation.native_input is not None:
            state.input = converted(given, operation.native_input)

    return decode


def write(state: Any) -> None:
    """The result as lines."""
    if hasattr(state.result, "items") and hasattr(state.result, "next_page_token"):
        found = ["\t".join(pairs(each)) for each in state.result.items]
        text = "\n".join([*found, f"next={state.result.next_page_token}"])
    elif state.projected is None:
        text = ""
    else:
        version = [f"version={state.version}"] if state.version else []
        text = "\n".join([*pairs(state.projected), *version])
    state.answer = Response(200, [TEXT], text.encode())


def pairs(projected: Any) -> Iterator[str]:
    """Fields as name=value."""
    for name, value in msgspec.to_builtins(projected).items():
        yield f"{name}={value if isinstance(value, str) else json.dumps(value)}"


@pytest.fixture
def app(tmp_path: Path) -> dm.App:
    keys = dm.api_keys(fixed=KEYS)
    exposes = (customers, orders, lines, quote)
    return dm.App(
        dm.Surface("lines", "/lines", dm.Audience.PARTNER, Tiny(), keys, exposes),
        dm.rest("operator", OPERATOR, audience="operator", auth=keys, exposes=[customers, orders, lines, memos]),
        database=tmp_path / "market.db",
    )


class Liner(Caller):
    """Somebody who speaks the line protocol."""

    async def say(self, operation: str, **given: Any) -> tuple[int, list[str]]:
        """Call an operation; status and lines."""
        answer: Answer = await self("GET", f"/{operation}", UNSAID, query=given)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "x-request-id" in answer.headers
        return answer.status, answer.body.decode().split("\n")

    async def read(self, operation: str, **given: Any) -> dict[str, str]:
        """A result, by field."""
        status, said = await self.say(operation, **given)
        assert status == 200, said
        return dict(line.split("=", 1) for line in said if line)

    async def fault(self, operation: str, **given: Any) -> str:
        """A fault's line."""
        status, said = await self.say(operation, **given)
        assert status == 200 + dm.Code[said[0].split()[1]]
        return said[0]


def test_it_speaks_the_whole_contract(app: dm.App) -> None:
    async def scenario() -> None:
        north = Liner(app, "north-all", "/lines")
        made = await north.read("customers.create", email="a@x", name="Ann", rank="3")
        assert (made["region"], made["version"], "secret" in made) == ("east", "1", False)
        id = made["id"]
        assert await north.read("customers.get", id=id) == made
        changed = await north.read("customers.update", id=id, rank="null", version=1)
        assert (changed["rank"], changed["version"]) == ("null", "2")
        order = await north.read("orders.create", customer=id, total=5)
        assert (await north.read("orders.charge", id=order["id"], amount=3, lines=1))["total"] == "8"
        assert (await north.read("orders.cancel", id=order["id"]))["status"] == "cancelled"
        assert await north.read("customers.owes", id=id) == {"cents": "0", "orders": "1"}
        assert await north.read("quote", quantity=2) == {"total": "20"}
        for email, name in (("b@x", "Bob"), ("c@x", "Cid")):
            await north.read("customers.create", email=email, name=name)
        _, page = await north.say("customers.list", order_by="-name", page_size=2)
        assert [line.split("\t")[2] for line in page[:-1]] == ["name=Cid", "name=Bob"]
        token = page[-1].removeprefix("next=")
        _, rest = await north.say("customers.list", order_by="-name", page_size=2, page_token=token)
        assert [line.split("\t")[2] for line in rest[:-1]] == ["name=Ann"]
        assert rest[-1] == "next="
        _, found = await north.say("customers.list", email="b@x")
        assert len(found) == 2
        # The same rows under another style.
        operator = Caller(app, "north-all", OPERATOR)
        assert (await operator.get(f"/customers/{id}")).ok().version == 2
        assert await north.say("orders.delete", id=order["id"]) == (200, [""])
        (await operator.get(f"/orders/{order['id']}")).refused(404)

    run(app, scenario)


def test_every_guarantee_holds_on_it(app: dm.App) -> None:
    async def scenario() -> None:
        north, south = Liner(app, "north-all", "/lines"), Liner(app, "south-all", "/lines")
        some, stranger = Liner(app, "north-some", "/lines"), Liner(app, None, "/lines")
        id = (await north.read("customers.create", email="a@x", name="Ann"))["id"]
        assert (await stranger.fault("customers.list")).startswith("! UNAUTHENTICATED")
        assert (await stranger.fault("nothing")).startswith("! UNAUTHENTICATED")
        assert (await some.fault("orders.cancel", id="x")).startswith("! PERMISSION_DENIED")
        assert (await south.fault("customers.get", id=id)).startswith("! NOT_FOUND")
        assert (await north.fault("nothing")).startswith("! NOT_FOUND")
        assert (await north.fault("customers.update", id=id, rank="1", version=7)).startswith("! ABORTED")
        taken = await north.fault("customers.create", email="a@x", name="Bob")
        assert taken.startswith("! ALREADY_EXISTS")
        assert taken.endswith("[email]")
        assert (await north.fault("customers.update", id=id, rank="99")).endswith("[rank]")
        assert (await north.fault("customers.list", order_by="email")).endswith("[order_by]")
        order = (await north.read("orders.create", customer=id))["id"]
        assert (await north.fault("customers.delete", id=id)).startswith("! FAILED_PRECONDITION")
        assert (await north.fault("orders.charge", id=order, amount=-1)).startswith("! OUT_OF_RANGE")
        document = await Caller(app, None, "/lines").get("")
        assert document.body.decode().split("\n")[0] == "customers.list"

    run(app, scenario)


def test_it_refuses_what_it_cannot_carry_when_it_is_bound(tmp_path: Path) -> None:
    surface = dm.Surface("lines", "/lines", dm.Audience.PARTNER, Tiny(), dm.anonymous(), (memos,))
    with pytest.raises(dm.DeclarationError, match="memos do not fit on a line"):
        dm.App(surface, database=tmp_path / "market.db")


def test_a_plain_walk_of_the_phases_serves_it_too(tmp_path: Path) -> None:
    surface = dm.Surface("lines", "/lines", dm.Audience.PUBLIC, Tiny(), dm.anonymous(), (customers, quote))
    app = dm.App(surface, database=tmp_path / "market.db", plain=True)

    async def scenario() -> None:
        anybody = Liner(app, None, "/lines")
        id = (await anybody.read("customers.create", email="a@x", name="Ann"))["id"]
        assert (await anybody.read("customers.get", id=id))["name"] == "Ann"
        assert (await anybody.fault("customers.get", id="x")).startswith("! NOT_FOUND")

    run(app, scenario)
