"""Reading whatever there is, each document by its reader."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dragoman.review.reading.outcome import Format, Why
from dragoman.review.reading.read import read_all

FILES = {
    "a/openapi.yaml": "openapi: 3.0.0\ninfo: {title: A}\npaths: {/a: {$ref: 'parts/a.yaml'}}\n",
    "a/parts/a.yaml": "get: {responses: {'200': {description: Yes.}}}\n",
    "b/events.json": '{"asyncapi": "2.0.0", "channels": {"c": {"publish": {"message": {"name": "d"}}}}}',
    "c/shop.proto": 'syntax = "proto3";\npackage c;\nmessage A {}\n',
    "d/schema.graphql": "type Query { a: Int }",
    "e/broken.yaml": "openapi: 3.0.0\npaths: {\n",
    "e/broken.proto": "syntax",
    "e/broken.graphql": "type A {",
    "e/old.json": '{"asyncapi": "1.0.0"}',
    "package.json": "{}",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = Path("api", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_what_is_refused_keeps_nothing_else_from_being_read() -> None:
    found = read_all([Path("api"), Path("gone.yaml")])
    assert [(each.file, each.format) for each in found.readings] == [
        ("api/a/openapi.yaml", Format.OPENAPI),
        ("api/b/events.json", Format.ASYNCAPI),
        ("api/c/shop.proto", Format.PROTO),
        ("api/d/schema.graphql", Format.GRAPHQL),
    ]
    assert [each.position.file for each in found.refusals] == [
        "api/e/broken.graphql",
        "api/e/broken.proto",
        "api/e/broken.yaml",
        "api/e/old.json",
        "gone.yaml",
    ]
    assert found.documents == 8


def test_references_go_by_the_file_that_they_stand_in() -> None:
    (reading,) = read_all([Path("api/a/openapi.yaml")]).readings
    assert reading.remarks == ()
    assert len(reading.contract.operations) == 1


def test_references_do_not_leave_what_is_reviewed() -> None:
    Path("secret.yaml").write_text("get: {}\n")
    Path("api/a/openapi.yaml").write_text("openapi: 3.0.0\npaths: {/a: {$ref: '../../secret.yaml'}}\n")
    (reading,) = read_all([Path("api/a")]).readings
    assert "outside of the folder" in reading.remarks[0].message


def test_a_reader_that_fails_costs_only_its_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise LookupError("oh")

    monkeypatch.setattr("dragoman.review.reading.openapi.read", fail)
    found = read_all([Path("api/a"), Path("api/d")])
    assert [each.file for each in found.readings] == ["api/d/schema.graphql"]
    assert str(found.refusals[0]) == "api/a/openapi.yaml:1: its reader failed: LookupError: oh"


def test_what_breaks_a_reader_of_many_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from dragoman.review.reading import protobuf

    read = protobuf.read

    def fail(files: Sequence[Path], *folders: Path) -> Any:
        if any("broken" in each.name for each in files):
            raise LookupError("oh")
        return read(files, *folders)

    monkeypatch.setattr(protobuf, "read", fail)
    found = read_all([Path("api/c"), Path("api/e/broken.proto")])
    assert [each.file for each in found.readings] == ["api/c/shop.proto"]
    assert [str(each) for each in found.refusals] == ["api/e/broken.proto:1: its reader failed: LookupError: oh"]


def test_half_an_operation_is_told() -> None:
    Path("half.yaml").write_text("openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths:\n  /a:\n    get:\n      resp")
    (reading,) = read_all([Path("half.yaml")]).readings
    assert [f"{each.position}: {each.message}" for each in reading.remarks] == [
        "half.yaml:5: GET /a is no operation: its value is no object"
    ]


WITHOUT = """
import sys
sys.modules["graphql"] = sys.modules["google.protobuf"] = sys.modules["yaml"] = None
from pathlib import Path
from dragoman.review.reading.read import read_all
for each in read_all([Path("api")]).refusals:
    print(each, "|", each.remedy)
"""


def test_without_the_extra_the_core_reads_what_it_can() -> None:
    ended = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    lines = ended.stdout.splitlines()
    for name in ("a/openapi.yaml", "c/shop.proto", "d/schema.graphql"):
        (line,) = [line for line in lines if line.startswith(f"api/{name}:1: ")]
        assert line.endswith("which is not installed | Run pip install 'dragoman[review]'")
    assert not any("events.json" in line for line in lines)


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_a_document_that_is_too_large(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("dragoman.review.reading.text.MAX_BYTES", 10)
    Path(name).write_text('{"openapi": "3.0.0"}')
    (refusal,) = read_all([Path(name)]).refusals
    assert refusal.why is Why.UNREADABLE
    assert "are read" in refusal.message
