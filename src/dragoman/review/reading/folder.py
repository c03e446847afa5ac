"""Documents in a folder, and what they refer to in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dragoman.review.elements import Position

from .outcome import Refusal, Why
from .parse import parse
from .text import check_size
from .tree import Tree


class Folder:
    """Reads the documents of a folder. ``shown`` says how a path below ``root`` is shown; positions name files by that.

    What lies outside of the folder, links followed, is not read, and nothing is asked of a network.
    """

    def __init__(self, root: Path, shown: Callable[[Path], str] = str) -> None:
        self._given = root
        self._root = root.resolve()
        self._shown = shown
        self._paths: dict[str, Path] = {}
        self._loaded: dict[Path, Tree | Refusal] = {}

    def tree(self, path: Path) -> Tree:
        """The document in that file. Raises Refusal where it cannot be read."""
        file = self._shown(path)
        self._paths[file] = path
        try:
            check_size(path.stat().st_size, file)
            data = path.read_bytes()
        except OSError as error:
            said = f"it cannot be read: {error.strerror}"
            raise Refusal(Why.UNREADABLE, Position(file), said, "Check its permissions") from None
        return parse(data, file)

    def load(self, reference: str, position: Position) -> Tree:
        """What a document refers to, kept for the next that does: a reference without its fragment, and the place where
        it stands, in a document that was read here. Raises Refusal, with that place where there is no such file.
        """
        path = self._path(reference, position)
        if path not in self._loaded:
            try:
                self._loaded[path] = self.tree(self._given / path.relative_to(self._root))
            except Refusal as refusal:
                self._loaded[path] = refusal
        found = self._loaded[path]
        if isinstance(found, Refusal):
            raise found
        return found

    def _path(self, reference: str, position: Position) -> Path:
        parts = urlsplit(reference)
        if parts.scheme or parts.netloc:
            message = f"{reference} is on a network, which is not asked"
            raise Refusal(Why.UNSUPPORTED, position, message, "Keep a copy of it beside the document")
        beside = self._paths.get(position.file, Path(position.file))
        try:
            path = (beside.parent / unquote(parts.path)).resolve()
            there = path.is_file()
        except (OSError, ValueError):  # a name that no file can have
            raise Refusal(Why.UNREADABLE, position, "a reference is no path", "Correct the path") from None
        if not path.is_relative_to(self._root):
            message = f"{reference} lies outside of the folder that is reviewed"
            raise Refusal(Why.UNREADABLE, position, message, "Review the folder that holds both")
        if not there:
            raise Refusal(Why.UNREADABLE, position, f"there is no file {reference}", "Correct the path")
        return path
