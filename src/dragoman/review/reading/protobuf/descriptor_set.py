"""Descriptor sets: what ``protoc --descriptor_set_out`` and ``buf build`` write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError

from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Refusal, Why

from .library import provided

MAX_BYTES: Final = 64 * 1024 * 1024
"""How large a set may be: Google's 8,000 files with all their comments would have twice that."""


def is_descriptor_set(file: Path) -> bool:
    """Whether the name is that of compiled files rather than of text."""
    return file.suffix.lower() != ".proto"


def read_descriptor_set(file: Path) -> tuple[list[FileDescriptorProto], list[str]]:
    """The files of a set, and the names of those that are its own: google/protobuf and the like are imports. Raises
    Refusal for what is no such set.
    """
    position = Position(file.as_posix())
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise Refusal(
                Why.UNREADABLE,
                position,
                f"the descriptor set has {size / 2**20:.0f} MB, and one of at most {MAX_BYTES // 2**20} MB is read",
                "Write it without --include_source_info, or in parts",
            )
        found = list(FileDescriptorSet.FromString(file.read_bytes()).file)
    except OSError as error:
        raise Refusal(
            Why.UNREADABLE, position, f"it cannot be read: {error.strerror}", "Check its permissions"
        ) from None
    except DecodeError:
        raise _none(position) from None
    if not found or not all(each.name and _is_sound(each) for each in found):
        raise _none(position)
    own = [each.name for each in found if not each.name.startswith("google/protobuf/") and provided(each.name) is None]
    return found, own or [each.name for each in found]


def _none(position: Position) -> Refusal:
    return Refusal(
        Why.UNREADABLE,
        position,
        "it is no descriptor set of protocol buffers",
        "Write one with protoc --include_imports --include_source_info --descriptor_set_out=api.binpb, or buf build",
    )


def _is_sound(file: FileDescriptorProto) -> bool:
    """Whether what protoc guarantees holds: the set may come from anywhere."""
    return all(
        all(not field.HasField("oneof_index") or 0 <= field.oneof_index < len(each.oneof_decl) for field in each.field)
        and (not each.options.map_entry or len(each.field) == 2)
        for each in _messages(file.message_type)
    )


def _messages(messages: object) -> Iterator[DescriptorProto]:
    waiting: list[DescriptorProto] = list(messages)  # type: ignore[call-overload]
    while waiting:
        message = waiting.pop()
        yield message
        waiting += message.nested_type
