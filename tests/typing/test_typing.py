"""What a developer writes is read well by both checkers: they accept what is right, and report what is
wrong, on the very line. The lines that must be reported end in ``# error``.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BIN = Path(sys.executable).parent
FILES = [HERE / "shop.py", HERE / "mistakes.py", HERE / "calls.py"]

Lines = set[tuple[str, int]]


def expected() -> Lines:
    """The marked lines."""
    return {
        (path.name, number)
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.endswith("# error")
    }


def environment() -> dict[str, str]:
    return os.environ | {
        "MYPYPATH": str(ROOT / "src"),
        "NO_COLOR": "1",
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
    }


def by_mypy(tmp_path: Path) -> tuple[Lines, str]:
    """The lines that mypy reports."""
    done = subprocess.run(
        [
            BIN / "mypy", "--strict", "--config-file=", "--no-error-summary", "--explicit-package-bases",
            "--follow-imports=silent", f"--cache-dir={tmp_path}", *FILES,
        ],
        cwd=HERE, env=environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    found = re.findall(r"^(\w+\.py):(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    assert found or done.returncode == 0, done.stdout + done.stderr
    return {(name, int(line)) for name, line, _ in found}, done.stdout


def by_pyright(tmp_path: Path) -> tuple[Lines, str]:
    """The lines that pyright reports."""
    config = {
        "include": [os.path.relpath(path, tmp_path) for path in FILES],
        "extraPaths": [str(ROOT / "src")],
        "pythonVersion": "3.11",
        "typeCheckingMode": "standard",
        "reportUnusedExpression": "none",
        "reportUnusedCoroutine": "none",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    done = subprocess.run(
        [BIN / "pyright", "--outputjson", "--pythonpath", sys.executable, "--project", tmp_path],
        cwd=HERE, env=environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    reports = json.loads(done.stdout)["generalDiagnostics"]
    errors = [each for each in reports if each["severity"] == "error"]
    return (
        {(Path(each["file"]).name, each["range"]["start"]["line"] + 1) for each in errors},
        "\n".join(f"{each['file']}:{each['range']['start']['line'] + 1}: {each['message']}" for each in errors),
    )


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize("check", [by_mypy, by_pyright])
def test_exactly_the_marked_lines_are_reported(check: Callable[[Path], tuple[Lines, str]], tmp_path: Path) -> None:
    reported, output = check(tmp_path)
    missed, surplus = expected() - reported, reported - expected()
    assert not missed, f"not reported: {sorted(missed)}\n{output}"
    assert not surplus, f"reported: {sorted(surplus)}\n{output}"
