"""API keys: long random texts that callers send as ``Authorization: Bearer <key>``.

A key is shown once, when it is made, and stored as its SHA-256 only: 256 random bits cannot be guessed from
a hash, so a slow hash would add nothing but time to every call. The visible prefix names the key in lists,
in the log and when it is revoked. Every call asks whether anything was committed since the key's row was read, and
reads it again if so: a revoked key is refused from the next call on, in every process.
"""

from __future__ import annotations

import functools
import hashlib
import re
import secrets
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import msgspec

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.expression import Compare, Slot
from dragoman.contract.fault import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Unauthenticated,
    Unavailable,
    Violation,
)
from dragoman.contract.principal import Audience, Principal
from dragoman.ports.authenticator import Authenticate
from dragoman.ports.store import (
    Column,
    Committed,
    Insert,
    Key,
    Query,
    Storage,
    Store,
    Table,
    Unique,
    UniqueViolation,
    Update,
    Value,
    WriteSet,
)
from dragoman.ports.wire import Certificate

from .listening import is_loopback

TABLE_NAME: Final = "dragoman_keys"
FORM: Final = re.compile(r"dm_[a-z0-9]{8}_[A-Za-z0-9_-]{43}")
PREFIX: Final = re.compile(r"dm_[a-z0-9]{8}")
SCOPE: Final = re.compile(r"\*|[a-z0-9_]+(\.([a-z0-9_]+|\*))?")
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}")

MOST_KNOWN: Final = 4096
"""How many keys are remembered."""

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_UNKNOWN: Final = "the key is not known or was revoked"
_READ_OF_A_KEY: Final = ("prefix", "owner", "tenant", "scopes", "audiences", "revoked_at")


def key_table(name: str = TABLE_NAME) -> Table:
    """The table of keys. Its rows are found by the key's hash, which is all that a caller's key leads to."""
    return Table(
        name,
        (
            Column("sha256", Storage.TEXT),
            Column("prefix", Storage.TEXT),
            Column("owner", Storage.TEXT),
            Column("tenant", Storage.TEXT),
            Column("scopes", Storage.JSON),
            Column("audiences", Storage.JSON),
            Column("created_at", Storage.TEXT),
            Column("revoked_at", Storage.TEXT, nullable=True),
            Column("description", Storage.TEXT, default=""),
        ),
        key="sha256",
        tenant=False,
        versioned=False,
        uniques=(Unique(("prefix",)),),
    )


class ApiKeys:
    """Principals from API keys in the application's own database; make one with :func:`api_keys`."""

    anonymous = False
    challenge = 'Bearer realm="dragoman"'
    headers: Sequence[str] = ("authorization",)
    scheme: Mapping[str, str] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key: `Authorization: Bearer <key>`",
    }

    def __init__(self, table: Table, fixed: Mapping[str, Principal]) -> None:
        self.table = table
        self.tables: Sequence[Table] = (table,)
        self.fixed = dict(fixed)
        self._fixed = {
            text: replace(principal, credential=principal.credential or text) for text, principal in fixed.items()
        }

    def __repr__(self) -> str:
        return f"api_keys(table={self.table.name!r})"

    def bind(self, store: Store) -> Authenticate:
        """Prepare what a call needs."""
        return _Keys(self._fixed, self.table, store)

    def check_listening(self, host: str) -> None:
        """Keys that stand in the source are known to whoever reads it: they hold on this machine alone."""
        if self.fixed and not is_loopback(host):
            names = ", ".join(self.fixed)
            raise DeclarationError(
                f"listening on {host or 'all interfaces'}",
                f"the keys {names} stand in the source, so that anyone who can connect could use them",
                "Listen on 127.0.0.1, or remove fixed= and make keys with `dragoman keys create`",
            )


