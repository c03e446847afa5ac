"""dragoman new: what it makes works, and passes its own checks."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dragoman.cli import main

ROOT = Path(__file__).parent.parent.parent
WITHOUT_PIP = """\
python3() {{ {python} "$@" --without-pip --symlinks; }}
pip() {{ {python} -m pip --python .venv/bin/python --quiet --disable-pip-version-check "$@"; }}
"""
"""The same words, without a pip of its own in each new environment, which takes long."""


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command in an empty folder; returns what it said, and checks its exit code."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, code: int = 0) -> str:
        assert main(["new", name]) == code
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    return run


def test_it_says_what_to_do_next(new: Callable[..., str], tmp_path: Path) -> None:
    assert new("price-list").splitlines() == [
        "made price-list; now:",
        "",
        "  cd price-list",
        "  pip install -e '.[dev]'",
        "  pytest",
        "  dragoman serve price_list.app:app",
    ]
    made = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()}
    assert made == {
        "price-list/.gitignore",
        "price-list/README.md",
        "price-list/price_list/__init__.py",
        "price-list/price_list/app.py",
        "price-list/price_list/contract.py",
        "price-list/pyproject.toml",
        "price-list/tests/test_app.py",
    }
    texts = [(tmp_path / each).read_text() for each in made]
    assert not any(re.search("PROJECT|template", text) for text in texts)
    code = [text for each, text in zip(made, texts, strict=True) if "/price_list/" in each]
    assert sum(len([line for line in text.splitlines() if line.strip()]) for text in code) < 40, "as short as the shop"


def test_an_empty_folder_is_filled(new: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    assert new("shop")
    assert (tmp_path / "shop" / "shop" / "app.py").exists()


def test_what_is_there_is_left_alone(new: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "mine").touch()
    (tmp_path / "file").touch()
    assert "shop is a folder that is not empty: take another name, or move it away" in new("shop", 1)
    assert "file is a file: take another name" in new("file", 1)
    assert [each.name for each in (tmp_path / "shop").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Shop", "'Shop' is no name of a project: write small letters, digits and single dashes, a letter first"),
        ("my shop", "such as my-shop"),
        ("2nd", "such as nd"),
        ("a/b", "such as b"),
        ("..", "such as shop"),
        ("shop-", "such as shop"),
        ("", "such as shop"),
        ("class", "'class' is a word of Python's own: take another name, such as class-api"),
        ("json", "'json' would hide the module json, which is there already: take json-api"),
        ("dragoman", "'dragoman' would hide the module dragoman"),
        ("msgspec", "'msgspec' would hide the module msgspec"),
        ("pytest", "'pytest' would hide the module pytest"),
        ("tests", "take tests-api"),
    ],
)  # fmt: skip
def test_names_that_are_refused(new: Callable[..., str], tmp_path: Path, name: str, said: str) -> None:
    assert said in new(name, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.once
def test_it_passes_its_own_checks_in_a_fresh_environment(new: Callable[..., str], tmp_path: Path) -> None:
    """Its README is followed to the letter, but for the clone's path and the port."""
    new("price-list")
    folder = tmp_path / "price-list"
    first, then = re.findall(r"```sh\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    *setup, serve = first.replace("/path/to/dragoman", str(ROOT)).splitlines()
    assert serve == "dragoman serve price_list.app:app"

    def run(*lines: str) -> str:
        words = ["sh", "-euc", "\n".join(lines)]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, (lines, done.stdout[-3000:], done.stderr[-3000:])
        return done.stdout

    run(WITHOUT_PIP.format(python=sys.executable), *setup)
    entered = ". .venv/bin/activate"
    run(entered, "mypy", "ruff check", "ruff format --check")
    with serving([str(folder / ".venv/bin/dragoman"), *serve.split()[1:], "--port", "0"], folder) as url:
        made, listed = run(entered, then.replace("localhost:8000", url)).splitlines()
    assert json.loads(listed)["tasks"] == [json.loads(made)]


def test_it_is_served(new: Callable[..., str], tmp_path: Path) -> None:
    new("shop")
    with serving([sys.executable, "-m", "dragoman", "serve", "shop.app:app", "--port", "0"], tmp_path / "shop") as url:
        assert url.startswith("http://127.0.0.1:")


@contextmanager
def serving(command: list[str], folder: Path) -> Iterator[str]:
    """It says where it listens, and stops when told to."""
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        try:
            found = re.search(r"listening on (\S+)", process.stderr.readline())
            assert found
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
