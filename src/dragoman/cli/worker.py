"""What each of several workers calls for its application: the command's target, on the same database."""

from __future__ import annotations

import json
import os
import sys
from typing import Final

from dragoman.app import App
from dragoman.contract.declaration import DeclarationError
from dragoman.hosts.worker import NOT_STARTED

from .failure import CommandError
from .target import load

TARGET: Final = f"{__name__}:application"
VARIABLE: Final = "DRAGOMAN_WORKER"


def tell(target: str, database: str) -> None:
    """Tell the workers, which inherit the environment, what to serve."""
    os.environ[VARIABLE] = json.dumps([target, database])


def application() -> App:
    """The application, in a worker."""
    target, database = json.loads(os.environ[VARIABLE])
    try:
        app = load(target)
        app.use(database)
    except (CommandError, DeclarationError) as error:
        print(f"dragoman: {error}", file=sys.stderr)
        sys.exit(NOT_STARTED)
    return app
