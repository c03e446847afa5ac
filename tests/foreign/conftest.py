"""What the tests with foreign tools share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "hosts"))

from tooling import DOCUMENTS, run


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every document, as a partner gets it from ``dragoman export``."""
    folder = tmp_path_factory.mktemp("documents")
    for name, (target, surface) in DOCUMENTS.items():
        run("dragoman", "export", target, "--surface", surface, "--output", f"{name}.json", folder=folder)
    return folder
