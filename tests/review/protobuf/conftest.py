"""Small trees of .proto files."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dragoman.review.reading.outcome import Reading, Refusal
from dragoman.review.reading.protobuf import read

Reader = Callable[[Mapping[str, str]], tuple[list[Reading], list[Refusal]]]


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Write files, and read them all as a user would who names the folder."""
    monkeypatch.chdir(tmp_path)

    def written(files: Mapping[str, str]) -> tuple[list[Reading], list[Refusal]]:
        for name, text in files.items():
            path = Path("api", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return read([Path("api", name) for name in files if name.endswith(".proto")], Path("api"))

    return written
