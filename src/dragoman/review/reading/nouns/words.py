"""English, as far as names of operations and resources need it."""

from __future__ import annotations

import re
from typing import Final

from dragoman.contract.resource import snake

VERBS: Final = frozenset(
    (
        *("accept", "activate", "add", "analyze", "append", "apply", "approve", "archive", "assign", "attach"),
        *("authenticate", "authorize", "batch", "book", "bulk", "calculate", "call", "cancel", "capture", "change"),
        *("charge", "check", "classify", "clear", "clone", "close", "commit", "complete", "compute", "confirm"),
        *("connect", "convert", "copy", "count", "create", "deactivate", "decline", "decrypt", "delete", "deploy"),
        *("detach", "detect", "disable", "disconnect", "dispatch", "do", "download", "duplicate", "edit", "embed"),
        *("enable", "encrypt", "end", "enqueue", "estimate", "evaluate", "execute", "expire", "export", "extract"),
        *("fetch", "find", "finish", "follow", "force", "fork", "forward", "generate", "get", "grant", "import"),
        *("insert", "install", "invalidate", "invite", "invoke", "join", "kill", "leave", "like", "list", "load"),
        *("lock", "login", "logout", "lookup", "make", "mark", "merge", "move", "mute", "notify", "open", "parse"),
        *("pause", "pay", "ping", "poll", "post", "predict", "preview", "process", "promote", "publish", "purge"),
        *("push", "put", "query", "read", "rebuild", "recalculate", "redeem", "refresh", "refund", "register"),
        *("reject", "release", "reload", "remove", "rename", "renew", "reorder", "replace", "reply", "request"),
        *("resend", "reset", "resolve", "restart", "restore", "resume", "retrieve", "retry", "revert", "revoke"),
        *("rotate", "run", "save", "schedule", "search", "select", "send", "set", "share", "sign", "start", "stop"),
        *("submit", "subscribe", "suspend", "sync", "synchronize", "test", "toggle", "track", "transfer"),
        *("translate", "trigger", "unarchive", "unassign", "undelete", "undo", "unfollow", "unlock", "unpublish"),
        *("unsubscribe", "update", "upgrade", "upload", "upsert", "validate", "verify", "void", "vote", "watch"),
        *("withdraw", "write"),
    )
)
"""Verbs with which names of actions begin. Those that are nouns as often (``order``, ``report``, ``comment``) are left
out.
"""


def words(name: str) -> list[str]:
    """``getOrderById`` as ``get``, ``order``, ``by``, ``id``."""
    return [each for each in re.split(r"[^a-z0-9]+", snake(name)) if each]


def is_verb(name: str) -> bool:
    """Whether a name is one of an action, by its first word."""
    return words(name)[:1] != [] and words(name)[0] in VERBS


def singular(noun: str) -> str:
    """The regular English singular: ``orders`` and ``boxes`` as ``order`` and ``box``."""
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if re.search(r"(ss|x|z|ch|sh)es$", noun):
        return noun[:-2]
    return noun[:-1] if re.search(r"[^su]s$", noun) else noun


def pascal(name: str) -> str:
    """``order_line`` as ``OrderLine``."""
    return "".join(each[:1].upper() + each[1:] for each in words(name))
