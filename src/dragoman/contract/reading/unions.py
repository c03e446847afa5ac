"""Unions: each alternative must carry a tag that says which one it is."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.schema import Enum, EnumValue, Nullable, Type, Union, Variant

from .members import Discriminator, is_record, is_struct, members
from .refusals import generic, name_of
from .scope import At

if TYPE_CHECKING:
    from .reader import Reader


def discriminate(alternatives: Iterable[Any], alias: Any, reader: Reader, at: At, marks: Iterable[Any] | None) -> Type:
    """The union of several types. ``alias`` is the named alias that it was written under, if any."""
    classes, nullable = _flatten(alternatives, reader, at)
    if all(typing.get_origin(each) is Literal for each in classes):
        values = dict.fromkeys(value for each in classes for value in typing.get_args(each))
        literals = [value for value in values if isinstance(value, str)]
        if len(literals) + (None in values) == len(values):
            found: Type = Enum(tuple(map(EnumValue, literals)))
            return Nullable(found) if nullable or None in values else found
    for each in classes:
        origin = typing.get_origin(each)
        if origin is not None and is_record(origin):
            raise generic(origin, at)
    if not all(map(is_record, classes)):
        raise _untagged(classes, at)
    if all(map(is_struct, classes)):
        discriminator, tags = _struct_tags(classes, at)
    elif any(map(is_struct, classes)):
        raise _untagged(classes, at)
    else:
        discriminator, tags = _literal_tags(classes, marks or (), reader, at)
    if len(set(tags)) < len(tags):
        twice = next(each for each in tags if tags.count(each) > 1)
        raise DeclarationError(at.place, f"two types of its union have the tag {twice!r}", 'Give one another tag="…"')
    variants = tuple(Variant(tag, reader.add_record(cls, at)) for tag, cls in zip(tags, classes, strict=True))
    if alias is None:
        union: Type = Union(variants, discriminator)
    else:
        named = Union(variants, discriminator, alias.__name__, native=alias)
        union = reader.named(alias, at, lambda: named)
    return Nullable(union) if nullable else union


def _flatten(alternatives: Iterable[Any], reader: Reader, at: At) -> tuple[list[Any], bool]:
    """The classes of a union of unions, and whether None is among them."""
    classes: list[Any] = []
    nullable = False
    for each in alternatives:
        with reader.aliases():
            bare, _ = reader.peel(each, at)
            if typing.get_origin(bare) in (typing.Union, UnionType):
                inner, inner_nullable = _flatten(typing.get_args(bare), reader, at)
                classes.extend(inner)
                nullable = nullable or inner_nullable
            elif bare is NoneType:
                nullable = True
            else:
                classes.append(bare)
    return list(dict.fromkeys(classes)), nullable


def _struct_tags(classes: list[Any], at: At) -> tuple[str, list[str]]:
    fields, tags = [], []
    for cls in classes:
        config = cls.__struct_config__
        if config.tag is None:
            raise _untagged(classes, at)
        if not isinstance(config.tag, str):
            raise DeclarationError(
                at.place,
                f"the tag {config.tag!r} of {cls.__name__} is not a string",
                f'Write class {cls.__name__}(dm.Struct, tag="{cls.__name__.lower()}")',
            )
        fields.append(str(config.tag_field))
        tags.append(config.tag)
    if len(set(fields)) > 1:
        raise DeclarationError(
            at.place,
            f"its types keep their tags in different fields: {', '.join(sorted(set(fields)))}",
            f'Give them one tag_field="{fields[0]}"',
        )
    return fields[0], tags


def _literal_tags(classes: list[Any], marks: Iterable[Any], reader: Reader, at: At) -> tuple[str, list[str]]:
    """The field that holds another literal string in each class, and these strings."""
    by_class = [_literals(cls, reader) for cls in classes]
    stated = next((mark.name for mark in marks if isinstance(mark, Discriminator)), None)
    if stated is not None and not isinstance(stated, str):
        raise DeclarationError(
            at.place,
            "a function tells its types apart, and other programs cannot call it",
            'Name a field that each type has, as in Field(discriminator="kind")',
        )
    shared = [name for name in by_class[0] if all(name in each for each in by_class)]
    for name in [stated] if stated is not None else shared:
        if name not in shared:
            raise DeclarationError(
                at.place,
                f"the field {name!r} is not a literal string in each of its types",
                f'Write {name}: Literal["…"] in each',
            )
        tags = [each[name] for each in by_class]
        if stated is not None or len(set(tags)) == len(tags):
            return name, tags
    raise _untagged(classes, at)


def _literals(cls: type, reader: Reader) -> dict[str, str]:
    found = {}
    for member in members(cls):
        with reader.aliases():
            bare, _ = reader.peel(member.annotation, At(f"{cls.__name__}.{member.name}", member.scope))
        values = typing.get_args(bare)
        if typing.get_origin(bare) is Literal and len(values) == 1 and isinstance(values[0], str):
            found[member.name] = values[0]
    return found


def _untagged(classes: list[Any], at: At) -> DeclarationError:
    names = [name_of(each) for each in classes]
    untagged = [each for each in classes if is_struct(each) and each.__struct_config__.tag is None]
    thing = f"nothing on the wire tells {' and '.join(names)} apart"
    if len(untagged) == len(classes) or (untagged and all(map(is_struct, classes))):
        return DeclarationError(at.place, thing, f"Write class {untagged[0].__name__}(dm.Struct, tag=True), and so on")
    if all(map(is_record, classes)) and not any(map(is_struct, classes)):
        return DeclarationError(at.place, thing, 'Give each a field of its own, as in kind: Literal["card"]')
    return DeclarationError(
        at.place,
        thing,
        "Choose one type, or hold each in a struct with a tag: class Number(dm.Struct, tag=True)",
    )
