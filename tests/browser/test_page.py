"""The page of `status` in a real browser: it loads nothing, fits, can be read, and shows the right figures."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from promosync.render.status_html import status_html
from tests.status.reports import EVIL, report

from .chromium import Page, find
from .looks import CONTRAST, THEMES, looks_well

BROWSER = find()
pytestmark = pytest.mark.skipif(not BROWSER, reason="no browser is installed: see `make browser`")

WIDTHS = (360, 390, 800, 1280, 1440)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "status.html"
    path.write_text(status_html(report(since=True)), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_quiet_fits_and_can_be_read(tab: Page, file: Path, width: int, theme: str) -> None:
    """No error, no other request, no sideways scrolling, nothing cut, contrast 4.5:1 for every text."""
    looks_well(tab, file, width, theme)


def test_the_themes_differ(tab: Page, file: Path) -> None:
    colours = []
    for theme in THEMES:
        tab.open(file, 1280, dark=theme == "dark")
        colours.append(tab.ask("getComputedStyle(document.body).backgroundColor"))
    assert len(set(colours)) == 2


@pytest.mark.parametrize("width", WIDTHS)
def test_the_figures_are_there(tab: Page, file: Path, width: int) -> None:
    tab.open(file, width)
    shown = " ".join(tab.ask("document.body.innerText").split())
    for text in (
        "46 of 50 used",
        "312 of 1,000 used",
        "0 used, no limit",
        "18 active 12 redeemed 10 withdrawn",
        "450.00 EUR or 500.00 USD",
        "1 coupon is 92 % used (welcome)",
        EVIL,
    ):
        assert text in shown, text


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_are_drawn_as_long_as_they_should_be(tab: Page, file: Path, width: int) -> None:
    """Measured in pixels: of the budget of `welcome` 92 % is drawn, and a batch's states fill its bar."""
    tab.open(file, width)
    shares = tab.ask(
        """[...document.querySelectorAll('[aria-labelledby=budgets] svg:not(.open)')].map(bar =>
            bar.querySelector('.fill').getBoundingClientRect().width
            / bar.querySelector('.track').getBoundingClientRect().width)"""
    )
    assert shares == pytest.approx([0.31, 0.92, 0.0][: len(shares)], abs=0.02)
    parts = tab.ask(
        """[...document.querySelectorAll('.stack rect:not(.track)')].map(part => part.getBoundingClientRect().width
            / document.querySelector('.stack .track').getBoundingClientRect().width)"""
    )
    assert parts == pytest.approx([0.45, 0.30, 0.25], abs=0.02)


def test_on_a_phone_a_name_has_the_whole_line(tab: Page, file: Path) -> None:
    """Above the figures, not in a narrow column beside them."""
    tab.open(file, 360)
    shares = tab.ask(
        "[...document.querySelectorAll('tbody th')].map(one => one.offsetWidth / one.parentElement.clientWidth)"
    )
    assert min(shares) > 0.95


def test_hostile_names_made_nothing(tab: Page, file: Path) -> None:
    tab.open(file, 1280)
    assert tab.ask("document.querySelectorAll('img, [onerror]').length") == 0
    assert tab.ask("[...document.querySelectorAll('style, script')].map(one => one.localName)") == ["style", "script"]


@pytest.mark.parametrize("width", WIDTHS)
def test_tables_are_tables_for_those_who_hear_them(tab: Page, file: Path, width: int) -> None:
    """On the phone, too, where they look like cards."""
    tab.open(file, width)
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    assert roles.count("table") == 6
    assert roles.count("rowheader") > 10
    assert roles.count("columnheader") > 30
    names = {node["name"]["value"] for node in nodes if node["role"]["value"] in ("img", "image") and "name" in node}
    assert {"46 of 50 used", "18 active, 12 redeemed, 10 withdrawn"} <= names


def test_the_keyboard_gets_everywhere(tab: Page, file: Path) -> None:
    """With the keyboard: the first link skips the head; sections can be folded, tables scrolled, heads pressed."""
    tab.open(file, 360)
    wanted = tab.ask(
        "[...document.querySelectorAll('a, summary, input, button, [tabindex]')].map(one => one.outerHTML)"
    )
    seen = []
    for _ in wanted:
        tab.press("Tab")
        seen.append(tab.ask("document.activeElement.outerHTML"))
        assert tab.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert seen == wanted
    assert 'class="skip"' in seen[0]
    regions = [one for one in seen if 'role="region"' in one]
    assert len(regions) == 6


def test_paper_is_white_whatever_the_theme(tab: Page, file: Path) -> None:
    tab.open(file, 760, dark=True, media="print")
    assert tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.ask(CONTRAST) == []
    printed = base64.b64decode(tab.call("Page.printToPDF", printBackground=True)["data"])
    assert printed.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type /Page\b", printed)) <= 8


@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_no_blank_page(tab: Page, file: Path, width: int) -> None:
    tab.open(file, width)
    picture = tab.screenshot()
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20]) == width
    assert len(picture) > 50_000
