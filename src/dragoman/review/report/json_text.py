"""JSON as reports write it."""

from __future__ import annotations

import json
from typing import Any, Final

_CONTROLS: Final = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
"""What JSON lets stand and a terminal obeys."""


def json_text(value: Any) -> str:
    """Indented, with a newline at the end. Halves of surrogate pairs, which a document of JSON can hold, stay escaped,
    so that the text can be encoded; control characters do, too.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).translate(_CONTROLS)
    return f"{text}\n".encode("utf-8", "backslashreplace").decode()
