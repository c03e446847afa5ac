"""The page of a review works in a browser with the network cut off, in both widths, in the dark, on paper and without a
script.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import Visit, browser
from playwright.sync_api import Page, expect

sys.path.insert(0, str(Path(__file__).parent.parent / "review" / "reports"))

from sample_review import large, review

from dragoman.review.report import page as report

WIDTHS = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}


@contextmanager
def opened(folder: Path, text: str, **window: Any) -> Iterator[Visit]:
    """The page as a file, which nothing may be asked beside."""
    file = folder / "review.html"
    file.write_text(text, encoding="utf-8")
    with browser(**window) as visit:
        visit.page.goto(file.as_uri())
        yield visit
        assert visit.complaints == []
        assert [each for each in visit.requests if each != file.as_uri()] == []


def surfaces(page: Page) -> list[str]:
    """The surfaces that the list shows."""
    return page.locator("article.surface:visible > details > summary h3").all_inner_texts()


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_the_window(tmp_path: Path, width: str, scheme: str) -> None:
    with opened(tmp_path, report.write(review()), viewport=WIDTHS[width], color_scheme=scheme) as visit:
        page = visit.page
        expect(page.locator("h1")).to_be_visible()
        assert not scrolls_sideways(page)
        open_all(page)
        assert not scrolls_sideways(page)
        assert page.locator(".map a.node").count() == 7


CONTRAST = """all => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const paint = colour => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); };
    const light = () => {
        const part = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(each => each / 255)
            .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
        return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
    };
    return all.map(each => {
        const behind = [];
        for (let at = each; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
        behind.forEach(paint);
        const ground = light();
        paint(getComputedStyle(each).color);
        const text = light();
        return [(Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05), each.outerHTML];
    });
}"""
"""What of an element's colour stands out from what it stands on (WCAG 2.2, 1.4.3)."""
TEXTS = (
    ".chip, .mark, .quiet, .tag, .sure, .place, .there, small, a, dt, h4, .node i, summary, .legend li, .lead, "
    ".how, .warned, .brand, .about"
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_text_stands_out(tmp_path: Path, scheme: str) -> None:
    with opened(tmp_path, report.write(review()), viewport=WIDTHS["wide"], color_scheme=scheme) as visit:
        open_all(visit.page)
        found = visit.page.locator(TEXTS).evaluate_all(CONTRAST)
        assert len(found) > 100
        assert [each for each in found if each[0] < 4.5] == []


def test_filters_act_on_the_map_and_on_the_lists(tmp_path: Path) -> None:
    with opened(tmp_path, report.write(review()), viewport=WIDTHS["wide"]) as visit:
        page = visit.page
        nodes, rows = page.locator(".map li[data-of]:not(.off)"), page.locator(".findings tbody tr:visible")
        shown = page.get_by_role("status")
        page.locator("select[name=audience]").select_option("internal")
        expect(nodes).to_have_count(2)
        expect(page.locator("#fits-rpc span")).to_have_text("fits 1 surface")
        expect(page.locator("#fits-rest span")).to_have_text("fits 0 of 3 surfaces")
        assert surfaces(page) == ["fraud", "order-pipeline"]
        expect(rows).to_have_count(0)
        expect(shown).to_have_text("2 of 7 surfaces, 0 of 13 listed misfits")
        page.get_by_role("button", name="Show all").click()
        expect(nodes).to_have_count(7)
        expect(rows).to_have_count(13)
        page.get_by_label("Style").select_option("rpc")
        expect(nodes).to_have_count(2)
        assert surfaces(page) == ["öffentlich-商店", "fraud"]
        page.get_by_label("Style").select_option("")
        page.get_by_label("Verdict").select_option("ask")
        expect(nodes).to_have_count(1)
        assert surfaces(page) == ["admin"]
        page.get_by_label("Verdict").select_option("")
        page.get_by_label("Misfits").select_option("2")
        expect(rows).to_have_count(11)
        assert surfaces(page) == ["öffentlich-商店", "admin", "partner"]
        page.get_by_label("Misfits").select_option("0")
        expect(rows).to_have_count(0)
        assert surfaces(page) == ["notices", "fraud", "order-pipeline"]


def test_words_find_surfaces_and_misfits(tmp_path: Path) -> None:
    with opened(tmp_path, report.write(review()), viewport=WIDTHS["wide"]) as visit:
        page = visit.page
        page.get_by_label("Text").fill("idempotency-key payments")
        expect(page.locator(".findings tbody tr:visible")).to_have_count(1)
        assert surfaces(page) == ["partner"]
        expect(page.locator("details.rule:visible .count")).to_have_text("1 place on 1 surface")
        page.get_by_label("Text").fill("nothing of the kind")
        expect(page.locator("#map").get_by_text("No surface matches the filter.")).to_be_visible()
        expect(page.locator(".map")).to_be_hidden()
        assert surfaces(page) == []
        assert not scrolls_sideways(page)


def test_it_can_be_walked_by_keys(tmp_path: Path) -> None:
    with opened(tmp_path, report.write(review()), viewport=WIDTHS["wide"]) as visit:
        page = visit.page
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="To the surfaces")).to_be_focused()
        node = page.locator(".map a.node").first
        node.focus()
        expect(page.locator(".map path.on")).to_have_count(2)
        page.keyboard.press("Enter")
        opened_ = page.locator("#surface-0 > details")
        expect(opened_).to_have_attribute("open", "")
        expect(opened_.locator("summary h3").first).to_be_in_viewport()
        page.locator("#surface-3 summary").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#surface-3 > details")).to_have_attribute("open", "")


