"""Operations: what is called, with what, what comes back, and where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from openapi_text import reading, record

from dragoman.contract.operation import Effect, Interaction, Operation
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Field, Kind, List, Map, Record, Ref, Scalar
from dragoman.review.elements import Element, Position, answer, operation, parameter, type_
from dragoman.review.elements import Kind as ElementKind
from dragoman.review.reading import openapi
from dragoman.review.reading.extensions import Extensions
from dragoman.review.reading.folder import Folder
from dragoman.review.reading.outcome import Reading, Refusal, Scheme, Why
from dragoman.review.reading.parse import parse
from dragoman.review.wire import Answer, Http, Parameter, Requirement

STRING, INT = Scalar(Kind.STRING), Scalar(Kind.INT)

SHOP = """\
openapi: 3.0.3
info: {title: The Shop!, version: 1.2.0, description: All of it., contact: {name: Ann, email: ann@example.com},
  license: {name: MIT}, termsOfService: https://example.com/terms, x-audience: external-partner}
servers:
  - url: https://{region}.example.com/v1
    variables: {region: {default: eu}}
security: [{key: []}, {oauth: [read, write]}]
x-team: sales
paths:
  /orders:
    parameters:
      - {$ref: '#/components/parameters/Tenant'}
      - {name: page_size, in: query, schema: {type: integer}}
    get:
      operationId: listOrders
      tags: [orders]
      summary: List orders
      x-quota: 10
      parameters:
        - {name: page_size, in: query, required: true, description: How many., schema: {type: integer, default: 20}}
        - {name: limit, in: query, deprecated: true, schema: {type: integer}}
      responses:
        '200':
          description: A page.
          headers: {ETag: {schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/OrderPage'}}}
          links: {next: {operationId: listOrders}}
        '404': {$ref: '#/components/responses/NotFound'}
        5xx: {description: Bad.}
    post:
      description: Creates one.
      deprecated: true
      security: []
      requestBody: {$ref: '#/components/requestBodies/Order'}
      responses:
        '201':
          description: Made.
          content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
      callbacks:
        shipped:
          '{$request.body#/url}':
            post:
              requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
              responses: {'204': {description: Thanks.}}
  /orders/{id}:
    $ref: '#/x-items/order'
    delete: {operationId: list_orders, responses: {'204': {description: Gone.}}}
x-items:
  order:
    get: {operationId: get order, responses: {default: {$ref: '#/components/responses/Order'}}}
    delete: {operationId: never, responses: {}}
components:
  parameters:
    Tenant: {name: X-Tenant, in: header, schema: {type: string}}
  requestBodies:
    Order:
      content:
        application/json; charset=utf-8: {schema: {$ref: '#/components/schemas/Order'}}
        text/csv: {schema: {type: string}}
  responses:
    NotFound: {description: No., content: {application/problem+json: {schema: {type: object}}}}
    Order: {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
  schemas:
    Order: {type: object, properties: {url: {type: string}}}
    OrderPage: {type: object, properties: {orders: {type: array, items: {$ref: '#/components/schemas/Order'}}}}
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: /t, scopes: {read: Read., write: Write.}}}}
"""


def _http(read: Reading, name: str) -> tuple[Operation, Http]:
    found = read.contract.operations[name]
    http = found.traits.get(Http)
    assert http is not None
    return found, http


def test_what_a_document_says_of_itself() -> None:
    read = reading(SHOP)
    about = read.about
    assert (read.file, read.format, read.format_version) == ("api.yaml", "OpenAPI", "3.0.3")
    assert (about.title, about.version, about.description) == ("The Shop!", "1.2.0", "All of it.")
    assert (about.contact, about.license, about.terms) == ("Ann, ann@example.com", "MIT", "https://example.com/terms")
    assert about.servers == ("https://eu.example.com/v1",)
    assert about.audience is Audience.PARTNER
    assert about.extensions == {"x-team": "sales", "x-items": read.about.extensions["x-items"]} | {
        "x-audience": "external-partner"
    }
    assert about.schemes == (
        Scheme("key", "apiKey", "header"),
        Scheme("oauth", "oauth2", scopes=("read", "write")),
    )
    assert (read.contract.name, read.contract.version) == ("the_shop", "1.2.0")


def test_own_documents_say_whom_they_are_for() -> None:
    said = "The partner surface, for the partner audience: shop."
    assert reading(f"info: {{description: '{said}'}}\npaths: {{}}").about.audience is Audience.PARTNER
    assert reading("info: {description: It is for the partner audience.}\npaths: {}").about.audience is None


def test_an_operation_without_a_body_takes_its_query() -> None:
    found, http = _http(reading(SHOP), "list_orders")
    size = Field("page_size", INT, True, default=20, description="How many.")
    assert isinstance(found.input, Record)
    assert found.input.fields == (size, Field("limit", INT, False, deprecated=True))
    assert found.output == Ref("OrderPage")
    assert (found.effect, found.interaction) == (Effect.SAFE, Interaction.UNARY)
    assert found.description == "List orders"
    assert found.traits.get(Extensions) == Extensions({"x-quota": 10})
    assert (http.address, http.identifier, http.tags, http.summary) == (
        "GET /orders",
        "listOrders",
        ("orders",),
        "List orders",
    )
    assert http.parameters == (
        Parameter("X-Tenant", "header", STRING),
        Parameter("page_size", "query", INT, True, "How many."),
        Parameter("limit", "query", INT, deprecated=True),
    )
    assert http.answers == (
        Answer("200", ("application/json",), Ref("OrderPage"), ("ETag",), "A page."),
        Answer("404", ("application/problem+json",), Record(None, (), open=True), (), "No."),
        Answer("5XX", description="Bad."),
    )
    assert http.security == (Requirement((("key", ()),)), Requirement((("oauth", ("read", "write")),)))


def test_an_operation_with_a_body_takes_that() -> None:
    found, http = _http(reading(SHOP), "post_orders")
    assert (found.input, found.output, found.effect, found.deprecated) == (
        Ref("Order"),
        Ref("Order"),
        Effect.UNSAFE,
        True,
    )
    assert http.media == ("application/json; charset=utf-8", "text/csv")
    assert http.security == (Requirement(),)


def test_path_items_may_refer_to_others() -> None:
    read = reading(SHOP)
    got, _ = _http(read, "get_order")
    gone, http = _http(read, "list_orders_2")
    assert got.output == Ref("Order")
    assert (gone.output, gone.effect, http.address) == (None, Effect.IDEMPOTENT, "DELETE /orders/{id}")


def test_callbacks_are_what_the_server_calls() -> None:
    found, http = _http(reading(SHOP), "post_shipped_request_body_url")
    assert (http.direction, http.address) == ("callback", "POST shipped {$request.body#/url}")
    assert found.input == Ref("Order")


def test_webhooks() -> None:
    read = reading(
        """
        webhooks:
          newOrder: {post: {requestBody: {content: {application/json: {schema: {type: object}}}}}}
        """
    )
    found, http = _http(read, "post_new_order")
    assert (http.direction, http.address, http.security) == ("webhook", "POST newOrder", None)
    assert found.input == Record(None, (), open=True)
    assert read.remarks == ()


def test_elements_stand_where_they_are_written() -> None:
    read = reading(SHOP)
    markers = {
        operation("GET /orders"): "    get:",
        operation("DELETE /orders/{id}"): "    delete: {operationId: list_orders",
        operation("GET /orders/{id}"): "    get: {operationId: get order",
        parameter("GET /orders", "page_size"): "        - {name: page_size, in: query, required",
        parameter("GET /orders", "X-Tenant"): "      - {$ref: '#/components/parameters/Tenant'}",
        parameter("GET /orders", "unknown"): "    get:",
        answer("GET /orders", "404"): "        '404'",
        answer("GET /orders", "418"): "    get:",
        type_("OrderPage"): "    OrderPage:",
        Element(ElementKind.FIELD, "OrderPage.orders"): "    OrderPage:",
        Element(ElementKind.FIELD, "POST /orders.url"): "    Order: {type",
        Element(ElementKind.DOCUMENT, "api.yaml"): "openapi:",
        Element(ElementKind.EVENT, "none"): "openapi:",
    }
    lines = SHOP.splitlines()
    found = {element: lines[read.locate(element).line - 1] for element in markers}
    assert {element: line for element, line in found.items() if not line.startswith(markers[element])} == {}
    assert {str(each.element): each.what for each in read.kept} == {"answer GET /orders · 200": "links"}


@pytest.mark.parametrize(
    ("method", "media", "effect"),
    [
        ("get", "a/b", Effect.SAFE),
        ("head", "a/b", Effect.SAFE),
        ("options", "a/b", Effect.SAFE),
        ("trace", "a/b", Effect.SAFE),
        ("put", "a/b", Effect.IDEMPOTENT),
        ("delete", "a/b", Effect.IDEMPOTENT),
        ("post", "a/b", Effect.UNSAFE),
        ("patch", "application/json", Effect.UNSAFE),
        ("patch", "application/merge-patch+json", Effect.IDEMPOTENT),
        ("query", "a/b", Effect.SAFE),
    ],
)
def test_effects_follow_from_methods(method: str, media: str, effect: Effect) -> None:
    text = f"paths:\n  /a:\n    {method}: {{requestBody: {{content: {{{media}: {{schema: {{type: object}}}}}}}}}}"
    (found,) = reading(text, version="3.2.0").contract.operations.values()
    assert found.effect is effect


def test_methods_of_3_2() -> None:
    read = reading(
        """
        paths:
          /a:
            query: {responses: {}}
            additionalOperations: {COPY: {responses: {}}, PURGE: {responses: {}}}
        """,
        version="3.2.0",
    )
    assert list(read.contract.operations) == ["query_a", "copy_a", "purge_a"]
    assert read.locate(operation("COPY /a")).line == 6


@pytest.mark.parametrize(
    ("content", "item"),
    [
        ("text/event-stream: {itemSchema: {type: object, properties: {data: {type: string}}}}", "record"),
        ("application/jsonl: {itemSchema: {type: object, properties: {data: {type: string}}}}", "record"),
        ("application/json-seq: {schema: {type: object, properties: {data: {type: string}}}}", "record"),
        ("application/x-ndjson; charset=utf-8: {schema: {type: string}}", "text"),
        (
            "text/event-stream: {schema: {contentSchema: {items: {type: object, properties: {data: {type: string}}}}}}",
            "record",
        ),
        ("multipart/mixed: {itemSchema: {type: string}}", "text"),
    ],
)
def test_streams(content: str, item: str) -> None:
    text = f"paths: {{/a: {{get: {{responses: {{'200': {{content: {{{content}}}}}}}}}}}}}"
    (found,) = reading(text, version="3.2.0").contract.operations.values()
    assert found.interaction is Interaction.SERVER_STREAM
    assert found.output == (STRING if item == "text" else Record(None, (Field("data", STRING, False),)))


def test_what_may_be_streamed_as_well_is_unary() -> None:
    read = reading(
        """
        paths:
          /a:
            post:
              responses: {'200': {content: {application/json: {schema: {type: string}}, text/event-stream: {}}}}
        """
    )
    (found,) = read.contract.operations.values()
    assert (found.interaction, found.output) == (Interaction.UNARY, STRING)
    assert [each.what for each in read.kept] == ["that it may be streamed as well"]


def test_a_stream_that_is_taken() -> None:
    text = "paths: {/a: {post: {requestBody: {content: {application/jsonl: {itemSchema: {type: string}}}}}}}"
    (found,) = reading(text, version="3.2.0").contract.operations.values()
    assert (found.interaction, found.input, found.output) == (Interaction.CLIENT_STREAM, STRING, None)


def test_parameters_of_3_2_and_of_content() -> None:
    read = reading(
        """
        paths:
          /a/{id}:
            get:
              parameters:
                - {name: id, in: path, schema: {type: string}}
                - {name: filter, in: query, content: {application/json: {schema: {type: object, properties: {a: {}}}}}}
                - name: q
                  in: querystring
                  required: true
                  content:
                    application/x-www-form-urlencoded:
                      schema: {type: object, required: [x], properties: {x: {type: string}, y: {type: integer}}}
                - {name: w, in: nowhere}
        """,
        version="3.2.0",
    )
    _, http = _http(read, "get_a_id")
    given = [(each.name, each.place, each.required) for each in http.parameters]
    assert given == [("id", "path", True), ("filter", "query", False), ("x", "query", True), ("y", "query", False)]
    assert [each.message for each in read.remarks] == [
        "a parameter is in one of path, query, header, cookie, and this is in 'nowhere'"
    ]


# Swagger 2.0

OLD = """\
swagger: 2.0
info: {title: Old, version: 1.0}
host: example.com
basePath: /v2/
schemes: [https, http]
consumes: [application/json]
produces: [application/xml, application/json]
securityDefinitions: {login: {type: basic}, key: {type: apiKey, in: query, name: k}, o: {type: oauth2, scopes: {a: A}}}
paths:
  /pets/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, type: integer, format: int64}
        - {name: tags, in: query, type: array, items: {type: string, enum: [a, b]}, collectionFormat: csv}
      responses:
        200: {description: It., schema: {$ref: '#/definitions/Pet'}, headers: {X-Rate: {type: integer}}}
        default: {description: Bad.}
    put:
      parameters: [{name: body, in: body, required: true, schema: {$ref: '#/definitions/Pet'}}]
      responses: {204: {description: Done.}}
    post:
      consumes: [multipart/form-data]
      produces: [text/event-stream]
      parameters:
        - {name: photo, in: formData, type: file, required: true}
        - {name: note, in: formData, type: string, maxLength: 5}
      responses: {200: {description: Done., schema: {type: string}}}
