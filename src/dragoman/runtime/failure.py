"""What is logged and not told: a broken contract, or an exception nobody expected."""

from __future__ import annotations


class BrokenContract(Exception):
    """A handler did what its declaration forbids. The caller sees INTERNAL; the log names the operation and why."""