def test_a_link_shows_what_a_filter_hides(tmp_path: Path) -> None:
    with opened(tmp_path, report.write(review()), viewport=WIDTHS["narrow"]) as visit:
        page = visit.page
        page.get_by_label("Verdict").select_option("ask")
        page.evaluate("location.hash = '#surface-2'")
        expect(page.locator("#surface-2 .advice")).to_be_in_viewport()
        assert len(surfaces(page)) == 7


@pytest.mark.parametrize("width", WIDTHS)
def test_it_reads_without_a_script(tmp_path: Path, width: str) -> None:
    text = report.write(review())
    with opened(tmp_path, text, viewport=WIDTHS[width], java_script_enabled=False) as visit:
        page = visit.page
        expect(page.locator("#filters")).to_be_hidden()
        expect(page.get_by_text("Its SDKs are made anew.")).to_be_visible()
        page.locator("#surface-2 summary").first.click()
        expect(page.locator("#surface-2 .advice")).to_be_visible()
        expect(page.get_by_text("GET /v1/invoices gives all invoices at once")).to_be_visible()
        expect(page.locator(".alert").get_by_text("a mapping is not closed here")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("#surface-3 .advice")).to_be_visible()
        expect(page.locator("#misfits")).to_be_hidden()


def test_on_paper_every_surface_is_open(tmp_path: Path) -> None:
    with opened(tmp_path, report.write(review()), viewport=WIDTHS["wide"]) as visit:
        page = visit.page
        closed = page.locator("details:not([open])").count()
        left = "window.left = document.querySelectorAll('article.surface > details:not([open])').length"
        page.evaluate(f"addEventListener('beforeprint', () => {{ {left}; }})")
        document = page.pdf(format="A4")
        assert document.startswith(b"%PDF-")
        assert 3 <= document.count(b"/Type /Page\n") <= 6
        assert page.evaluate("window.left") == 0
        assert page.locator("details:not([open])").count() == closed


def test_no_document_runs_in_it(tmp_path: Path) -> None:
    with opened(tmp_path, report.write(review())) as visit:
        visit.page.on("dialog", lambda dialog: visit.complaints.append(dialog.message))
        open_all(visit.page)
        assert visit.page.locator("script").count() == 1
        expect(visit.page.get_by_text("<script>alert(1)</script>").first).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_hundreds_of_surfaces_stay_usable(tmp_path: Path, width: str) -> None:
    with opened(tmp_path, report.write(large(300, 10_000)), viewport=WIDTHS[width]) as visit:
        page = visit.page
        assert not scrolls_sideways(page)
        page.locator(".map a.bundle").first.click()
        expect(page.get_by_role("status")).to_contain_text("50 of 300 surfaces")
        took = page.evaluate(
            """() => {
                const box = document.querySelector("input[name=text]");
                const start = performance.now();
                box.value = "things-7 surface-1";
                box.dispatchEvent(new Event("input", {bubbles: true}));
                return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
                    () => done(performance.now() - start))));
            }"""
        )
        assert took < 2_000