class _Keys:
    """The keys of one application. What was read of a key is used again while nothing was committed, by any process:
    ``_known`` has it by the header, so that a key is hashed only to be read.
    """

    __slots__ = ("_fixed", "_known", "_lookup", "_revision")

    def __init__(self, fixed: Mapping[str, Principal], table: Table, store: Store) -> None:
        where = Compare("sha256", "=", Slot(0))
        self._fixed = fixed
        self._lookup = store.prepare(Query(table, _READ_OF_A_KEY, where, tenant=False, limit=1))
        self._revision = store.revision
        self._known = self._always()

    def _always(self) -> dict[str, tuple[object | None, Principal]]:
        """Those that stand in the source: no commit changes them."""
        return {f"Bearer {text}": (None, principal) for text, principal in self._fixed.items()}

    def __call__(
        self, headers: Mapping[str, str], certificate: Certificate | None = None
    ) -> Principal | Awaitable[Principal]:
        """The key's owner. Raises Unauthenticated."""
        shown = headers.get("authorization")
        if shown is None:
            raise Unauthenticated("no credentials: send an API key as `Authorization: Bearer <key>`")
        # Taken before the row is read: what is committed meanwhile is noticed by the next call.
        revision = self._revision()
        known = self._known.get(shown)
        if known is not None and (known[0] is None or known[0] == revision):
            return known[1]
        return self._read(shown, revision)

    async def _read(self, shown: str, revision: object | None) -> Principal:
        """The owner of a key of which nothing is known, or no longer."""
        scheme, _, text = shown.strip().partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer":
            raise Unauthenticated("the scheme of the Authorization header is not Bearer: send `Bearer <key>`")
        if not text or " " in text or "," in text:
            raise Unauthenticated("the Authorization header is malformed: send one key, as `Bearer <key>`")
        fixed = self._fixed.get(text)
        if fixed is not None:
            return fixed
        if FORM.fullmatch(text) is None:
            # Said without a look at the database: whoever sends anything but a key costs it nothing.
            raise Unauthenticated(_UNKNOWN)
        row = await self._lookup.fetch_one((digest(text),))
        if row is None or row[5] is not None:
            raise Unauthenticated(_UNKNOWN)
        prefix, owner, tenant, scopes, audiences, _ = row
        principal = Principal(owner, tenant, _scopes(scopes), _audiences(audiences), prefix)
        if revision is not None:
            if len(self._known) >= MOST_KNOWN + len(self._fixed):
                self._known = self._always()
            self._known[f"Bearer {text}"] = (revision, principal)  # however it was spaced
        return principal


