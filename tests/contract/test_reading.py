"""The reader of Python types: what each annotation becomes."""

import dataclasses
import enum
import functools
import subprocess
import sys
import types
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, NewType, Optional, Union
from uuid import UUID

import annotated_types
import msgspec
import pydantic
import pytest
import typing_extensions
from hypothesis import given
from hypothesis import strategies as st

import dragoman as dm
from dragoman.contract.patterns import compiled
from dragoman.contract.reading import read_record, read_resource, read_type
from dragoman.contract.schema import (
    MISSING,
    RANGES,
    Constraints,
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
    Type,
    Types,
    Variant,
)
from dragoman.contract.schema import Union as UnionType


class Color(enum.StrEnum):
    """What it looks like."""

    RED = "red"
    BLUE = "blue"


class Weight(enum.Enum):
    LIGHT = "light"
    """A hand
    lifts it."""

    HEAVY = LEADEN = "heavy"
    "Two do."
    FLOATS = "floats"


Weight.FLOATS.__doc__ = "On water."


class Card(dm.Struct, tag=True):
    number: str


class Cash(dm.Struct, tag="cash"):
    note: str = ""


class Tree(dm.Struct):
    """Holds itself."""

    branches: list["Tree"] = msgspec.field(default_factory=list)
    parent: "Tree | None" = None


class Model(pydantic.BaseModel):
    """A model of Pydantic's."""

    kind: Literal["model"] = "model"
    count: Annotated[int, annotated_types.Ge(1)] = pydantic.Field(3, le=9, description="How many.")
    code: str = pydantic.Field(pattern="^a", max_length=3, deprecated=True)
    when: datetime = pydantic.Field(default_factory=lambda: datetime.now(UTC))
    marks: list[Annotated[int, pydantic.Field(ge=1)]] = pydantic.Field(default_factory=list)


class OtherModel(pydantic.BaseModel):
    kind: Literal["other"]


@dataclasses.dataclass
class Plain:
    models: Mapping[Color, list[Model]] = dataclasses.field(default_factory=dict)
    one: Model | OtherModel | None = None


class Customer(dm.Resource, prefix="cus"):
    """Who buys."""

    name: Annotated[str, dm.Length(1, 200)]
    email: Annotated[dm.Email, dm.Unique()]


class Order(dm.Resource, prefix="ord", tenant=False):
    """What was bought.

    With a second paragraph.
    """

    total_cents: Annotated[int, dm.Ge(0), dm.Sort(), dm.Description("In cents.")]
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders", on_delete="cascade")]
    number: Annotated[str, dm.Unique(among=("year",))] = ""
    year: int = 2026
    status: Annotated[Literal["placed", "paid"], dm.Filter("in"), dm.Deprecated()] = "placed"
    parent: Annotated["dm.Id[Order] | None", dm.Ref(on_delete="null")] = None
    margin: Annotated[int | None, dm.ReadOnly(), dm.Only("operator")] = None


Name = NewType("Name", str)
Short = Annotated[str, dm.Length(1, 9)]
Alias = typing_extensions.TypeAliasType("Alias", "list[Short]")
Payment = typing_extensions.TypeAliasType("Payment", Card | Cash)

INT, STRING = Scalar(Kind.INT), Scalar(Kind.STRING)


def read(annotation: Any) -> Type:
    return read_type(annotation, Types(), place="test")


