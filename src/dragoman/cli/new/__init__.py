"""``dragoman new``."""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from dragoman.cli import declare
from dragoman.cli.failure import CommandError

TEMPLATE: Final = Path(__file__).parent / "template"
SUFFIX: Final = ".template"
"""Ends the names of the template's files, so that no tool takes them for what they become."""

_NAME: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_TAKEN: Final = frozenset({"dragoman", "test", "tests", "hatchling", "mypy", "pytest", "ruff"})


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "new",
        run,
        summary="make a small project to start from",
        description="Make a folder NAME with a small project in it: a contract, an application, tests, and the\n"
        "settings of pytest, mypy and ruff.",
        examples="  dragoman new shop\n  dragoman new price-list",
    )
    parser.add_argument("name", metavar="NAME", help="the project's name, and the folder's: shop, price-list")


def run(options: argparse.Namespace) -> int:
    """Make the project."""
    name: str = options.name
    check_name(name)
    make(name, Path(name))
    module = module_of(name)
    print(f"made {name}; now:\n\n  cd {name}\n  pip install -e '.[dev]'\n  pytest\n  dragoman serve {module}.app:app")
    return 0


def check_name(name: str) -> None:
    """Raises CommandError for what cannot name a project and its package."""
    if not _NAME.fullmatch(name) or len(name) > 64:
        close = re.sub(r"[^a-z0-9]+", "-", Path(name).name.lower()).strip("-").lstrip("0123456789-")[:64].strip("-")
        hint = f"such as {close}" if close and close != name else "such as shop"
        raise CommandError(
            f"{name!r} is no name of a project: write small letters, digits and single dashes, a letter first, {hint}"
        )
    module = module_of(name)
    if keyword.iskeyword(module):
        raise CommandError(f"{name!r} is a word of Python's own: take another name, such as {name}-api")
    if module in _TAKEN or module in sys.stdlib_module_names or name in _required():
        raise CommandError(f"{name!r} would hide the module {module}, which is there already: take {name}-api")


def _required() -> frozenset[str]:
    """What Dragoman stands on, and what it can work with."""
    return frozenset(re.split(r"[^a-z0-9-]", each.lower())[0] for each in metadata.requires("dragoman") or ())


def module_of(name: str) -> str:
    """The package of a project."""
    return name.replace("-", "_")


def make(name: str, folder: Path) -> None:
    """Write the project. Raises CommandError where something is there already, or nothing can be written."""
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        what = "is a file" if folder.is_file() else "is a folder that is not empty"
        raise CommandError(f"{folder} {what}: take another name, or move it away")
    try:
        for path, text in files(name):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}") from None


def files(name: str) -> Iterator[tuple[Path, str]]:
    """The files of the project: where each is in it, and its text."""
    values = {"PROJECT_NAME": name, "PROJECT_MODULE": module_of(name), "PROJECT_DRAGOMAN": _requirement()}
    for file in sorted(TEMPLATE.rglob(f"*{SUFFIX}")):
        path, text = str(file.relative_to(TEMPLATE)).removesuffix(SUFFIX), file.read_text(encoding="utf-8")
        for word, value in values.items():
            path, text = path.replace(word, value), text.replace(word, value)
        # The template has no file that begins with a dot: those have a meaning where they stand.
        yield Path(re.sub(r"^dot-", ".", path)), text


def _requirement() -> str:
    """The releases that are like the one that makes the project: before 1.0 a minor one may break."""
    major, minor = metadata.version("dragoman").split(".")[:2]
    return f">={major}.{minor},<{major}.{int(minor) + 1}" if major == "0" else f">={major}.{minor},<{int(major) + 1}"
