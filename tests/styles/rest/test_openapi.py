"""The OpenAPI document: valid, complete, stable, and true of what the server answers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import dragoman as dm
from dragoman.ports.wire import Request, Response
from dragoman.runtime.http import problem
from dragoman.testing.contract import app


def document_of(name: str, of: dm.App = app) -> bytes:
    """The document of a surface, as its endpoint serves it."""
    bound = next(each for each in of.surfaces if each.surface.name == name)
    response = bound.endpoint.document(Request("GET", f"{bound.surface.path}/openapi.json"))
    assert response is not None
    return response.body


def value_of(name: str, of: dm.App = app) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(document_of(name, of))
    return value


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


@pytest.fixture(scope="module")
def public() -> dict[str, Any]:
    return value_of("public")


@pytest.fixture(scope="module")
def admin() -> dict[str, Any]:
    return value_of("admin")


@pytest.mark.parametrize("surface", ["public", "admin"])
def test_it_is_valid(surface: str) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(value_of(surface)).iter_errors()] == []


def test_the_demo_is_valid() -> None:
    from dragoman.demo.shop import app as shop

    for surface in ("partner", "admin"):
        assert [error.message for error in OpenAPIV31SpecValidator(value_of(surface, shop)).iter_errors()] == []


@pytest.mark.parametrize("surface", ["public", "admin"])
def test_golden(surface: str, golden: Callable[[str, str], None]) -> None:
    golden(f"styles/rest/golden/openapi-{surface}.json", document_of(surface).decode())


def test_it_is_the_same_in_every_process() -> None:
    """Byte for byte, whatever the order of Python's sets."""
    code = (
        "import sys; from dragoman.cli.export import export; from dragoman.testing.contract import app\n"
        "for name in ('public', 'admin'): sys.stdout.buffer.write(export(app, name))"
    )
    command, seeded = [sys.executable, "-c", code], {**os.environ, "PYTHONHASHSEED": "20261122"}
    done = subprocess.run(command, env=seeded, check=True, capture_output=True, timeout=120)
    assert done.stdout == document_of("public") + document_of("admin")


# Names


def test_operation_ids(public: dict[str, Any]) -> None:
    assert [operation["operationId"] for _, _, operation in operations(public)] == [
        "list_makers",
        "create_maker",
        "get_maker",
        "update_maker",
        "delete_maker",
        "list_things",
        "create_thing",
        "get_thing",
        "update_thing",
        "delete_thing",
        "retire_thing",
        "order_thing",
        "describe_thing",
        "disassemble_thing",
        "assemble_thing",
        "ask",
        "answer_slowly",
        "forget",
        "appraise",
        "recall",
        "list_countries",
        "create_country",
        "get_country",
        "update_country",
        "delete_country",
        "list_parts",
        "create_part",
        "get_part",
        "update_part",
        "delete_part",
        "take_part",
        "list_maker_things",
        "list_maker_bequests",
        "list_thing_parts",
        "list_country_parts",
        "list_part_spares",
    ]


def test_components_are_named_for_what_they_are(public: dict[str, Any]) -> None:
    names = set(public["components"]["schemas"])
    assert {"Maker", "MakerCreate", "MakerUpdate", "MakerPage", "Box", "BoxInput", "BoxUpdate", "Size"} <= names
    # Enums are alike both ways, `Answer` is alike in both contracts; `Box` is not.
    assert not {"SizeInput", "SecondHandAnswer"} & names
    assert "SecondHandBox" in names


def test_a_type_called_problem_does_not_displace_ours() -> None:
    class Problem(dm.Struct):
        size: int

    contract = dm.Contract("maths")

    @contract.operation
    def solve(problem: Problem) -> Problem:
        return problem

    one = dm.App(dm.rest("one", "/v1", audience="public", auth=dm.anonymous(), exposes=[solve]))
    schemas = value_of("one", one)["components"]["schemas"]
    assert set(schemas) == {
        "MathsProblem",
        "MathsProblemInput",
        "Problem",
        "ProblemCode",
        "ProblemCodeOutput",
        "Violation",
    }
    assert "retryable" in schemas["Problem"]["properties"]


def test_every_component_is_used(public: dict[str, Any], admin: dict[str, Any]) -> None:
    """Linters ask for it, and nobody can tell what an unused one is for."""
    from dragoman.demo.shop import app as shop

    for document in (public, admin, value_of("partner", shop), value_of("admin", shop)):
        text = json.dumps(document)
        for section, members in document["components"].items():
            for name in members if section != "securitySchemes" else ():
                assert f'"#/components/{section}/{name}"' in text, name


