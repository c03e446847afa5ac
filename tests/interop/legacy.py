"""A FastAPI application as a team has one, and the smallest shop of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypedDict

from fastapi import FastAPI, Request, Response, WebSocket

import dragoman as dm


class Note(dm.Resource, prefix="nte"):
    text: str


class State(TypedDict):
    """What the legacy application's lifespan leaves."""

    greeting: str


def note_surface(path: str = "/v1") -> dm.Surface:
    """Notes for anybody."""
    notes = dm.Contract("notes").resource(Note)
    return dm.rest("open", path, audience="public", auth=dm.anonymous(), exposes=[notes])


def shop(folder: Path, *parts: dm.Mount) -> dm.App:
    """Notes under /v1, and what else is given."""
    return dm.App(note_surface(), *parts, database=folder / "notes.db")


def legacy(seen: list[str] | None = None, name: str = "legacy") -> FastAPI:
    """Everything that may go wrong below a path. ``seen`` is told about its lifespan."""
    log = [] if seen is None else seen

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        log.append(f"{name} starts")
        yield {"greeting": f"hello from {name}"}
        log.append(f"{name} stops")

    api = FastAPI(lifespan=lifespan)

    @api.get("/hello", name="hello")
    async def hello(request: Request) -> dict[str, str]:
        return {
            "greeting": request.state.greeting,
            "self": str(request.url_for("hello")),
            "base": str(request.base_url),
            "path": request.url.path,
        }

    @api.get("/folder/")
    async def folder() -> str:
        return "here"

    @api.get("/files/{path:path}")
    async def files(path: str, request: Request) -> dict[str, Any]:
        return {"path": path, "raw": request.scope["raw_path"].decode()}

    @api.post("/echo")
    async def echo(request: Request) -> Response:
        return Response(await request.body())

    @api.get("/broken")
    async def broken() -> None:
        raise ValueError("secret detail")

    @api.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        while (text := await socket.receive_text()) != "bye":
            await socket.send_text(f"{socket.state.greeting}: {text}")
        await socket.close()

    return api


def plain(*, before: str = "", act: Callable[[Any, Any], Awaitable[None]] | None = None) -> Any:
    """An ASGI application written by hand, without a lifespan. It does ``act(receive, send)``."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise AssertionError("this application knows no lifespan")
        if act is not None:
            await act(receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": before.encode()})

    return app
