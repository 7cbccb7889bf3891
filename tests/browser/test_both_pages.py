"""What a reader does with a page, by real clicks: folds, sorts, filters, prints; or runs no script."""

from __future__ import annotations

from pathlib import Path

import pytest

from promosync.render.results_html import results_html
from promosync.render.status_html import status_html
from tests.results.reports import report as results_report
from tests.status.reports import many, weeks
from tests.status.reports import report as status_report

from .chromium import Page, find
from .looks import THEMES, looks_well

pytestmark = pytest.mark.skipif(not find(), reason="no browser is installed: see `make browser`")

WIDTHS = (390, 800, 1440)
PAGES = ("status", "many", "weeks", "results")

SHOWN = """
[...document.querySelectorAll('tbody tr')].filter(row => row.checkVisibility() && row.clientHeight > 10).length
"""
ROWS = "document.querySelectorAll('tbody tr').length"
UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
CODES = "document.getElementById('table-2').closest('section')"


def column(head: str) -> str:
    """Return the texts of a column of the table of codes, from top to bottom."""
    return (
        f"[...{CODES}.querySelectorAll('tbody tr:not([hidden])')]"
        f".map(row => row.querySelector('td[data-head=\"{head}\"]').innerText)"
    )


def head(name: str, section: str = CODES) -> str:
    """The head of a column."""
    return f"[...{section}.querySelectorAll('thead th')].find(one => one.innerText === '{name}')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pages")
    for name, html in (
        ("status", status_html(status_report(since=True))),
        ("many", status_html(many())),
        ("weeks", status_html(weeks())),
        ("results", results_html(results_report())),
    ):
        (made / name).with_suffix(".html").write_text(html, encoding="utf-8")
    return made


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", ["many", "weeks"])
def test_long_pages_look_well(tab: Page, folder: Path, page: str, width: int, theme: str) -> None:
    looks_well(tab, folder / f"{page}.html", width, theme)


@pytest.mark.parametrize("width", WIDTHS)
def test_points_of_a_curve_are_where_they_should_be(tab: Page, folder: Path, width: int) -> None:
    """The last point is exactly at the upper right end of its chart; near the mouse, each point shows its name."""
    tab.open(folder / "weeks.html", width)
    curves = tab.ask(
        """[...document.querySelectorAll('svg.curve')].map(chart => {
            const box = chart.getBoundingClientRect(), last = [...chart.querySelectorAll('path')].at(-1).getBBox();
            const strips = [...chart.querySelectorAll('rect')].map(one => one.getBoundingClientRect());
            return [last.x, last.y, strips[0].left - box.left, strips.at(-1).right - box.right, box.width,
                    strips.reduce((sum, one) => sum + one.width, 0)];
        })"""
    )
    assert len(curves) == 6
    for x, y, left, right, wide, strips in curves:
        assert (x, y) == (1000, 0)
        assert (left, right) == pytest.approx((0, 0), abs=1)
        assert strips == pytest.approx(wide, abs=1)


@pytest.mark.parametrize("width", WIDTHS)
def test_three_hundred_codes_take_less_than_five_screens(tab: Page, folder: Path, width: int) -> None:
    """Until they are unfolded, which a click on their heading does."""
    tab.open(folder / "many.html", width)
    assert tab.ask("document.documentElement.scrollHeight") < 5 * 900
    before = tab.ask(SHOWN)
    tab.click(f"{CODES}.querySelector('summary')")
    assert tab.ask(SHOWN) == before + 300
    tab.click(f"{CODES}.querySelector('summary')")
    assert tab.ask(SHOWN) == before


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_contents_lead_to_their_sections(tab: Page, folder: Path, page: str, width: int, script: bool) -> None:
    """Each link brings its heading to the screen; with the script it unfolds the section, too."""
    tab.open(folder / f"{page}.html", width, script=script)
    links = tab.ask("[...document.querySelectorAll('nav a')].map(link => [link.hash.slice(1), link.innerText])")
    assert len(links) >= 6
    for at, (id, words) in enumerate(links):
        tab.click(f"document.querySelectorAll('nav a')[{at}]")
        heading = tab.ask(
            f"""(() => {{
                const heading = document.getElementById('{id}'), box = heading.getBoundingClientRect();
                const seen = box.top >= 0 && box.bottom <= innerHeight;
                return [heading.innerText, seen, heading.closest('details').open];
            }})()"""
        )
        assert heading[:2] == [words, True]
        assert heading[2] or not script


@pytest.mark.parametrize("width", WIDTHS)
def test_a_click_on_a_head_sorts(tab: Page, folder: Path, width: int) -> None:
    """Numbers with the largest first, names from A to Z; a second click reverses the order, and the head shows it."""
    tab.open(folder / "many.html", width)
    tab.click(f"{CODES}.querySelector('summary')")
    for name, ways in (("used", ("descending", "ascending")), ("name", ("ascending", "descending"))):
        for way in ways:
            tab.click(f"{head(name)}.querySelector('button')")
            sorted_by = f"[...{CODES}.querySelectorAll('[aria-sort]')].map(one => [one.innerText, one.ariaSort])"
            assert tab.ask(sorted_by) == [[name, way]]
            if name == "used":
                found = [int(text) for text in tab.ask(column("used"))]
                assert found == sorted(found, reverse=way == "descending")
                assert len(set(found)) == 30
            else:
                names = tab.ask(f"[...{CODES}.querySelectorAll('tbody th .id')].map(one => one.innerText)")
                assert names == sorted(names, reverse=way == "descending")
    assert tab.ask(f"{CODES}.querySelectorAll('tbody tr').length") == 300
    kinds = "[...document.querySelectorAll('thead button')].map(one => [one.localName, one.type])"
    assert {tuple(kind) for kind in tab.ask(kinds)} == {("button", "button")}
    assert tab.ask(UNFOLD) is None
    looks_headed(tab)


