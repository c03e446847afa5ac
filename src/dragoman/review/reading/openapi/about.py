"""What a document says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dragoman.contract.principal import Audience
from dragoman.review.reading.outcome import About

from .node import Node
from .references import References
from .security import schemes

OWN_WORDS: Final = re.compile(r"The .+ surface, for the ([a-z]+) audience: ")
"""How Dragoman's own documents describe a surface whose author did not."""

AUDIENCES: Final = {
    **{each.value: each for each in Audience},
    # The words of Zalando's guidelines, rule 219.
    "external-public": Audience.PUBLIC,
    "external-partner": Audience.PARTNER,
    "company-internal": Audience.INTERNAL,
    "business-unit-internal": Audience.INTERNAL,
    "component-internal": Audience.INTERNAL,
}


def read_about(root: Node, references: References) -> About:
    """From ``info``, ``servers`` (2.0: ``host`` and ``basePath``) and the security schemes."""
    info = root.get("info") or root.having({})
    beside = {name: each for part in (root, info) for name, each in part.object.items() if name[:2] == "x-"}
    return About(
        title=info.text("title"),
        version=_version(info),
        description=info.text("description"),
        contact=_person(info.get("contact")),
        license=_license(info.get("license")),
        terms=info.text("termsOfService"),
        servers=tuple(dict.fromkeys([*_servers(root), *_servers_of_2(root)])),
        schemes=tuple(schemes(root, references)),
        audience=_audience(root, info),
        extensions=beside,
    )


def _version(info: Node) -> str:
    """The version; YAML may take one for a number."""
    version = info.object.get("version", "")
    return str(version) if isinstance(version, str | int | float) else ""


def _person(node: Node | None) -> str:
    parts = [] if node is None else [node.text("name"), node.text("email"), node.text("url")]
    return ", ".join(each for each in parts if each)


def _license(node: Node | None) -> str:
    return "" if node is None else node.text("name") or node.text("identifier") or node.text("url")


def _servers(root: Node) -> Iterator[str]:
    for server in root.items("servers"):
        url = server.text("url")
        for name, variable in server.members("variables"):
            url = url.replace(f"{{{name}}}", str(variable.object.get("default", f"{{{name}}}")))
        if url:
            yield url


def _servers_of_2(root: Node) -> Iterator[str]:
    host, path = root.text("host"), root.text("basePath")
    if host:
        for scheme in root.texts("schemes") or ("https",):
            yield f"{scheme}://{host}{path.rstrip('/')}"
    elif path.strip("/"):
        yield path


def _audience(root: Node, info: Node) -> Audience | None:
    said = info.text("x-audience") or root.text("x-audience")
    own = OWN_WORDS.match(info.text("description"))
    return AUDIENCES.get(said or (own[1] if own else ""))