def test_every_operation_says_what_linters_ask_for(public: dict[str, Any]) -> None:
    declared = {each["name"] for each in public["tags"]}
    assert all(each["description"] for each in public["tags"])
    for _, _, operation in operations(public):
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= declared
        assert any(status.startswith("4") for status in operation["responses"])


# What it says


def test_info_and_servers(public: dict[str, Any], admin: dict[str, Any]) -> None:
    assert public["info"] == {
        "title": "Things",
        "description": "All about things.",
        "termsOfService": "https://example.com/terms",
        "contact": {"name": "Things", "url": "https://example.com/help", "email": "things@example.com"},
        "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        "version": "2.1.0, 0.3.0",
    }
    assert admin["info"] == {
        "title": "admin",
        "description": "Things, and who makes them.",
        "contact": {"email": "admin@example.com"},
        "license": {"name": "Ours", "url": "https://example.com/licence"},
        "version": "2.1.0",
    }
    assert public["servers"] == [{"url": "/v1"}]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: dm.Contact(), "Contact(): it says nothing. Give at least one"),
        (lambda: dm.Contact(url="example.com"), "it is no absolute URL. Begin it with https://"),
        (lambda: dm.Contact(email="nobody"), "it is no e-mail address"),
        (lambda: dm.License(""), "it has no name"),
        (lambda: dm.License("MIT", identifier="MIT", url="https://example.com/mit"), "Give one of them"),
        (lambda: dm.Imprint(terms="/terms"), "Imprint(terms='/terms'): it is no absolute URL"),
    ],
)
def test_an_imprint_that_says_nothing_is_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(dm.DeclarationError, match=re.escape(said)):
        make()


def test_security(public: dict[str, Any], admin: dict[str, Any]) -> None:
    assert public["security"] == []
    assert "securitySchemes" not in public["components"]
    assert admin["security"] == [{"bearer": []}]
    assert admin["components"]["securitySchemes"]["bearer"]["type"] == "http"


def test_fields_of_others_do_not_exist(public: dict[str, Any]) -> None:
    """Nor their filters, nor their part of a default."""
    assert "secret" not in json.dumps(public)
    assert "note" not in public["components"]["schemas"]["BoxInput"]["properties"]
    box = public["components"]["schemas"]["ThingCreate"]["properties"]["box"]
    assert box["default"] == {"width": 1.0, "inside": []}


def test_fields_for_operators(admin: dict[str, Any]) -> None:
    assert "secret" in admin["components"]["schemas"]["Thing"]["properties"]
    names = [each.get("name") for each in admin["paths"]["/things"]["get"]["parameters"]]
    assert "secret" in names


def test_input_is_closed_and_output_open(public: dict[str, Any]) -> None:
    schemas = public["components"]["schemas"]
    for name in ("ThingCreate", "ThingUpdate", "BoxInput", "BoxUpdate", "CardInput", "OrderInput"):
        assert schemas[name]["additionalProperties"] is False, name
    for name in ("Thing", "Box", "Card", "Receipt", "MakerPage", "Problem"):
        assert "additionalProperties" not in schemas[name], name


def test_what_the_server_sets(public: dict[str, Any]) -> None:
    schemas = public["components"]["schemas"]
    server_set = {"id", "created_at", "updated_at", "stamp"}
    read_only = {name for name, each in schemas["Thing"]["properties"].items() if each.get("readOnly")}
    assert read_only == server_set
    for name in ("ThingCreate", "ThingUpdate"):
        assert not server_set & set(schemas[name]["properties"])
    assert set(schemas["Thing"]["required"]) == set(schemas["Thing"]["properties"]) - {"expanded"}


def test_what_the_server_sets_is_in_no_input(public: dict[str, Any]) -> None:
    schemas = public["components"]["schemas"]
    assert "approved" in schemas["Order"]["properties"]
    assert "approved" not in schemas["OrderInput"]["properties"]
    asked = [each.get("name") for each in public["paths"]["/ask"]["get"]["parameters"]]
    assert "text" in asked
    assert "asked_by" not in asked


def test_an_update_asks_for_nothing_and_assumes_nothing(public: dict[str, Any]) -> None:
    update = public["components"]["schemas"]["ThingUpdate"]
    assert "required" not in update
    assert "default" not in json.dumps(update)
    assert update["properties"]["heir"]["type"] == ["string", "null"]
    assert update["properties"]["text"]["type"] == "string"
    assert set(public["paths"]["/things/{id}"]["patch"]["requestBody"]["content"]) == {
        "application/merge-patch+json",
        "application/json",
    }


