"""Names for the types that Python has no word for. To a type checker each is the plain type it refines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from .annotations import Length, Pattern
from .schema import Kind


@dataclass(frozen=True, slots=True)
class Form:
    """Marks a Python type as one scalar kind, or as one format of strings."""

    kind: Kind
    format: str | None = None


# What HTML forms take, but for misplaced dots, which RFC 5321 (4.1.2) forbids and no mail server accepts. Whether an
# address exists, only a message to it can tell.
_ATOM: Final = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
EMAIL_PATTERN: Final = rf"^{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*$"
# RFC 3986: its characters, each part in its place, others percent-encoded.
_PLAIN: Final = "A-Za-z0-9._~!$&'()*+,;=-"
_ENCODED: Final = "%[0-9A-Fa-f]{2}"
_HOST: Final = rf"(?:(?:[{_PLAIN}]|{_ENCODED})+|\[[0-9A-Fa-f:.]+\])"
URL_PATTERN: Final = (
    rf"^https?://(?:(?:[:{_PLAIN}]|{_ENCODED})*@)?{_HOST}(?::[0-9]*)?"
    rf"(?:/(?:[:@/{_PLAIN}]|{_ENCODED})*)?(?:\?(?:[:@/?{_PLAIN}]|{_ENCODED})*)?(?:#(?:[:@/?{_PLAIN}]|{_ENCODED})*)?$"
)

Int32 = Annotated[int, Form(Kind.INT32)]
"""A 32-bit integer."""

Int64 = Annotated[int, Form(Kind.INT64)]
"""A 64-bit integer; a string in JSON, always, since JSON readers keep no more than 53 bits of a number."""

UInt32 = Annotated[int, Form(Kind.UINT32)]
"""An unsigned 32-bit integer."""

UInt64 = Annotated[int, Form(Kind.UINT64)]
"""An unsigned 64-bit integer; a string in JSON, always."""

Float32 = Annotated[float, Form(Kind.FLOAT)]
"""A number with the precision of 32 bits."""

Email = Annotated[str, Form(Kind.STRING, "email"), Length(3, 254), Pattern(EMAIL_PATTERN)]
"""An e-mail address as HTML forms and mail servers have it: ASCII, one @, at most 254 characters."""

Url = Annotated[str, Form(Kind.STRING, "uri"), Length(1, 2048), Pattern(URL_PATTERN)]
"""An absolute http or https URL of at most 2,048 characters."""
