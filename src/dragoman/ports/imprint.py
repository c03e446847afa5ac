"""Who stands behind a surface, and on what terms it may be used: for documents."""

from __future__ import annotations

from dataclasses import dataclass

from dragoman.contract.declaration import DeclarationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to ask about a surface: at least one of a name, a page and an e-mail address."""

    name: str = ""
    url: str = ""
    email: str = ""

    def __post_init__(self) -> None:
        if not (self.name or self.url or self.email):
            raise DeclarationError(
                "Contact()", "it says nothing", 'Give at least one: Contact(name="…", url="https://…", email="…")'
            )
        check_url(self.url, f"Contact(url={self.url!r})")
        if self.email and "@" not in self.email[1:-1]:
            raise DeclarationError(
                f"Contact(email={self.email!r})", "it is no e-mail address", "Write one such as api@example.com"
            )


@dataclass(frozen=True, slots=True)
class License:
    """The licence of a surface: its name, with its SPDX ``identifier`` (``Apache-2.0``) or the ``url`` of its text."""

    name: str
    identifier: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        place = f"License({self.name!r})"
        if not self.name:
            raise DeclarationError(place, "it has no name", 'Write License("Apache 2.0", identifier="Apache-2.0")')
        if self.identifier and self.url:
            raise DeclarationError(place, "it has an identifier and a url", "Give one of them: each says all of it")
        check_url(self.url, f"{place}, url={self.url!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """Who stands behind a surface, and on what terms it may be used: one value for all surfaces that share it.

    ``terms`` is the URL of the terms of service.
    """

    contact: Contact | None = None
    license: License | None = None
    terms: str = ""

    def __post_init__(self) -> None:
        check_url(self.terms, f"Imprint(terms={self.terms!r})")


def check_url(url: str, place: str) -> None:
    """Refuse what is given and is no absolute http URL. Raises DeclarationError."""
    if url and not url.startswith(("https://", "http://")):
        raise DeclarationError(place, "it is no absolute URL", "Begin it with https://")
