"""Syntax and editions: whether a field has presence, and how it is written.

Since the editions, features decide that; proto2 and proto3 are two fixed choices of them (the language's own
specification, "Feature settings for editions"). A feature holds for what stands inside, until it is set anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import Edition, FeatureSet, FieldDescriptorProto, FileDescriptorProto

_FIELD = FieldDescriptorProto


@dataclass(frozen=True, slots=True)
class Features:
    """The features in force at one place."""

    presence: int = FeatureSet.EXPLICIT
    encoding: int = FeatureSet.LENGTH_PREFIXED

    def within(self, features: FeatureSet) -> Features:
        """Those in force inside of what sets these."""
        presence = features.field_presence if features.HasField("field_presence") else self.presence
        encoding = features.message_encoding if features.HasField("message_encoding") else self.encoding
        return Features(presence, encoding) if (presence, encoding) != (self.presence, self.encoding) else self

    def required(self, field: FieldDescriptorProto) -> bool:
        """Whether every message must have the field."""
        own = self.within(field.options.features) if field.options.HasField("features") else self
        return field.label == _FIELD.LABEL_REQUIRED or own.presence == FeatureSet.LEGACY_REQUIRED

    def optional(self, field: FieldDescriptorProto) -> bool:
        """Whether absent and zero are told apart. It asks for scalars and enums alone: messages always do."""
        own = self.within(field.options.features) if field.options.HasField("features") else self
        return field.proto3_optional or own.presence == FeatureSet.EXPLICIT

    def delimited(self, field: FieldDescriptorProto) -> bool:
        """Whether the field is written as groups are."""
        own = self.within(field.options.features) if field.options.HasField("features") else self
        return field.type == _FIELD.TYPE_GROUP or own.encoding == FeatureSet.DELIMITED


def of_file(file: FileDescriptorProto) -> Features:
    """Those in force in a file outside of everything."""
    if file.syntax == "editions":
        return Features().within(file.options.features)
    return Features(FeatureSet.IMPLICIT if file.syntax == "proto3" else FeatureSet.EXPLICIT)


def named(file: FileDescriptorProto) -> str:
    """``proto2``, ``proto3`` or ``edition 2023``."""
    if file.syntax == "editions":
        return Edition.Name(file.edition).replace("EDITION_", "edition ").lower()
    return file.syntax or "proto2"
