"""The same on every style: results, faults, verdicts on permission, and what becomes of repetitions."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sides import SIDES, Asked, Told
from values_of import Values

from dragoman.contract.handle import Exposed, expand
from dragoman.contract.operation import Effect, Method
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Scalar
from dragoman.testing.contract import make_app

EXAMPLES = int(os.environ.get("DRAGOMAN_PARITY", "2000"))
KEYS = (*["north"] * 14, "north-staff", "north-staff", "north-reader", "south", "operator", None)


class Asking:
    """Makes up calls, on what there is by now."""

    def __init__(self, seed: int, exposed: tuple[Exposed, ...]) -> None:
        self.random = Random(seed)
        self._exposed = exposed
        self._known: dict[str, list[str]] = {}
        self._asked: list[Asked] = []

    def learn(self, told: Told) -> None:
        """Know what was made."""
        if isinstance(told.result, dict) and str(told.result.get("id", "")).startswith("<"):
            name = told.result["id"]
            known = self._known.setdefault(name[1:].partition(" ")[0], [])
            if name not in known:
                known.append(name)

    def next(self) -> Asked:
        """A call."""
        random = self.random
        exposed = random.choice(self._exposed)
        if not self._known.get("mkr") and random.random() < 0.8:
            exposed = next(each for each in self._exposed if each.operation.name == "makers.create")
        if not self._known.get("thg") and random.random() < 0.5:
            exposed = next(each for each in self._exposed if each.operation.name == "things.create")
        if exposed.operation.method is Method.DELETE and random.random() < 0.7:
            exposed = random.choice(self._exposed)  # else there is soon nothing left
        operation = exposed.operation
        values = Values(random, exposed.handle.contract.types, Audience.PARTNER, self._reference)
        asked = Asked(operation, random.choice(KEYS))
        if operation.resource is not None and operation.method not in (Method.LIST, Method.CREATE):
            asked.id = self._one_of(operation.resource.prefix)
        match operation.method:
            case Method.LIST:
                asked.query = self._query(operation.resource)
            case Method.CREATE:
                asked.body = values.record(operation.output)  # type: ignore[arg-type]
            case Method.UPDATE:
                # What merges on REST is set as a whole by a mask: so it is no part of these.
                body = values.record(operation.output, some=True)  # type: ignore[arg-type]
                asked.body = {name: each for name, each in body.items() if not isinstance(each, dict)}
            case _ if operation.input is not None:
                asked.body = values.record(operation.input)
        changes = operation.effect is not Effect.SAFE and not operation.interaction.streams_output
        if changes and asked.id and random.random() < 0.15 and operation.method is not Method.CREATE:
            asked.version = random.choice(('"1"', '"2"', '"1-abc"', "*"))
        if changes and not operation.interaction.streams_input and (operation.external or random.random() < 0.5):
            asked.key = f"key-{random.randint(1, 10**9)}"
        if self._asked and random.random() < 0.2:
            asked = self._again(asked)
        if asked.key:
            self._asked.append(asked)
        return asked

    def _again(self, other: Asked) -> Asked:
        """A call that was made before; or its key, with another input."""
        before = self.random.choice(self._asked)
        if self.random.random() < 0.6:
            return before
        same = other.operation.name == before.operation.name and bool(other.key)
        return Asked(**{**vars(other), "key": before.key, "who": before.who}) if same else before

    def _one_of(self, prefix: str) -> str:
        known = self._known.get(prefix, [])
        if not known or self.random.random() < 0.04:
            return f"{prefix}_{'0' * 26}"
        return self.random.choice(known[-20:])

    def _reference(self, scalar: Scalar) -> str:
        prefix = str(scalar.constraints.pattern)[1:].partition("_")[0]
        return self._one_of(prefix)

    def _query(self, resource: Any) -> dict[str, Any]:
        random = self.random
        query: dict[str, Any] = {}
        if random.random() < 0.6:
            query["page_size"] = random.choice((1, 2, 3, 1000, -1))
        if random.random() < 0.3:
            query["order_by"] = random.choice(("-id", "id", "nothing", "name", "-count"))
        if random.random() < 0.3:
            query["count"] = True
        if random.random() < 0.1:
            query["ids"] = [self._one_of(resource.prefix) for _ in range(2)]
        if resource.plural == "things" and random.random() < 0.5:
            query |= random.choice(
                (
                    {"count.gte": 500},
                    {"size": "small"},
                    {"size.in": ["small", "large"]},
                    {"flag": True},
                    {"big.lt": "500"},
                    {"day.gte": "2020-01-01"},
                    {"at.gte": "2020-01-01T00:00:00Z"},
                    {"size": "tiny"},
                )
            )
        return query


@pytest.mark.slow
@pytest.mark.once
def test_every_style_says_the_same(tmp_path: Path) -> None:
    asyncio.run(_every_style_says_the_same(tmp_path))


async def _every_style_says_the_same(folder: Path) -> None:
    apps = [make_app(folder / f"{side.__name__}.db") for side in SIDES]
    surface = next(each.surface for each in apps[0].surfaces if each.surface.name == "remote")
    asking = Asking(int(os.environ.get("DRAGOMAN_SEED", "1")), expand(surface.exposes, "remote"))
    for app in apps:
        await app.start()
    try:
        sides = [side(app) for side, app in zip(SIDES, apps, strict=True)]
        seen: Counter[str] = Counter()
        for number in range(EXAMPLES):
            asked = asking.next()
            told = [await side.ask(asked) for side in sides]
            first = next(each for each in told if each is not None)
            for side, each in zip(sides, told, strict=True):
                assert each in (first, None), f"example {number}: {type(side).__name__} of {asked}"
            asking.learn(first)
            seen[first.code] += 1
            seen["replayed"] += first.replayed
            seen[f"{asked.operation.name} OK"] += first.code == "OK"
    finally:
        for app in apps:
            await app.stop()
    if EXAMPLES >= 2000:
        wanted = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED", "UNAUTHENTICATED", "ABORTED", "replayed"}
        assert not wanted - set(+seen), seen
        never = {each.operation.name for each in expand(surface.exposes, "remote")} - {
            name.removesuffix(" OK") for name in +seen
        }
        # Nobody here can make a country.
        assert never <= {"countries.get"}, f"{never} never came to a result: {seen}"


def test_a_repetition_by_another_style_is_answered_as_the_first(tmp_path: Path) -> None:
    async def main() -> None:
        app = make_app(tmp_path / "features.db")
        surface = next(each.surface for each in app.surfaces if each.surface.name == "remote")
        create = next(each for each in expand(surface.exposes, "remote") if each.operation.name == "makers.create")
        async with app.lifespan():
            for first, second in product(SIDES, SIDES):
                one, two = first(app), second(app)
                key = f"{first.__name__}-{second.__name__}"
                asked = Asked(create.operation, "north", body={"name": key, "country": "GB"}, key=key)
                made, again = await one.ask(asked), await two.ask(asked)
                assert made is not None
                assert again is not None
                assert (made.code, made.replayed) == ("OK", False), key
                assert (again.code, again.replayed) == ("OK", True), key
                assert again.result == made.result
                assert two.meant("<mkr 1>") == one.meant("<mkr 1>")
                asked.body = {"name": "Bob", "country": "GB"}
                other = await two.ask(asked)
                assert other is not None
                assert (other.code, other.reason) == ("INVALID_ARGUMENT", "IDEMPOTENCY_KEY_REUSED"), key

    asyncio.run(main())
