"""The page of `results` in a real browser: it loads nothing, fits, can be read, and draws the right figures."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from promosync.render.results_html import results_html
from tests.results.reports import report

from .chromium import Page, find
from .looks import CONTRAST, THEMES, looks_well

BROWSER = find()
pytestmark = pytest.mark.skipif(not BROWSER, reason="no browser is installed: see `make browser`")

WIDTHS = (360, 390, 800, 1440)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "results.html"
    path.write_text(results_html(report()), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_quiet_fits_and_can_be_read(tab: Page, file: Path, width: int, theme: str) -> None:
    """No error, no other request, no sideways scrolling, nothing cut, contrast 4.5:1 for every text."""
    looks_well(tab, file, width, theme)


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_over_time_stand_on_the_ground_and_in_their_chart(tab: Page, file: Path, width: int) -> None:
    """The highest bar fills its chart; the discount is on top of the paid amount; no bar is thinner than a pixel."""
    tab.open(file, width)
    charts = tab.ask(
        """[...document.querySelectorAll('svg.time')].map(chart => {
            const box = chart.getBoundingClientRect();
            return [...chart.querySelectorAll('g')].map(bar => {
                const parts = [...bar.querySelectorAll('rect')].map(part => part.getBoundingClientRect());
                return [parts[0].width, (parts.at(-1).top - box.top) / box.height,
                        (parts[0].bottom - box.top) / box.height, parts[1].bottom - parts[0].top];
            });
        })"""
    )
    assert len(charts) >= 4
    for bars in charts:
        assert min(top for _, top, _, _ in bars) == pytest.approx(0, abs=0.02)
        for wide, top, bottom, gap in bars:
            assert wide >= 1
            assert top >= -0.01
            assert bottom == pytest.approx(1, abs=0.02)
            assert gap == pytest.approx(0, abs=0.5)


def test_paper_is_white_whatever_the_theme(tab: Page, file: Path) -> None:
    tab.open(file, 760, dark=True, media="print")
    assert tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.ask(CONTRAST) == []
    printed = base64.b64decode(tab.call("Page.printToPDF", printBackground=True)["data"])
    assert 1 <= len(re.findall(rb"/Type /Page\b", printed)) <= 8