def api_keys(*, table: str = TABLE_NAME, fixed: Mapping[str, Principal] | None = None) -> ApiKeys:
    """Callers show an API key, made with ``dragoman keys create`` and stored in the application's database.

    ``fixed`` are keys that stand in the source, for demos and tests: with any, the process refuses to listen
    beyond this machine.
    """
    if re.fullmatch(r"[a-z][a-z0-9_]*", table) is None:
        raise DeclarationError("api_keys", f"the table {table!r} is not in snake_case", f'Write "{TABLE_NAME}"')
    for text in fixed or ():
        if not text.isascii() or not text.isprintable() or not text or " " in text or "," in text:
            raise DeclarationError(
                "api_keys",
                f"the fixed key {text!r} cannot be sent in a header",
                "Use letters, digits, - and _",
            )
    return ApiKeys(key_table(table), fixed or {})


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as lists show it: everything but the key."""

    prefix: str
    owner: str
    tenant: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    created_at: str
    revoked_at: str | None
    description: str


_LISTED: Final = tuple(KeyRecord.__dataclass_fields__)


async def create_key(
    store: Store,
    *,
    owner: str,
    audiences: Iterable[str],
    tenant: str = "default",
    scopes: Iterable[str] = ("*",),
    description: str = "",
    table: Table | None = None,
) -> tuple[str, KeyRecord]:
    """Make a key and store its hash. Returns the key's text, which cannot be had again, and its record.

    Raises InvalidArgument, which lists every violation.
    """
    table = table or key_table()
    scopes, audiences = tuple(dict.fromkeys(scopes)), tuple(dict.fromkeys(audiences))
    _check(owner, tenant, scopes, audiences, description)
    for _ in range(3):
        prefix = "dm_" + "".join(secrets.choice(_LETTERS) for _ in range(8))
        text = f"{prefix}_{secrets.token_urlsafe(32)}"
        record = KeyRecord(prefix, owner, tenant, scopes, audiences, _now(), None, description)
        hashed = digest(text)
        values: dict[str, Value] = {
            "sha256": hashed,
            "prefix": prefix,
            "owner": owner,
            "tenant": tenant,
            "scopes": _json(scopes),
            "audiences": _json(audiences),
            "created_at": record.created_at,
            "revoked_at": None,
            "description": description,
        }
        outcome = await store.commit(WriteSet(writes=[Insert(Key(table, None, hashed), values)]))
        if isinstance(outcome, Committed):
            return text, record
        if not isinstance(outcome, UniqueViolation):
            raise Unavailable(f"the key could not be stored: {outcome}")
    raise AlreadyExists("no free prefix was found in three attempts; try again")


async def list_keys(store: Store, *, table: Table | None = None) -> list[KeyRecord]:
    """Every key, oldest first; revoked ones too."""
    order = (("created_at", False), ("prefix", False))
    query = Query(table or key_table(), _LISTED, order=order, tenant=False)
    rows = await store.prepare(query).fetch()
    return [
        KeyRecord(prefix, owner, tenant, _strings(scopes), _strings(audiences), created_at, revoked_at, description)
        for prefix, owner, tenant, scopes, audiences, created_at, revoked_at, description in rows
    ]


async def revoke_key(store: Store, prefix: str, *, table: Table | None = None) -> str:
    """Revoke a key for good, at once; returns its owner.

    Raises NotFound, or FailedPrecondition if it was revoked before.

    A whole key is taken as well as its prefix, so that a leaked one can be revoked as it was found.
    """
    table = table or key_table()
    found = PREFIX.match(prefix.strip())
    if found is None:
        raise InvalidArgument(f"{prefix!r} is no prefix of a key, such as dm_ab12cd34; `dragoman keys list` shows them")
    where = Compare("prefix", "=", Slot(0))
    query = Query(table, ("sha256", "owner", "revoked_at"), where, tenant=False, limit=1)
    row = await store.prepare(query).fetch_one((found.group(),))
    if row is None:
        raise NotFound(f"there is no key {found.group()}; `dragoman keys list` shows them")
    hashed, owner, revoked_at = row
    if revoked_at is not None:
        raise FailedPrecondition(f"the key {found.group()} was revoked before, at {revoked_at}")
    outcome = await store.commit(WriteSet(writes=[Update(Key(table, None, hashed), {"revoked_at": _now()})]))
    if not isinstance(outcome, Committed):
        raise Unavailable(f"the key could not be revoked: {outcome}")
    return str(owner)


def digest(text: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(text.encode()).hexdigest()


def _check(owner: str, tenant: str, scopes: Sequence[str], audiences: Sequence[str], description: str) -> None:
    known = ", ".join(Audience)
    wrong = []
    for field, name in (("owner", owner), ("tenant", tenant)):
        if NAME.fullmatch(name) is None:
            form = "1 to 200 letters, digits and . _ @ + -, a letter or digit first"
            wrong.append(Violation((field,), f"the {field} {name!r} is not {form}", "pattern"))
    if not scopes:
        wrong.append(Violation(("scopes",), "no scope is given; '*' allows every operation", "required"))
    for position, scope in enumerate(scopes):
        if SCOPE.fullmatch(scope) is None:
            form = "a pattern over operation names, such as orders.list, orders.* or *"
            wrong.append(Violation(("scopes", position), f"the scope {scope!r} is not {form}", "pattern"))
    if not audiences:
        message = f"no audience is given, and no surface would let the key in; there are {known}"
        wrong.append(Violation(("audiences",), message, "required"))
    for position, audience in enumerate(audiences):
        if audience not in frozenset(Audience):
            message = f"there is no audience {audience!r}; there are {known}"
            wrong.append(Violation(("audiences", position), message, "enum"))
    if len(description) > 500 or not description.isprintable():
        message = "the description is not one line of at most 500 characters"
        wrong.append(Violation(("description",), message, "length"))
    if wrong:
        raise InvalidArgument("; ".join(each.message for each in wrong), violations=wrong)


# A process sees few different lists of scopes and audiences: their sets are made once.
@functools.lru_cache(maxsize=1024)
def _scopes(text: str) -> frozenset[str]:
    return frozenset(_strings(text))


@functools.lru_cache(maxsize=64)
def _audiences(text: str) -> frozenset[Audience]:
    return frozenset(map(Audience, _strings(text)))


def _strings(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def _json(values: Sequence[str]) -> str:
    return msgspec.json.encode(values).decode()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
