"""The documentation page and the page of streams work in a browser with the network cut off."""

from __future__ import annotations

from pathlib import Path

import httpx
from chromium import browser
from playwright.sync_api import Page, expect
from running import bearer
from tooling import EXAMPLES, demo, serve


def operations(url: str, key: str) -> set[str]:
    """The ids of a document's operations."""
    paths = httpx.get(f"{url}/openapi.json", headers=bearer(key)).json()["paths"]
    return {each["operationId"] for item in paths.values() for name, each in item.items() if name != "parameters"}


def shown(page: Page) -> set[str]:
    """The ids of the operations that the page shows."""
    found = page.locator(".opblock").evaluate_all("each => each.map(one => one.id)")
    return {str(each).rpartition("-")[2] for each in found}


def try_out(page: Page, operation: str) -> str:
    """Send an operation's request as a reader does. Returns the status that is shown."""
    block = page.locator(f".opblock[id$='-{operation}']")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    status = block.locator(".live-responses-table tbody .response-col_status").first
    expect(status).not_to_be_empty()
    return status.inner_text().split()[0]


def authorize(page: Page, key: str) -> None:
    page.locator("button.authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.locator("input[type=text], input[type=password]").first.fill(key)
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").first.click()


def test_partners_read_it_without_a_key_and_try_it_out_with_one(tmp_path: Path) -> None:
    with demo(tmp_path) as server, browser() as visit:
        page = visit.page
        page.goto(f"{server.url}/v1/docs")
        expect(page.locator(".opblock").first).to_be_visible()
        assert shown(page) == operations(f"{server.url}/v1", "demo-partner")
        assert visit.complaints == []
        assert try_out(page, "list_orders") == "401"
        authorize(page, "demo-partner")
        assert try_out(page, "list_customers") == "200"
        assert visit.elsewhere(server.url) == []


def test_operators_open_it_with_their_key(tmp_path: Path) -> None:
    with demo(tmp_path) as server, browser() as visit:
        page = visit.page
        page.goto(f"{server.url}/admin/v1/docs")
        expect(page.locator("#entrance")).to_contain_text("This API asks for a key: /admin/v1")
        expect(page).to_have_title("/admin/v1 – API documentation")
        page.get_by_label("Key").fill("demo-partner")
        page.get_by_role("button", name="Show the documentation").click()
        expect(page.get_by_role("alert")).not_to_be_empty()
        page.get_by_label("Key").fill("demo-operator")
        page.get_by_role("button", name="Show the documentation").click()
        expect(page.locator(".opblock").first).to_be_visible()
        assert shown(page) == operations(f"{server.url}/admin/v1", "demo-operator")
        assert try_out(page, "list_customers") == "200"
        assert visit.elsewhere(server.url) == []


def test_a_page_reads_a_stream_to_its_end(tmp_path: Path) -> None:
    with serve("08_streams:app", EXAMPLES, tmp_path) as server, browser() as visit:
        visit.page.goto(f"{server.url}/page")
        expect(visit.page.locator("b")).to_have_text("(done)", timeout=60_000)
        expect(visit.page.locator("span")).to_have_text(str(100 * 20_000))
        assert visit.elsewhere(server.url) == []
