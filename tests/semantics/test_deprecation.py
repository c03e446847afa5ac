"""Deprecation and Sunset: dates from the contract, on every answer of what is deprecated, and in the document."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from driving import Answer, Caller, running

import dragoman as dm


class Old(dm.Resource, prefix="old"):
    name: str = ""


class Plain(dm.Resource, prefix="pln"):
    name: str = ""


class Said(dm.Struct):
    text: str


museum = dm.Contract("museum")
olds = museum.resource(Old, traits=[dm.Deprecated("use plains", since=date(2026, 3, 1), sunset=date(2027, 6, 30))])
plains = museum.resource(Plain)


@plains.method(
    effect="safe", deprecated=dm.Deprecated(since=datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
)
async def show(plain: Plain) -> Said:
    return Said(text=plain.name)


@olds.method(effect="safe", deprecated=dm.Deprecated("ask", sunset=date(2026, 12, 31), link="https://example.com/old"))
async def tell(old: Old) -> Said:
    return Said(text=old.name)


@museum.operation(effect="safe", deprecated=True)
async def ask() -> Said:
    return Said(text="")


def asked(tmp_path: Path, **more: Any) -> dict[str, Answer]:
    """The answers to everything, and the document."""
    everything = [olds, plains, ask]
    surface = dm.rest("all", "/v1", audience="public", auth=dm.anonymous(), exposes=everything, **more)
    app = dm.App(surface, database=tmp_path / "museum.db")

    async def scenario() -> dict[str, Answer]:
        async with running(app):
            caller = Caller(app, None, "/v1")
            old, plain = (await caller.post("/olds", {})).json["id"], (await caller.post("/plains", {})).json["id"]
            found = {"made": await caller.post("/olds", {}), "document": await caller.get("/openapi.json")}
            for path in (
                "/olds",
                f"/olds/{old}",
                f"/olds/{old}:tell",
                f"/plains/{plain}",
                f"/plains/{plain}:show",
                "/ask",
            ):
                found[path.replace(old, "x").replace(plain, "x")] = answer = (await caller.get(path)).ok()
                same = (await caller.get(path, if_none_match=answer.etag)).ok(304)
                assert same.headers.get("deprecation") == answer.headers.get("deprecation")
            found["gone"] = await caller.delete(f"/olds/{old}")
            return found

    return asyncio.run(scenario())


def test_dates_are_on_every_answer(tmp_path: Path) -> None:
    found = asked(tmp_path)
    march = f"@{int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())}"
    for name in ("made", "gone", "/olds", "/olds/x"):
        headers = found[name].headers
        assert (headers["deprecation"], headers["sunset"]) == (march, "Wed, 30 Jun 2027 00:00:00 GMT"), name
    shown = found["/plains/x:show"].headers
    assert shown["deprecation"] == f"@{int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())}"
    assert "sunset" not in shown
    assert not {"deprecation", "sunset"} & {*found["/plains/x"].headers, *found["/ask"].headers}


def test_the_earliest_dates_hold(tmp_path: Path) -> None:
    found = asked(tmp_path, deprecated=dm.Deprecated("see v2", since=date(2026, 2, 1), sunset=date(2027, 1, 1)))
    february = f"@{int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())}"
    assert {each.headers["deprecation"] for name, each in found.items() if name.startswith("/olds")} == {february}
    told = found["/olds/x:tell"].headers
    assert told["sunset"] == "Thu, 31 Dec 2026 00:00:00 GMT"
    link = '<https://example.com/old>; rel="{}"; type="text/html"'
    assert told["link"] == f"{link.format('deprecation')}, {link.format('sunset')}"
    assert found["/plains/x"].headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"


def test_the_document_says_so(tmp_path: Path) -> None:
    document = asked(tmp_path)["document"].json
    paths = document["paths"]
    assert paths["/olds"]["get"]["deprecated"] is True
    assert paths["/olds"]["get"]["description"].endswith(
        "Deprecated since 2026-03-01. It works until 2027-06-30. Use plains."
    )
    assert {"Deprecation", "Sunset"} <= set(paths["/olds"]["get"]["responses"]["200"]["headers"])
    assert "deprecated" not in paths["/plains"]["get"]
    assert paths["/ask"]["get"]["deprecated"] is True
    assert "Deprecation" not in paths["/ask"]["get"]["responses"]["200"]["headers"]


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(dm.DeclarationError, match=r"2026-01-01, before it is deprecated, on 2026-02-01"):
        dm.Deprecated(since=date(2026, 2, 1), sunset=date(2026, 1, 1))
    with pytest.raises(dm.DeclarationError, match="with a zone"):
        dm.Deprecated(since=datetime(2026, 2, 1))  # noqa: DTZ001  (that it has no zone is the point)
    with pytest.raises(dm.DeclarationError, match="neither a date"):
        dm.Deprecated(since="2026-02-01")  # type: ignore[arg-type]
    with pytest.raises(dm.DeclarationError, match="no URL"):
        dm.Deprecated(link="<nowhere>")
    surface = dm.rest(
        "all",
        "/v1",
        audience="public",
        auth=dm.anonymous(),
        exposes=[olds],
        deprecated=dm.Deprecated(sunset=date(2026, 2, 1)),
    )
    with pytest.raises(dm.DeclarationError, match=r"surface 'all', olds"):
        dm.App(surface)
