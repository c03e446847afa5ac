"""The shop's source is as short as the sketch that it follows, and both type checkers accept it."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from dragoman.demo import shop

ROOT = Path(__file__).parent.parent.parent
SKETCH_LINES = 27
"""Lines that are not blank in the sketch of the design, section 3."""
STREAM_LINES = 11
"""And those of a stream, of which the sketch has none. The shop may have half as many again."""


def test_the_shop_is_short() -> None:
    source = inspect.getsource(shop)
    lines = [line for line in source.splitlines() if line.strip()]
    assert len(lines) <= (SKETCH_LINES + STREAM_LINES) * 1.5
    assert max(map(len, lines)) <= 110


@pytest.mark.parametrize(
    "command", [["mypy", "--strict"], ["pyright", "--pythonpath", sys.executable]], ids=["mypy", "pyright"]
)
@pytest.mark.slow
@pytest.mark.once
def test_type_checkers_accept_it(command: list[str]) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / command[0], *command[1:], "src/dragoman/demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_surfaces() -> None:
    named = [(each.surface.name, each.surface.path, str(each.surface.audience)) for each in shop.app.surfaces]
    assert named == [
        ("partner", "/v1", "partner"),
        ("inference", "/internal", "internal"),
        ("admin", "/admin/v1", "operator"),
    ]


def test_the_model_is_a_plain_rule() -> None:
    from dragoman.demo.model import Transaction

    plain, wild = (
        Transaction(amount_cents=100, orders_before=3),
        Transaction(amount_cents=90_000, country="XX"),
    )
    low, high = shop.predict([plain, wild])
    assert (low.score, low.reasons) == (0.01, [])
    assert 0.5 < high.score <= 1
    assert high.reasons == ["large amount", "foreign country", "first order"]