def field(cls: Any, name: str) -> Field:
    types = Types()
    record = types.resolve(read_record(cls, types))
    assert isinstance(record, Record)
    found = record.field(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (bool, Scalar(Kind.BOOLEAN)),
        (int, INT),
        (float, Scalar(Kind.DOUBLE)),
        (str, STRING),
        (bytes, Scalar(Kind.BYTES)),
        (datetime, Scalar(Kind.DATETIME)),
        (date, Scalar(Kind.DATE)),
        (time, Scalar(Kind.TIME)),
        (timedelta, Scalar(Kind.DURATION)),
        (UUID, Scalar(Kind.UUID)),
        (Decimal, Scalar(Kind.DECIMAL)),
        (dm.Int32, Scalar(Kind.INT32)),
        (dm.Int64, Scalar(Kind.INT64)),
        (dm.UInt32, Scalar(Kind.UINT32)),
        (dm.UInt64, Scalar(Kind.UINT64)),
        (dm.Float32, Scalar(Kind.FLOAT)),
        ("int", INT),
        (Name, STRING),
        (Short, Scalar(Kind.STRING, Constraints(min_length=1, max_length=9))),
        (Annotated[Short, dm.Length(0, 5)], Scalar(Kind.STRING, Constraints(min_length=1, max_length=5))),
        (list[int], List(INT)),
        (Sequence[int], List(INT)),
        (tuple[int, ...], List(INT)),
        (set[int], List(INT, Constraints(unique_items=True))),
        (frozenset[int], List(INT, Constraints(unique_items=True))),
        (Set[int], List(INT, Constraints(unique_items=True))),
        (list["int"], List(INT)),
        (Alias, List(Scalar(Kind.STRING, Constraints(min_length=1, max_length=9)))),
        (Annotated[list[int], dm.Length(1, 3)], List(INT, Constraints(min_length=1, max_length=3))),
        (list[Annotated[int, dm.Ge(1)]], List(Scalar(Kind.INT, Constraints(ge=1)))),
        (dict[str, int], Map(STRING, INT)),
        (Mapping[UUID, int], Map(Scalar(Kind.UUID), INT)),
        (dict[Color, int], Map(Ref("Color"), INT)),
        (dict[Literal["a"], int], Map(Enum((EnumValue("a"),)), INT)),
        (int | None, Nullable(INT)),
        (Optional[int], Nullable(INT)),  # noqa: UP045
        (Union[int, None], Nullable(INT)),  # noqa: UP007
        (list[int | None] | None, Nullable(List(Nullable(INT)))),
        (Annotated[int | None, dm.Ge(1)], Nullable(Scalar(Kind.INT, Constraints(ge=1)))),
        (Annotated[int, dm.Ge(1)] | None, Nullable(Scalar(Kind.INT, Constraints(ge=1)))),
        (Literal["a", "b"], Enum((EnumValue("a"), EnumValue("b")))),
        (Literal["a", None], Nullable(Enum((EnumValue("a"),)))),
        (Literal["a"] | Literal["b"] | None, Nullable(Enum((EnumValue("a"), EnumValue("b"))))),
        (
            Annotated[Literal["a"], dm.Description("One.")] | Annotated[Literal["b", "c"], dm.Deprecated("Use a.")],
            Enum((EnumValue("a", "One."), *(EnumValue(each, "Use a.", deprecated=True) for each in "bc"))),
        ),
        (
            Annotated[Literal["a"], dm.Description("One.")] | Literal["b"] | None,
            Nullable(Enum((EnumValue("a", "One."), EnumValue("b")))),
        ),
        (Color, Ref("Color")),
        (Tree, Ref("Tree")),
        (Payment, Ref("Payment")),
        (
            Card | Cash,
            UnionType((Variant("Card", Ref("Card")), Variant("cash", Ref("Cash"))), discriminator="type"),
        ),
        (Card, UnionType((Variant("Card", Ref("Card")),), discriminator="type")),
        (
            Model | OtherModel,
            UnionType((Variant("model", Ref("Model")), Variant("other", Ref("OtherModel"))), "kind"),
        ),
        (
            Annotated[Model | OtherModel, pydantic.Field(discriminator="kind")],
            UnionType((Variant("model", Ref("Model")), Variant("other", Ref("OtherModel"))), "kind"),
        ),
        (Annotated[Decimal, dm.Ge("0.01")], Scalar(Kind.DECIMAL, Constraints(ge="0.01"))),
        (Annotated[Decimal, annotated_types.Lt(Decimal(5))], Scalar(Kind.DECIMAL, Constraints(lt="5"))),
        (Annotated[float, dm.MultipleOf(0.5)], Scalar(Kind.DOUBLE, Constraints(multiple_of=0.5))),
        (Annotated[int, annotated_types.Interval(gt=1, le=5)], Scalar(Kind.INT, Constraints(gt=1, le=5))),
        (Annotated[bytes, annotated_types.Len(2, 4)], Scalar(Kind.BYTES, Constraints(min_length=2, max_length=4))),
        (
            Annotated[str, msgspec.Meta(min_length=1, pattern="^a", title="T", examples=["a"])],
            Scalar(Kind.STRING, Constraints(min_length=1, pattern="^a")),
        ),
        (Annotated[int, "a note", annotated_types.Unit("kg"), str], INT),
    ],
    ids=str,
)
def test_each_type(annotation: Any, expected: Type) -> None:
    assert read(annotation) == expected


