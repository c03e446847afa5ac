"""Finding documents, and telling what they are."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from dragoman.review.reading import documents
from dragoman.review.reading.documents import find
from dragoman.review.reading.outcome import Format, Why


def write(files: Mapping[str, str | bytes], folder: Path = Path()) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


CONTRACTS: Mapping[str, tuple[str | bytes, Format]] = {
    "a.yaml": ("# a comment\nopenapi: 3.1.0\ninfo: {}\n", Format.OPENAPI),
    "quoted.yml": ('info: {}\n"swagger" : "2.0"\n', Format.OPENAPI),
    "dashes.yaml": ("---\nopenapi: '3.0.0'\n", Format.OPENAPI),
    "flow.yaml": ('{"openapi": "3.0.0"}', Format.OPENAPI),
    "a.json": ('{\n "info": {"title": "{[\\"openapi"},\n "openapi" : "3.0.0"}', Format.OPENAPI),
    "old.json": ('{"swagger":2.0}', Format.OPENAPI),
    "events.yaml": ("asyncapi: 2.6.0\n", Format.ASYNCAPI),
    "events.json": ('{"asyncapi": "3.0.0"}', Format.ASYNCAPI),
    "a.proto": ("", Format.PROTO),
    "a.binpb": (b"\n\x1c\n\x07a.proto", Format.PROTO),
    "a.graphql": ("# it\ntype Query { a: Int }", Format.GRAPHQL),
    "b.graphqls": ('"Said."\nextend type Query { b: Int }', Format.GRAPHQL),
    "c.gql": ("  directive @a on FIELD", Format.GRAPHQL),
    "broken.gql": (b"\x00\xff\x01 type", Format.GRAPHQL),
    "schema.json": ('{"__schema": {"types": []}}', Format.GRAPHQL),
    "answer.json": ('{"extensions": {}, "data": {"__schema": {}}}', Format.GRAPHQL),
}
OTHERS: Mapping[str, str | bytes] = {
    "package.json": '{"dependencies": {"openapi": "3.0.0", "swagger": "2.0"}}',
    "list.json": '[{"openapi": "3.0.0"}]',
    "text.json": '{"a": "\\"openapi\\": \\"3.0.0\\""}',
    "other.json": '{"data": [{"__schema": {}}], "openapi": {"a": 1}}',
    "half.json": '{"a": ',
    "empty.json": "",
    "application.yml": "swagger:\n  enabled: true\n",
    "ci.yaml": "jobs:\n  openapi: 3.0.0\n",
    "empty.yaml": "",
    "query.graphql": "query Type { a }\nfragment F on Query { type: a }",
    "asks.gql": "# asks\n{ orders { id } }",
    "changes.graphql": "\nmutation Pay($id: ID!) { pay(id: $id) { id } }",
    "empty.graphql": "",
    "model.pb": b"\x08\x01\x12\x04",
    "readme.md": "openapi: 3.0.0\n",
    "main.py": "openapi = 3",
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_is_told_by_what_stands_at_its_top(name: str) -> None:
    data, format = CONTRACTS[name]
    write({f"api/{name}": data})
    (found,), refusals = find([Path("api")])
    assert (found.shown, found.format, found.folder) == (f"api/{name}", format, Path("api"))
    assert not refusals
    (named,), _ = find([Path("api", name)])
    assert named == found


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_contract_is_passed_over(name: str) -> None:
    write({f"api/{name}": OTHERS[name]})
    assert find([Path("api")]) == ([], [])


@pytest.mark.parametrize("name", ["package.json", "ci.yaml", "main.py", "empty.json", "half.json"])
def test_a_file_that_is_named_and_no_contract_is_refused(name: str) -> None:
    write({name: OTHERS[name]})
    found, (refusal,) = find([Path(name)])
    assert not found
    assert str(refusal) == f"{name}:1: it is no contract of a kind that is read"
    assert refusal.why is Why.UNSUPPORTED
    assert "OpenAPI" in refusal.remedy


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("spec.txt", "openapi: 3.0.0\n", Format.OPENAPI),
        ("spec", '{"asyncapi": "2.0.0"}', Format.ASYNCAPI),
        ("image.bin", b"\n\x1c\n\x07a.proto", Format.PROTO),
        ("query.graphql", "query { a }", Format.GRAPHQL),
    ],
)
def test_a_named_file_is_looked_into_whatever_its_name(name: str, data: str | bytes, format: Format) -> None:
    write({name: data})
    (found,), _ = find([Path(name)])
    assert found.format is format


def test_other_peoples_files_are_passed_over() -> None:
    contract = "openapi: 3.0.0\n"
    write({f"{folder}/a.yaml": contract for folder in ("api", ".git", "api/node_modules/x", ".venv", "api/.hidden")})
    write({"env/pyvenv.cfg": "", "env/lib/a.yaml": contract, "api/.a.yaml": contract})
    found, _ = find([Path()])
    assert [each.shown for each in found] == ["api/a.yaml"]
    found, _ = find([Path(".hidden"), Path("api/.hidden")])
    assert [each.shown for each in found] == ["api/.hidden/a.yaml"]


def test_each_document_once_and_in_order() -> None:
    write({f"{name}.yaml": "openapi: 3.0.0\n" for name in ("b", "a/z", "c", "a-1")})
    found, _ = find([Path("c.yaml"), Path(), Path("b.yaml").absolute(), Path("a")])
    assert [each.shown for each in found] == ["a/z.yaml", "a-1.yaml", "b.yaml", "c.yaml"]


def test_links_lead_in_no_circle() -> None:
    write({"api/a.yaml": "openapi: 3.0.0\n"})
    os.symlink(Path("api").absolute(), "api/again")
    os.symlink("a.yaml", "api/b.yaml")
    os.symlink("nowhere", "api/c.yaml")
    os.mkfifo("api/d.yaml")
    found, refusals = find([Path("api")])
    assert [each.shown for each in found] == ["api/a.yaml"]
    assert not refusals


def test_what_is_not_there_is_refused() -> None:
    write({"a.yaml": "openapi: 3.0.0\n"})
    os.mkfifo("pipe")
    found, refusals = find([Path("gone"), Path("a.yaml"), Path("pipe")])
    assert [each.shown for each in found] == ["a.yaml"]
    assert [str(each) for each in refusals] == [
        "gone:1: there is no such file or folder",
        "pipe:1: it is neither a file nor a folder",
    ]


def test_a_folder_with_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_FILES", 2)
    write({f"api/{index}.yaml": "openapi: 3.0.0\n" for index in range(3)})
    found, (refusal,) = find([Path("api")])
    assert len(found) == 2
    assert "more than 2 files" in refusal.message
