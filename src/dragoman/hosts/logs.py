"""Where the lines of a server go that ``dragoman serve`` started."""

from __future__ import annotations

import sys
from typing import Any

from .readable import Readable


def logging_config() -> dict[str, Any]:
    """A line of JSON a request on stdout; on stderr lines for a person, and one of JSON for each bug, which on a
    terminal is shown as text too.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "dragoman: %(message)s"},
            "record": {"format": "%(message)s"},
            "readable": {"()": Readable},
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"},
            "errors": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "readable" if sys.stderr.isatty() else "record",
            },
            "access": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "record"},
        },
        "loggers": {
            "dragoman": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            "dragoman.error": {"handlers": ["errors"], "propagate": False},
            "dragoman.access": {"handlers": ["access"], "propagate": False},
        },
    }