definitions:
  Pet: {type: object, discriminator: kind, properties: {kind: {type: string}, raw: {type: file}}}
"""


def test_swagger_2() -> None:
    read = reading(OLD)
    assert (read.format_version, read.about.version) == ("2.0", "1.0")
    assert read.about.servers == ("https://example.com/v2", "http://example.com/v2")
    assert [(each.type, each.scheme, each.place) for each in read.about.schemes] == [
        ("http", "basic", ""),
        ("apiKey", "", "query"),
        ("oauth2", "", ""),
    ]
    got, http = _http(read, "get_pets_id")
    assert http.parameters[0] == Parameter("id", "path", Scalar(Kind.INT, format="int64"), True)
    assert isinstance(http.parameters[1].type, List)
    assert http.answers[0] == Answer("200", ("application/xml", "application/json"), Ref("Pet"), ("X-Rate",), "It.")
    assert got.output == Ref("Pet")
    put, http = _http(read, "put_pets_id")
    assert (put.input, http.media, http.security) == (Ref("Pet"), ("application/json",), None)
    assert record(read, "Pet").fields[1].type == Scalar(Kind.BYTES, format="binary")
    assert [(str(each.element), each.what) for each in read.kept] == [("type Pet", "a discriminator without oneOf")]


def test_forms_and_streams_of_swagger_2() -> None:
    posted, http = _http(reading(OLD), "post_pets_id")
    assert http.media == ("multipart/form-data",)
    assert isinstance(posted.input, Record)
    assert [(each.name, each.required) for each in posted.input.fields] == [("photo", True), ("note", False)]
    assert posted.input.fields[0].type == Scalar(Kind.BYTES, format="binary")
    assert (posted.interaction, posted.output) == (Interaction.SERVER_STREAM, STRING)


# Versions, and what is none


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("swagger: '1.2'", "its version is swagger '1.2'"),
        ("openapi: 4.0.0", "its version is openapi '4.0.0'"),
        ("openapi: latest", "its version is openapi 'latest'"),
        ("asyncapi: 3.0.0", "it is no OpenAPI document: it has neither openapi nor swagger"),
        ("- openapi", "it is no OpenAPI document: its root is no object"),
    ],
)
def test_other_versions_and_documents_are_not_supported(text: str, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        openapi.read(parse(text.encode(), "api.yaml"))
    refusal = caught.value
    assert (refusal.why, refusal.message) == (Why.UNSUPPORTED, message)
    assert refusal.position == Position("api.yaml", 1, 1)
    assert refusal.remedy == "Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 are read"


def test_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    read = reading("paths: {}", version="3.9.0")
    assert [each.message for each in read.remarks] == [
        "OpenAPI 3.9.0 is newer than what is known here, and read as 3.2"
    ]


def test_a_version_that_yaml_takes_for_a_number() -> None:
    assert openapi.read(parse(b"openapi: 3.1\npaths: {}", "a.yaml")).format_version == "3.1"


def test_a_document_without_anything_to_call() -> None:
    assert [each.message for each in reading("info: {title: x}").remarks] == ["it has no paths"]


def test_an_operation_id_that_stands_twice() -> None:
    read = reading("paths: {/a: {get: {operationId: x}, put: {operationId: x}}, /b: 3}")
    assert list(read.contract.operations) == ["x", "x_2"]
    assert {each.message for each in read.remarks} == {
        "/b holds no operations",
        "the operationId x stands for another operation already",
    }


@pytest.mark.parametrize("title", ["", "!!!", "Ä", "2 Fast", "x" * 500, "Petstore (v1)"])
def test_any_title_gives_a_name(title: str) -> None:
    assert reading(f"info: {{title: '{title}'}}\npaths: {{}}").contract.name


@pytest.mark.parametrize(
    "wrong",
    [
        "[]",
        "3",
        "x",
        "{a: 1}",
        "[1, {}]",
        "{'200': 3, x-a: 1}",
        "{get: 3, post: [], parameters: {a: b}}",
        "null",
        "true",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        "info: {}",
        "servers: {}",
        "security: {}",
        "paths: {}",
        "paths: {{/a: {}}}",
        "paths: {{/a: {{get: {}}}}}",
        "paths: {{/a: {{parameters: {}, get: {{parameters: {}}}}}}}",
        "paths: {{/a: {{get: {{responses: {}}}}}}}",
        "paths: {{/a: {{get: {{responses: {{'200': {}}}}}}}}}",
        "paths: {{/a: {{get: {{responses: {{'200': {{content: {}, headers: {}}}}}}}}}}}",
        "paths: {{/a: {{get: {{responses: {{'200': {{content: {{a/b: {}}}}}}}}}}}}}",
        "paths: {{/a: {{post: {{requestBody: {}, callbacks: {}, security: {}, tags: {}}}}}}}",
        "components: {}",
        "components: {{schemas: {}, securitySchemes: {}}}",
        "components: {{schemas: {{A: {}}}}}",
        "webhooks: {}",
    ],
)
def test_what_is_wrong_does_not_keep_the_rest_from_being_read(place: str, wrong: str) -> None:
    text = place.format(*[wrong] * place.count("{}"))
    for version in ("openapi: 3.1.0", "openapi: 3.0.0", "swagger: '2.0'"):
        openapi.read(parse(f"{version}\n{text}".encode(), "api.yaml"))


# Other files


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "api.yaml").write_text(
        "openapi: 3.1.0\npaths:\n  /a: {$ref: 'parts/paths.yaml#/~1a'}\n  /b: {$ref: parts/gone.yaml}\n"
        "  /c: {get: {responses: {'200': {$ref: 'https://example.com/x.yaml#/R'}}}}\n"
        "components: {schemas: {Pet: {type: object}}}\n"
    )
    (tmp_path / "parts/paths.yaml").write_text(
        "/a:\n  get:\n    responses:\n      '200':\n        content: {a/b: {schema: {$ref: models.json#/Pet}}}\n"
    )
    (tmp_path / "parts/models.json").write_text(
        '{"x": 1, "x": 2, "Pet": {"properties": {"mother": {"$ref": "#/Pet"}, "home": {"$ref": "home.json"}}}}'
    )
    (tmp_path / "parts/home.json").write_text('{"type": "object",\n "properties": {"street": {"type": "string"}}}')
    return tmp_path


def test_references_to_other_files(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    documents = Folder(folder, lambda path: str(path.relative_to(folder)))
    read = openapi.read(documents.tree(folder / "api.yaml"), documents.load)
    found, _ = _http(read, "get_a")
    assert found.output == Ref("Pet2")
    assert [each.type for each in record(read, "Pet2").fields] == [Ref("Pet2"), Ref("home")]
    assert read.locate(operation("GET /a")) == Position("parts/paths.yaml", 2, 3)
    assert read.locate(Element(ElementKind.FIELD, "Pet2.home.street")) == Position("parts/home.json", 2, 17)
    assert [(each.position.line, each.message) for each in read.remarks] == [
        (4, "there is no file parts/gone.yaml"),
        (5, "the reference https://example.com/x.yaml is on a network, which is not asked"),
        (1, "'x' stands twice in this object, and the last one counts"),
    ]


def test_without_the_folder_other_files_are_told(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    read = openapi.read(parse((folder / "api.yaml").read_bytes(), "api.yaml"))
    assert "the reference parts/paths.yaml is another file, and this document is read alone" in {
        each.message for each in read.remarks
    }


def test_maps_in_answers() -> None:
    text = (
        "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {additionalProperties: {type: string}}}}}}}}}"
    )
    (found,) = reading(text).contract.operations.values()
    assert found.output == Map(STRING, STRING)
