"""What a file is, told without reading it as a whole.

A document says what it is with a member at its top: ``openapi``, ``swagger``, ``asyncapi`` with a version, or
``__schema``. The same words stand elsewhere too (a dependency in package.json, a switch in application.yml), so that
depth and value count.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import Final

from .outcome import Format

HEAD: Final = 1024 * 1024
"""How many bytes are looked at in files that give no other hint."""

_SDL_NAMES: Final = frozenset({".graphql", ".graphqls", ".gql"})
_SET_NAMES: Final = frozenset({".binpb", ".pb", ".protoset", ".desc", ".fds"})
_YAML_NAMES: Final = frozenset({".yaml", ".yml"})

_WORDS: Final = {
    b"openapi": Format.OPENAPI,
    b"swagger": Format.OPENAPI,
    b"swaggerVersion": Format.OPENAPI,  # 1.x, of which the reader says that it is not read
    b"asyncapi": Format.ASYNCAPI,
    b"__schema": Format.GRAPHQL,
}
_YAML: Final = re.compile(rb"^[\"']?(openapi|swagger|swaggerVersion|asyncapi)[\"']?[ \t]*:[ \t]*[\"']?\d", re.MULTILINE)
_JSON: Final = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|[{}\[\]]", re.DOTALL)
_VERSION: Final = re.compile(rb"\s*:\s*\"?\d")
_OBJECT: Final = re.compile(rb"\s*:\s*\{")
_SDL: Final = re.compile(
    rb"^[ \t]*(?:extend[ \t]+)?(?:type|interface|union|enum|input|scalar|schema|directive)\b(?!\s*[:=(])", re.MULTILINE
)
_QUERIES: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[\s,]|#[^\n]*\n)*(?:query\b|mutation\b|subscription\b|fragment\b|\{|$)"
)
"""How documents begin that ask, which stand beside schemas and are none."""


def recognized(path: Path, *, named: bool = False) -> Format | None:
    """What a file is by its name, and by a look into it where its name leaves that open. ``named`` files are taken at
    their name where that is clear, so that a reader says what is wrong with them. Raises OSError.
    """
    suffix = path.suffix.lower()
    if suffix == ".proto":
        return Format.PROTO
    if suffix in _SDL_NAMES:
        head = _head(path)
        return Format.GRAPHQL if named or _SDL.search(head) or not _QUERIES.match(head) else None
    if suffix in _SET_NAMES:
        return Format.PROTO if named or _is_descriptor_set(_head(path, 4096)) else None
    if suffix == ".json":
        return _by_members(path)
    if suffix in _YAML_NAMES:
        return _by_lines(path)
    return None


def recognized_by_content(path: Path) -> Format | None:
    """What a file is whose name says nothing. Raises OSError."""
    head = _head(path)
    if head.lstrip()[:1] == b"{":
        return _by_members(path)
    if _is_descriptor_set(head):
        return Format.PROTO
    return _by_lines(path)


def _head(path: Path, size: int = HEAD) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _is_descriptor_set(head: bytes) -> bool:
    """A set begins with a file (field 1), and that with its name."""
    return head[:1] == b"\n" and b".proto" in head[:512]


def _by_lines(path: Path) -> Format | None:
    """A document of YAML: members at its top begin their lines."""
    if _head(path, 256).lstrip()[:1] == b"{":
        return _by_members(path)
    if path.stat().st_size == 0:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        found = _YAML.search(text)
        return None if found is None else _WORDS[found[1]]


def _by_members(path: Path) -> Format | None:
    """A document of JSON: strings and brackets are enough to know which names are members at its top."""
    if path.stat().st_size == 0:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        if not any(text.find(b'"' + word + b'"') >= 0 for word in _WORDS):
            return None
        return _at_the_top(text)


def _at_the_top(text: mmap.mmap) -> Format | None:
    depth = 0
    envelope = False
    for match in _JSON.finditer(text):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
            envelope = envelope and depth > 1
        elif depth == 1 or (depth == 2 and envelope):
            word = token[1:-1]
            if word == b"__schema" and _OBJECT.match(text, match.end()):
                return Format.GRAPHQL
            if depth == 1 and word in _WORDS and _VERSION.match(text, match.end()):
                return _WORDS[word]
            envelope = envelope or (depth == 1 and word == b"data" and _OBJECT.match(text, match.end()) is not None)
    return None
