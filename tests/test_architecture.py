"""The dependency rule holds, and the check that says so can fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINT = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a folder that holds pyproject.toml, on the package in its src."""
    return subprocess.run(
        [LINT, "--no-cache", "--no-logo"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def copy(folder: Path) -> Path:
    """Copy what the check reads; return the folder of the sources."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    return shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.csv"))


def test_each_part_imports_only_what_it_may() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.once
@pytest.mark.parametrize(
    ("importer", "statement", "imported"),
    [
        ("dragoman.contract", "import dragoman.ports", "dragoman.ports"),
        ("dragoman.ports", "from dragoman import runtime", "dragoman.runtime"),
        ("dragoman.runtime", "from dragoman.styles import rest", "dragoman.styles.rest"),
        ("dragoman.engines.sqlite", "import dragoman.styles.rest", "dragoman.styles.rest"),
        ("dragoman.styles.rest", "import dragoman.styles.rpc", "dragoman.styles.rpc"),
        ("dragoman.styles.rest", "from dragoman import Resource", "dragoman"),
        ("dragoman.hosts", "import dragoman.app", "dragoman.app"),
        ("dragoman.app", "import dragoman.cli", "dragoman.cli"),
        ("dragoman.app", "import dragoman.demo", "dragoman.demo"),
        ("dragoman", "import dragoman.demo", "dragoman.demo"),
        ("dragoman.client", "import dragoman.app", "dragoman.app"),
        ("dragoman.app", "import dragoman.client", "dragoman.client"),
        ("dragoman.styles.rpc", "import dragoman.client", "dragoman.client"),
    ],
)
def test_a_forbidden_import_is_named(tmp_path: Path, importer: str, statement: str, imported: str) -> None:
    source = copy(tmp_path)
    place = source / Path(*importer.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    with file.open("a") as out:
        out.write(f"\n\ndef offend() -> None:\n    {statement}\n")

    done = lint(tmp_path)

    assert done.returncode != 0, done.stdout
    assert f"{importer} -> {imported} (l." in done.stdout, done.stdout


def test_a_part_without_a_place_is_named(tmp_path: Path) -> None:
    source = copy(tmp_path)
    (source / "dragoman" / "helpers.py").touch()

    done = lint(tmp_path)

    assert done.returncode != 0, done.stdout
    assert "helpers" in done.stdout
