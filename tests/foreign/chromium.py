"""A browser that reaches this machine and no other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

CUT_OFF = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


class Visit:
    """A page, and what happened while it was open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def elsewhere(self, url: str) -> list[str]:
        """The requests that went anywhere but to one server; what stands in the page itself is no request."""
        return [each for each in self.requests if not each.startswith((f"{url}/", "data:", "blob:"))]


@contextmanager
def browser(**window: Any) -> Iterator[Visit]:
    """A new window, as Playwright's ``new_page`` takes it: its size, its colours, with or without a script."""
    path = shutil.which("chromium")
    assert path is not None, "chromium is not installed: scripts/tools foreign"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", CUT_OFF])
        try:
            yield Visit(chromium.new_page(**window))
        finally:
            chromium.close()
