"""Documents of JSON and YAML, from bytes and from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dragoman.review.elements import Position

from .json_text import read_json
from .outcome import Refusal, Why
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


def within(folder: Path, shown: Callable[[Path], str]) -> Callable[[str, Position], Tree]:
    """Loads the documents that a document in the folder refers to, each once: a reference without its fragment, and the
    place where it stands (whose file it is relative to). ``shown`` says how a path is shown.

    What lies outside of the folder, links followed, is refused, and so is whatever is not a file.
    """
    root, known = folder.resolve(), dict[Path, Tree | Refusal]()

    def load(reference: str, position: Position) -> Tree:
        path = _path_of(reference, root, position)
        if path not in known:
            try:
                known[path] = parse(path.read_bytes(), shown(path))
            except Refusal as refusal:
                known[path] = refusal
            except OSError as error:
                said = f"{reference} cannot be read: {error.strerror}"
                known[path] = Refusal(Why.UNREADABLE, position, said, "Correct the path")
        found = known[path]
        if isinstance(found, Refusal):
            raise found
        return found

    return load


def _path_of(reference: str, root: Path, position: Position) -> Path:
    parts = urlsplit(reference)
    if parts.scheme or parts.netloc:
        message = f"{reference} is on a network, which is not asked"
        raise Refusal(Why.UNSUPPORTED, position, message, "Keep a copy of it beside the document")
    path = (Path(position.file).parent / unquote(parts.path)).resolve()
    if not path.is_relative_to(root):
        message = f"{reference} lies outside of the folder that is reviewed"
        raise Refusal(Why.UNREADABLE, position, message, "Review the folder that holds both")
    if not path.is_file():
        raise Refusal(Why.UNREADABLE, position, f"there is no file {reference}", "Correct the path")
    return path
