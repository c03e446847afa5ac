"""The way in: a schema becomes types that msgspec decodes in one pass, and functions that make the author's own
classes of what was decoded.

Validation stands in the types; the functions only construct. They are generated source where that is what a call
costs (a record's constructor), closures elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import reduce
from operator import or_
from typing import Annotated, Any, ForwardRef

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import Path, Violation
from dragoman.contract.schema import (
    MISSING,
    NO_CONSTRAINTS,
    Constraints,
    Enum,
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
    Union,
)

from . import natives
from .builders import Builder, argument, collection, compiled, each_item, each_value, in_place, or_none
from .constructor_errors import from_error
from .enums import EnumForm, enum_form
from .hooks import Later, call_hook, converted, dict_of, list_of
from .scalar_values import PHRASES, Refused, to_utc
from .scalars import ScalarForm, scalar_form
from .unions import tagged
from .view import View
from .whole import with_whole_numbers


class Inbound:
    """The types and functions of one view of one set of types. ``trusted`` reads what we stored ourselves: bounds may
    have been tightened and fields removed since, so neither counts.
    """

    def __init__(self, types: Types, view: View, *, trusted: bool = False) -> None:
        self.types = types
        self.view = view
        self.trusted = trusted
        self._structs: dict[str, Any] = {}
        self._open: set[str] = set()
        self._builders: dict[str, Builder] = {}
        self._building: set[str] = set()
        self._kept: list[Record] = []  # records without a name are known by their identity: keep them alive

    # The types

    def scalar(self, type_: Scalar) -> ScalarForm:
        """The form of a scalar, in a view of what is trusted without its bounds."""
        if self.trusted and (type_.constraints or type_.format):
            type_ = Scalar(type_.kind)
        return scalar_form(type_)

    def enum(self, type_: Enum) -> EnumForm:
        """The form of an enum."""
        return enum_form(type_)

    def annotation(self, type_: Type) -> Any:
        """What msgspec decodes to."""
        match type_:
            case Ref():
                return self.annotation(self.types.resolve(type_))
            case Scalar():
                return self.scalar(type_).input
            case Enum():
                return str if self.trusted and type_.native is None else self.enum(type_).input
            case Nullable():
                return self.annotation(type_.of) | None
            case List():
                return self._list(type_)
            case Map():
                return self._map(type_)
            case Union():
                return self._union(type_)
            case Record():
                return self.record(type_)

    def record(self, record: Record, tag_field: str | None = None, tag: str | None = None) -> Any:
        """The wire struct of a record, with a tag where it is a variant. Of a record that contains itself, a forward
        reference while it is being made.
        """
        key = record_key(self.types, record, tag_field, tag, self._kept)
        if key in self._structs:
            return self._structs[key]
        if key in self._open:
            return ForwardRef(f"_structs[{key!r}]")
        self._open.add(key)
        attributes = natives.attributes(record)
        fields = [
            self._field(record, each, attributes[each.name])
            for each in self.view.fields(record)
            if each.name != tag_field
        ]
        struct = msgspec.defstruct(
            title(record),
            fields,
            namespace={"_structs": self._structs},
            kw_only=True,
            forbid_unknown_fields=not (record.open or self.trusted),
            tag_field=tag_field,
            tag=tag,
        )
        self._open.discard(key)
        self._structs[key] = struct
        return struct

    def _field(self, record: Record, field: Field, attribute: str) -> tuple[str, Any, Any]:
        annotation = self.annotation(field.type)
        if field.required:
            return attribute, annotation, msgspec.field(name=field.name)
        default = self._default(record, field, attribute)
        if default is UNSET:
            annotation = annotation | UnsetType
        elif callable(default):
            return attribute, annotation, msgspec.field(name=field.name, default_factory=default)
        return attribute, annotation, msgspec.field(name=field.name, default=default)

    def _default(self, record: Record, field: Field, attribute: str) -> Any:
        """What stands for the absent field in the wire struct: UNSET, where the author's class knows better."""
        if record.native is not None:
            default = natives.defaults(record).get(attribute)
            # A built value is told from a decoded one by being absent.
            if default is None or default.opaque or self.builder(field.type, None) is not None:
                return UNSET
            return default.value
        if field.default is MISSING:
            return UNSET
        return self.default_factory(field)

    def default_factory(self, field: Field) -> Any:
        """The schema's own default, as a Python value, or what makes one."""
        value = field.default
        if value is None:
            return None

        def make() -> Any:
            return msgspec.convert(value, self.annotation(field.type), dec_hook=call_hook)

        if isinstance(value, list | dict):
            return make
        try:
            return make()
        except msgspec.ValidationError as error:
            raise DeclarationError(
                f"field {field.name}", f"its default {value!r} is not valid: {error}", "Give one that the type allows"
            ) from None

    def default_of(self, field: Field) -> Any:
        """The schema's own default, as a Python value."""
        value = self.default_factory(field)
        value = value() if isinstance(field.default, list | dict) else value
        build = self.builder(field.type, None)
        return value if build is None else build(value)

    def _list(self, type_: List) -> Any:
        bounds = NO_CONSTRAINTS if self.trusted else type_.constraints
        if not bounds.unique_items:
            return sized(list_of(self.annotation(type_.item)), bounds)
        self.annotation(type_.item)
        inner = Later[Any](lambda: sized(list_of(self.annotation(type_.item)), bounds))

        def read(value: Any) -> Any:
            items = msgspec.convert(value, inner(), dec_hook=call_hook)
            if first_repeated(value) is not None:
                raise Refused("unique_items", "must not repeat items")
            return items

        return converted("List", read)

    def _map(self, type_: Map) -> Any:
        bounds = NO_CONSTRAINTS if self.trusted else type_.constraints
        key = self.types.resolve(type_.key)
        if (isinstance(key, Scalar) and key.kind is Kind.STRING and self.scalar(key).input is not None) or (
            isinstance(key, Enum) and key.native is None
        ):
            form = self.annotation(key)
            if not isinstance(form, type) or form is str:
                return sized(dict_of(form, self.annotation(type_.value)), bounds)
        self.annotation(type_.value)
        inner = Later[Any](lambda: sized(dict_of(str, self.annotation(type_.value)), bounds))

        def read(value: Any) -> Any:
            entries = msgspec.convert(value, inner(), dec_hook=call_hook)
            return {self.read_key(key, each): item for each, item in entries.items()}

        return converted("Map", read)

    def read_key(self, type_: Type, text: str) -> Any:
        """A map's key, from its text."""
        type_ = self.types.resolve(type_)
        if isinstance(type_, Enum):
            return self.enum(type_).read(text)
        if not isinstance(type_, Scalar):
            raise DeclarationError("a map", "its keys are not scalars", "Use text, enum, integer or UUID keys")
        form = self.scalar(type_)
        value = form.read(plain_key(type_.kind, text))
        for rule in form.rules:
            rule.check(value)
        return value

    def _union(self, type_: Union) -> Any:
        records = tagged(self.types, type_)
        if records is None:
            return converted("Union", self._try_variants(type_))
        members = [self.record(record, type_.discriminator, variant.tag) for variant, record in records]
        if len(members) == 1:
            members.append(_NO_OTHERS.make(type_.discriminator or "type"))
        return reduce(or_, members)

    def _try_variants(self, type_: Union) -> Callable[[Any], Any]:
        """Reads a union without tags: the first variant that the value fits."""
        for each in type_.variants:
            self.annotation(each.type)
        variants = Later[list[tuple[Type, Any, Builder]]](
            lambda: [(each.type, self.annotation(each.type), self.builder(each.type, None)) for each in type_.variants]
        )

        def read(value: Any) -> Any:
            for variant, annotation, build in variants():
                whole = with_whole_numbers(self.types, variant, value)
                try:
                    decoded = msgspec.convert(whole, annotation, dec_hook=call_hook)
                except (msgspec.ValidationError, OverflowError):
                    continue
                return decoded if build is None else build(decoded)
            raise Refused("union", "fits none of the allowed types")

        return read

    # The functions

    def builder(self, type_: Type, hint: Any) -> Builder:
        """What makes the declared value of a decoded one. ``hint`` is the annotation where there is one: it says
        what the schema cannot, a tuple for a list.
        """
        hint = natives.without_none(hint)
        match type_:
            case Ref():
                return self.builder(self.types.resolve(type_), hint)
            case Scalar(kind=Kind.DATETIME):
                return to_utc
            case Scalar() | Enum():
                return None
            case Nullable():
                return or_none(self.builder(type_.of, hint))
            case List():
                return each_item(self.builder(type_.item, argument(hint, 0)), collection(hint))
            case Map():
                key = self.builder(type_.key, None)
                return each_value(key, self.builder(type_.value, argument(hint, 1)))
            case Union():
                return self._union_builder(type_)
            case Record():
                return self.record_builder(type_)

    def _union_builder(self, type_: Union) -> Builder:
        records = tagged(self.types, type_)
        if records is None:
            return None
        by_struct = Later[dict[Any, Builder]](
            lambda: {
                self.record(record, type_.discriminator, variant.tag): self.record_builder(
                    record, type_.discriminator, variant.tag
                )
                for variant, record in records
            }
        )

        def build(value: Any) -> Any:
            make = by_struct().get(type(value))
            return value if make is None else make(value)

        return build

    def record_builder(self, record: Record, tag_field: str | None = None, tag: str | None = None) -> Builder:
        """What makes an instance of the record's class of its wire struct. Of a record without a class the wire
        struct itself is the value.
        """
        key = record_key(self.types, record, tag_field, tag, self._kept)
        if key in self._builders:
            return self._builders[key]
        if key in self._building:
            return lambda value: self._late(key, value)
        self._building.add(key)
        built = self._record_builder(record, tag_field, tag)
        self._building.discard(key)
        self._builders[key] = built
        return built

    def _late(self, key: str, value: Any) -> Any:
        build = self._builders[key]
        return value if build is None else build(value)

    def _record_builder(self, record: Record, tag_field: str | None, tag: str | None) -> Builder:
        attributes, hints = natives.attributes(record), natives.hints(record)
        builders = {
            each.name: self.builder(each.type, hints.get(attributes[each.name]))
            for each in self.view.fields(record)
            if each.name != tag_field
        }
        optional = {each.name for each in self.view.fields(record) if not each.required}
        if record.native is None:
            changed = [(attributes[name], build) for name, build in builders.items() if build is not None]
            return in_place(changed) if changed else None
        self._check_constructible(record, attributes)
        if natives.is_pydantic(natives.native_class(record)):
            return self._model_builder(record, attributes, builders, tag_field, tag)
        arguments: list[str] = []
        later: list[str] = []
        scope: dict[str, Any] = {"native": natives.native_class(record), "UNSET": UNSET, "UTC": UTC, "to_utc": to_utc}
        defaults = natives.defaults(record)
        for number, (name, build) in enumerate(builders.items()):
            attribute = attributes[name]
            scope[f"build{number}"] = build
            expression = f"wire.{attribute}" if build is None else f"build{number}(wire.{attribute})"
            default = defaults.get(attribute)
            if name in optional and (build is not None or default is None or default.opaque):
                later.append(f"    if wire.{attribute} is not UNSET: given[{attribute!r}] = {expression}\n")
            else:
                arguments.append(f"{attribute}={expression}")
        if tag_field is not None and record.field(tag_field) is not None:
            arguments.append(f"{attributes[tag_field]}={tag!r}")
        if later:
            arguments.append("**given")
        body = ("    given = {}\n" + "".join(later)) if later else ""
        return compiled(f"def build(wire):\n{body}    return native({', '.join(arguments)})\n", scope, "build")

    def _model_builder(
        self,
        record: Record,
        attributes: dict[str, str],
        builders: dict[str, Builder],
        tag_field: str | None,
        tag: str | None,
    ) -> Builder:
        """A Pydantic model validates once more, by its own rules, from a dict of Python values."""
        native = natives.native_class(record)
        validate = record.native.model_validate if hasattr(record.native, "model_validate") else native.model_validate
        parts = [
            (natives.input_key(native, attributes[name]), attributes[name], build) for name, build in builders.items()
        ]
        fixed = {}
        if tag_field is not None and record.field(tag_field) is not None:
            fixed[natives.input_key(native, attributes[tag_field])] = tag

        def build(wire: Any) -> Any:
            values: dict[str, Any] = dict(fixed)
            for key, attribute, make in parts:
                value = getattr(wire, attribute)
                if value is not UNSET:
                    values[key] = value if make is None else make(value)
            return validate(values)

        return build

    def _check_constructible(self, record: Record, attributes: dict[str, str]) -> None:
        """Fields that this view leaves out must have a default: nobody can give them."""
        defaults = natives.defaults(record)
        for field in record.fields:
            if not self.view.sees(field) and attributes[field.name] not in defaults:
                who = (
                    "the server sets it"
                    if self.view.writable and field.read_only
                    else (f"callers of audience {self.view.audience} cannot give it")
                )
                raise DeclarationError(
                    f"{title(record)}.{field.name}",
                    f"{who}, and it has no default",
                    "Give it a default, or do not accept the type as input there",
                )

    # The slow way, after the fast one failed

    def explain(self, type_: Type, value: Any, path: Path, found: list[Violation]) -> None:
        """Find out which constructor refused, part by part; ``value`` was decoded and breaks no rule of the schema."""
        type_ = self.types.resolve(type_)
        if value is None or value is UNSET:
            return
        match type_:
            case Nullable():
                self.explain(type_.of, value, path, found)
            case List():
                for index, each in enumerate(value):
                    self.explain(type_.item, each, (*path, index), found)
            case Map():
                for key, each in value.items():
                    self.explain(type_.value, each, (*path, str(key)), found)
            case Union():
                for variant, record in tagged(self.types, type_) or ():
                    if type(value) is self.record(record, type_.discriminator, variant.tag):
                        self._explain_record(record, value, path, found, type_.discriminator, variant.tag)
            case Record():
                self._explain_record(type_, value, path, found, None, None)
            case Scalar() | Enum():
                self._explain_call(self.builder(type_, None), value, path, found)

    def _explain_record(
        self,
        record: Record,
        value: Any,
        path: Path,
        found: list[Violation],
        tag_field: str | None,
        tag: str | None,
    ) -> None:
        before = len(found)
        attributes = natives.attributes(record)
        for field in self.view.fields(record):
            if field.name != tag_field:
                self.explain(field.type, getattr(value, attributes[field.name]), (*path, field.name), found)
        if len(found) == before:
            self._explain_call(self.record_builder(record, tag_field, tag), value, path, found)

    def _explain_call(self, build: Builder, value: Any, path: Path, found: list[Violation]) -> None:
        if build is None:
            return
        try:
            build(value)
        except Refused as refused:
            found.append(Violation(path, refused.message, refused.rule))
        except (ValueError, TypeError) as error:
            found.extend(from_error(error, path))


