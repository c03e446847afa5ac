"""What Dragoman exports comes back as the contract that it came from, but for what is written here with its reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from read_back import differences

import dragoman as dm
from dragoman.demo.shop import app as shop
from dragoman.review.reading import openapi
from dragoman.review.reading.nouns import recognise
from dragoman.review.reading.outcome import Reading
from dragoman.review.reading.parse import parse
from dragoman.testing.contract import app as features

SURFACES = [("demo", shop, "partner"), ("demo", shop, "admin")]
SURFACES += [("features", features, name) for name in ("public", "partner", "admin", "trouble")]


def _read(app: dm.App, name: str) -> Reading:
    bound = next(each for each in app.surfaces if each.surface.name == name)
    reading = openapi.read(parse(bound.endpoint.exports()["openapi"](), f"{name}.json"))
    recognise(reading.contract)
    return reading


@pytest.mark.parametrize(
    ("app_name", "app", "name"), SURFACES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_exported_surface_comes_back(
    app_name: str, app: dm.App, name: str, golden: Callable[[str, str], None]
) -> None:
    reading = _read(app, name)
    bound = next(each for each in app.surfaces if each.surface.name == name)
    assert reading.remarks == ()
    lines = [
        *differences(bound.surface, reading.contract),
        *(f"kept: {each.element}: {each.what}" for each in reading.kept),
    ]
    golden(f"review/reading/golden/{app_name}_{name}.txt", "".join(f"{line}\n" for line in lines))


def test_schemes_and_servers_come_back() -> None:
    about = _read(shop, "partner").about
    assert about.servers == ("/v1",)
    assert [each.type for each in about.schemes] == ["http"]
