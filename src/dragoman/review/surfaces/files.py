"""Which operations carry files or raw bytes."""

from __future__ import annotations

from typing import Final

from dragoman.contract.schema import Field, Kind, Record, Scalar, Type, Types
from dragoman.review.wire import Http

from .speech import Speech, Told
from .types import resolved

_FAMILIES: Final = ("image/", "video/", "audio/", "font/")
_MEDIA: Final = frozenset(
    {"application/octet-stream", "application/zip", "application/gzip", "application/pdf", "application/x-tar"}
)
_NAMES: Final = frozenset(
    {"file", "files", "content", "data", "blob", "chunk", "image", "images", "audio", "video", "attachment", "document"}
    | {"audio_content", "image_content", "input_content", "raw", "bytes", "body"}
)


def files(told: Speech) -> list[Told]:
    """The operations with bodies that are files, or with fields that hold one."""
    return [each for each in told.served if _carries(each)]


def _carries(told: Told) -> bool:
    types = told.reading.contract.types
    if told.http is not None and _by_media(told.http):
        return True
    return any(_holds_file(message, types) for message in (told.operation.input, told.operation.output))


def _by_media(http: Http) -> bool:
    answered = (media for answer in http.answers if answer.succeeds for media in answer.media)
    return any(_is_file(media) for media in (*http.media, *answered))


def _is_file(media: str) -> bool:
    name = media.partition(";")[0].strip().lower()
    return name in _MEDIA or name.startswith(_FAMILIES)


def _holds_file(message: Type | None, types: Types) -> bool:
    """Whether one of its own fields holds bytes that are a file by their name, or GraphQL's upload."""
    record = resolved(message, types)
    if isinstance(record, Record):
        return any(_is_field_of_file(each, types) for each in record.fields)
    return isinstance(record, Scalar) and _is_upload(record)


def _is_field_of_file(field: Field, types: Types) -> bool:
    scalar = resolved(field.type, types)
    if not isinstance(scalar, Scalar):
        return False
    return _is_upload(scalar) or (scalar.kind is Kind.BYTES and field.name.lower() in _NAMES)


def _is_upload(scalar: Scalar) -> bool:
    return scalar.format in ("binary", "Upload")
