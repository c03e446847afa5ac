"""Verbs, which names of actions begin with and names of things do not."""

from __future__ import annotations

from typing import Final

from dragoman.review.english import words

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


def is_verb(name: str) -> bool:
    """Whether a name is one of an action, by its first word."""
    return not VERBS.isdisjoint(words(name)[:1])


def pascal(name: str) -> str:
    """``order_line`` as ``OrderLine``."""
    return "".join(each[:1].upper() + each[1:] for each in words(name))
