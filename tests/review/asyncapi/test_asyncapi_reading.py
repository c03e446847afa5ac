"""AsyncAPI 2 and 3 as contracts."""

from pathlib import Path

import pytest

from dragoman.contract.schema import Field, Kind, List, Record, Ref, Scalar, Union
from dragoman.contract.traits import Traits
from dragoman.review.elements import Element, field, operation, type_
from dragoman.review.elements import Kind as Elements
from dragoman.review.reading.asyncapi import read
from dragoman.review.reading.asyncapi.traits import Delivery, Message
from dragoman.review.reading.folder import Folder
from dragoman.review.reading.outcome import Reading, Refusal, Scheme, Why
from dragoman.review.reading.parse import parse
from dragoman.review.wire import Channelled, Requirement

THREE = """\
asyncapi: 3.0.0
info: {title: Shop Events, version: 1.2.0, description: What happens.}
defaultContentType: application/json
servers:
  main: {host: "broker.example.com:9092", protocol: kafka, security: [{$ref: "#/components/securitySchemes/sasl"}]}
  edge:
    host: "{region}.example.com"
    pathname: /ws
    protocol: wss
    variables: {region: {default: eu}}
channels:
  placed:
    address: shop.orders.{region}
    parameters: {region: {}}
    servers: [{$ref: "#/servers/main"}]
    bindings: {kafka: {partitions: 3}}
    messages:
      orderPlaced: {$ref: "#/components/messages/OrderPlaced"}
      orderLost:
        summary: It went astray.
        payload: {type: object, properties: {id: {type: string}}}
  prices:
    address: null
    servers: [{$ref: "#/servers/edge"}]
    messages:
      ask: {payload: {$ref: "#/components/schemas/Ask"}}
  answers:
    messages:
      price: {payload: {type: number}}
      sorry: {payload: {type: string}}
  audit:
    messages:
      entry:
        payload:
          schemaFormat: application/vnd.apache.avro;version=1.9.0
          schema: {type: record, name: Entry, fields: []}
operations:
  sendPlaced:
    action: send
    channel: {$ref: "#/channels/placed"}
    summary: An order was placed.
    tags: [{name: orders}]
    bindings: {kafka: {clientId: {type: string}}}
    traits: [{description: From a trait., summary: It is not this.}]
  onPlaced:
    action: receive
    channel: {$ref: "#/channels/placed"}
    messages: [{$ref: "#/channels/placed/messages/orderPlaced"}]
    security: [{type: http, scheme: bearer}]
  askPrice:
    action: receive
    channel: {$ref: "#/channels/prices"}
    reply:
      channel: {$ref: "#/channels/answers"}
components:
  securitySchemes:
    sasl: {type: scramSha256}
  messages:
    OrderPlaced:
      name: order.placed
      title: Placed
      contentType: application/cloudevents+json
      x-version: "2"
      correlationId: {location: $message.header#/correlationId}
      headers: {type: object, properties: {correlationId: {type: string}}}
      bindings: {kafka: {key: {type: string}}}
      traits: [{description: Somebody bought something., contentType: text/plain}]
      payload: {$ref: "#/components/schemas/Order"}
  schemas:
    Ask: {type: object, required: [sku], properties: {sku: {type: string}}}
    Order:
      type: object
      required: [id]
      properties:
        id: {type: string}
        lines: {type: array, items: {$ref: "#/components/schemas/Line"}}
    Line: {type: object, properties: {of: {$ref: "#/components/schemas/Order"}}}
"""

TWO = """\
asyncapi: '2.6.0'
info: {title: Lights, version: '1'}
servers:
  main: {url: "mqtt://{where}:1883", protocol: mqtt, variables: {where: {default: example.com}}, security: [{key: []}]}
channels:
  light/{id}/measured:
    parameters: {id: {schema: {type: string}}}
    publish:
      operationId: onMeasured
      message: {$ref: "#/components/messages/measured"}
  light/turn:
    servers: [main]
    subscribe:
      summary: Turn it.
      security: [{key: [write]}]
      message:
        oneOf:
          - {name: turnOn, payload: {type: object, properties: {on: {type: boolean}}}}
          - {messageId: dim, payload: {type: integer}}
components:
  securitySchemes: {key: {type: userPassword}}
  messages:
    measured:
      description: It was measured.
      traits: [{description: The trait counts.}]
      payload: {type: object, properties: {lumens: {type: integer, minimum: 0}}}
"""


def read_text(text: str) -> Reading:
    return read(parse(text.encode(), "events.yaml"))


@pytest.fixture(scope="module")
def three() -> Reading:
    return read_text(THREE)


@pytest.fixture(scope="module")
def two() -> Reading:
    return read_text(TWO)


def channelled(reading: Reading) -> dict[str, Channelled | None]:
    return {name: event.traits.get(Channelled) for name, event in reading.contract.events.items()}