def test_an_id() -> None:
    id_type = read(dm.Id[Customer])
    assert id_type == Scalar(Kind.STRING, Constraints(pattern="^cus_[0-9a-hjkmnp-tv-z]{26}$"), "id")
    assert compiled(str(id_type.constraints.pattern)).search(Customer(name="a", email="b@c").id)


def test_an_id_of_a_later_class() -> None:
    """The prefix is known where the class is; else ids of every resource have the form."""
    later: Any = dm.Id
    assert read_type(later["Nowhere"], Types(), place="test") == Scalar(
        Kind.STRING, Constraints(pattern="^[a-z][a-z0-9]{1,11}_[0-9a-hjkmnp-tv-z]{26}$"), "id"
    )
    parent = field(Order, "parent")
    assert isinstance(parent.type, Nullable)
    assert isinstance(parent.type.of, Scalar)
    assert str(parent.type.of.constraints.pattern).startswith("^ord_")


def test_a_recursive_class() -> None:
    types = Types()
    ref = read_record(Tree, types)
    assert ref == Ref("Tree")
    assert types["Tree"] == Record(
        "Tree",
        (
            Field("branches", List(ref), required=False, default=[]),
            Field("parent", Nullable(ref), required=False, default=None),
        ),
        "Holds itself.",
    )
    assert types["Tree"].native is Tree


def test_a_model_of_pydantic() -> None:
    types = Types()
    assert types.resolve(read_record(Model, types)) == Record(
        "Model",
        (
            Field("kind", Enum((EnumValue("model"),)), required=False, default="model"),
            Field(
                "count",
                Scalar(Kind.INT, Constraints(ge=1, le=9)),
                required=False,
                default=3,
                description="How many.",
            ),
            Field("code", Scalar(Kind.STRING, Constraints(max_length=3, pattern="^a")), deprecated=True),
            Field("when", Scalar(Kind.DATETIME), required=False),
            Field("marks", List(Scalar(Kind.INT, Constraints(ge=1))), required=False, default=[]),
        ),
        "A model of Pydantic's.",
    )


def test_a_dataclass() -> None:
    types = Types()
    record = types.resolve(read_record(Plain, types))
    assert isinstance(record, Record)
    assert record.description == "", "what dataclass() writes is no description"
    assert record.field("models") == Field("models", Map(Ref("Color"), List(Ref("Model"))), required=False, default={})
    assert set(types) == {"Plain", "Color", "Model", "OtherModel"}
    assert types["Color"] == Enum((EnumValue("red"), EnumValue("blue")), "Color", "What it looks like.", native=Color)


def test_members_of_enums_are_described() -> None:
    """By a string below them, as documentation tools read it, or by a docstring of their own."""
    types = Types()

    class Load(dm.Struct):
        weight: Weight

    read_record(Load, types, place="a test")
    named = types["Weight"]
    assert isinstance(named, Enum)
    assert [(each.value, each.description) for each in named.values] == [
        ("light", "A hand lifts it."),
        ("heavy", "Two do."),
        ("floats", "On water."),
    ]


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (Annotated[Literal["a"], dm.Ge(1)] | Literal["b"], "stands beside one value"),
        (Annotated[Literal["a"], dm.Deprecated()] | Literal["a", "b"], "its literal 'a' is given twice"),
        (Annotated[Literal["a", None], dm.Description("A.")] | Literal["b"], "None stands in a Literal of its union"),
    ],
)
def test_unions_of_literals_that_are_refused(annotation: Any, said: str) -> None:
    class Load(dm.Struct):
        weight: annotation

    with pytest.raises(dm.DeclarationError, match=said):
        read_record(Load, Types(), place="a test")


