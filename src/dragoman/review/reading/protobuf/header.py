"""What a ``.proto`` file says before protoc has seen it: its package, and what it imports.

protoc needs to know from which folder imports count, and users seldom remember to say it; files do, by their package
and by how others import them. A look at the head is enough for that, and cheap enough for thousands of files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Refusal, Why

MAX_BYTES: Final = 8 * 1024 * 1024
"""How large a ``.proto`` file may be. The largest of Google's public ones has 4.3 MB; one enum of 8 MB
takes protoc twelve seconds and a gigabyte.
"""

_TOKEN: Final = re.compile(
    r"/\*.*?(?:\*/|\Z)|//[^\n]*"
    r"|\bimport\s+(?:(?:public|weak|option)\s+)?(?:\"(?P<import>[^\"\n]*)\"|'(?P<quoted>[^'\n]*)')"
    r"|\bpackage\s+(?P<package>[\w.]+)\s*;"
    r"|\b(?P<body>message|service|enum|extend)\s+[\w.]+\s*\{"
    r"|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?",
    re.DOTALL,
)
_LATER_IMPORT: Final = re.compile(r"^[ \t]*import\s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Header:
    """``imports`` are names as they are written, each with its line."""

    file: Path
    package: str
    imports: tuple[tuple[str, int], ...]
    size: int

    @property
    def shown(self) -> str:
        """The path as the user is shown it."""
        return self.file.as_posix()


def read_header(file: Path) -> Header:
    """The head of a file. Raises Refusal for one that cannot be read, is too large or is no text."""
    text = _text(file)
    package, imports = "", []
    for match in _TOKEN.finditer(text):
        name = match["import"] if match["import"] is not None else match["quoted"]
        if name is not None:
            imports.append((name, text.count("\n", 0, match.start()) + 1))
        elif match["package"] is not None:
            package = match["package"]
        elif match["body"] is not None and not _LATER_IMPORT.search(text, match.end()):
            break  # imports after the first declaration are legal, and rare
    return Header(file, package, tuple(imports), len(text))


def _text(file: Path) -> str:
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise Refusal(
                Why.UNREADABLE,
                Position(file.as_posix()),
                f"the file has {size / 2**20:.1f} MB, and one of at most {MAX_BYTES // 2**20} MB is read",
                "Split it by package, or leave generated data out of it",
            )
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refusal(
            Why.UNREADABLE, Position(file.as_posix()), f"it cannot be read: {error.strerror}", "Check its permissions"
        ) from None
    except UnicodeDecodeError as error:
        raise Refusal(
            Why.UNREADABLE,
            Position(file.as_posix()),
            f"it is no UTF-8 text: byte {error.start} is not part of it",
            "Save it as UTF-8, as protoc wants it",
        ) from None
