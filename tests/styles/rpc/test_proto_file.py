"""The ``.proto`` file: protoc compiles it to the descriptors that we give out, and buf finds nothing to say of it."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from googles import both
from grpc_tools import protoc
from hypothesis import HealthCheck, given, settings
from schemas import ROOT, schemas

import dragoman as dm
from dragoman.contract.schema import Types
from dragoman.demo import shop
from dragoman.styles.rpc.proto.descriptors import file_descriptor
from dragoman.styles.rpc.proto.model import Package
from dragoman.styles.rpc.proto.text import proto
from dragoman.testing.contract import make_app

EXAMPLES = int(os.environ.get("DRAGOMAN_EXAMPLES", "0")) or 40
BUF = Path(sys.executable).with_name("buf")
APPS = {"kit": make_app(), "shop": shop.app}
SURFACES = [("kit", "remote"), ("kit", "calls"), ("shop", "inference")]


def exports(app: str, surface: str) -> dict[str, bytes]:
    """The documents of a surface, by the path of the file that they are."""
    endpoint = next(each.endpoint for each in APPS[app].surfaces if each.surface.name == surface)
    return {name: make() for name, make in endpoint.exports().items()}


def compiled(folder: Path, path: str, text: bytes) -> descriptor_pb2.FileDescriptorProto:
    """What protoc makes of a file."""
    file, out = folder / path, folder / "out.bin"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)
    known = files("grpc_tools") / "_proto"
    assert protoc.main(["protoc", f"-I{folder}", f"-I{known}", f"--descriptor_set_out={out}", str(file)]) == 0, text
    found = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    out.unlink()
    return found.file[0]


def the_same(ours: descriptor_pb2.FileDescriptorProto, theirs: descriptor_pb2.FileDescriptorProto) -> None:
    difference = difflib.unified_diff(str(ours).splitlines(), str(theirs).splitlines(), "ours", "protoc's", lineterm="")
    assert ours == theirs, "\n".join(difference)


def lint(folder: Path) -> str:
    """What buf says, by its standard rules. (Without a version 2 it does not look at what a file excepts.)"""
    command = [BUF, "lint", folder, "--config", '{"version":"v2"}']
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout


@pytest.mark.parametrize(("app", "surface"), SURFACES)
def test_it_says_what_the_descriptors_say_and_lints(app: str, surface: str, tmp_path: Path) -> None:
    given = exports(app, surface)
    ours = descriptor_pb2.FileDescriptorSet.FromString(given.pop("descriptors"))
    assert len(ours.file) == len(given)
    for file, text in zip(ours.file, given.values(), strict=True):
        the_same(file, compiled(tmp_path, file.name, text))
    assert lint(tmp_path) == ""


@pytest.mark.parametrize(("app", "surface"), [("kit", "remote"), ("shop", "inference")])
def test_it_reads_well(app: str, surface: str, golden: Callable[[str, str], None]) -> None:
    golden(f"styles/rpc/golden/{surface}.proto", exports(app, surface)["proto"].decode())


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(schemas())
def test_any_message(tmp_path_factory: pytest.TempPathFactory, types: Types) -> None:
    message = both(types, ROOT)
    folder = tmp_path_factory.mktemp("any")
    ours = descriptor_pb2.FileDescriptorProto.FromString(file_descriptor(message.package))
    the_same(ours, compiled(folder, message.package.path, proto(message.package).encode()))


def test_what_buf_says_of_many_messages(tmp_path: Path) -> None:
    """One run of buf reads them all: each in a package of its own."""
    count = 0

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(schemas())
    def write(types: Types) -> None:
        nonlocal count
        count += 1
        package: Package = both(types, ROOT, package=f"test{count}.v1").package
        path = tmp_path / package.path
        path.parent.mkdir(parents=True)
        path.write_text(proto(package))

    write()
    assert lint(tmp_path) == ""


class Score(dm.Struct):
    value: float
    at: dm.Int64 = dm.Int64(0)
    since: datetime | None = None


def test_what_breaks_a_rule_of_buf_says_so(tmp_path: Path) -> None:
    """Names that are given by hand, and a package whose name hides Google's."""
    contract = dm.Contract("odd")

    @contract.operation(effect="safe", traits=[dm.Procedure(service="Desk", method="ScoreIt")])
    def score(one: Score) -> Score:
        return one

    @contract.operation(traits=[dm.Procedure(service="Desk", method="Score")])
    def forget() -> None: ...

    surface = dm.rpc(
        "odd",
        "/odd",
        audience="internal",
        auth=dm.anonymous(),
        exposes=[score, forget],
        package="odd.google.names",
        lock=tmp_path / "none.lock",
    )
    endpoint = dm.App(surface).surfaces[0].endpoint
    text = endpoint.exports()["proto"]()
    (file,) = descriptor_pb2.FileDescriptorSet.FromString(endpoint.exports()["descriptors"]()).file
    the_same(file, compiled(tmp_path, file.name, text))
    assert lint(tmp_path) == ""
    for said in (b"PACKAGE_VERSION_SUFFIX", b"SERVICE_SUFFIX", b" .google.protobuf.Timestamp ", b"(.odd.google.names"):
        assert said in text


@pytest.mark.parametrize("package", ["shop.", "shop v1", "1shop", "shop-v1"])
def test_a_package_has_a_name(package: str) -> None:
    with pytest.raises(dm.DeclarationError, match="no name in protocol buffers"):
        dm.rpc("odd", "/odd", audience="internal", auth=dm.anonymous(), exposes=[], package=package)


def test_a_procedure_has_a_name() -> None:
    with pytest.raises(dm.DeclarationError, match="no name in protocol buffers"):
        dm.Procedure(service="fraud.v1.Fraud")


def test_what_is_named_by_hand_is_a_standard_method() -> None:
    with pytest.raises(dm.DeclarationError, match="no standard method"):
        dm.Procedure(standard={"find": "FindNotes"})
    with pytest.raises(dm.DeclarationError, match="no name in protocol buffers"):
        dm.Procedure(standard={"list": "Find notes"})
