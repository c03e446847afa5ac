"""Files that everybody imports and nobody keeps: google/protobuf, google/api and their like."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

_PROVIDED: Final = re.compile(
    r"google/(?:api|rpc|type|longrunning|logging/type|cloud|cloud/location)(?:/[a-z_0-9]+)+\.proto"
)


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
