"""The examples of the document: each is valid, and the server takes those of requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from test_openapi import operations, resolve, value_of

import dragoman as dm
from dragoman.demo.shop import app as shop
from dragoman.testing import Client
from dragoman.testing.contract import app as kit
from dragoman.testing.contract import make_app

DOCUMENTS = {
    f"{name}-{each.surface.name}": value_of(each.surface.name, app)
    for name, app in (("kit", kit), ("shop", shop))
    for each in app.surfaces
    if each.surface.style.name == "rest"
}


def shown(media: Mapping[str, Any]) -> list[Any]:
    """The examples of a media type or a parameter."""
    named = [each["value"] for each in media.get("examples", {}).values()]
    named += media.get("schema", {}).get("examples", [])
    return [*named, media["example"]] if "example" in media else named


def all_media(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every media type and parameter, with what it is called."""
    for method, path, operation in operations(document):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            yield f"{method} {path}, body", media
        for status, response in operation["responses"].items():
            for media in resolve(document, response).get("content", {}).values():
                yield f"{method} {path}, {status}", media
        for parameter in operation.get("parameters", ()):
            found = resolve(document, parameter)
            yield f"{method} {path}, {found['name']}", found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_is_valid(name: str) -> None:
    document = DOCUMENTS[name]
    seen = 0
    for place, media in all_media(document):
        for example in shown(media):
            schema = {**media["schema"], "components": document["components"]}
            errors = [each.message for each in Draft202012Validator(schema).iter_errors(example)]
            assert not errors, (place, example, errors)
            seen += 1
    assert seen > 10


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_body_and_every_answer_has_one(name: str) -> None:
    document = DOCUMENTS[name]
    lacking = [place for place, media in all_media(document) if "schema" in media and not shown(media)]
    assert not [each for each in lacking if each.endswith((", body", ", 200", ", 201"))]


def test_fields_have_those_of_their_authors() -> None:
    maker = DOCUMENTS["kit-public"]["components"]["schemas"]["Maker"]["properties"]["country"]
    assert maker["examples"] == ["GB"]


def test_the_server_takes_them() -> None:
    """What they refer to is not there; that apart, nothing is wrong with them."""
    document = DOCUMENTS["kit-public"]
    with Client(make_app()) as client:
        for method, path, operation in operations(document):
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                ids = [resolve(document, each) for each in operation.get("parameters", ())]
                url = path.replace("{id}", next((each["example"] for each in ids if each["name"] == "id"), ""))
                answer = client.request(method, "/v1" + url, json=content["example"], headers={"content-type": media})
                assert answer.status_code in (200, 201, 204, 404, 409), (method, path, answer.text)


class Trip(dm.Resource, prefix="trip"):
    goal: Annotated[str, dm.Example("Oslo")]
    day: Annotated[date, dm.Filter("gte"), dm.Example(date(2026, 12, 24))]
    how: Literal["train", "boat"] = "train"
    secret: Annotated[str, dm.Only("operator"), dm.Example("mine")] = ""


def test_an_author_can_give_their_own() -> None:
    trips = dm.Contract("travel").resource(Trip)
    one = dm.App(dm.rest("one", "/v1", audience="public", auth=dm.anonymous(), exposes=[trips]))
    paths = value_of("one", one)["paths"]
    body = paths["/trips"]["post"]["requestBody"]["content"]["application/json"]
    assert body["example"] == {"goal": "Oslo", "day": "2026-12-24", "how": "train"}
    patch = paths["/trips/{id}"]["patch"]["requestBody"]["content"]["application/json"]
    assert patch["example"] == {"how": "boat"}
    since = next(each for each in paths["/trips"]["get"]["parameters"] if each.get("name") == "day.gte")
    # Not the parameter's own: a page would fill it in, and ask for less than there is.
    assert since["schema"]["examples"] == ["2026-12-24"]
    assert "example" not in since
    assert "mine" not in str(paths)


def test_an_example_of_another_type_is_refused() -> None:
    class Wrong(dm.Struct):
        count: Annotated[int, dm.Ge(1), dm.Example(0)]

    contract = dm.Contract("wrong")
    with pytest.raises(dm.DeclarationError, match=r"Wrong\.count: its example 0 is not at least 1"):
        contract.declare("count", input=Wrong)
