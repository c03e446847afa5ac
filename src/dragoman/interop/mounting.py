"""``dm.mount``: any ASGI application under a path of ours."""

from __future__ import annotations

import inspect
from typing import NoReturn

from dragoman.contract.declaration import DeclarationError
from dragoman.ports.mount import AsgiApp, Mount


def mount(path: str, app: AsgiApp) -> Mount:
    """Serve an ASGI application, such as a FastAPI or Starlette one, under ``path``.

    What is below the path goes to it untouched: HTTP and WebSockets, bodies as they come, with ``root_path`` set as
    ASGI has it, so that its own links, redirects and documents hold. Its lifespan runs with the App's. **It does its
    own authentication**: ``auth``, limits and deadlines of surfaces do not apply to it; what it answers has its line
    in the access log. Raises DeclarationError for what is no ASGI application.
    """
    place = f"mount {path!r}"
    if isinstance(app, type):
        _refuse(place, f"{app.__name__} is a class", f"Make an application of it: dm.mount({path!r}, {app.__name__}())")
    if not callable(app):
        _refuse(place, f"{app!r} cannot be called", "Give an ASGI application, such as a FastAPI one")
    try:
        inspect.signature(app).bind(None, None, None)
    except TypeError:
        _refuse(
            place,
            f"{app!r} is no ASGI application: it cannot be called with a scope, receive and send",
            "Wrap a WSGI application, such as Flask's or Django's, in a2wsgi.WSGIMiddleware",
        )
    except ValueError:
        pass  # written in C, and does not tell
    return Mount(path, app)


def _refuse(place: str, problem: str, remedy: str) -> NoReturn:
    raise DeclarationError(place, problem, remedy)
