"""What SourceCodeInfo says: comments, and where things stand."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from dragoman.review.elements import Position

Path: TypeAlias = tuple[int, ...]
"""The way to a declaration: field numbers and indexes, as descriptor.proto has them."""

PACKAGE: Final[Path] = (2,)
"""The way to a file's package."""


class Source:
    """Comments and places of one file, which is shown as ``shown``. Where the file itself is not there (``placed`` is
    false), all stands at its beginning.
    """

    def __init__(self, file: FileDescriptorProto, shown: str, *, placed: bool = True) -> None:
        self.shown = shown
        self._placed = placed
        self._file: FileDescriptorProto | None = file
        self._spans: dict[Path, tuple[int, int]] = {}
        self._comments: dict[Path, str] = {}

    def _read(self) -> None:
        """Read it when it is first asked for: of most imports nobody ever asks."""
        file, self._file = self._file, None
        assert file is not None
        for location in file.source_code_info.location:
            path = tuple(location.path)
            if len(path) % 2 == 0 or path == PACKAGE:  # a declaration; the others are their parts
                line, column = location.span[:2] if len(location.span) >= 3 else (0, 0)
                self._spans.setdefault(path, (line, column))
                comment = location.leading_comments or location.trailing_comments
                if comment:
                    self._comments.setdefault(path, _text(comment))

    def position(self, path: Path) -> Position:
        """Where a declaration begins."""
        if not self._placed:
            return Position(self.shown)
        if self._file is not None:
            self._read()
        line, column = self._spans.get(path, (0, 0))
        return Position(self.shown, line + 1, column + 1)

    def comment(self, path: Path) -> str:
        """What stands above a declaration, or behind it."""
        if self._file is not None:
            self._read()
        return self._comments.get(path, "")


_INTERNAL: Final = re.compile(r"\(--.*?(?:--\)|\Z)", re.DOTALL)
_DIRECTIVE: Final = re.compile(r"(?:buf:lint:|protolint:|@exclude\b|clang-format )")


def _text(comment: str) -> str:
    """The comment as prose: without what is left of its marks, without what is for those who write the file
    (AIP-192's internal comments) and for tools.
    """
    lines = (line.strip().removeprefix("*").strip() for line in _INTERNAL.sub("", comment).strip().splitlines())
    return "\n".join(line for line in lines if not _DIRECTIVE.match(line)).strip()
