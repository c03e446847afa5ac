"""What a call was asked, in a form that does not depend on how it was written: the same input has the same fingerprint
in any order of its members, with defaults given or left out, on any style.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from dragoman.contract.operation import Method, Operation
from dragoman.contract.schema import Types
from dragoman.runtime.codec.canonical import without_defaults

if TYPE_CHECKING:
    from dragoman.runtime.call import State

Fingerprint: TypeAlias = Callable[["State"], str]


def fingerprints(operation: Operation, types: Types) -> Fingerprint:
    """What makes the fingerprint of a call: of the members that were given, as they were decoded. What a class makes of
    them, and of those that are left out, may differ each time, and is not looked at.
    """
    type_ = operation.output if operation.method is Method.CREATE else operation.input

    def fingerprint(state: State) -> str:
        # What a patch gives is meant, though it be the default.
        given: Any = state.given if type_ is None else without_defaults(types, type_, state.given)
        text = msgspec.json.encode((state.id, given), order="sorted")
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    return fingerprint