def test_a_resource() -> None:
    types = Types()
    found = read_resource(Order, types)
    record = types["Order"]
    assert found.record == record
    assert isinstance(record, Record)
    assert [each.name for each in record.fields] == [
        "id", "total_cents", "customer", "number", "year", "status", "parent", "margin", "created_at", "updated_at",
    ]  # fmt: skip
    assert (found.name, found.plural, found.prefix, found.tenant) == ("Order", "orders", "ord", False)
    assert found.description == "What was bought.\n\nWith a second paragraph."
    assert found.uniques == (("number", "year"),)
    assert {name: (each.target, each.reverse, each.on_delete) for name, each in found.references.items()} == {
        "customer": ("Customer", "orders", "cascade"),
        "parent": ("Order", None, "null"),
    }
    total, status, margin = (record.field(each) for each in ("total_cents", "status", "margin"))
    assert total is not None
    assert status is not None
    assert margin is not None
    assert total.description == "In cents."
    assert dm.Sort in total.traits
    assert status.deprecated
    assert status.traits.get(dm.Filter) == dm.Filter("eq", "in")
    assert margin.read_only
    assert margin.traits.get(dm.Only) == dm.Only("operator")
    for name in ("id", "created_at", "updated_at"):
        server_set = record.field(name)
        assert server_set is not None
        assert server_set.read_only
        assert not server_set.required
        assert (dm.Sort in server_set.traits) == (name == "created_at")


def test_a_resource_that_was_read_as_a_message() -> None:
    types = Types()
    read_record(Order, types)
    assert read_resource(Order, types).record == types["Order"]


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [
        (int, 5, 5),
        (dm.Int64, 5, "5"),
        (dm.UInt64 | None, None, None),
        (float, 1, 1.0),
        (bytes, b"hi", "aGk="),
        (datetime, datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        (date, date(2026, 1, 1), "2026-01-01"),
        (time, time(1, 2), "01:02:00"),
        (timedelta, timedelta(seconds=90), "PT90S"),
        (UUID, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal, Decimal("1.50"), "1.50"),
        (Color, Color.RED, "red"),
        (Literal["a", "b"], "b", "b"),
        (tuple[str, ...], ("a",), ["a"]),
        pytest.param(frozenset[str], frozenset({"b", "a"}), ["a", "b"], id="frozenset"),
        (Card | Cash, Cash(note="n"), {"type": "cash", "note": "n"}),
        (Tree, Tree(branches=[Tree()]), {"branches": [{"branches": [], "parent": None}], "parent": None}),
        (dm.Url, "https://example.com/a?b", "https://example.com/a?b"),
    ],
    ids=str,
)
def test_a_default_is_kept_as_it_stands_on_the_wire(annotation: Any, default: Any, expected: Any) -> None:
    cls = msgspec.defstruct("Holder", [("held", annotation, default)], frozen=True)
    found = field(cls, "held")
    assert found.default == expected
    assert type(found.default) is type(expected)
    assert not found.required


def test_defaults_that_only_a_call_knows() -> None:
    class Holder(dm.Struct):
        stamp: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))
        absent: str | msgspec.UnsetType = msgspec.UNSET
        names: list[str] = msgspec.field(default_factory=list)

    assert field(Holder, "stamp") == Field("stamp", Scalar(Kind.DATETIME), required=False)
    assert field(Holder, "absent") == Field("absent", STRING, required=False)
    assert field(Holder, "names").default == []
    assert field(Holder, "stamp").default is MISSING


def test_the_order_is_that_of_the_declaration() -> None:
    class Base(msgspec.Struct):
        second: int = 0
        first: int = 1

    class Derived(Base, kw_only=True):
        zeroth: int
        second: str = ""  # type: ignore[assignment]

    types = Types()
    record = types.resolve(read_record(Derived, types))
    assert isinstance(record, Record)
    assert [each.name for each in record.fields] == ["second", "first", "zeroth"]
    assert record.fields[0].type == STRING


