"""JSON and YAML as trees: values, places, and what is refused."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.review.elements import Position
from dragoman.review.reading import tree as bounds
from dragoman.review.reading.folder import Folder
from dragoman.review.reading.outcome import Refusal, Why
from dragoman.review.reading.parse import parse
from dragoman.review.reading.tree import Pointer

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def _refusal(data: bytes, file: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(data, file)
    return caught.value


def _pointers(value: Any, pointer: Pointer = ()) -> list[tuple[Pointer, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(pointer, value), *(each for step, inner in pairs for each in _pointers(inner, (*pointer, step)))]


# Values


@given(ANY_JSON, st.sampled_from([None, 2]))
@settings(deadline=None)
def test_json_is_read_as_it_was_written(value: Any, indent: int | None) -> None:
    assert parse(json.dumps(value, indent=indent).encode(), "a.json").value == value


@given(ANY_JSON)
@settings(deadline=None)
def test_what_is_at_a_place_begins_there(value: Any) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    tree = parse(text.encode(), "a.json")
    lines = text.split("\n")
    for pointer, inner in _pointers(value):
        position = tree.locate(pointer)
        rest = lines[position.line - 1][position.column - 1 :]
        step = pointer[-1] if pointer else 0
        expected = json.dumps(step if isinstance(step, str) else inner, ensure_ascii=False, indent=1).split("\n")[0]
        assert rest.startswith(expected)


def test_scalars_of_yaml_are_those_of_its_core_schema() -> None:
    text = (
        "a: no\nb: on\nc: 2026-11-22\nd: 12:30\ne: 0o17\nf: 0x1F\ng: 1_000\nh: ~\ni: null\nj:\nk: true\nl: 'true'\n"
        "m: 1e3\nn: -.5\no: 010\np: !!str 200\nq: 1.2.3\nr: .inf\ns: +7\n"
    )
    inf = float("inf")
    expected = ["no", "on", "2026-11-22", "12:30", 15, 31, "1_000", None, None, None, True, "true", 1000.0, -0.5, 10]
    assert list(parse(text.encode(), "a.yaml").value.values()) == [*expected, "200", "1.2.3", inf, 7]


def test_names_in_yaml_are_texts() -> None:
    assert parse(b"200: a\nno: b\n1.0: c\n~: d\ntrue: e\n", "a.yaml").value == dict(
        zip(("200", "no", "1.0", "~", "true"), "abcde", strict=True)
    )


def test_aliases_are_shared_and_merge_keys_merged() -> None:
    value = parse(b"a: &a {x: 1, y: 2}\nb: *a\nc:\n  <<: *a\n  y: 3\nd: {<<: [*a, {z: 4}]}\n", "a.yaml").value
    assert value["b"] is value["a"]
    assert value["c"] == {"y": 3, "x": 1}
    assert value["d"] == {"x": 1, "y": 2, "z": 4}


def test_places_in_yaml() -> None:
    tree = parse(b"a:\n  - b: 1\n    c: [x,\n      y]\n", "a.yaml")
    assert tree.locate(()) == Position("a.yaml", 1, 1)
    assert tree.locate(("a", 0, "c")) == Position("a.yaml", 3, 5)
    assert tree.locate(("a", 0, "c", 1)) == Position("a.yaml", 4, 7)


@pytest.mark.parametrize(("text", "file"), [(b'{"a": {\n "b": 1}}', "a.json"), (b"a:\n  b: 1\n", "a.yaml")])
def test_of_what_is_not_there_the_nearest_place_is_told(text: bytes, file: str) -> None:
    assert parse(text, file).locate(("a", "b", "c", 3)).line == 2
    assert parse(text, file).locate(("a", 7)).line == 1
    assert parse(text, file).locate(("x",)).line == 1


@pytest.mark.parametrize(
    ("text", "file"),
    [(b'{"a": [{"b": 1,\n "c": 2,\n "b": 3}]}', "a.json"), (b"a:\n - {b: 1, c: 2,\n    b: 3}\n", "a.yaml")],
)
def test_a_name_that_stands_twice_is_remarked_on(text: bytes, file: str) -> None:
    tree = parse(text, file)
    assert tree.value == {"a": [{"c": 2, "b": 3}]}
    assert [(each.position.line, each.message) for each in tree.remarks] == [
        (3, "'b' stands twice in this object, and the last one counts")
    ]
    assert tree.locate(("a", 0, "b")).line == 3


def test_what_is_no_name_is_left_out() -> None:
    tree = parse(b"a: 1\n? [x, {y: z}]\n: {b: [c]}\nd: 2\n", "a.yaml")
    assert tree.value == {"a": 1, "d": 2}
    assert [each.position.line for each in tree.remarks] == [2]


def test_a_mark_of_byte_order_is_no_part_of_the_text() -> None:
    assert parse(b'\xef\xbb\xbf{"a": 1}', "a.json").value == {"a": 1}
    assert parse(b"\xef\xbb\xbfa: 1", "a.yaml").value == {"a": 1}


def test_what_begins_with_a_brace_may_be_yaml() -> None:
    assert parse(b"{a: 1, b: [c, d]}", "a.yaml").value == {"a": 1, "b": ["c", "d"]}


# Refusals


@pytest.mark.parametrize(
    ("data", "file", "line", "message"),
    [
        (b'{"a": 1,\n "b": [1, 2', "a.json", 2, "the JSON ends in the middle of a value"),
        (b'{"a": 1,\n "b": "x', "a.json", 2, "the JSON ends in the middle of a value"),
        (b'{"a": 1,\n "b" 2}', "a.json", 2, "the JSON is broken: expecting ':' delimiter, in column 6, at '2}'"),
        (b'{"a": NaN}', "a.json", 1, "NaN is no value of JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a.json", 1, "it holds a number of more than 4,300 digits"),
        (b"", "a.json", 1, "it is empty"),
        (b"", "a.yaml", 1, "it is empty"),
        (b"# nothing\n", "a.yaml", 1, "it is empty"),
        (b"a: [1,\n  2\nb: 3\n", "a.yaml", 3, "the YAML is broken: did not find expected ',' or ']'"),
        (b"a: 'x\n", "a.yaml", 2, "the YAML is broken: found unexpected end of stream"),
        (b"a: 1\n\tb: 2\n", "a.yaml", 2, "the YAML is broken: found a tab character that violates indentation"),
        (b"a: \x07\n", "a.yaml", 1, "the YAML holds a character that YAML does not allow"),
        (b"a: *b\n", "a.yaml", 1, "*b stands for nothing that was said before"),
        (b"a: &a\n  b: *a\n", "a.yaml", 2, "*a stands within what it stands for"),
        ('{"a": 1}'.encode("utf-16"), "a.json", 1, "it is UTF-16, not UTF-8"),
        ("a: 1".encode("utf-32"), "a.yaml", 1, "it is UTF-32, not UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "a.json", 1, "it holds zero bytes: it is binary, or UTF-16"),
        (b"a: 1\nb: caf\xe9\n", "a.yaml", 2, "the byte 0xe9 in column 7 is not UTF-8"),
    ],
)
def test_what_is_broken_is_refused_with_its_line(data: bytes, file: str, line: int, message: str) -> None:
    refusal = _refusal(data, file)
    assert refusal.why is Why.UNREADABLE
    assert refusal.position.line == line
    assert refusal.message.startswith(message)
    assert refusal.remedy


def test_several_documents_in_one_file_are_an_outcome_of_their_own() -> None:
    refusal = _refusal(b"a: 1\n---\nb: 2\n", "a.yaml")
    assert (refusal.why, refusal.position.line) == (Why.UNSUPPORTED, 2)
    assert refusal.message == "a second YAML document begins here, and one file is read as one document"


@pytest.mark.parametrize("length", range(1, 60, 3))
def test_half_a_document_never_breaks_the_reader(length: int) -> None:
    text = b'{"openapi": "3.1.0", "info": {"title": "A", "x": [1, 2.5, null, "\\u00e9"]}}'
    assert _refusal(text[:length], "a.json").why is Why.UNREADABLE


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for file in ("a.json", "a.yaml"):
        try:
            tree = parse(data, file)
        except Refusal:
            continue
        tree.locate((0, "a"))


@given(st.text("{}[]:,-&*!|>'\"%@`#? \n\tab<1", max_size=40))
@settings(deadline=None)
def test_any_yaml_is_read_or_refused(text: str) -> None:
    try:
        tree = parse(text.encode(), "a.yaml")
    except Refusal:
        return
    for pointer, _ in _pointers(tree.value):
        assert tree.locate(pointer).line <= text.count("\n") + 1


# Bounds


def test_a_yaml_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    start = time.process_time()
    refusal = _refusal("\n".join(lines).encode(), "bomb.yaml")
    assert time.process_time() - start < 1
    assert refusal.message == "its aliases repeat more than 1,000,000 values"
    assert refusal.position.line > 5


@pytest.mark.parametrize(
    ("data", "file"),
    [
        (b"[" * 100_000, "a.json"),
        (b"[" * 300 + b"]" * 300, "a.json"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "a.json"),
        (b"[" * 100_000, "a.yaml"),
        (b"- " * 5_000, "a.yaml"),
    ],
)
def test_what_nests_too_deep_is_refused(data: bytes, file: str) -> None:
    refusal = _refusal(data, file)
    assert refusal.why is Why.UNREADABLE
    assert "nest" in refusal.message or "the JSON ends" in refusal.message


def test_too_many_values_and_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    many = b"[" + b"1," * 7_000_000 + b"1]"
    assert _refusal(many, "a.json").message == "it holds more than 6,000,000 values"
    assert _refusal(b" " * (bounds.MAX_BYTES + 1), "a.json").message.startswith("it has 64 MiB, and documents of up to")
    monkeypatch.setattr("dragoman.review.reading.yaml_text.MAX_VALUES", 50)
    assert "it holds more than" in _refusal(b"- 1\n" * 60, "a.yaml").message


def test_thirty_megabytes_are_read() -> None:
    item = json.dumps({"name": "x" * 1000, "values": list(range(20))})
    data = f"[{','.join([item] * 29_000)}]".encode()
    tree = parse(data, "large.json")
    assert len(data) > 30_000_000
    assert tree.locate((28_999, "values", 3)).column > 30_000_000


# Other files


def test_files_beside_a_document_are_loaded_once(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/a b.yaml").write_text("x: 1\n")
    (tmp_path / "parts/main.yaml").write_text("{}")
    (tmp_path / "main.yaml").write_text("{}")
    folder = Folder(tmp_path, lambda path: f"shown/{path.relative_to(tmp_path)}")
    assert folder.tree(tmp_path / "main.yaml").file == "shown/main.yaml"
    folder.tree(tmp_path / "parts/main.yaml")
    tree = folder.load("./a%20b.yaml", Position("shown/parts/main.yaml"))
    assert (tree.value, tree.file) == ({"x": 1}, "shown/parts/a b.yaml")
    assert folder.load("parts/a b.yaml", Position("shown/main.yaml")) is tree


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="it cannot be read: Is a directory"):
        Folder(tmp_path).tree(tmp_path)
    (tmp_path / "broken.yaml").write_text("a: [")
    folder = Folder(tmp_path)
    for _ in range(2):
        with pytest.raises(Refusal, match=r"broken.yaml:2: the YAML is broken"):
            folder.load("broken.yaml", Position(str(tmp_path / "main.yaml")))


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("../secret.yaml", "../secret.yaml lies outside of the folder that is reviewed"),
        ("/etc/hosts", "/etc/hosts lies outside of the folder that is reviewed"),
        ("link.yaml", "link.yaml lies outside of the folder that is reviewed"),
        ("missing.yaml", "there is no file missing.yaml"),
        (".", "there is no file ."),
        ("a%00b.yaml", "a reference is no path"),
        ("x" * 5000, "a reference is no path"),
        ("https://example.com/a.yaml", "https://example.com/a.yaml is on a network, which is not asked"),
        ("file:///etc/hosts", "file:///etc/hosts is on a network, which is not asked"),
    ],
)
def test_what_lies_outside_is_not_loaded(tmp_path: Path, reference: str, message: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("x: 1\n")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    position = Position(str(folder / "main.yaml"), 3)
    with pytest.raises(Refusal) as caught:
        Folder(folder).load(reference, position)
    assert (caught.value.message, caught.value.position) == (message, position)
