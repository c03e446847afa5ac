"""What every test may use."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# What needs node, Java, nginx and a browser: `make foreign` runs it.
collect_ignore = [] if os.environ.get("DRAGOMAN_FOREIGN") else ["foreign"]

TESTS = Path(__file__).parent

# How long an example takes is no matter of whether it holds: machines are shared.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew, to be reviewed")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a golden file, named from the folder of the tests; or write it, with --update-golden."""
    update = request.config.getoption("--update-golden")

    def compare(name: str, text: str) -> None:
        path = TESTS / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        assert text == expected, f"tests/{name} differs; run pytest --update-golden and review the difference"

    return compare
