"""The inventory: documents become surfaces, by themselves or as surfaces.toml says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dragoman.review.reading.openapi import read
from dragoman.review.reading.outcome import Reading
from dragoman.review.reading.parse import parse
from dragoman.review.surfaces import notes
from dragoman.review.surfaces.facts import Certainty
from dragoman.review.surfaces.inventory import Inventory, take
from dragoman.review.surfaces.owners import owners_below
from dragoman.review.surfaces.surface import Surface
from dragoman.review.wire import address


def document(file: str, *operations: str, **about: Any) -> Reading:
    """An OpenAPI document with these operations, each ``GET /path``."""
    paths: dict[str, Any] = {}
    for each in operations:
        method, path = each.split()
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
        paths.setdefault(path, {})[method.lower()] = {
            "parameters": parameters,
            "responses": {"200": {"description": "done"}},
        }
    servers = [{"url": each} for each in about.pop("servers", [])]
    info = {"title": "", "version": "1.0.0", **about}
    text = json.dumps({"openapi": "3.1.0", "info": info, "servers": servers, "paths": paths})
    return read(parse(text.encode(), file))


def inventory(tmp_path: Path, *readings: Reading, toml: str = "") -> Inventory:
    found = notes.Notes()
    if toml:
        (tmp_path / "surfaces.toml").write_text(toml)
        found = notes.read(tmp_path / "surfaces.toml", "surfaces.toml")
    return take(readings, found, root=tmp_path, owners=owners_below(tmp_path))


def operations(surface: Surface) -> list[str]:
    return [address(operation) for _, operation in surface.operations]


def test_each_document_that_offers_something_is_a_surface_by_its_title_or_its_file(tmp_path: Path) -> None:
    found = inventory(
        tmp_path,
        document("a.yaml", "GET /orders", title="The Shop API"),
        document("deep/b.yaml", "GET /orders"),
        document("c.yaml", "GET /orders", title="Shop", version="2.1.0"),
        document("d.yaml", "GET /orders", title="shop"),
        document("types.yaml", title="Types"),
    )
    assert [each.name for each in found.surfaces] == ["shop", "b", "shop-v2", "shop-v1"]
    assert [each.file for each in found.without] == ["types.yaml"]


def test_notes_join_documents_and_take_parts_of_them(tmp_path: Path) -> None:
    found = inventory(
        tmp_path,
        document("orders.yaml", "GET /orders", "POST /admin/orders"),
        document("customers.yaml", "GET /customers", "POST /admin/customers"),
        document("fraud.yaml", "POST /predict"),
        toml="""
