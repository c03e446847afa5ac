"""The codec: the neutral schema, compiled to fast JSON in and out, merge patches and stored rows. Every style uses it,
so that a type means the same on all of them.
"""

from __future__ import annotations

from .canonical import to_builtins
from .decoder import JsonDecoder
from .encoder import BrokenValue, JsonEncoder, encode_json
from .patch import Patch, PatchDecoder
from .projector import Projector, beside
from .stored import StoredRecord
from .suggestion import nearest
from .violations import invalid

__all__ = [
    "BrokenValue",
    "JsonDecoder",
    "JsonEncoder",
    "Patch",
    "PatchDecoder",
    "Projector",
    "StoredRecord",
    "beside",
    "encode_json",
    "invalid",
    "nearest",
    "to_builtins",
]
