"""protoc, the compiler of protocol buffers, in a child process with bounds.

What it reads may be hostile, and it is C++: it gets a limit of memory and of time, no network, and a folder of its
own to write to.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

MEMORY: Final = 2 * 1024**3
"""Bytes of address space that protoc may have."""

SECONDS: Final = 60
"""How long one run may take. 400 files take half a second."""

OF_AN_IMPORT: Final = "was not found or had errors"
"""What protoc says where only an import is at fault."""

_CHILD: Final = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]),) * 2)
from grpc_tools import protoc
sys.exit(protoc.main(["protoc", *sys.argv[3:]]))
"""
_ERROR: Final = re.compile(r"^(?P<name>[^:\n]+?)(?::(?P<line>\d+):(?P<column>\d+))?: (?P<message>.+)$", re.MULTILINE)
_PROVIDED: Final = re.compile(
    r"google/(?:api|rpc|type|longrunning|logging/type|cloud|cloud/location)(?:/[a-z_0-9]+)+\.proto"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What protoc says is wrong in a file, by the name that imports call it."""

    name: str
    line: int
    column: int
    message: str

    @property
    def of_an_import(self) -> bool:
        """Whether only what the file imports is at fault."""
        return OF_AN_IMPORT in self.message


@dataclass(slots=True)
class Compiled:
    """``files`` are what was compiled and all they import; none where there are ``faults``."""

    files: FileDescriptorSet | None
    faults: list[Fault] = field(default_factory=list)
    stopped: str = ""  # what ended the run, where it was not a fault in a file


class Budget:
    """How much time there is for all runs of protoc together."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds; negative when it is used up."""
        return self._ends - time.monotonic()


def well_known() -> Path:
    """The folder with google/protobuf, which comes with the compiler."""
    spec = importlib.util.find_spec("grpc_tools")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'grpc_tools'", name="grpc_tools")
    return Path(spec.origin).parent / "_proto"


def provided(name: str) -> bytes | None:
    """What Google's common files are, such as google/api/annotations.proto, compiled; None for any other name."""
    if _PROVIDED.fullmatch(name) is None:
        return None
    try:
        module = importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    except ImportError:
        return None
    serialized = module.DESCRIPTOR.serialized_pb
    return serialized if isinstance(serialized, bytes) else None


class Library:
    """Google's common files that documents import and do not bring along, as a descriptor set for protoc."""

    def __init__(self) -> None:
        self._files: dict[str, FileDescriptorProto] = {}

    def add(self, name: str) -> bool:
        """Whether that file, with all that it imports, is there now."""
        if name in self._files or (well_known() / name).is_file():
            return True
        serialized = provided(name)
        if serialized is None:
            return False
        made = self._files[name] = FileDescriptorProto.FromString(serialized)
        missing = [each for each in made.dependency if not self.add(each)]
        return not missing

    def write(self, file: Path) -> bool:
        """Write it, with google/protobuf, which a set must bring along. False where nothing was asked for."""
        if not self._files:
            return False
        found = FileDescriptorSet()
        for name in self._ordered():
            found.file.append(self._files[name])
        file.write_bytes(found.SerializeToString())
        return True

    def _ordered(self) -> list[str]:
        ordered: dict[str, None] = {}

        def visit(name: str) -> None:
            if name not in ordered and name in self._files:
                for each in self._files[name].dependency:
                    visit(each)
                ordered[name] = None

        for name in self._files:
            visit(name)
        return list(ordered)


def run(names: Sequence[str], roots: Sequence[Path], library: Library, budget: Budget) -> Compiled:
    """Compile files by the names that imports call them; each is looked for in the roots, in order."""
    with TemporaryDirectory(prefix="dragoman-protoc-") as folder:
        made, listed, known = Path(folder, "made.binpb"), Path(folder, "names"), Path(folder, "known.binpb")
        listed.write_text("\n".join(names) + "\n", encoding="utf-8")
        arguments = [f"-I{root.absolute()}" for root in (*roots, well_known())]
        if library.write(known):
            arguments.append(f"--descriptor_set_in={known}")
        arguments += ["--include_source_info", "--include_imports", f"--descriptor_set_out={made}", f"@{listed}"]
        seconds = max(1, min(SECONDS, int(budget.left)))
        command = [sys.executable, "-I", "-c", _CHILD, str(MEMORY), str(seconds), *arguments]
        try:
            ended = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return Compiled(None, stopped=f"protoc had not done after {seconds} seconds")
        if ended.returncode == 0:
            return Compiled(FileDescriptorSet.FromString(made.read_bytes()))
        said = ended.stderr.decode("utf-8", errors="replace")
        faults = _faults(said)
        return Compiled(None, faults, "" if faults else _ending(ended.returncode, said))


def _faults(said: str) -> list[Fault]:
    return [
        Fault(match["name"], int(match["line"] or 1), int(match["column"] or 1), match["message"])
        for match in _ERROR.finditer(said)
        if match["name"].endswith(".proto") and not match["message"].startswith("warning: ")
    ]


def _ending(code: int, said: str) -> str:
    if code < 0 or "bad_alloc" in said or "MemoryError" in said:
        return f"protoc needed more than {MEMORY // 2**30} GB or {SECONDS} seconds"
    last = said.strip().splitlines()[-1:] or [f"protoc ended with {code}"]
    return last[0][:200]