def test_names_in_quotes_are_found_in_the_function_around() -> None:
    class Local(dm.Struct):
        name: str

    class Holder(dm.Struct):
        held: "list[Local]"

    assert field(Holder, "held").type == List(Ref("Local"))


@pytest.mark.parametrize("header", ["", "from __future__ import annotations\n"])
def test_classes_in_a_module_with_postponed_annotations(header: str) -> None:
    module = types.ModuleType("postponed")
    sys.modules["postponed"] = module
    code = header + (
        "import dragoman as dm\n"
        "from typing import Annotated\n"
        "class Later(dm.Resource, prefix='lat'):\n"
        "    other: Annotated[dm.Id['Last'], dm.Ref(reverse='laters')]\n"
        "    lines: list[Outer.Inner] = []\n"
        "class Last(dm.Resource, prefix='las'):\n"
        "    name: Annotated[str, dm.Length(1, 5)]\n"
    )
    inner = "class Outer(dm.Struct):\n    class Inner(dm.Struct):\n        x: int\n    inner: Inner | None = None\n"
    code = code.replace("class Later", inner + "class Later")
    exec(compile(code, "postponed", "exec", dont_inherit=True), vars(module))
    found = read_resource(module.__dict__["Later"], Types())
    other, lines = found.record.field("other"), found.record.field("lines")
    assert other is not None
    assert lines is not None
    assert other.type == Scalar(Kind.STRING, Constraints(pattern="^las_[0-9a-hjkmnp-tv-z]{26}$"), "id")
    assert lines.type == List(Ref("Inner"))
    assert found.references["other"].target == "Last"
    del sys.modules["postponed"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the statement is new in Python 3.12")
def test_the_type_statement() -> None:
    module = types.ModuleType("aliases")
    sys.modules["aliases"] = module
    code = (
        "import dragoman as dm\n"
        "type Names = list[str]\n"
        "type Loop = list[Loop]\n"
        "class Holder(dm.Struct):\n    names: Names | None = None\n"
        "class Looped(dm.Struct):\n    loop: Loop\n"
        "class Card(dm.Struct, tag=True):\n    number: str\n"
        "class Cash(dm.Struct, tag=True):\n    note: str\n"
        "type Paid = Card | Cash\n"
        "type Maybe = Paid | None\n"
        "type Turning = Card | Turning\n"
        "class Payer(dm.Struct):\n    paid: Paid | Maybe\n    named: Paid\n    maybe: Maybe\n"
        "class Turner(dm.Struct):\n    turning: Turning\n"
    )
    exec(compile(code, "aliases", "exec", dont_inherit=True), vars(module))
    assert field(module.__dict__["Holder"], "names").type == Nullable(List(STRING))
    found = Types()
    payer = found.resolve(read_record(module.__dict__["Payer"], found))
    assert isinstance(payer, Record)
    variants = (Variant("Card", Ref("Card")), Variant("Cash", Ref("Cash")))
    assert payer.fields[0].type == Nullable(UnionType(variants, "type"))
    assert payer.fields[1].type == Ref("Paid")
    assert payer.fields[2].type == Nullable(Ref("Paid"))
    assert found["Paid"] == UnionType(variants, "type", "Paid")
    with pytest.raises(dm.DeclarationError, match="the type Turning contains itself"):
        field(module.__dict__["Turner"], "turning")
    with pytest.raises(dm.DeclarationError, match="the type Loop contains itself"):
        field(module.__dict__["Looped"], "loop")
    del sys.modules["aliases"]


def test_a_refused_class_leaves_the_types_as_they_were() -> None:
    class Bad(dm.Struct):
        tree: Tree
        wrong: Any

    types = Types()
    with pytest.raises(dm.DeclarationError):
        read_record(Bad, types)
    assert not types


def test_pydantic_is_imported_only_by_those_who_use_it() -> None:
    code = (
        "import sys, dragoman as dm\n"
        "class Item(dm.Resource, prefix='itm'):\n    name: str\n"
        "dm.Contract('shop').resource(Item)\n"
        "assert 'pydantic' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@given(st.sampled_from(sorted(RANGES)), st.integers(-(2**65), 2**65))
def test_an_integer_default_is_accepted_exactly_within_its_range(kind: Kind, value: int) -> None:
    named: dict[Kind, Any] = {
        Kind.INT: int, Kind.INT32: dm.Int32, Kind.INT64: dm.Int64, Kind.UINT32: dm.UInt32, Kind.UINT64: dm.UInt64,
    }  # fmt: skip
    cls = msgspec.defstruct("Holder", [("held", named[kind], value)])
    low, high = RANGES[kind]
    if low <= value <= high:
        assert int(field(cls, "held").default) == value
    else:
        with pytest.raises(dm.DeclarationError, match="outside"):
            field(cls, "held")


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (
            dm.Email,
            ["a@b", "ada.lovelace+x@example.com"],
            ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "x" * 252 + "@bc"],
        ),
        (
            dm.Url,
            ["http://a", "https://a.b/c?d#e", "https://a?b"],
            ["", "ftp://a", "http://", "http:///a", "http://a b", "http://a\n", " http://a", "https://a/" + "x" * 2048],
        ),
    ],
)
def test_formats(annotation: Any, good: list[str], bad: list[str]) -> None:
    scalar = read(annotation)
    assert isinstance(scalar, Scalar)
    for text in good:
        assert field(msgspec.defstruct("Holder", [("held", annotation, text)]), "held").default == text
    for text in bad:
        with pytest.raises(dm.DeclarationError):
            field(msgspec.defstruct("Holder", [("held", annotation, text)]), "held")


