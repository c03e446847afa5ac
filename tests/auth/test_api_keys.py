"""API keys: made, shown once, found by their hash, revoked; and what is said of wrong ones."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dragoman.auth import anonymous, api_keys
from dragoman.auth.api_keys import create_key, digest, key_table, list_keys, revoke_key
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.expression import EVERYTHING
from dragoman.contract.fault import FailedPrecondition, InvalidArgument, NotFound, Unauthenticated
from dragoman.contract.principal import Audience, Principal
from dragoman.engines.sqlite import SqliteStore
from dragoman.ports.store import Query

PARTNER = Principal("shop-app", "demo", audiences=frozenset({Audience.PARTNER}))


def with_store(path: Path, use: Callable[[SqliteStore], Awaitable[Any]]) -> Any:
    """Run ``use`` on a store that has the table of keys."""

    async def run() -> Any:
        store = SqliteStore(path / "keys.db")
        store.migrate([key_table()])
        await store.start([key_table()])
        try:
            return await use(store)
        finally:
            await store.stop()

    return asyncio.run(run())


def bound(store: SqliteStore, **options: Any) -> Callable[..., Awaitable[Principal]]:
    authenticate = api_keys(**options).bind(store)

    async def ask(headers: dict[str, str]) -> Principal:
        who = authenticate(headers, None)
        return who if isinstance(who, Principal) else await who

    return ask


async def refusal(authenticate: Callable[..., Awaitable[Principal]], header: str | None) -> str:
    headers = {} if header is None else {"authorization": header}
    with pytest.raises(Unauthenticated) as caught:
        await authenticate(headers)
    return caught.value.message


def test_a_key_lets_its_owner_in(tmp_path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        text, record = await create_key(
            store,
            owner="acme",
            tenant="t1",
            scopes=["orders.*", "customers.get"],
            audiences=["partner", "operator"],
        )
        keys = bound(store)
        for scheme in ("Bearer", "bearer", "BEARER", "  Bearer  "):
            principal = await keys({"authorization": f"{scheme} {text}"})
            assert principal == Principal(
                "acme",
                "t1",
                frozenset({"orders.*", "customers.get"}),
                frozenset({Audience.PARTNER, Audience.OPERATOR}),
                record.prefix,
            )

    with_store(tmp_path, use)


def test_a_key_has_256_random_bits_and_a_prefix(tmp_path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        made = [await create_key(store, owner="acme", audiences=["partner"]) for _ in range(20)]
        assert len({text for text, _ in made}) == len({record.prefix for _, record in made}) == 20
        for text, record in made:
            assert text.startswith(record.prefix + "_")
            assert len(record.prefix) == len("dm_ab12cd34")
            assert len(text.removeprefix(record.prefix + "_")) == 43  # 32 bytes in base64url

    with_store(tmp_path, use)


def test_only_the_hash_is_stored(tmp_path: Path) -> None:
    async def use(store: SqliteStore) -> str:
        text, _ = await create_key(store, owner="acme", audiences=["partner"])
        columns = tuple(column.name for column in key_table().columns)
        rows = await store.prepare(Query(key_table(), columns, EVERYTHING, tenant=False)).fetch()
        assert rows[0][0] == digest(text)
        secret = text.split("_", 2)[2]
        assert not any(secret in str(value) for value in rows[0])
        return secret

    secret = with_store(tmp_path, use)
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes(), file


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        keys = bound(store)
        text, _ = await create_key(store, owner="acme", audiences=["partner"])
        assert "no credentials" in await refusal(keys, None)
        for header in ("Basic YTpi", "Digest x", text, ""):
            assert "not Bearer" in await refusal(keys, header), header
        for header in ("Bearer", "Bearer ", f"Bearer {text} {text}", f"Bearer {text},{text}"):
            assert "malformed" in await refusal(keys, header), header
        unknown = "the key is not known or was revoked"
        for key in (
            text[:-1],
            text + "a",
            text.upper(),
            text[:-1] + "ä",
            "demo-partner",
            "'",
            "\x00",
            digest(text),
        ):
            assert await refusal(keys, f"Bearer {key}") == unknown, key

    with_store(tmp_path, use)


def test_a_revoked_key_is_refused_from_the_next_call_on(tmp_path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        keys = bound(store)
        first, record = await create_key(store, owner="acme", audiences=["partner"])
        second, _ = await create_key(store, owner="acme", audiences=["partner"])
        assert (await keys({"authorization": f"Bearer {first}"})).identity == "acme"
        assert await revoke_key(store, record.prefix) == "acme"
        assert await refusal(keys, f"Bearer {first}") == "the key is not known or was revoked"
        # The owner's other key is the same caller still.
        assert (await keys({"authorization": f"Bearer {second}"})).identity == "acme"
        with pytest.raises(FailedPrecondition, match="revoked before"):
            await revoke_key(store, record.prefix)

    with_store(tmp_path, use)


def test_a_key_that_another_process_revoked_is_refused_from_the_next_call_on(tmp_path: Path) -> None:
    """What was read of a key is used again only while nothing was committed, by whomever."""

    async def use(store: SqliteStore) -> None:
        keys = bound(store)
        for _ in range(5):
            text, record = await create_key(store, owner="acme", audiences=["partner"])
            for _ in range(3):
                assert (await keys({"authorization": f"Bearer {text}"})).identity == "acme"
            command = [sys.executable, "-m", "dragoman", "keys", "revoke", record.prefix]
            await asyncio.to_thread(
                subprocess.run, [*command, "--database", str(tmp_path / "keys.db")], check=True, capture_output=True
            )
            with pytest.raises(Unauthenticated):
                await keys({"authorization": f"Bearer {text}"})

    with_store(tmp_path, use)


def test_a_key_that_was_revoked_while_the_store_was_stopped_is_refused(tmp_path: Path) -> None:
    """Where nothing else was committed while it ran, either, nothing in memory tells of it."""

    async def use(store: SqliteStore) -> None:
        text, record = await create_key(store, owner="acme", audiences=["partner"])
        await store.stop()
        keys = bound(store)
        await store.start([key_table()])
        assert (await keys({"authorization": f"Bearer {text}"})).identity == "acme"
        await store.stop()
        other = SqliteStore(tmp_path / "keys.db")
        await other.start([key_table()])
        await revoke_key(other, record.prefix)
        await other.stop()
        await store.start([key_table()])
        assert await refusal(keys, f"Bearer {text}") == "the key is not known or was revoked"

    with_store(tmp_path, use)


def test_a_leaked_key_can_be_revoked_as_it_was_found(tmp_path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        text, _ = await create_key(store, owner="acme", audiences=["partner"])
        await revoke_key(store, text)
        await refusal(bound(store), f"Bearer {text}")

    with_store(tmp_path, use)


def test_revoking_what_is_not_there(tmp_path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        with pytest.raises(NotFound, match="dm_00000000"):
            await revoke_key(store, "dm_00000000")
        with pytest.raises(InvalidArgument, match="no prefix of a key"):
            await revoke_key(store, "acme")

    with_store(tmp_path, use)


def test_lists_show_everything_but_the_key(tmp_path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        made = [
            (await create_key(store, owner=owner, audiences=["internal"], description=f"for {owner}"))[1]
            for owner in ("a", "b", "c")
        ]
        assert await list_keys(store) == made
        await revoke_key(store, made[1].prefix)
        listed = await list_keys(store)
        assert [each.revoked_at is None for each in listed] == [True, False, True]

    with_store(tmp_path, use)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"owner": ""}, "the owner '' is not 1 to 200"),
        ({"owner": "a b"}, "the owner 'a b'"),
        ({"owner": "a\nb"}, "the owner"),
        ({"tenant": "../x"}, "the tenant '../x'"),
        ({"tenant": "x" * 201}, "the tenant"),
        ({"audiences": []}, "no audience"),
        ({"audiences": ["partners"]}, "there is no audience 'partners'; there are public, partner"),
        ({"scopes": []}, "no scope"),
        ({"scopes": ["Orders.list"]}, "the scope 'Orders.list'"),
        ({"scopes": ["orders list"]}, "the scope 'orders list'"),
        ({"description": "a\nb"}, "the description"),
        ({"description": "x" * 501}, "the description"),
    ],
)
def test_a_wrong_key_is_not_made(tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
    async def use(store: SqliteStore) -> None:
        with pytest.raises(InvalidArgument) as caught:
            await create_key(store, **({"owner": "acme", "audiences": ["partner"]} | wrong))
        assert message in caught.value.message
        assert await list_keys(store) == []

    with_store(tmp_path, use)


def test_every_violation_is_listed(tmp_path: Path) -> None:
    async def use(store: SqliteStore) -> None:
        with pytest.raises(InvalidArgument) as caught:
            await create_key(store, owner="", audiences=["x", "y"], scopes=["!"])
        paths = [each.path for each in caught.value.violations]
        assert paths == [("owner",), ("scopes", 0), ("audiences", 0), ("audiences", 1)]

    with_store(tmp_path, use)


def test_keys_that_stand_in_the_source() -> None:
    async def use() -> None:
        keys = bound(SqliteStore(":memory:"), fixed={"demo-partner": PARTNER})
        principal = await keys({"authorization": "Bearer demo-partner"})
        assert principal.identity == "shop-app"
        assert principal.credential == "demo-partner"
        for near in ("demo-partne", "demo-partner1", "Demo-partner"):
            await refusal(keys, f"Bearer {near}")

    asyncio.run(use())


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST", "::ffff:127.0.0.1"]
)
def test_with_fixed_keys_this_machine_may_be_listened_on(host: str) -> None:
    api_keys(fixed={"demo-partner": PARTNER}).check_listening(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.0.2.1", "10.0.0.1", "2001:db8::1", "no-such-host.invalid", "fe80::1%1"]
)
def test_with_fixed_keys_nothing_beyond_this_machine_may(host: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        api_keys(fixed={"demo-partner": PARTNER, "demo-x": PARTNER}).check_listening(host)
    assert "demo-partner, demo-x" in str(caught.value)
    assert "127.0.0.1" in caught.value.remedy
    api_keys().check_listening(host)


def test_wrong_declarations() -> None:
    with pytest.raises(DeclarationError, match="snake_case"):
        api_keys(table="my keys; --")
    for text in ("", "a b", "schlüssel", "a,b", "a\n"):
        with pytest.raises(DeclarationError, match="header"):
            api_keys(fixed={text: PARTNER})


def test_two_tables_do_not_mix(tmp_path: Path) -> None:
    async def run() -> None:
        ours, theirs = key_table(), key_table("their_keys")
        store = SqliteStore(tmp_path / "keys.db")
        store.migrate([ours, theirs])
        await store.start([ours, theirs])
        text, _ = await create_key(store, owner="acme", audiences=["partner"], table=theirs)
        assert (await bound(store, table="their_keys")({"authorization": f"Bearer {text}"})).tenant
        await refusal(bound(store), f"Bearer {text}")
        await store.stop()

    asyncio.run(run())


def test_anonymous_is_said_aloud() -> None:
    everybody = anonymous(tenant="t1")
    assert everybody.anonymous
    assert everybody.tables == ()
    everybody.check_listening("0.0.0.0")
    principal = everybody.bind(SqliteStore(":memory:"))({"authorization": "Bearer nonsense"}, None)
    assert isinstance(principal, Principal)
    assert (principal.identity, principal.tenant, principal.audiences) == (
        "anonymous",
        "t1",
        frozenset(Audience),
    )