[surfaces.partner]
documents = ["orders.yaml", "customers.yaml"]
operations = ["* /orders", "* /customers"]
consumers = 3
[surfaces.admin]
documents = ["orders.yaml", "customers.yaml"]
operations = ["* /admin/*"]
[surfaces.planned]
audience = "frontend"
""",
    )
    assert {each.name: operations(each) for each in found.surfaces} == {
        "partner": ["GET /orders", "GET /customers"],
        "admin": ["POST /admin/orders", "POST /admin/customers"],
        "planned": [],
        "fraud": ["POST /predict"],
    }
    assert found.surfaces[0].facts.value("consumers") == 3
    assert not found.refusals


def test_notes_that_mean_nothing_are_told_with_their_line(tmp_path: Path) -> None:
    toml = '[surfaces.a]\ndocuments = ["none/*.yaml"]\n\n[surfaces.b]\ndocuments = ["b.yaml"]\noperations = ["PUT *"]\n'
    found = inventory(tmp_path, document("b.yaml", "GET /orders"), toml=toml)
    assert [f"{each.position}: {each.message}" for each in found.refusals] == [
        "surfaces.toml:2: surface a: no document that was read is meant (none/*.yaml)",
        "surfaces.toml:6: surface b: none of its documents has such operations (PUT *)",
    ]
    assert not found.surfaces  # a slip of the pen is no surface to be judged


def test_notes_of_what_is_not_reviewed_this_time_are_let_be(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/other.yaml").write_text("")
    toml = '[surfaces.a]\ndocuments = ["**/other.yaml"]\n'
    found = inventory(tmp_path, document("b.yaml", "GET /orders"), toml=toml)
    assert [each.name for each in found.surfaces] == ["b"]
    assert not found.refusals


@pytest.mark.parametrize("pattern", ["p/**/*.proto", "p/a.proto", "p", "p/*.proto"])
def test_a_package_is_meant_by_any_of_its_files(tmp_path: Path, pattern: str) -> None:
    package = replace(document("p", "GET /orders"), files=("p/a.proto", "p/b.proto"))
    found = inventory(tmp_path, package, toml=f'[surfaces.orders]\ndocuments = ["{pattern}"]\n')
    assert [each.name for each in found.surfaces] == ["orders"]
    assert not found.refusals


@pytest.mark.parametrize(
    ("file", "about", "operations", "audience"),
    [
        ("a.yaml", {"servers": ["https://api.example.com"]}, ["GET /orders"], "public"),
        ("a.yaml", {"servers": ["kafka://broker.example.com:9092"]}, ["GET /orders"], None),
        ("a.yaml", {"servers": ["kafka-secure://broker.example.com:9092"]}, ["GET /orders"], None),
        ("a.yaml", {"servers": ["amqps://partners.example.com"]}, ["GET /orders"], "partner"),
        ("a.yaml", {"servers": ["https://partners.example.com"]}, ["GET /orders"], "partner"),
        ("a.yaml", {"servers": ["http://orders.svc.cluster.local:8080"]}, ["GET /orders"], "internal"),
        ("a.yaml", {"servers": ["http://10.1.2.3/v1"]}, ["GET /orders"], "internal"),
        ("a.yaml", {"servers": ["http://orders:8080"]}, ["GET /orders"], "internal"),
        ("internal/a.yaml", {}, ["GET /orders"], "internal"),
        ("a.yaml", {"title": "Partner API"}, ["GET /orders"], "partner"),
        ("a.yaml", {}, ["GET /admin/orders", "POST /admin/orders"], "operator"),
        ("a.yaml", {}, ["GET /admin/orders", "GET /orders"], None),
        ("mobile-bff.yaml", {}, ["GET /orders"], "frontend"),
        ("a.yaml", {"servers": ["/v1"]}, ["GET /orders"], None),
        ("a.yaml", {"servers": ["https://{region}.example.com"]}, ["GET /orders"], None),
        ("admin/a.yaml", {"title": "Partner API"}, ["GET /orders"], None),  # as much for one as for the other
    ],
)
def test_the_audience_is_inferred_with_its_evidence_or_stays_unknown(
    tmp_path: Path, file: str, about: dict[str, Any], operations: list[str], audience: str | None
) -> None:
    (surface,) = inventory(tmp_path, document(file, *operations, **about)).surfaces
    fact = surface.facts["audience"]
    assert fact.value == audience
    if audience is not None:
        assert fact.certainty is Certainty.INFERRED
        assert fact.evidence
        assert all(each.position is not None for each in fact.evidence)


def test_what_was_stated_replaces_what_was_inferred(tmp_path: Path) -> None:
    reading = document("internal/a.yaml", "GET /orders")
    (surface,) = inventory(
        tmp_path, reading, toml='[surfaces.a]\ndocuments = ["internal"]\naudience = "public"\n'
    ).surfaces
    assert (surface.facts.value("audience"), surface.facts["audience"].certainty) == ("public", Certainty.STATED)


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        ("a.yaml", "@everybody"),
        ("openapi/a.yaml", "@platform"),
        ("deep/openapi/a.yaml", "@everybody"),
        ("deep/fraud/a.yaml", "@ml @risk"),
        ("web/app/a.json", "@web"),
        ("web/a.json", "@web"),  # no folder between, either
        ("web/a.txt", "@everybody"),
        ("free/a.yaml", "the contact"),
    ],
)
def test_the_owner_is_who_codeowners_names_last_and_else_the_contact(tmp_path: Path, file: str, owner: str) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/CODEOWNERS").write_text(
        "# owners\n* @everybody\n/openapi/ @platform\nfraud/ @ml @risk # two\n/web/**/*.json @web\n/free/\n"
    )
    (surface,) = inventory(tmp_path, document(file, "GET /orders", contact={"name": "the contact"})).surfaces
    assert surface.facts.value("owner") == owner
