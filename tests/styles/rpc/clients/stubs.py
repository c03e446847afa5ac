"""Python's stubs, as protoc makes them of a ``.proto`` file."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc_tools
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Stubs:
    """The module of the messages, and that of the services."""

    messages: Any
    services: Any


def export(target: str, surface: str, path: Path) -> None:
    """Write the ``.proto`` file of a surface, as its users do."""
    path.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "dragoman", "export", target, "--surface", surface, "--format", "proto"]
    environment = os.environ | {"PYTHONPATH": str(HERE)}
    subprocess.run([*command, "--output", str(path)], env=environment, check=True, stdout=subprocess.DEVNULL)


def compile_proto(folder: Path, file: str, *options: str) -> None:
    """Run protoc on a file in a folder."""
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    assert protoc.main(["", f"--proto_path={folder}", f"--proto_path={well_known}", *options, file]) == 0


def descriptor(path: Path) -> descriptor_pb2.FileDescriptorProto:
    """What protoc reads in a file."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "set"
        compile_proto(path.parent, path.name, f"--descriptor_set_out={made}")
        return descriptor_pb2.FileDescriptorSet.FromString(made.read_bytes()).file[0]


def compiled(folder: Path, file: str) -> Stubs:
    """The stubs of a file in a folder, which stays on the path of imports."""
    compile_proto(folder, file, f"--python_out={folder}", f"--grpc_python_out={folder}")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    name = file.removesuffix(".proto").replace("/", ".")
    return Stubs(importlib.import_module(f"{name}_pb2"), importlib.import_module(f"{name}_pb2_grpc"))
