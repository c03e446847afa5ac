"""From files to descriptors: one broken file never takes the others along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Refusal, Remark, Why

from .header import Header
from .library import Library
from .protoc import OF_AN_IMPORT, Budget, Fault, run
from .roots import virtual_name
from .stripping import stripped

BATCH_FILES: Final = 400
BATCH_BYTES: Final = 8 * 1024 * 1024
"""How much is compiled at once: it bounds memory, and what one broken file makes to be done again."""


_DEFINED: Final = "is already defined in file"
_NEWER: Final = "is later than the maximum supported edition"


class Module:
    """The files of one include root. ``others`` are the roots where imports are looked for after it."""

    def __init__(self, root: Path, headers: Sequence[Header], others: Sequence[Path]) -> None:
        self.root = root
        self.files = {virtual_name(header.file, root): header for header in headers}
        self.roots = [root, *others]
        self.library = Library()
        self._found: dict[str, Path | None] = {}

    def shown(self, name: str) -> str:
        """The path of a file by the name that imports call it, as the user knows it."""
        header = self.files.get(name)
        if header is not None:
            return header.shown
        found = self._find(name)
        return name if found is None else found.as_posix()

    def _find(self, name: str) -> Path | None:
        if name not in self._found:
            paths = (root / name for root in self.roots)
            self._found[name] = next((path for path in paths if path.is_file()), None)
        return self._found[name]

    def named(self, path: str) -> str:
        """What imports call a file that protoc shows by its path."""
        names = []
        for root in self.roots:
            try:
                names.append(Path(path).relative_to(root.absolute()).as_posix())
            except ValueError:
                continue
        return next((name for name in names if name in self.files), names[0] if names else path)

    def has(self, name: str) -> bool:
        """Whether an import can be found: in the roots, or among Google's common files."""
        return name in self.files or self._find(name) is not None or self.library.add(name)


class Compilation:
    """Compiles a module. ``refusals`` fills up with what cannot be; ``remarks``, by the names of files, with what was
    left out so that they can.
    """

    def __init__(self, module: Module, budget: Budget) -> None:
        self._module = module
        self._budget = budget
        self._missing: dict[str, Refusal] = {}
        self.refusals: list[Refusal] = []
        self.remarks: dict[str, Remark] = {}

    def compiled(self) -> Iterator[tuple[list[str], FileDescriptorSet]]:
        """Batches of names with the descriptors of their files and of all that these import."""
        with TemporaryDirectory(prefix="dragoman-protoc-") as folder:
            self._strip(Path(folder))
            for batch in _batches(list(self._module.files), self._module):
                yield from self._batch(batch)

    def _batch(self, batch: list[str]) -> Iterator[tuple[list[str], FileDescriptorSet]]:
        waiting = [batch]
        while waiting:
            names = waiting.pop()
            if names and self._budget.left < 0:
                self._give_up(names)
            elif names:
                made = run(names, self._module.roots, self._module.library, self._budget)
                if made.files is not None:
                    yield names, made.files
                else:
                    waiting += self._without_broken(names, made.faults, made.stopped)

    def _strip(self, folder: Path) -> None:
        """Write the files whose imports are not all there into the folder, without these. Whether they can do without
        is seen when they are compiled.
        """
        module = self._module
        for name, header in module.files.items():
            missing = {wanted: line for wanted, line in header.imports if not module.has(wanted)}
            if missing:
                wanted, line = next(iter(missing.items()))
                position = Position(header.shown, line)
                self._missing[name] = _missing(wanted, position, module.root)
                message = f'it imports "{wanted}", which is not there; it is read without the options that this defines'
                self.remarks[name] = Remark(position, message, self._missing[name].remedy)
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(stripped(header.file.read_text("utf-8-sig"), missing), "utf-8")
        if self._missing:
            module.roots.insert(0, folder)

    def _without_broken(self, names: list[str], faults: Sequence[Fault], stopped: str) -> list[list[str]]:
        """What is left to try once what is at fault is refused."""
        causes: dict[str, Fault] = {}
        for said in faults:
            fault = replace(said, name=self._module.named(said.name))
            if fault.name not in causes or (fault.of_an_import and not causes[fault.name].of_an_import):
                causes[fault.name] = fault  # what follows from a broken import is not worth telling
        left = self._without(dict.fromkeys(causes), names)
        if len(left) < len(names):
            broken = [name for name in names if name in causes]
            self.refusals += [self._missing.get(name) or _refusal(causes[name], self._module) for name in broken]
            return [left]
        if len(names) == 1:
            position = Position(self._module.shown(names[0]))
            message, remedy = stopped, "Make it smaller, or split it"
            if faults:
                message, remedy = f"it uses {faults[0].name}: {faults[0].message.rstrip('.')}", "Mend that file"
            self.refusals.append(Refusal(Why.UNREADABLE, position, message, remedy))
            return []
        return [names[len(names) // 2 :], names[: len(names) // 2]]

    def _without(self, broken: dict[str, None], names: list[str]) -> list[str]:
        """The names that import nothing broken. Those that do are refused at the import."""
        files, reached = self._module.files, dict(broken)
        left = [name for name in names if name not in reached]
        while True:
            added = False
            for name in left:
                header = files[name]
                cause = next(((wanted, line) for wanted, line in header.imports if wanted in reached), None)
                if cause is not None:
                    reached[name], added = None, True
                    fault = Fault(name, cause[1], 1, f'Import "{cause[0]}" {OF_AN_IMPORT}.')
                    self.refusals.append(_refusal(fault, self._module))
            if not added:
                return left
            left = [name for name in left if name not in reached]

    def _give_up(self, names: Sequence[str]) -> None:
        for name in names:
            self.refusals.append(
                Refusal(
                    Why.UNREADABLE,
                    Position(self._module.shown(name)),
                    "there was no time left for it after the files before it",
                    "Mend or leave out those that are refused, and review the folder in parts",
                )
            )


def _batches(names: Sequence[str], module: Module) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for name in names:
        if batch and (len(batch) == BATCH_FILES or size + module.files[name].size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(name)
        size += module.files[name].size
    if batch:
        yield batch


def _missing(name: str, position: Position, root: Path) -> Refusal:
    return Refusal(
        Why.UNREADABLE,
        position,
        f'it imports "{name}", which is in none of the folders that are reviewed',
        f"Put that file at {(root / name).as_posix()}, or review a folder that has it too",
    )


def _refusal(fault: Fault, module: Module) -> Refusal:
    position = Position(module.shown(fault.name), fault.line, fault.column)
    if _NEWER in fault.message:
        remedy = "Run pip install --upgrade grpcio-tools, or write an older edition"
        return Refusal(Why.UNSUPPORTED, position, fault.message.rstrip("."), remedy)
    if _DEFINED in fault.message:
        remedy = "Give each version a package of its own, or review the two apart"
        return Refusal(Why.UNREADABLE, position, fault.message.rstrip("."), remedy)
    if not fault.of_an_import:
        return Refusal(Why.UNREADABLE, position, fault.message.rstrip("."), "Mend it until protoc takes it")
    name = fault.message.split('"')[1]
    return Refusal(
        Why.UNREADABLE, position, f'it imports "{name}", which is broken', f"Mend {module.shown(name)} first"
    )
