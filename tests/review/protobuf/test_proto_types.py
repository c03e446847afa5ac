"""Messages and enums of .proto as types of a contract."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from dragoman.contract.schema import (
    MISSING,
    Enum,
    EnumValue,
    Field,
    Kind,
    List,
    Map,
    Nullable,
    Record,
    Ref,
    Scalar,
    Union,
    Variant,
)
from dragoman.review.elements import Element, Position, field, type_
from dragoman.review.elements import Kind as Elements
from dragoman.review.reading.outcome import Reading, Refusal
from dragoman.review.reading.protobuf.traits import (
    ApiResource,
    Behavior,
    Delimited,
    Extension,
    ExtensionRanges,
    Members,
    Reserved,
    ResourceReference,
)

Reader: TypeAlias = Callable[[Mapping[str, str]], tuple[list[Reading], list[Refusal]]]

PAINT = """\
syntax = "proto3";

// Colours and cans.
package paint.v1;

import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";

// What it looks like.
enum Color {
  COLOR_UNSPECIFIED = 0;
  // Like a rose.
  COLOR_RED = 1;
  COLOR_PUCE = 7 [deprecated = true];
}

/*
 * A can.
 *
 * Of paint.
 */
message Can {
  reserved 18 to 19, 30;
  reserved "lid";

  // How it is found. (-- Not for callers. --)
  int64 id = 1;
  float litres = 2;
  fixed64 serial = 4;
  sint32 change = 5;
  bytes label = 7;
  Color color = 8; // behind it
  optional string note = 9;
  google.protobuf.Timestamp mixed_at = 10;
  google.protobuf.Duration dries_in = 11;
  map<int32, Can> shares = 12;
  google.protobuf.Any details = 13;
  repeated Can inner = 14;
  // How it shines.
  oneof finish {
    float gloss = 15;
    // Not at all.
    bool matt = 16 [deprecated = true];
    Can special = 17;
  }
  google.protobuf.StringValue nickname = 20;
  google.protobuf.Struct extra = 21;
  message Lid {
    enum Shape { ROUND = 0; }
    Shape shape = 1;
  }
  Lid lid_of_it = 22;
  // Output only. When it was seen last.
  string seen = 23;
}
"""


def one(outcome: tuple[list[Reading], list[Refusal]]) -> Reading:
    readings, refusals = outcome
    assert not refusals
    (reading,) = readings
    return reading


def record(reading: Reading, name: str) -> Record:
    found = reading.contract.types[name]
    assert isinstance(found, Record)
    return found


def of(reading: Reading, name: str, field_name: str) -> Field:
    found = record(reading, name).field(field_name)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def paint(reads_once: Reader) -> Reading:
    return one(reads_once({"paint/v1/paint.proto": PAINT}))


def test_the_document(paint: Reading) -> None:
    assert (paint.file, paint.format_version) == ("api/paint/v1/paint.proto", "proto3")
    assert (paint.about.title, paint.about.version) == ("paint.v1", "v1")
    assert paint.about.description == "Colours and cans."
    assert (paint.contract.name, paint.contract.version) == ("paint_v1", "v1")
    assert set(paint.contract.types) == {
        "paint.v1.Color", "paint.v1.Can", "paint.v1.Can.Lid", "paint.v1.Can.Lid.Shape",
    }  # fmt: skip


def test_an_enum(paint: Reading) -> None:
    assert paint.contract.types["paint.v1.Color"] == Enum(
        (
            EnumValue("COLOR_UNSPECIFIED", number=0),
            EnumValue("COLOR_RED", "Like a rose.", number=1),
            EnumValue("COLOR_PUCE", number=7, deprecated=True),
        ),
        "paint.v1.Color",
        "What it looks like.",
    )


STRING, CAN = Scalar(Kind.STRING), Ref("paint.v1.Can")


@pytest.mark.parametrize(
    ("name", "type", "required"),
    [
        ("id", Scalar(Kind.INT64), True),
        ("litres", Scalar(Kind.FLOAT), True),
        ("serial", Scalar(Kind.UINT64, format="fixed64"), True),
        ("change", Scalar(Kind.INT32, format="sint32"), True),
        ("label", Scalar(Kind.BYTES), True),
        ("color", Ref("paint.v1.Color"), True),
        ("note", Nullable(STRING), False),
        ("mixed_at", Scalar(Kind.DATETIME), False),
        ("dries_in", Scalar(Kind.DURATION), False),
        ("shares", Map(Scalar(Kind.INT32), CAN), True),
        ("details", Scalar(Kind.ANY, format="google.protobuf.Any"), False),
        ("inner", List(CAN), True),
        ("nickname", Nullable(STRING), False),
        ("extra", Map(STRING, Scalar(Kind.ANY, format="google.protobuf.Value")), False),
        ("lid_of_it", Ref("paint.v1.Can.Lid"), False),
    ],
)
def test_a_field(paint: Reading, name: str, type: object, required: bool) -> None:
    found = of(paint, "paint.v1.Can", name)
    assert (found.type, found.required, found.default) == (type, required, MISSING)


def test_a_oneof(paint: Reading) -> None:
    finish = of(paint, "paint.v1.Can", "finish")
    assert finish.type == Nullable(
        Union(
            (
                Variant("gloss", Scalar(Kind.FLOAT), 15),
                Variant("matt", Scalar(Kind.BOOLEAN), 16),
                Variant("special", CAN, 17),
            )
        )
    )
    assert (finish.required, finish.description) == (False, "How it shines.")
    members = finish.traits.get(Members)
    assert members is not None
    assert [(each.name, each.description, each.deprecated) for each in members.fields] == [
        ("gloss", "", False),
        ("matt", "Not at all.", True),
        ("special", "", False),
    ]


def test_comments_are_descriptions(paint: Reading) -> None:
    assert record(paint, "paint.v1.Can").description == "A can.\n\nOf paint."
    assert of(paint, "paint.v1.Can", "id").description == "How it is found."
    assert of(paint, "paint.v1.Can", "color").description == "behind it"
    seen = of(paint, "paint.v1.Can", "seen")
    assert (seen.read_only, seen.description) == (True, "When it was seen last.")


def test_what_must_not_be_used_again(paint: Reading) -> None:
    assert record(paint, "paint.v1.Can").traits.get(Reserved) == Reserved(((18, 19), (30, 30)), ("lid",))


@pytest.mark.parametrize(
    ("element", "line"),
    [
        (type_("paint.v1.Color"), 13),
        (Element(Elements.VALUE, "paint.v1.Color.COLOR_RED"), 16),
        (type_("paint.v1.Can"), 25),
        (field("paint.v1.Can", "note"), 36),
        (field("paint.v1.Can", "finish"), 43),
        (field("paint.v1.Can", "matt"), 46),
        (type_("paint.v1.Can.Lid.Shape"), 52),
        (field("paint.v1.Can", "gone"), 25),
        (Element(Elements.DOCUMENT, "whatever"), 4),
        (Element(Elements.OPERATION, "gone"), 4),
    ],
)
def test_where_things_stand(paint: Reading, element: Element, line: int) -> None:
    position = paint.locate(element)
    assert (position.file, position.line) == ("api/paint/v1/paint.proto", line)


OLD = """\
syntax = "proto2";
package old;
message Request {
  extensions 100 to 199;
  required string name = 1;
  optional int64 size = 2 [default = 12];
  optional bytes mark = 3 [default = "\\001a\\"b"];
  optional double far = 4 [default = -inf];
  optional Mode mode = 5 [default = FAST];
  optional bool loud = 6 [default = true];
  repeated group Result = 7 { optional string url = 8; }
  optional string plain = 9;
}
enum Mode { SLOW = 0; FAST = 1; }
extend Request { optional Extra rank = 100; }
message Extra { extend Request { repeated string words = 101; } }
"""


def test_proto2(reads: Reader) -> None:
    reading = one(reads({"old.proto": OLD}))
    assert reading.format_version == "proto2"
    request = record(reading, "old.Request")
    assert {each.name: (each.required, each.default) for each in request.fields[:7]} == {
        "name": (True, MISSING),
        "size": (False, "12"),
        "mark": (False, "AWEiYg=="),
        "far": (False, "-Infinity"),
        "mode": (False, "FAST"),
        "loud": (False, True),
        "result": (True, MISSING),
    }
    assert of(reading, "old.Request", "plain").type == Nullable(STRING)
    assert of(reading, "old.Request", "size").type == Scalar(Kind.INT64)
    group = of(reading, "old.Request", "result")
    assert group.type == List(Ref("old.Request.Result"))
    assert group.traits.get(Delimited) == Delimited()
    assert request.traits.get(ExtensionRanges) == ExtensionRanges(((100, 199),))
    rank, words = of(reading, "old.Request", "[old.rank]"), of(reading, "old.Request", "[old.Extra.words]")
    assert (rank.number, rank.traits.get(Extension)) == (100, Extension("old.rank"))
    assert words.type == List(STRING)
    assert reading.locate(field("old.Request", "[old.rank]")) == Position("api/old.proto", 15, 18)


def test_an_extension_of_what_is_elsewhere_is_told(reads: Reader) -> None:
    text = (
        'syntax = "proto2";\npackage own;\nimport "google/protobuf/descriptor.proto";\n'
        "extend google.protobuf.FieldOptions { optional bool secret = 50000; }\n"
    )
    (kept,) = one(reads({"own.proto": text})).kept
    assert kept.what == "the extension own.secret of google.protobuf.FieldOptions"
    assert kept.position.line == 4


def test_editions(reads: Reader) -> None:
    text = """\
edition = "2023";
package new;
option features.field_presence = IMPLICIT;
message A {
  string implicit = 1;
  string explicit = 2 [features.field_presence = EXPLICIT];
  string legacy = 3 [features.field_presence = LEGACY_REQUIRED];
  A delimited = 4 [features.message_encoding = DELIMITED];
}
"""
    reading = one(reads({"new.proto": text}))
    assert reading.format_version == "edition 2023"
    found = {each.name: (each.type, each.required) for each in record(reading, "new.A").fields}
    assert found == {
        "implicit": (STRING, True),
        "explicit": (Nullable(STRING), False),
        "legacy": (STRING, True),
        "delimited": (Ref("new.A"), False),
    }
    assert of(reading, "new.A", "delimited").traits.get(Delimited) == Delimited()


GOOGLE = """\
syntax = "proto3";
package shelf.v1;
import "google/api/field_behavior.proto";
import "google/api/resource.proto";
import "google/type/money.proto";
message Book {
  option (google.api.resource) = {
    type: "library.example.com/Book" pattern: "shelves/{shelf}/books/{book}" singular: "book" plural: "books"
  };
  string name = 1 [(google.api.field_behavior) = IDENTIFIER];
  google.type.Money price = 2 [(google.api.field_behavior) = REQUIRED];
  string etag = 3 [(google.api.field_behavior) = OUTPUT_ONLY, (google.api.field_behavior) = IMMUTABLE];
  string author = 4 [(google.api.resource_reference).type = "library.example.com/Author"];
}
"""


def test_what_google_says_of_fields(reads: Reader) -> None:
    reading = one(reads({"shelf/v1/shelf.proto": GOOGLE}))
    book = record(reading, "shelf.v1.Book")
    assert book.traits.get(ApiResource) == ApiResource(
        "library.example.com/Book", ("shelves/{shelf}/books/{book}",), "book", "books"
    )
    price, etag, author = (of(reading, "shelf.v1.Book", name) for name in ("price", "etag", "author"))
    assert (price.type, price.required) == (Ref("google.type.Money"), True)
    assert (etag.read_only, etag.traits.get(Behavior)) == (True, Behavior(("IMMUTABLE",)))
    assert author.traits.get(ResourceReference) == ResourceReference("library.example.com/Author")
    assert "google.type.Money" in reading.contract.types
