"""protoc, the compiler of protocol buffers, in a child process with bounds.

What it reads may be hostile, and it is C++: it gets a limit of memory and of time, no network, and a folder of its
own to write to.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from .library import Library, well_known

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
    """How much time there is for all runs of protoc together, in seconds; negative when it is used up."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Take off what the body takes."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.left -= time.monotonic() - began


def misread(name: str) -> str:
    """What keeps protoc from taking a name for a file's: it is told names a line each, and a line that begins with a
    dash is an option, among them those that run programs and write files. Empty where nothing does.
    """
    if name.startswith("-"):
        return "protoc would take its name for an option"
    if any(ord(each) < 32 or ord(each) == 127 or "\ud800" <= each <= "\udfff" for each in name):
        return "its name has characters in it that protoc cannot be told"
    return ""


def run(names: Sequence[str], roots: Sequence[Path], library: Library, budget: Budget) -> Compiled:
    """Compile files by the names that imports call them; each is looked for in the roots, in order. No name may be one
    that is :func:`misread`.
    """
    assert not any(map(misread, names))
    with TemporaryDirectory(prefix="dragoman-protoc-") as folder:
        made, listed, known = Path(folder, "made.binpb"), Path(folder, "names"), Path(folder, "known.binpb")
        listed.write_text("\n".join(names) + "\n", encoding="utf-8")
        arguments = [f"-I{_plain(root.absolute(), Path(folder))}" for root in (*roots, well_known())]
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


def _plain(root: Path, folder: Path) -> Path:
    """A path to the root that protoc does not take for several."""
    if os.pathsep not in str(root):
        return root
    link = folder / f"root-{len(list(folder.iterdir()))}"
    link.symlink_to(root, target_is_directory=True)
    return link


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
