"""The error of a command."""

from __future__ import annotations


class CommandError(Exception):
    """The command cannot be carried out: says what is wrong, where, and what to do, in one line. ``code`` is the exit
    code, for commands of which 1 means something else.
    """

    code = 1