SOMETIMES = {"Last-Modified", "Link", "Retry-After"}
"""Headers that an answer has or has not."""


def test_statuses(public: dict[str, Any], admin: dict[str, Any]) -> None:
    everywhere = {"400", "422", "503", "504", "default"}
    found = {operation["operationId"]: set(operation["responses"]) for _, _, operation in operations(public)}
    assert found["list_makers"] == everywhere | {"200", "304", "404", "406"}
    assert found["get_maker"] == everywhere | {"200", "304", "404", "406"}
    assert found["create_maker"] == everywhere | {"201", "406", "409", "413", "415"}
    assert found["update_maker"] == everywhere | {"200", "404", "406", "409", "412", "413", "415"}
    assert found["delete_maker"] == everywhere | {"204", "404", "409", "412"}
    assert found["retire_thing"] == everywhere | {"200", "404", "406", "409", "412", "429"}
    assert found["describe_thing"] == everywhere | {"200", "304", "404", "406"}
    assert found["ask"] == everywhere | {"200", "304", "406"}
    assert found["forget"] == everywhere | {"204", "409"}
    strict = {operation["operationId"]: set(operation["responses"]) for _, _, operation in operations(admin)}
    assert strict["delete_maker"] == found["delete_maker"] | {"401", "403", "428"}
    assert "428" not in strict["retire_thing"]


def test_declared_faults_are_described(public: dict[str, Any]) -> None:
    responses = public["paths"]["/things/{id}:retire"]["post"]["responses"]
    assert "`FAILED_PRECONDITION` (`OUT_OF_STOCK`): There is none left." in responses["409"]["description"]
    assert "`RESOURCE_EXHAUSTED` (`TOO_SOON`)" in responses["429"]["description"]


def test_parameters_of_a_list(public: dict[str, Any]) -> None:
    parameters = {each.get("name", each.get("$ref")): each for each in public["paths"]["/things"]["get"]["parameters"]}
    assert {"count.eq", "count.gte", "count.lt", "big.in", "size.ne", "flag", "maker"} <= set(parameters)
    assert parameters["big.in"]["explode"] is False
    assert parameters["big.in"]["schema"]["type"] == "array"
    # A bound of the field is none of what it is compared with.
    assert parameters["count.lt"]["schema"]["maximum"] == 2**53 - 1
    size = public["components"]["parameters"]["PageSize"]["schema"]
    assert "maximum" not in size
    nested = [each.get("name") for each in public["paths"]["/makers/{id}/things"]["get"]["parameters"]]
    assert "maker" not in nested
    assert "count.gte" in nested


def test_if_match(public: dict[str, Any], admin: dict[str, Any]) -> None:
    for path, method in (("/makers/{id}", "patch"), ("/makers/{id}", "delete"), ("/things/{id}:retire", "post")):
        assert {"$ref": "#/components/parameters/IfMatch"} in public["paths"][path][method]["parameters"]
    required = {"$ref": "#/components/parameters/IfMatchRequired"}
    assert required in admin["paths"]["/makers/{id}"]["patch"]["parameters"]
    assert required not in admin["paths"]["/things/{id}:retire"]["post"]["parameters"]
    assert admin["components"]["parameters"]["IfMatchRequired"]["required"] is True


def test_the_tenant_header_stands_where_tenants_are_crossed(public: dict[str, Any], admin: dict[str, Any]) -> None:
    assert "Tenant" not in public["components"]["parameters"]
    assert admin["components"]["parameters"]["Tenant"]["name"] == "Dragoman-Tenant"


# That it is true