@pytest.mark.parametrize("annotation", [dm.Email, dm.Url, dm.Id[Customer]])
@pytest.mark.parametrize("start", ["", "http://", "a@", "cus_"])
@pytest.mark.parametrize("unit", ["a", "@", "/", "a/", "?", "a@", "\n"])
def test_the_patterns_take_linear_time(annotation: Any, start: str, unit: str) -> None:
    scalar = read(annotation)
    assert isinstance(scalar, Scalar)
    pattern = compiled(str(scalar.constraints.pattern))

    # With a pattern that backtracks this would not come to an end.
    assert pattern.search(start + unit * 100_000 + " ") is None


def test_a_dollar_is_the_very_end() -> None:
    assert compiled("^a$").search("a")
    assert not compiled("^a$").search("a\n")
    assert compiled(r"^a\$[$]$").search("a$$")
    assert not compiled(r"^\d$").search("٣")


def test_replace() -> None:
    assert dm.replace(Cash(note="a"), note="b") == Cash(note="b")
    plain = Plain()
    assert dm.replace(plain, one=OtherModel(kind="other")).one == OtherModel(kind="other")
    model = OtherModel(kind="other")
    assert dm.replace(model, kind="other") == model
    assert dm.replace(Model(code="a", count=3), count=4).count == 4
    with pytest.raises(TypeError, match="OtherModel has no field 'kin'"):
        dm.replace(model, kin="other")
    with pytest.raises(TypeError):
        dm.replace(5)
    with pytest.raises((AttributeError, TypeError)):
        Cash().note = "x"  # type: ignore[misc]


def test_what_a_class_may_have_beside_its_fields() -> None:
    class Parcel(dm.Resource, prefix="par"):
        """Its fields, and what is none."""

        LIMIT: ClassVar[int] = 3
        Size = Literal["small", "large"]

        class Label(dm.Struct):
            text: str

        size: Size = "small"
        label: Label | None = None

        @property
        def big(self) -> bool:
            return self.size == "large"

        @functools.cached_property
        def never(self) -> int:
            return 1

        @classmethod
        def of(cls) -> None: ...

        @staticmethod
        def nothing() -> None: ...

    names = [each.name for each in read_resource(Parcel, Types()).record.fields]
    assert names == ["id", "size", "label", "created_at", "updated_at"]
