"""``dragoman export``: the document without a server."""

import subprocess
import sys
from pathlib import Path

import pytest

from dragoman.cli import main
from dragoman.demo.shop import app
from dragoman.ports.wire import Request

SHOP = "dragoman.demo:app"


def served(surface: str) -> bytes:
    bound = next(each for each in app.surfaces if each.surface.name == surface)
    response = bound.endpoint.document(Request("GET", f"{bound.surface.path}/openapi.json"))
    assert response is not None
    return response.body


@pytest.mark.parametrize("surface", ["partner", "admin"])
def test_it_prints_what_is_served(surface: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["export", SHOP, "--surface", surface]) == 0
    assert capfdbinary.readouterr() == (served(surface), b"")


def test_it_writes_a_file_and_holds_it_to_the_declarations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["export", SHOP, "--surface", "partner", "--format", "openapi"]
    assert main([*words, "--output", "openapi.json"]) == 0
    assert Path("openapi.json").read_bytes() == served("partner")
    assert main([*words, "--check", "openapi.json"]) == 0
    assert capsys.readouterr() == ("", "")
    Path("openapi.json").write_bytes(served("partner").replace(b"list_orders", b"fetch_orders"))
    assert main([*words, "--check", "openapi.json"]) == 1
    out, err = capsys.readouterr()
    assert '-        "operationId": "fetch_orders",\n+        "operationId": "list_orders",\n' in out
    assert err == "dragoman: openapi.json is stale; write it anew with --output openapi.json\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--surface", "public"], "there is no surface 'public'; there is partner, inference, admin"),
        (
            ["--surface", "inference", "--format", "openapi"],
            "the surface 'inference' speaks rpc, which is exported as proto, descriptors",
        ),
        (
            ["--surface", "admin", "--format", "wsdl"],
            "the surface 'admin' speaks rest, which is exported as openapi",
        ),
        (
            ["--surface", "admin", "--check", "none.json"],
            "none.json cannot be read: No such file or directory; write it with --output none.json",
        ),
        (["--surface", "admin", "--output", "no/such"], "no/such cannot be written: No such file or directory"),
    ],
)
def test_what_there_is_not(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", SHOP, *words]) == 1
    assert capsys.readouterr() == ("", f"dragoman: {said}\n")


def test_no_database_is_opened(tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text(
        "import dragoman as dm\n\n"
        "class Note(dm.Resource, prefix='note'):\n    text: str\n\n"
        "notes = dm.Contract('notes').resource(Note)\n"
        "app = dm.App(dm.rest('one', '/v1', audience='public', auth=dm.anonymous(), exposes=[notes]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "dragoman", "export", "small:app", "--surface", "one"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith(b'{\n  "openapi": "3.1.0"')
    assert [each.name for each in tmp_path.iterdir() if each.name != "__pycache__"] == ["small.py"]
