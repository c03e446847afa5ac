"""Random histories of calls with keys against a plain model: repetitions, other inputs, other orders of members, keys
that expire, permissions that come and go.

``DRAGOMAN_EXAMPLES=2000 pytest tests/semantics/test_idempotency_model.py`` runs more of it, and other ones each time.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import hypothesis.strategies as st
from driving import Answer, Caller, running
from hypothesis import HealthCheck, given, settings

import dragoman as dm

EXAMPLES = int(os.environ.get("DRAGOMAN_EXAMPLES", "0"))
RETENTION = 60


class Item(dm.Resource, prefix="itm"):
    name: Annotated[str, dm.Length(1, 20), dm.Unique()]
    count: Annotated[int, dm.Ge(0)] = 0


def who(identity: str, *scopes: str) -> dm.Principal:
    return dm.Principal(identity, "one", frozenset(scopes), frozenset({dm.Audience.OPERATOR}))


contract = dm.Contract("keys")
items = contract.resource(Item)
app = dm.App(
    dm.rest(
        "keys",
        "/v1",
        audience="operator",
        # A caller whose permission was revoked is the same caller, who may do less.
        auth=dm.api_keys(
            fixed={
                "ann": who("ann", "*"),
                "ann-revoked": who("ann", "items.get"),
                "bob": who("bob", "*"),
                "bob-revoked": who("bob", "items.get"),
            }
        ),
        exposes=[items],
        idempotency=dm.Idempotency(retention=RETENTION),
    )
)

people = st.sampled_from(["ann", "bob"])
keys = st.none() | st.sampled_from(["k1", "k2", "k3"])
calls = st.one_of(
    st.tuples(st.just("create"), people, keys, st.sampled_from("abc"), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("update"), people, keys, st.integers(0, 3), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("delete"), people, keys, st.integers(0, 3)),
)
steps = st.lists(
    st.one_of(
        calls,
        calls,
        calls,
        st.tuples(st.just("repeat"), st.integers(0, 30)),
        st.tuples(st.just("repeat"), st.integers(0, 30)),
        st.tuples(st.just("wait"), st.sampled_from([1.0, 30.0, RETENTION + 1.0])),
        st.tuples(st.just("permit"), people, st.booleans()),
    ),
    max_size=40,
)


@dataclass
class Kept:
    """An answer in the model's ledger."""

    asked: Any
    answer: Answer
    until: float


@dataclass
class World:
    """What the model knows."""

    now: float
    permitted: dict[str, bool] = field(default_factory=lambda: {"ann": True, "bob": True})
    ledger: dict[tuple[str, str, str], Kept] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)

    def verdict(self, operation: str, id: str, asked: dict[str, Any]) -> int:
        """What a new call comes to, done in the model but for a creation."""
        if operation == "create":
            return 409 if any(row["name"] == asked["name"] for row in self.rows.values()) else 201
        if id not in self.rows:
            return 404
        if operation == "delete":
            del self.rows[id]
            return 204
        self.rows[id] |= asked
        return 200


@settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(steps)
def test_verdicts_are_the_models(history: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        restore = app.use(Path(folder) / "keys.db")
        try:
            asyncio.run(play(history))
        finally:
            restore()


async def play(history: list[Any]) -> None:
    async with running(app):
        world = World(app.store.clock())
        app.store.clock = lambda: world.now  # type: ignore[method-assign]
        made: list[Any] = []
        for step in history:
            if step[0] == "wait":
                world.now += step[1]
            elif step[0] == "permit":
                world.permitted[step[1]] = step[2]
            elif step[0] == "repeat":
                if made:
                    await call(world, made[step[1] % len(made)])
            else:
                made.append(resolved(world, step))
                await call(world, made[-1])
        rows = (await Caller(app, "ann", "/v1").get("/items")).ok().json["items"]
        assert {row["id"]: (row["name"], row["count"]) for row in rows} == {
            id: (row["name"], row["count"]) for id, row in world.rows.items()
        }


def resolved(world: World, step: Any) -> Any:
    """The call with the id that it names, so that it can be repeated as it was."""
    operation, person, key, what, *more = step
    if operation == "create":
        return operation, person, key, "", {"name": what, "count": more[0]}, more[1]
    id = world.ids[what] if what < len(world.ids) else f"itm_{what:026}"
    return operation, person, key, id, {"count": more[0]} if operation == "update" else {}, bool(more and more[1])


async def call(world: World, made: Any) -> None:
    operation, person, key, id, asked, turned = made
    caller = Caller(app, person if world.permitted[person] else f"{person}-revoked", "/v1")
    answer = await send(caller, operation, key, id, dict(reversed(asked.items())) if turned else asked)
    if not world.permitted[person]:
        answer.refused(403)
        return
    kept = world.ledger.get((person, operation, key)) if key else None
    if kept is not None and world.now < kept.until:
        if kept.asked != (id, asked):
            assert answer.refused(422).json["reason"] == "IDEMPOTENCY_KEY_REUSED"
            return
        assert answer.headers["idempotency-replayed"] == "true"
        assert alike(answer) == alike(kept.answer)
        return
    assert "idempotency-replayed" not in answer.headers
    assert answer.status == world.verdict(operation, id, asked), (made, answer)
    if operation == "create" and answer.status == 201:
        world.ids.append(answer.json["id"])
        world.rows[answer.json["id"]] = dict(asked)
    if key:
        world.ledger[person, operation, key] = Kept((id, asked), answer, world.now + RETENTION)


async def send(caller: Caller, operation: str, key: str | None, id: str, asked: dict[str, Any]) -> Answer:
    headers = {} if key is None else {"idempotency_key": f'"{key}"'}
    if operation == "create":
        return await caller.post("/items", asked, **headers)
    if operation == "update":
        return await caller.patch(f"/items/{id}", asked, **headers)
    return await caller.delete(f"/items/{id}", **headers)


def alike(answer: Answer) -> Any:
    """An answer without what differs from request to request."""
    headers = {
        name: value for name, value in answer.headers.items() if name not in ("x-request-id", "idempotency-replayed")
    }
    if answer.status < 400:
        return answer.status, headers, answer.body
    return answer.status, headers, {**json.loads(answer.body), "request_id": ""}
