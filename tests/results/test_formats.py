"""Every format has the same facts, and in none of them is text from people treated as markup."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise

import pytest

from promosync.render.results_data import results_csv, results_json
from promosync.render.results_html import results_html
from promosync.render.results_text import results_markdown, results_text
from promosync.results.periods import Every
from promosync.results.report import Asked
from tests.status.reports import EVIL
from tests.status.test_formats import Page, runs_nothing_but_its_own

from .reports import NOW, code, coupon, made, order, report


def text(width: int = 120) -> str:
    return "\n".join(line.plain for line in results_text(report(drawn=False), width, 1_000))


def test_the_table_has_every_entry_and_ends_with_the_summary() -> None:
    shown = text()
    assert re.search(r"^launch LAUNCH20 +12 +10 +2 +2 +0 +USD +1[\d,.]+ +\d[\d,.]+ +\d[\d,.]+ +0\.00$", shown, re.M)
    assert re.search(r"^hello HELLO5 +12 +0 +12 +12 +0 +USD .* 10\.00$", shown, re.M)
    assert re.search(r"^ +1 +0 +0 +0 +1 +JPY +3,000 +700 +2,300 +0$", shown, re.M)
    assert re.search(r"KWD +15\.431 +3\.086 +12\.345 ", shown)
    assert "10 of the orders are renewals" in shown
    summary = " ".join(shown.rpartition("\n\n")[2].split())
    assert summary.endswith("2,300 JPY after discounts of 700 JPY; 12.345 KWD after discounts of 3.086 KWD.")


def test_the_terminal_obeys_no_name() -> None:
    assert all(line.isprintable() for line in text().splitlines())


def test_json_has_every_figure() -> None:
    document = json.loads(json.dumps(results_json(report())))
    assert document["format_version"] == 1
    [launch] = [line for line in document["promotion_codes"] if line["id"] == "launch"]
    usd = launch["by_currency"]["usd"]
    assert usd["before_discount"] == usd["discount"] + usd["other_discounts"] + usd["after_discount"]
    assert usd["other_discounts"] == 500
    assert (launch["first_orders"], launch["renewals"], launch["new_customers"]) == (2, 10, 2)
    assert {group["value"] for group in document["by"]["campaign"]} == {EVIL, "radio", "(none)"}
    assert document["every"] == "month"
    parts = document["total"]["periods"]
    assert sum(part["orders"] for part in parts) == document["total"]["orders"] == 37
    assert all(one["until"] <= following["from"] for one, following in pairwise(parts))


def test_an_order_with_several_discounts_is_whole_in_each_line_and_once_in_all() -> None:
    both = order(
        NOW, 3600, (900, "spring", code("launch", "LAUNCH20")), (500, "five", code("hello", "HELLO5", "five"))
    )
    found = made([both], [coupon("spring"), coupon("five")], Asked(("campaign",)))
    lines = {line.id: line.sums.money["usd"] for line in (found.total, *found.entries) if line.sums.money}
    assert {name: (one.before, one.discount, one.others, one.after) for name, one in lines.items()} == {
        "total": (5000, 1400, 0, 3600),
        "spring": (5000, 900, 500, 3600),
        "launch": (5000, 900, 500, 3600),
        "five": (5000, 500, 900, 3600),
        "hello": (5000, 500, 900, 3600),
    }


def test_csv_is_rectangular_and_runs_nothing() -> None:
    rows = list(csv.DictReader(io.StringIO(results_csv(report()))))
    assert {row["kind"] for row in rows} == {"total", "coupon", "promotion_code", "code_batch", "metadata"}
    assert all(None not in row and None not in row.values() for row in rows)
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "@"))]
    assert all(value.isprintable() for row in rows for value in row.values())
    [dinar] = [row for row in rows if row["currency"] == "kwd" and row["kind"] == "total" and not row["period"]]
    assert (dinar["before_discount"], dinar["discount"], dinar["after_discount"]) == ("15.431", "3.086", "12.345")


def test_a_negative_amount_is_a_number_in_csv() -> None:
    """A credit for unused time is an order with a negative amount."""
    found = made([order(NOW, -1250, (50, "spring", None))], [coupon("spring")])
    [row, *_] = csv.DictReader(io.StringIO(results_csv(found)))
    assert (row["before_discount"], row["after_discount"]) == ("-12.00", "-12.50")


def test_markdown_keeps_text_from_people_in_code() -> None:
    shown = results_markdown(report())
    outside = re.sub(r"(`+).+?\1", "", shown)
    assert "<" not in outside
    assert "@" not in outside
    assert "alert" not in outside
    for line, following in pairwise([line for line in shown.splitlines() if line.startswith("|")]):
        if following.startswith("| ---"):
            assert line.count("|") == following.count("|")


@pytest.mark.parametrize("write", [results_markdown, results_csv, results_html, results_json])
def test_no_unique_code_and_nobody_is_printed(write: object) -> None:
    assert callable(write)
    assert "SECRET" not in str(write(report()))
    assert "SECRET" not in text()


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(results_html(report()))


def test_the_page_is_well_formed(page: Page) -> None:
    """Every element is closed where it was opened, every id is there once, every reference leads to one."""
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    named = {part for _, name, value in page.attributes if name == "aria-labelledby" for part in value.split()}
    assert named <= set(page.ids)


def test_the_page_holds_nothing_that_runs_or_loads() -> None:
    """Except its own script, which its policy allows by its hash."""
    runs_nothing_but_its_own(results_html(report()))


def test_the_page_says_what_the_table_says(page: Page) -> None:
    shown = " ".join(page.text.split())
    for figure in ("37", "27 first orders, 10 renewals", "2,300 JPY", "12.345 KWD", EVIL, "\\u001b[31mred\\u202e"):
        assert figure in shown, figure


def test_every_picture_has_words() -> None:
    pictures = re.findall(r"<svg([^>]*)>", results_html(report()))
    assert len(pictures) > 8
    for attributes in pictures:
        assert 'aria-hidden="true"' in attributes or re.search(r'role="img" aria-label="[^"]+"', attributes)


def test_many_coupons_are_twelve_bars_and_a_table_that_begins_folded() -> None:
    """Those with the most orders; the page says that there are more."""
    names = [f"c{n:02}" for n in range(30)]
    orders = [order(NOW - n, 1000, (250, name, None)) for n, name in enumerate(names) for _ in range(1 + n // 25)]
    html = results_html(made(orders, [coupon(name) for name in names]))
    bars = re.findall(r'<span class="id">(.*?)</span> <span class="figure">', html)
    assert bars == [*names[25:], *names[:7]]
    assert "The first 12 of 30, by orders; all are in the tables below." in html
    folds = re.findall(r'<details( open)?>\n<summary><h2 id="table-\d">(.*?)</h2>(?: <span.*?>(.*?)</span>)?', html)
    assert folds == [
        (" open", "All orders", ""),
        ("", "Coupons", "32"),
        (" open", "Promotion codes", "2"),
        (" open", "Code batches", "1"),
    ]


def test_bars_are_as_long_as_their_figures() -> None:
    """For each currency the longest bar is full; the shares of the discount and the revenue are side by side."""
    orders = [order(NOW - 9, 750, (250, "spring", None)), order(NOW, 100, (100, "five", None))]
    html = results_html(made(orders, [coupon("spring"), coupon("five")], Asked(("campaign",), every=Every.DAY)))
    bars = re.findall(r'rect class="(after|given)"(?: x="([\d.]+)%")? width="([\d.]+)%"', html)
    assert bars == [
        ("after", "", "75.0"),
        ("given", "75.0", "25.0"),
        ("after", "", "10.0"),
        ("given", "10.0", "10.0"),
    ]
