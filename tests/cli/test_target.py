"""MODULE:APP: what is wrong with it is said in one line. The golden file holds the lines."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dragoman.cli import main

GOLDEN = Path(__file__).parent / "target.golden"

FILES = {
    "shop.py": """
        import dragoman as dm
        from dragoman.demo.shop import app as _demo
        app = second = dm.App(*(bound.surface for bound in _demo.surfaces))
        number = 3
        factory = lambda: app
        """,
    "empty.py": "x = 1",
    "syntax.py": "def f(:\n    pass",
    "raises.py": "def f():\n    raise ValueError('the\\nmodel is missing')\n\n\nf()",
    "imports.py": "import no_such_package.part",
    "wrong_name.py": "from shop import application",
    "declared.py": """
        import dragoman as dm

        class Thing(dm.Resource):
            name: str
        """,
    "package/__init__.py": "",
    "package/api.py": "import missing_inside",
}

TARGETS = [
    "shop",
    "shop.py",
    ":app",
    "shop:",
    "",
    "shop.py:app",
    "./package/api.py:app",
    "nothing_here:app",
    "shpo:app",
    "package.nothing:app",
    "nothing_here.part:app",
    "shop:ap",
    "shop:number",
    "shop:factory",
    "shop:App",
    "shop:app.nothing",
    "empty:app",
    "empty:x",
    "syntax:app",
    "raises:app",
    "imports:app",
    "wrong_name:app",
    "declared:app",
    "package.api:app",
    "a b:app",
    "..:app",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    import textwrap

    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text).strip() + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {Path(each).parts[0].removesuffix(".py") for each in FILES}:
            del sys.modules[name]


def test_what_is_said_of_a_wrong_target(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for target in TARGETS:
        assert main(["explain", target, "predict"]) == 1, target
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1, said.err
        lines.append(f"{target}\n    {said.err}".replace(str(folder), "FOLDER"))
    assert "".join(lines) == GOLDEN.read_text()


def test_a_right_target_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for target in ("shop:app", "shop:second", "dragoman.demo:app", "dragoman.demo.shop:app"):
        assert main(["explain", target, "predict"]) == 0
        assert "POST /internal/predict" in capsys.readouterr().out