def told(traits: Traits) -> tuple[Message, Delivery]:
    message, delivery = traits.get(Message), traits.get(Delivery)
    assert message is not None
    assert delivery is not None
    return message, delivery


def test_the_document(three: Reading) -> None:
    about = three.about
    assert (three.format_version, about.title, about.version) == ("3.0.0", "Shop Events", "1.2.0")
    assert about.servers == ("kafka://broker.example.com:9092", "wss://eu.example.com/ws")
    assert about.schemes == (Scheme("sasl", "scramSha256"),)
    assert three.contract.name == "shop_events"


def test_events_are_sent_and_received(three: Reading) -> None:
    placed = "shop.orders.{region}"
    assert channelled(three) == {
        "order.placed": Channelled("send", placed, ("kafka",)),
        "orderLost": Channelled("send", placed, ("kafka",)),
        f"order.placed ({placed})": Channelled("receive", placed, ("kafka",)),
        "entry": Channelled("send", "audit", ("kafka", "wss")),
    }


def test_an_event(three: Reading) -> None:
    event = three.contract.events["order.placed"]
    message, delivery = told(event.traits)
    assert (event.payload, event.key, event.description) == (Ref("Order"), "", "Somebody bought something.")
    assert message.content_type == "application/cloudevents+json"
    assert message.correlation == "$message.header#/correlationId"
    assert (message.name, message.title, message.version) == ("order.placed", "Placed", "2")
    assert message.bindings == {"kafka": {"key": {"type": "string"}}}
    assert isinstance(message.headers, Record)
    assert (delivery.identifier, delivery.summary, delivery.tags) == ("sendPlaced", "An order was placed.", ("orders",))
    assert (delivery.servers, delivery.parameters) == (("main",), ("region",))
    assert delivery.channel_bindings == {"kafka": {"partitions": 3}}
    assert delivery.bindings == {"kafka": {"clientId": {"type": "string"}}}
    assert delivery.security == (Requirement((("sasl", ()),)),)


def test_an_event_says_what_its_operation_asks_for(three: Reading) -> None:
    _, delivery = told(three.contract.events["order.placed (shop.orders.{region})"].traits)
    assert delivery.security == (Requirement((("http", ()),)),)


def test_the_default_content_type(three: Reading) -> None:
    message, _ = told(three.contract.events["orderLost"].traits)
    assert message.content_type == "application/json"
    assert three.contract.events["orderLost"].description == "It went astray."


def test_payloads_refer_to_one_another(three: Reading) -> None:
    order, line = three.contract.types["Order"], three.contract.types["Line"]
    assert isinstance(order, Record)
    assert isinstance(line, Record)
    assert order.field("lines") == Field("lines", List(Ref("Line")), required=False)
    assert line.field("of") == Field("of", Ref("Order"), required=False)


def test_a_request_with_a_reply_is_an_operation(three: Reading) -> None:
    (found,) = three.contract.operations.values()
    assert (found.name, found.input) == ("ask_price", Ref("Ask"))
    assert isinstance(found.output, Union)
    assert [each.type for each in found.output.variants] == [Scalar(Kind.DOUBLE), Scalar(Kind.STRING)]
    assert found.traits.get(Channelled) == Channelled("receive", "prices", ("wss",))
    delivery = found.traits.get(Delivery)
    assert delivery is not None
    assert delivery.reply_to == "answers"


def test_payloads_in_other_languages_are_told(three: Reading) -> None:
    avro = "application/vnd.apache.avro;version=1.9.0"
    event = three.contract.events["entry"]
    assert event.payload == Scalar(Kind.ANY, format=avro)
    assert told(event.traits)[0].schema_format == avro
    (kept,) = three.kept
    assert kept.element == Element(Elements.EVENT, "entry")
    assert kept.what == f"the payload, which is described in {avro}"


def test_a_channel_that_no_operation_uses(three: Reading) -> None:
    (remark,) = three.remarks
    assert remark.message.startswith("no operation says whether the application sends to the channel audit")
    assert remark.position.line == 31


@pytest.mark.parametrize(
    ("element", "line"),
    [
        (Element(Elements.EVENT, "order.placed"), "    OrderPlaced:"),
        (Element(Elements.EVENT, "orderLost"), "      orderLost:"),
        (field("orderLost", "id"), "        payload: {type: object, properties: {id: {type: string}}}"),
        (operation("receive prices"), "  askPrice:"),
        (type_("Order"), "    Order:"),
        (field("Order", "lines"), '        lines: {type: array, items: {$ref: "#/components/schemas/Line"}}'),
        (Element(Elements.EVENT, "gone"), "asyncapi: 3.0.0"),
    ],
)
def test_where_things_stand(three: Reading, element: Element, line: str) -> None:
    assert THREE.splitlines()[three.locate(element).line - 1] == line