def looks_headed(tab: Page) -> None:
    """The mark of the sorted column does not cover another head."""
    from .looks import CUT, HEADERS

    assert tab.ask(HEADERS) == []
    assert tab.ask(CUT) == []
    assert tab.ask("document.documentElement.scrollWidth <= innerWidth")


def test_what_has_no_limit_is_the_most_and_what_has_no_figure_is_last(tab: Page, folder: Path) -> None:
    tab.open(folder / "status.html", 1440)
    lefts = "[...document.querySelectorAll('#table-1')].map(one => one.closest('section'))[0]"
    texts = f"[...{lefts}.querySelectorAll('tbody td[data-head=%s]')].map(one => one.innerText)"
    tab.click(f"{head('left', lefts)}.querySelector('button')")
    assert tab.ask(texts % "left") == ["no limit", "no limit", "688", "4"]
    for first in ("92 %", "31 %"):
        tab.click(f"{head('share', lefts)}.querySelector('button')")
        shares = tab.ask(texts % "share")
        assert shares[0] == first
        assert shares[2:] == ["–", "–"]


def test_amounts_are_sorted_within_their_currency(tab: Page, folder: Path) -> None:
    """3,000 JPY are not more than 1,200 USD."""
    tab.open(folder / "results.html", 1440)
    by_campaign = "document.getElementById('table-2').closest('section')"
    tab.click(f"{head('before', by_campaign)}.querySelector('button')")
    rows = tab.ask(
        f"""[...{by_campaign}.querySelectorAll('tbody tr')].map(row =>
            ['in', 'before'].map(head => row.querySelector(`[data-head=${{head}}]`).innerText))"""
    )
    currencies = [currency for currency, _ in rows]
    assert currencies == sorted(currencies)
    dollars = [float(amount.replace(",", "")) for currency, amount in rows if currency == "USD"]
    assert dollars == sorted(dollars, reverse=True)
    assert len(dollars) == 3


@pytest.mark.parametrize("width", WIDTHS)
def test_a_filter_leaves_what_has_all_its_words(tab: Page, folder: Path, width: int) -> None:
    """Words in any order and case; it shows the number of matching rows, has a label, and empty it shows all rows."""
    tab.open(folder / "many.html", width)
    tab.click(f"{CODES}.querySelector('summary')")
    field = f"{CODES}.querySelector('input')"
    assert tab.ask(f"{field}.labels[0].innerText").strip() == "Filter these rows"
    tab.click(field)
    tab.type("EXPIRED s07")
    assert tab.ask(column("state")) == ["expired"] * 5
    assert tab.ask(f"{CODES}.querySelector('output').innerText") == "5 of 300 rows"
    assert tab.ask(f"{CODES}.querySelectorAll('tbody tr').length") == 300
    tab.ask(f"{field}.select()")
    tab.type(" ")
    assert len(tab.ask(column("state"))) == 300
    assert tab.ask(f"{CODES}.querySelector('output').innerText") == ""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_without_script_every_row_can_be_read(tab: Page, folder: Path, page: str, width: int) -> None:
    """Sections are unfolded, and no control is shown that would not work."""
    tab.open(folder / f"{page}.html", width, script=False)
    assert tab.ask("document.querySelectorAll('button, input').length") == 0
    for at in tab.ask("[...document.querySelectorAll('details')].flatMap((one, at) => one.open ? [] : [at])"):
        tab.click(f"document.querySelectorAll('summary')[{at}]")
    assert tab.ask(SHOWN) == tab.ask(ROWS) > 5
    looks_headed(tab)


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("page", PAGES)
def test_paper_has_every_row(tab: Page, folder: Path, page: str, script: bool) -> None:
    """Also rows of sections that are folded on the screen; controls that need a screen are not printed."""
    tab.open(folder / f"{page}.html", 760, media="print", script=script)
    assert tab.ask(SHOWN) == tab.ask(ROWS) > 5
    assert tab.ask("[...document.querySelectorAll('nav, input, .skip')].filter(one => one.checkVisibility())") == []
    tab.ask(UNFOLD)
    looks_headed(tab)


def test_printing_leaves_the_screen_as_it_was(tab: Page, folder: Path) -> None:
    tab.open(folder / "many.html", 1440)
    folded = tab.ask("document.querySelectorAll('details:not([open])').length")
    tab.ask("dispatchEvent(new Event('beforeprint'))")
    assert tab.ask("document.querySelectorAll('details:not([open])').length") == 0
    tab.ask("dispatchEvent(new Event('afterprint'))")
    assert tab.ask("document.querySelectorAll('details:not([open])').length") == folded == 3


def test_the_policy_stops_what_is_not_the_pages_own(tab: Page, folder: Path) -> None:
    """A script that somebody gets into the page does not run."""
    evil = folder / "evil.html"
    html = (folder / "status.html").read_text(encoding="utf-8")
    evil.write_text(html.replace("</main>", "<script>document.title = 'evil'</script></main>"), encoding="utf-8")
    tab.open(evil, 1440)
    assert tab.ask("document.title") != "evil"
    assert tab.ask("document.querySelectorAll('thead button').length") > 10
