"""Every format has the same facts, and in none of them is text from people treated as markup."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from promosync.render.status_data import status_csv, status_json
from promosync.render.status_html import status_html
from promosync.render.status_text import status_markdown, status_text
from promosync.render.status_words import moments
from promosync.status.builder import Asked

from .live import code, coupon, look
from .reports import EVIL, many, report, weeks


def text(width: int = 120) -> str:
    return "\n".join(line.plain for line in status_text(report(since=True), width, 1_000))


def test_the_table_has_every_entry_and_ends_with_the_summary() -> None:
    shown = text()
    for name in ("spring", "welcome", "open", "launch LAUNCH20", "hello HELLO10", "vip", "radio"):
        assert re.search(rf"^{name} ", shown, re.MULTILINE), name
    assert re.search(r"^welcome +1 +1 +46 +4 .* 92 % .* active$", shown, re.MULTILINE)
    assert re.search(r"^vip +40 +18 +12 +18 +10 .* 40 % .* active$", shown, re.MULTILINE)
    assert "welcome: 46 of 50 uses, 450.00 EUR or 500.00 USD" in shown
    assert "open: 0 of any number of uses, no limit (JPY)" in shown
    summary = " ".join(shown.rpartition("\n\n")[2].split())
    assert summary.startswith("Alarm: ")
    assert "1 code ends within 7 days (hello)" in summary
    assert "1 coupon is 92 % used (welcome)" in summary


def test_the_terminal_obeys_no_name() -> None:
    assert all(line.isprintable() for line in text().splitlines())


def test_json_has_every_figure_and_no_text_of_a_unique_code() -> None:
    document = json.loads(json.dumps(status_json(report(since=True))))
    assert document["format_version"] == 1
    [welcome] = [line for line in document["coupons"] if line["id"] == "welcome"]
    assert {key: welcome[key] for key in ("used", "limit", "left", "percent_used", "issued", "active")} == {
        "used": 46,
        "limit": 50,
        "left": 4,
        "percent_used": 92,
        "issued": 1,
        "active": 1,
    }
    [vip] = document["code_batches"]
    assert (vip["issued"], vip["withdrawn"], vip["redeemed"], vip["used_codes"]) == (40, 10, 12, 12)
    [hello] = [line for line in document["promotion_codes"] if line["id"] == "hello"]
    assert (hello["ends"], hello["days_left"]) == ("2027-01-20T00:00:00Z", 4)
    assert document["worst_case"]["total"] == {"eur": 45_000, "jpy": None, "usd": 50_000}
    assert {group["value"] for group in document["by"]["campaign"]} == {"radio", "vip", "(none)", EVIL}
    assert {alarm["rule"] for alarm in document["since"]["alarms"]} == {"uses", "share"}


def test_every_format_counts_a_shared_limit_once() -> None:
    """Three codes of one campaign on a coupon of 100 of which 1 is used: 99 are left, and not 297."""
    spring = {"id": "spring", "percent_off": 20, "duration": "once", "max_redemptions": 100}
    entries = [{"id": id, "code": id.upper(), "coupon": "spring"} for id in ("aaa", "bbb", "ccc")]
    there = [code(id, id.upper(), metadata={"campaign": "radio"}, used=id == "aaa") for id in ("aaa", "bbb", "ccc")]
    live = coupon("spring", used=1, max_redemptions=100)
    shared, _ = look({"coupons": [spring], "promotion_codes": entries}, [live], there, Asked(("campaign",)))
    [group] = status_json(shared)["by"]["campaign"]
    assert (group["used"], group["limit"], group["left"]) == (1, 100, 99)
    [row] = [row for row in csv.DictReader(io.StringIO(status_csv(shared))) if row["kind"] == "metadata"]
    assert (row["used"], row["limit"], row["left"]) == ("1", "100", "99")
    shown = "\n".join(line.plain for line in status_text(shared, 120, 120))
    assert re.search(r"^radio +3 +3 +1 +99 ", shown, re.MULTILINE)
    assert re.search(r"^\| `radio` \| 3 \| 3 \| 1 \| 99 \|", status_markdown(shared), re.MULTILINE)
    for written in (shown, status_markdown(shared), status_html(shared)):
        assert "99" in written
        assert "297" not in written


def test_csv_is_rectangular_and_runs_nothing() -> None:
    rows = list(csv.DictReader(io.StringIO(status_csv(report(since=True)))))
    assert {row["kind"] for row in rows} == {"coupon", "promotion_code", "code_batch", "metadata"}
    assert all(None not in row and None not in row.values() for row in rows)
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "@"))]
    assert all(value.isprintable() for row in rows for value in row.values())
    [spring] = [row for row in rows if row["id"] == "spring"]
    assert (spring["label"], spring["used"], spring["left"]) == ("'=1+1", "312", "688")


def test_markdown_keeps_text_from_people_in_code() -> None:
    shown = status_markdown(report(since=True))
    outside = re.sub(r"(`+).+?\1", "", shown)
    assert "<" not in outside
    assert "@" not in outside
    assert "alert" not in outside
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    for line, following in pairwise(rows):
        if following.startswith("| ---"):
            assert line.count("|") == following.count("|")


@pytest.mark.parametrize("write", [status_markdown, status_csv, status_html])
def test_no_unique_code_is_printed(write: object) -> None:
    assert callable(write)
    assert "SECRET" not in write(report(since=True))
    assert "SECRET" not in text()


class Page(HTMLParser):
    """What a browser would make of a page, as far as harm and structure go."""

    VOID = frozenset({"meta", "link", "br", "img", "input"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(status_html(report(since=True)))


def test_the_page_is_well_formed(page: Page) -> None:
    """Every element is closed where it was opened, every id is there once, every reference leads to one."""
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    named = {part for _, name, value in page.attributes if name == "aria-labelledby" for part in value.split()}
    assert named <= set(page.ids)


def runs_nothing_but_its_own(html: str) -> None:
    """Assert that a page loads nothing, and that its policy lets its one script and its one style alone."""
    page = Page(html)
    assert not {"img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("src", "srcset", "style", "action", "ping"), (tag, name)
        if name == "href":
            assert value == "data:," or value.removeprefix("#") in {*page.ids}, value
    [policy] = [value for tag, _, value in page.attributes if tag == "meta" and value.startswith("default-src")]
    for tag in ("style", "script"):
        [text] = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert page.tags.count(tag) == 1
        assert f"{tag}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for word in ("http:", "https:", "url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML", "eval("):
        assert word not in html.replace("http-equiv", ""), word


def test_the_page_holds_nothing_that_runs_or_loads() -> None:
    """Except its own script, which its policy allows by its hash."""
    runs_nothing_but_its_own(status_html(report(since=True)))


def test_contents_lead_to_every_section(page: Page) -> None:
    """In their order, by the words of their headings."""
    html = status_html(report(since=True))
    linked = re.findall(r'<li><a href="#([\w-]+)">(.*?)</a>', html)
    assert linked == re.findall(r'<summary><h2 id="([\w-]+)">(.*?)</h2>', html)
    assert len(linked) > 8


def test_no_column_of_a_table_is_nothing_but_zeros() -> None:
    """They are left out, each table by itself; in the batches somebody has withdrawn some, in the codes nobody."""
    html = status_html(report())
    heads = {
        noun: re.findall(r'scope="col"[^>]*>(.*?)</th>', re.findall(f'">{noun}</h2>.*?</thead>', html, re.DOTALL)[0])
        for noun in ("Promotion codes", "Code batches")
    }
    assert heads["Promotion codes"] == ["name", "issued", "active", "used", "left", "days left", "state"]
    assert heads["Code batches"] == ["name", "issued", "active", "used", "left", "withdrawn", "share", "state"]


def test_a_long_table_begins_folded_and_says_what_is_in_it() -> None:
    html = status_html(many())
    folds = re.findall(r'<details( open)?>\n<summary><h2[^>]*>(.*?)</h2>(?: <span class="about">(.*?)</span>)?', html)
    assert {heading: (bool(opened), about) for opened, heading, about in folds} == {
        "Coupon budgets": (True, ""),
        "Uses per campaign": (True, ""),
        "Coupons": (False, "30 active"),
        "Promotion codes": (False, "300: 150 active, 150 expired"),
        "By campaign": (False, "30 values"),
        "By source": (True, "1 value"),
    }
    assert html.count('<tr role="row">') - html.count("<thead") == 30 + 300 + 30 + 1
    assert "The 12 most used of 30; all are in the table below." in html


def test_the_page_shows_hostile_names_as_text(page: Page) -> None:
    shown = " ".join(page.text.split())
    assert EVIL in shown
    assert not re.search(r"\b49\b", shown)
    assert "\\u001b[31mred\\u202e" in shown


def test_the_page_says_what_the_table_says(page: Page) -> None:
    shown = " ".join(page.text.split())
    for figure in ("46 of 50 used", "312 of 1,000 used", "450.00 EUR or 500.00 USD", "18 active", "12 redeemed"):
        assert figure in shown, figure
    assert "1 code ends within 7 days (hello)" in shown


def test_every_picture_has_words(page: Page) -> None:
    html = status_html(report())
    pictures = re.findall(r"<svg([^>]*)>", html)
    assert len(pictures) > 8
    for attributes in pictures:
        assert 'aria-hidden="true"' in attributes or re.search(r'role="img" aria-label="[^"]+"', attributes)


def test_a_table_over_time_in_which_nothing_was_used_says_so() -> None:
    """In every format: a table without a row is no error."""
    before = look({}, [coupon("spring")], [])[1]
    unused = look({}, [coupon("spring")], [], Asked((), before, earlier=(before,)))[0]
    shown = "\n".join(line.plain for line in status_text(unused, 80, 80))
    assert re.search(r"^Uses over time  2027-.*\n  nothing was used$", shown, re.MULTILINE)
    assert "### Uses over time" in status_markdown(unused)
    assert '<h2 id="over-time">' in status_html(unused)


def test_a_table_over_time_has_the_latest_moments_that_fit() -> None:
    """And says that there are more; a line that nobody used is not in it."""
    shown = "\n".join(line.plain for line in status_text(weeks(9), 80, 80))
    assert re.search(r"^Uses over time +2027-01-06  2027-01-13  2027-01-15$", shown, re.MULTILINE)
    assert re.search(r"^spring +78 +156 +312$", shown, re.MULTILINE)
    assert "The latest 3 of 10 moments; CSV and JSON have all." in shown
    assert not re.search(r"^open +\d+ +\d+ +\d+$", shown, re.MULTILINE)
    assert max(map(len, shown.partition("Uses over time")[2].splitlines()[1:])) <= 80
    assert "The latest 8 of 10 moments" in status_markdown(weeks(9))
    wide = "\n".join(line.plain for line in status_text(weeks(9), 200, 200))
    assert "The latest" not in wide


def test_moments_of_one_day_have_their_time() -> None:
    assert moments([0, 86_400]) == ["1970-01-01", "1970-01-02"]
    assert moments([0, 60]) == ["1970-01-01 00:00", "1970-01-01 00:01"]
    assert moments([0, 1]) == ["1970-01-01 00:00:00", "1970-01-01 00:00:01"]


def test_a_curve_is_drawn_to_scale() -> None:
    """Moments at their true distance, uses from 0 up; a value that was counted by only now has no curve."""
    html = status_html(weeks(3))
    figures = dict(re.findall(r"<figcaption>(\w+)</figcaption>.*?<polyline points=\"([^\"]+)", html, re.DOTALL))
    assert set(figures) >= {"spring", "welcome", "radio", "vip"}
    points = [tuple(map(float, pair.split(","))) for pair in figures["spring"].split()]
    days = [0, 7, 14, 16]
    assert [x for x, _ in points] == pytest.approx([1000 * day / 16 for day in days], abs=0.1)
    assert [100 - y for _, y in points] == pytest.approx([100 * used / 312 for used in (39, 78, 156, 312)], abs=0.1)
    assert "<title>15 January 2027, 08:00 UTC: 312 uses</title>" in html
    assert 'aria-label="spring: 30 December 2026, 08:00 UTC: 39 uses; 15 January 2027, 08:00 UTC: 312 uses"' in html
    assert "Each source over time" not in html


def test_a_curve_of_many_moments_says_that_the_latest_are_drawn() -> None:
    html = status_html(weeks(70))
    assert html.count("The latest 60 of 71 moments; CSV and JSON have all.") == 2
    assert html.count('<svg class="curve dense"') == html.count('<svg class="curve')
    [spring] = re.findall(r'aria-label="spring: .*?</svg>', html, re.DOTALL)
    assert spring.count("<title>") == 60


def test_bars_are_as_long_as_their_figure() -> None:
    """The budget of `welcome` is 92 % full, that of `spring` 31 %; the states of a batch fill its bar."""
    html = status_html(report())
    widths = [float(width) for width in re.findall(r'<rect class="fill" width="([\d.]+)%"', html)]
    assert 92.0 in widths
    assert 31.0 in widths
    [stack] = re.findall(r'class="bar stack".*?</svg>', html, re.DOTALL)
    parts = [(float(start), float(width)) for start, width in re.findall(r'x="([\d.]+)%" width="([\d.]+)%"', stack)]
    assert parts == [(0.0, 45.0), (45.0, 30.0), (75.0, 25.0)]