class _Others:
    """A second member for unions of one, so that msgspec asks for the tag there too: one for each discriminator."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def make(self, discriminator: str) -> Any:
        if discriminator not in self._made:
            self._made[discriminator] = msgspec.defstruct(
                "NoOther", [], tag_field=discriminator, tag="\0no other", forbid_unknown_fields=True
            )
        return self._made[discriminator]


_NO_OTHERS = _Others()


def plain_key(kind: Kind, text: str) -> Any:
    """A map's key as the JSON value that the kind reads: numbers and booleans stand in text there."""
    if kind in (Kind.INT, Kind.INT32, Kind.UINT32):
        if len(text) <= 20 and text.removeprefix("-").isdecimal() and text == str(int(text)):
            return int(text)
        raise Refused("type", f"the key must be {PHRASES[kind]}")
    if kind is Kind.BOOLEAN and text in ("true", "false"):
        return text == "true"
    return text


def first_repeated(values: Any) -> int | None:
    """The index of the first item that equals an earlier one, in JSON's terms: 1 is 1.0 and not true."""
    seen = set()
    for index, each in enumerate(values):
        identity = _identity(each)
        if identity in seen:
            return index
        seen.add(identity)
    return None


def _identity(value: Any) -> Any:
    match value:
        case bool():
            return ("boolean", value)
        case list() | tuple():
            return ("array", *map(_identity, value))
        case dict():
            return frozenset((key, _identity(each)) for key, each in value.items())
        case _:
            return value


def record_key(types: Types, record: Record, tag_field: str | None, tag: str | None, kept: list[Record]) -> str:
    """What a record is known by. One without a name is known by its identity, and is therefore kept."""
    identity: str | int = id(record)
    if record.name is not None and types.get(record.name) is record:
        identity = record.name
    else:
        kept.append(record)
    return repr((identity, tag_field, tag))


def title(record: Record) -> str:
    name = record.name or "Record"
    return name if name.isidentifier() else "Record"


def sized(annotation: Any, bounds: Constraints) -> Any:
    if bounds.min_length is None and bounds.max_length is None:
        return annotation
    return Annotated[annotation, Meta(min_length=bounds.min_length, max_length=bounds.max_length)]