def test_what_others_publish_is_received(two: Reading) -> None:
    """2.x speaks from the other side."""
    assert channelled(two) == {
        "measured": Channelled("receive", "light/{id}/measured", ("mqtt",)),
        "turnOn": Channelled("send", "light/turn", ("mqtt",)),
        "dim": Channelled("send", "light/turn", ("mqtt",)),
    }
    assert two.about.servers == ("mqtt://example.com:1883",)


def test_in_2_traits_come_last(two: Reading) -> None:
    assert two.contract.events["measured"].description == "The trait counts."


def test_in_2_security_goes_by_names(two: Reading) -> None:
    found = {name: told(event.traits)[1].security for name, event in two.contract.events.items()}
    assert found == {
        "measured": (Requirement((("key", ()),)),),
        "turnOn": (Requirement((("key", ("write",)),)),),
        "dim": (Requirement((("key", ("write",)),)),),
    }


def test_messages_in_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("api").mkdir()
    Path("api/shared.yaml").write_text(
        "messages: {paid: {payload: {$ref: '#/schemas/Paid'}}}\nschemas: {Paid: {type: object, properties: {}}}\n"
    )
    text = "asyncapi: 2.0.0\nchannels: {paid: {publish: {message: {$ref: 'shared.yaml#/messages/paid'}}}}\n"
    Path("api/events.yaml").write_text(text)
    folder = Folder(Path("api"), Path.as_posix)
    reading = read(folder.tree(Path("api/events.yaml")), folder.load)
    assert not reading.remarks
    assert reading.contract.events["paid"].payload == Ref("Paid")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("asyncapi: 1.2.0\n", "its version is '1.2.0'"),
        ("asyncapi: {}\n", "its version is '{}'"),
        ("openapi: 3.0.0\n", "it is no AsyncAPI document"),
        ("- a\n", "it is no AsyncAPI document"),
    ],
)
def test_what_is_not_read(text: str, said: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_text(text)
    assert caught.value.why is Why.UNSUPPORTED
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("asyncapi: 3.9.0\n", "AsyncAPI 3.9.0 is newer than what is known here, and read as 3.1"),
        ("asyncapi: 3.0.0\n", "no message goes through any channel"),
        ("asyncapi: 3.0.0\noperations: {a: {action: shout}}\n", "the operation a has the action 'shout'"),
        ("asyncapi: 3.0.0\noperations: {a: {action: send}}\n", "the operation a has no channel"),
        (
            "asyncapi: 3.0.0\nchannels: {a: {}}\noperations: {a: {action: send, channel: {$ref: '#/channels/a'}}}\n",
            "the channel a has no message",
        ),
        (
            "asyncapi: 2.0.0\nchannels: {a: {publish: {message: {$ref: '#/components/messages/b'}}}}\n",
            "the reference #/components/messages/b leads to nothing",
        ),
    ],
)
def test_what_is_wrong_is_told(text: str, said: str) -> None:
    assert said in [each.message for each in read_text(text).remarks]


@pytest.mark.parametrize("value", ["null", "[]", "text", "7", "{a: null}", "{a: [1]}", "[null, {}]", "{$ref: 1}"])
@pytest.mark.parametrize("version", ["2.6.0", "3.0.0"])
def test_shapes_that_nobody_expects(version: str, value: str) -> None:
    for member in ("info", "servers", "channels", "operations", "components", "security"):
        read_text(f"asyncapi: {version}\n{member}: {value}\n")
    for member in ("publish", "messages", "servers", "bindings", "parameters", "address"):
        read_text(f"asyncapi: {version}\nchannels: {{a: {{{member}: {value}}}}}\n")
    for member in ("message", "traits", "security", "bindings", "tags"):
        read_text(f"asyncapi: {version}\nchannels: {{a: {{publish: {{{member}: {value}}}}}}}\n")
    for member in ("payload", "headers", "traits", "name", "correlationId", "schemaFormat", "oneOf"):
        read_text(f"asyncapi: {version}\nchannels: {{a: {{publish: {{message: {{{member}: {value}}}}}}}}}\n")
        read_text(f"asyncapi: {version}\nchannels: {{a: {{messages: {{b: {{{member}: {value}}}}}}}}}\n")
    for member in ("channel", "messages", "reply", "security", "traits", "tags"):
        read_text(f"asyncapi: {version}\noperations: {{a: {{action: send, {member}: {value}}}}}\n")


def test_traits_that_a_few_aliases_make_large() -> None:
    lines = ["x-a0: &a0 {end: 1}"]
    lines += [
        f"x-a{level}: &a{level} {{{', '.join(f'm{each}: *a{level - 1}' for each in range(10))}}}"
        for level in range(1, 5)
    ]
    message = "{payload: {type: string}, bindings: *a4}"
    channel = f"channels: {{a: {{publish: {{traits: [*a4, *a3, *a4], message: {message}}}}}}}"
    assert list(read_text("\n".join(["asyncapi: 2.6.0", *lines, channel])).contract.events) == ["a"]
