"""Finds the application that MODULE:APP names."""

from __future__ import annotations

import difflib
import importlib
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from dragoman.app import App
from dragoman.contract.declaration import DeclarationError

from .failure import CommandError


def load(target: str) -> App:
    """The App. Modules in the working directory are found too. Raises CommandError."""
    name, colon, attribute = target.partition(":")
    if not colon or not name or not attribute:
        raise CommandError(
            f"{target!r} is not of the form MODULE:APP: write the module, a colon and the App in it, "
            f"such as {_guess(target)}"
        )
    directory = str(Path.cwd())
    if directory not in sys.path:
        sys.path.insert(0, directory)
    module = _import(name, attribute)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise CommandError(f"module {name} has no {attribute!r}{_suggestion(module, attribute)}")
        found = getattr(found, part)
    if not isinstance(found, App):
        raise CommandError(f"{target} is not an App but {_kind(found)}{_suggestion(module, attribute)}")
    found.target = target
    return found


def _import(name: str, attribute: str) -> ModuleType:
    if name.endswith(".py") or "/" in name:
        raise CommandError(f"{name!r} is a file, not a module: write {_dotted(name)}:{attribute}")
    # A name that no import statement could hold, such as 01_hello, is a file's all the same.
    if not re.fullmatch(r"\w+(\.\w+)*", name):
        raise CommandError(f"{name!r} is not the name of a module, such as shop or company.shop")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise CommandError(_not_found(name, error.name)) from None
        raise CommandError(_broken(name, error)) from error
    except Exception as error:
        raise CommandError(_broken(name, error)) from error


def _not_found(name: str, missing: str) -> str:
    of = "" if missing == name else f" (of {name})"
    here = [path.stem for path in Path.cwd().glob("*.py")]
    close = difflib.get_close_matches(missing, here, 1)
    hint = f"; did you mean {close[0]}?" if close else ": run the command where it is, or install it"
    return f"there is no module {missing}{of} in {Path.cwd()} or among the installed ones{hint}"


def _broken(name: str, error: Exception) -> str:
    """What went wrong, and where in the developer's own files."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"module {name} cannot be imported: {error.msg} ({error.filename}:{error.lineno})"
    what = str(error) if isinstance(error, DeclarationError) else f"{type(error).__name__}: {error}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen") and frame.filename not in (__file__, importlib.__file__)
    ]
    # A wrong declaration is noticed in this package, and stands in the file that called it.
    package = str(Path(__file__).parent.parent)
    own = [frame for frame in frames if not frame.filename.startswith(package)]
    place = (own or frames)[-1:]
    where = f" ({place[0].filename}:{place[0].lineno})" if place else ""
    return f"module {name} cannot be imported: {what}{where}"


def _suggestion(module: ModuleType, attribute: str) -> str:
    apps = [name for name, value in vars(module).items() if isinstance(value, App) and name[0] != "_"]
    if not apps:
        return f"; there is no dragoman.App in {module.__name__}"
    close = difflib.get_close_matches(attribute, apps, 1)
    return f"; did you mean {module.__name__}:{(close or apps)[0]}?"


def _kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"of type {type(value).__name__}"


def _guess(target: str) -> str:
    name = _dotted(target.partition(":")[0])
    return f"{name}:app" if all(part.isidentifier() for part in name.split(".")) else "shop:app"


def _dotted(file: str) -> str:
    return file.removesuffix(".py").removeprefix("./").strip("/").replace("/", ".")
