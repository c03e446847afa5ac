"""Which folder imports count from, and files that are broken."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.contract.schema import Record
from dragoman.review.elements import field, type_
from dragoman.review.reading.outcome import Reading, Refusal, Why
from dragoman.review.reading.protobuf import compilation, header, read
from dragoman.review.reading.protobuf.stripping import stripped

Reader: TypeAlias = Callable[[Mapping[str, str]], tuple[list[Reading], list[Refusal]]]


def message(package: str, name: str, *imports: str, uses: str = "") -> str:
    lines = ['syntax = "proto3";', f"package {package};", *(f'import "{each}";' for each in imports)]
    return "\n".join([*lines, f"message {name} {{ {uses + ' of = 1;' if uses else ''} }}"])


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {
                "deep/down/a/v1/a.proto": message("a.v1", "A", "b/v1/b.proto", uses="b.v1.B"),
                "deep/down/b/v1/b.proto": message("b.v1", "B"),
            },
            id="the package spells the folders",
        ),
        pytest.param(
            {
                "x/one.proto": message("a", "A", "y/two.proto", uses="b.B"),
                "x/y/two.proto": message("b", "B"),
            },
            id="an import spells the folders",
        ),
        pytest.param(
            {
                "service/protos/one.proto": message("a", "A", "two.proto", uses="b.B"),
                "service/protos/two.proto": message("b", "B"),
            },
            id="files beside one another",
        ),
        pytest.param(
            {
                "here/proto/a/one.proto": message("c.a", "A", "b/two.proto", uses="c.b.B"),
                "here/proto/b/two.proto": message("c.b", "B"),
            },
            id="a folder called proto",
        ),
        pytest.param(
            {
                "buf.yaml": "version: v2\nmodules:\n  - path: idl\n  - path: more\n",
                "idl/a/one.proto": message("c.a", "A", "b/two.proto", uses="c.b.B"),
                "more/b/two.proto": message("c.b", "B"),
            },
            id="modules of buf",
        ),
        pytest.param(
            {
                "one/proto/a/v1/a.proto": message("a.v1", "A", "b/v1/b.proto", uses="b.v1.B"),
                "two/proto/b/v1/b.proto": message("b.v1", "B"),
            },
            id="another service's folder",
        ),
    ],
)
def test_include_roots_are_found(reads: Reader, files: Mapping[str, str]) -> None:
    readings, refusals = reads(files)
    assert [str(each) for each in refusals] == []
    assert len(readings) == 2


def test_a_file_alone_finds_what_it_imports(tmp_path: Path) -> None:
    for name, text in {
        "a/v1/a.proto": message("a.v1", "A", "b/v1/b.proto", uses="b.v1.B"),
        "b/v1/b.proto": message("b.v1", "B"),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    file = tmp_path / "a/v1/a.proto"
    (reading,), refusals = read([file], file.parent)
    assert not refusals
    assert set(reading.contract.types) == {"a.v1.A", "b.v1.B"}
    assert reading.locate(type_("b.v1.B")).file == str(tmp_path / "b/v1/b.proto")


def test_one_reading_a_package(reads: Reader) -> None:
    files = {f"a/v1/{name}.proto": message("a.v1", name.title()) for name in ("one", "two")}
    (reading,), _ = reads(files)
    assert reading.file == "api/a/v1"
    assert set(reading.contract.types) == {"a.v1.One", "a.v1.Two"}


def test_a_file_without_a_package(reads: Reader) -> None:
    (reading,), _ = reads({"plain.proto": 'syntax = "proto3";\nmessage A { B b = 1; }\nmessage B {}\n'})
    assert set(reading.contract.types) == {"A", "B"}
    assert reading.contract.name == "plain"


def test_two_copies_of_one_package_are_two_readings(reads: Reader) -> None:
    files = {f"{folder}/a/v1/a.proto": message("a.v1", "A") for folder in ("old", "new")}
    readings, refusals = reads(files)
    assert [each.file for each in readings] == ["api/new/a/v1/a.proto", "api/old/a/v1/a.proto"]
    assert not refusals


BROKEN = {
    "a/v1/whole.proto": message("a.v1", "Whole"),
    "a/v1/half.proto": 'syntax = "proto3";\npackage a.v1;\nmessage Half {\n  string name',
    "b/v1/user.proto": message("b.v1", "User", "a/v1/half.proto", uses="a.v1.Half"),
    "b/v1/missing.proto": message("b.v1", "Missing", "gone/v1/gone.proto", uses="gone.v1.Gone"),
    "b/v1/second.proto": message("b.v1", "Second", "b/v1/missing.proto", uses="Missing"),
    "c/v1/wrong.proto": message("c.v1", "Wrong", uses="Nothing"),
    "d/v1/whole.proto": message("d.v1", "Whole", "a/v1/whole.proto", uses="a.v1.Whole"),
}


def test_broken_files_are_refused_alone(reads: Reader) -> None:
    readings, refusals = reads(BROKEN)
    assert [each.file for each in readings] == ["api/a/v1/whole.proto", "api/d/v1/whole.proto"]
    nowhere = "which is in none of the folders that are reviewed"
    assert {str(each): each.remedy for each in refusals} == {
        "api/a/v1/half.proto:4: Missing field number": "Mend it until protoc takes it",
        f'api/b/v1/missing.proto:3: it imports "gone/v1/gone.proto", {nowhere}': (
            "Put that file at api/gone/v1/gone.proto, or review a folder that has it too"
        ),
        'api/b/v1/second.proto:3: it imports "b/v1/missing.proto", which is broken': (
            "Mend api/b/v1/missing.proto first"
        ),
        'api/b/v1/user.proto:3: it imports "a/v1/half.proto", which is broken': "Mend api/a/v1/half.proto first",
        'api/c/v1/wrong.proto:3: "Nothing" is not defined': "Mend it until protoc takes it",
    }


VALIDATED = """\
syntax = "proto3";
package a.v1;
import "validate/validate.proto";
import "google/api/field_behavior.proto";
import 'gen/hints.proto';
option (gen.file) = { list: [1, 2] };
message A { // a comment [(x) = 1]
  option (gen.message).a = "}";
  string all = 1 [(validate.rules).string = { min_len: 1, in: ["a", "b"] }];
  string some = 2 [
    (validate.rules).string.min_len = 1, deprecated = true, (gen.x) = "]",
    (google.api.field_behavior) = REQUIRED
  ];
  int32 last = 3 [(gen.x) = 1, (gen.y) = <a: 1>];
  enum E { ZERO = 0 [(gen.value) = 1, deprecated = true]; }
}
service S { rpc Do(A) returns (A) { option (gen.method) = {}; option idempotency_level = NO_SIDE_EFFECTS; } }
"""


def test_options_of_missing_imports_are_left_out_and_told(reads: Reader) -> None:
    """Whoever has no copy of a rule book for validation can still be read."""
    files = {"a/v1/a.proto": VALIDATED, "b/v1/b.proto": message("b.v1", "B", "a/v1/a.proto", uses="a.v1.A")}
    (reading, other), refusals = reads(files)
    assert not refusals
    assert not other.remarks
    found = reading.contract.types["a.v1.A"]
    assert isinstance(found, Record)
    assert [(each.name, each.required, each.deprecated) for each in found.fields] == [
        ("all", True, False),
        ("some", True, True),
        ("last", True, False),
    ]
    assert reading.locate(field("a.v1.A", "last")).line == 14
    (remark,) = reading.remarks
    assert remark.position.line == 3
    assert remark.message == (
        'it imports "validate/validate.proto", which is not there; it is read without the options that this defines'
    )


PIECES = ('import "a";', "import", "option (a).b = { c: 1 };", "[(a) = 1, b = 2]", "[", "]", "{", "}", "(", ";", "/*")
TEXTS = st.lists(st.sampled_from((*PIECES, "*/", "//", '"', "'", "\n", " ", "message A ", "é", "google.api", ","))).map(
    "".join
)


@given(TEXTS)
def test_stripping_leaves_everything_in_its_place(text: str) -> None:
    left = stripped(text, {"a"})
    assert len(left) == len(text)
    assert all(one in (other, " ") for one, other in zip(left, text, strict=True))
    assert left.count("\n") == text.count("\n")


def test_many_broken_files(reads: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "BATCH_FILES", 5)
    files = {f"a/v1/f{index}.proto": message("a.v1", f"F{index}") for index in range(12)}
    for index in (0, 6, 7, 11):
        files[f"a/v1/f{index}.proto"] += "}"
    (reading,), refusals = reads(files)
    assert [each.position.file for each in refusals] == [f"api/a/v1/f{index}.proto" for index in (0, 11, 6, 7)]
    assert len(reading.contract.types) == 8


def test_two_versions_in_one_package(reads: Reader) -> None:
    files = {"a/v1/new.proto": message("a.v1", "A"), "a/v1/old.proto": message("a.v1", "A")}
    readings, (refusal,) = reads(files)
    assert str(refusal) == 'api/a/v1/old.proto:3: "a.v1.A" is already defined in file "a/v1/new.proto"'
    assert len(readings) == 1


def test_two_versions_far_apart(reads: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "BATCH_FILES", 1)
    files = {"a/v1/new.proto": message("a.v1", "A"), "a/v1/old.proto": message("a.v1", "A")}
    (reading,), refusals = reads(files)
    assert not refusals
    (remark,) = reading.remarks
    assert remark.message == "a.v1.A is declared in api/a/v1/new.proto too, which counts"
    assert remark.position.file == "api/a/v1/old.proto"


def test_an_edition_of_the_future(reads: Reader) -> None:
    _, (refusal,) = reads({"a.proto": 'edition = "2026";\nmessage A {}\n'})
    assert refusal.why is Why.UNSUPPORTED
    assert refusal.remedy == "Run pip install --upgrade grpcio-tools, or write an older edition"


def test_a_file_that_is_too_large(reads: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "MAX_BYTES", 100)
    readings, (refusal,) = reads({"a.proto": message("a", "A"), "b.proto": message("b", "B") + " " * 100})
    assert len(readings) == 1
    assert refusal.position.file == "api/b.proto"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b'syntax = "proto3"; // \xe9'])
def test_what_is_no_text(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.proto"
    file.write_bytes(data)
    readings, (refusal,) = read([file], tmp_path)
    assert not readings
    assert "is no UTF-8 text" in refusal.message


def test_deep_nesting_is_refused(reads: Reader) -> None:
    text = 'syntax = "proto3";\n' + "message A {" * 5000 + "}" * 5000
    _, (refusal,) = reads({"a.proto": text})
    assert "recursion limit" in refusal.message


def test_time_that_is_used_up(reads: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dragoman.review.reading.protobuf.reader.SECONDS", -1)
    readings, (refusal,) = reads({"a.proto": message("a", "A")})
    assert not readings
    assert "no time left" in refusal.message


def test_a_child_without_memory(reads: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dragoman.review.reading.protobuf.protoc.MEMORY", 2**20)
    readings, (refusal,) = reads({"a.proto": message("a", "A")})
    assert not readings
    assert refusal.position.file == "api/a.proto"


def compiled(folder: Path, *options: str) -> Path:
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", "--descriptor_set_out=api.binpb", *options]
    subprocess.run([*command, "a/v1/a.proto"], cwd=folder, check=True)
    return folder / "api.binpb"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for name, text in {
        "a/v1/a.proto": message("a.v1", "A", "b/v1/b.proto", uses="b.v1.B"),
        "b/v1/b.proto": "// Of b.\n" + message("b.v1", "B"),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_descriptor_set(sources: Path) -> None:
    made = compiled(sources, "--include_imports", "--include_source_info")
    readings, refusals = read([made], sources)
    assert not refusals
    assert [each.about.title for each in readings] == ["b.v1", "a.v1"]
    assert set(readings[1].contract.types) == {"a.v1.A", "b.v1.B"}
    assert readings[1].locate(type_("a.v1.A")).file == str(made)


def test_a_descriptor_set_without_imports(sources: Path) -> None:
    (reading,), _ = read([compiled(sources)], sources)
    (remark,) = reading.remarks
    assert remark.message == "the type b.v1.B is used, and declared in none of the files"
    assert remark.remedy == "Write the set with --include_imports"


@pytest.mark.parametrize("data", [b"", b"\x00" * 50, b"\n\x03abc", bytes(range(256))])
def test_what_is_no_descriptor_set(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "api.binpb"
    file.write_bytes(data)
    readings, (refusal,) = read([file], tmp_path)
    assert not readings
    assert refusal.message == "it is no descriptor set of protocol buffers"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("--dependency_out=/{there}/written.proto", "protoc would take its name for an option"),
        ("--version.proto", "protoc would take its name for an option"),
        ("a\n--version/b.proto", "its name has characters in it that protoc cannot be told"),
        ("a\udcff.proto", "its name has characters in it that protoc cannot be told"),
    ],
)
def test_a_name_is_never_an_option_of_protoc(reads: Reader, tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "there").mkdir()
    name = name.format(there=tmp_path / "there")
    readings, refusals = reads({name: 'syntax = "proto3";', "good.proto": 'syntax = "proto3"; package good;'})
    assert [each.about.title for each in readings] == ["good"]
    assert [each.message for each in refusals] == [said]
    assert list((tmp_path / "there").iterdir()) == []


def test_a_folder_is_one_folder_though_its_name_separates_paths(reads: Reader) -> None:
    text = {"a:b/one.proto": message("a", "A", "two.proto", uses="b.B"), "a:b/two.proto": message("b", "B")}
    readings, refusals = reads(text)
    assert [each.about.title for each in readings] == ["a", "b"]
    assert refusals == []
