"""Small trees of .proto files."""

from collections.abc import Callable, Mapping
from contextlib import chdir
from pathlib import Path

import pytest

from dragoman.review.reading.outcome import Reading, Refusal
from dragoman.review.reading.protobuf import read

Outcome = tuple[list[Reading], list[Refusal]]
Reader = Callable[[Mapping[str, str]], Outcome]


def read_in(folder: Path, files: Mapping[str, str]) -> Outcome:
    """Write files, and read them all as a user would who names the folder ``api``."""
    with chdir(folder):
        for name, text in files.items():
            path = Path("api", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return read([Path("api", name) for name in files if name.endswith(".proto")], Path("api"))


@pytest.fixture
def reads(tmp_path: Path) -> Reader:
    """Reads files that it writes."""
    return lambda files: read_in(tmp_path, files)


@pytest.fixture(scope="module")
def reads_once(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """The same, for what a whole module looks at."""
    return lambda files: read_in(tmp_path_factory.mktemp("once"), files)