def schema_in(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Draft202012Validator:
    """A validator of a schema that refers into the document."""
    return Draft202012Validator({**schema, "components": document["components"]})


FAULTS = [
    dm.InvalidArgument("no", violations=[dm.Violation(("a", 0, "b/c"), "must be", "ge")]),
    dm.FailedPrecondition("no", metadata={"current_version": "3"}),
    dm.Internal("no"),
    problem.MethodNotAllowed("PUT", ["GET"]),
]


@pytest.mark.parametrize("place", ["body", "query", "path", "header"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_problems_are_as_described(public: dict[str, Any], fault: dm.Fault, place: str) -> None:
    written = json.loads(msgspec.json.encode(problem.document(fault, request_id="req_1", place=place)))
    schema = public["components"]["schemas"]["Problem"]
    schema_in(public, schema).validate(written)
    assert set(written) <= set(schema["properties"])
    for each in written.get("errors", ()):
        assert set(each) <= set(public["components"]["schemas"]["Violation"]["properties"])


def resolve(document: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in value:
        return value
    section, name = value["$ref"].removeprefix("#/components/").split("/")
    found: Mapping[str, Any] = document["components"][section][name]
    return found


class Conversation:
    """Requests to the application; each answer is held against the document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.seen: set[tuple[str, int]] = set()

    async def ask(
        self, method: str, path: str, id: str = "", *, query: str = "", body: Any = None, **headers: str
    ) -> tuple[Response, Any]:
        given = {name.replace("_", "-"): text for name, text in headers.items()}
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        response = await app.respond(Request(method, "/v1" + path.replace("{id}", id), query, given, raw))
        operation = self.document["paths"][path][method.lower()]
        self.seen.add((operation["operationId"], response.status))
        described = resolve(self.document, operation["responses"][str(response.status)])
        sent = {name.decode().lower(): text.decode() for name, text in response.headers}
        assert {name.lower() for name in described.get("headers", ()) if name not in SOMETIMES} <= set(sent)
        content = described.get("content")
        if content is None:
            assert response.body == b""
            return response, None
        media = sent["content-type"]
        value = json.loads(response.body)
        schema_in(self.document, content[media]["schema"]).validate(value)
        return response, value


THING = {"small": 1, "ratio": 0.5, "payment": {"type": "card", "number": "1234"}}


async def converse(talk: Conversation) -> None:
    _, maker = await talk.ask("POST", "/makers", body={"name": "Ada", "country": "GB"})
    await talk.ask("POST", "/makers", body={"name": "Ada", "country": "GB"})
    await talk.ask("POST", "/makers", body=b"{")
    await talk.ask("POST", "/makers", body={"nam": 1})
    await talk.ask("POST", "/makers", body=b"<a/>", content_type="application/xml")
    full = {
        **THING,
        "maker": maker["id"],
        "shape": {"kind": "circle"},
        "by_key": {str(KEY): {"width": 1, "inside": []}},
    }
    created, thing = await talk.ask("POST", "/things", body=full)
    tag = dict(created.headers)[b"etag"].decode()
    await talk.ask("GET", "/things/{id}", thing["id"])
    await talk.ask("GET", "/things/{id}", thing["id"], if_none_match=tag)
    await talk.ask("GET", "/things/{id}", "thg_x")
    await talk.ask("GET", "/things/{id}", thing["id"], query="a=%")
    await talk.ask("GET", "/things", query="page_size=1&count.gte=0&order_by=-created_at&size.in=small,large")
    await talk.ask("GET", "/things", query="order_by=nothing")
    await talk.ask("GET", "/makers/{id}/things", maker["id"])
    await talk.ask("GET", "/makers/{id}/things", "mkr_x")
    await talk.ask("POST", "/things/{id}:order", thing["id"], body={"amount": 2})
    await talk.ask("GET", "/things/{id}:describe", thing["id"])
    await talk.ask("GET", "/ask", query="text=why&numbers=1&numbers=2")
    await talk.ask("POST", "/forget")
    await talk.ask("POST", "/appraise", body={"holds": "air", "inside": [{"holds": "more"}]})
    await talk.ask("DELETE", "/makers/{id}", maker["id"])
    await talk.ask("POST", "/things/{id}:retire", thing["id"], if_match=tag)
    await talk.ask("PATCH", "/things/{id}", thing["id"], body={"text": "b"}, if_match=tag)
    await talk.ask("PATCH", "/things/{id}", thing["id"], body={"text": "b", "spare": {"width": 2}})
    await talk.ask("DELETE", "/things/{id}", thing["id"])


KEY = "6b2b64d4-4b3a-4c3c-9d1c-2f8f5b1f0e11"


def test_answers_are_as_described(public: dict[str, Any], tmp_path: Path) -> None:
    talk = Conversation(public)

    async def run() -> None:
        app.use(tmp_path / "things.db")
        await app.start()
        try:
            await converse(talk)
        finally:
            await app.stop()

    asyncio.run(run())
    assert {
        ("create_maker", 201), ("create_maker", 409), ("create_maker", 400), ("create_maker", 422),
        ("create_maker", 415), ("get_thing", 304), ("get_thing", 404), ("get_thing", 400),
        ("list_things", 200), ("list_things", 422), ("list_maker_things", 404), ("order_thing", 200),
        ("describe_thing", 200), ("ask", 200), ("forget", 204), ("appraise", 200), ("delete_maker", 409),
        ("retire_thing", 200), ("update_thing", 412), ("update_thing", 200), ("delete_thing", 204),
    } <= talk.seen  # fmt: skip
