"""Documents of JSON and YAML, from bytes."""

from __future__ import annotations

from .json_text import read_json
from .outcome import Refusal
from .text import text_of
from .tree import Tree
from .yaml_text import read_yaml


def parse(data: bytes, file: str) -> Tree:
    """The tree of a document. ``file`` is its path as it is shown. What begins with a bracket is read as JSON; where it
    is none, and the file's name does not say that it is, as YAML, whose flow style looks alike. Raises Refusal.
    """
    text = text_of(data, file)
    if file.endswith(".json"):
        return read_json(text, file)
    if text.lstrip()[:1] in ("{", "["):
        try:
            return read_json(text, file)
        except Refusal as refusal:
            try:
                return read_yaml(text, file)
            except Refusal:
                raise refusal from None
    return read_yaml(text, file)
