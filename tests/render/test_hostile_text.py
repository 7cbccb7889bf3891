"""With any names, an output has the same form as with plain names, and no name is treated as a command."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promosync.apply.outcome import Outcome, Report, Status
from promosync.cli.streams import open_console
from promosync.codes.listing import COLUMNS, cells, row_writer
from promosync.config import Source
from promosync.model.problems import Problem
from promosync.plan.plan import Action, BatchAction, Plan
from promosync.render.findings import Finding, Level, commands, sarif
from promosync.render.outcomes import report_markdown, report_text
from promosync.render.plan_json import plan_json
from promosync.render.plan_markdown import plan_markdown
from promosync.render.plan_text import plan_text
from promosync.render.problems import problems_markdown, problems_text, warnings_text
from promosync.render.status_data import status_csv, status_json
from promosync.render.status_html import status_html
from promosync.render.status_text import status_markdown, status_text
from promosync.status.builder import Asked
from promosync.status.report import Report as StatusReport
from promosync.status.since import Limits
from tests.status.live import code, coupon, look

from . import plans

QUICK = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

_PIECES = (
    "|", "\\|", "\\\\|", "`", "``", "``` ", "~~~", "\n", "\r\n", "\n\n", "\t", "<b>", "</details>", "<!--", "-->",
    "<script>", "<img src=x onerror=y>", "&lt;", "![a](http://x)", "[a](javascript:b)", "](", "<http://x>",
    "http://x.example", "@all", "@octocat", "#1", "**", "__", "# ", "- [ ] ", "> ", "| --- |", "$x$", "::error::",
    "\n::set-output name=a::b", "::add-mask::", "##[error]", "%0A", "%25", ":", ",", "=", "+", "-", "@", "＝",
    "\x1b[2J", "\x1b]0;t\x07", "\x9b31m", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\ud800", "\x00",
    "[red]", "[/red]", ":smile:", "{0}", "{{7*7}}", "{%x%}", "%s", '"', "'", ";", "x", "0", " ", "ä", "夏", "🎉",
    "=cmd|' /C calc'!A0", "-1+1", "+1", "@SUM(A1)",
)  # fmt: skip
hostile = st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), min_size=1, max_size=8).map("".join).filter(bool)

BARS = example("a\\|b | ![x](http://x) `|` <b> @all")


def planned(name: str) -> Plan:
    """Return a plan with this text in every text field."""
    named = [
        replace(action, id=name, reason=name, warnings=(name,), new_id=name if action.new_id else None)
        for action in plans.hostile().actions
    ]
    changes = tuple(
        replace(change, field=f"metadata.{name}", before=name, after=name)
        for change in plans.recreates().actions[0].changes[:1]
    )
    spec = replace(plans.recreates().actions[0].after, name=name, metadata={name: name})  # type: ignore[type-var]
    before = replace(plans.recreates().actions[0].before, stripe_id=name, spec=spec)  # type: ignore[type-var]
    batches = [
        replace(batch, id=name, reason=name, warnings=(name,), changes=changes) for batch in plans.batches().batches
    ]
    return replace(
        plans.hostile(),
        account=replace(plans.TEST, id=name),
        owner=name,
        actions=tuple(
            replace(one, changes=changes, before=before if one.before else None, after=spec) for one in named
        ),
        batches=tuple(batches),
        kept=tuple(replace(one, id=name, reason=name) for one in plans.hostile().kept),
        brakes=(name,),
    )


def reported(name: str) -> StatusReport:
    """Return a status report with this text in every text field."""
    coupons = [coupon(name, stripe_id="a", used=40, name=name, metadata={"campaign": name}, max_redemptions=41)]
    coupons += [coupon("b", name=name, metadata={"campaign": name + "x"})]
    codes = [
        code(name, "TEXT", "a", used=40, metadata={"campaign": name}),
        code(f"{name}2", "TEXT2", "b", used=5, metadata={"campaign": name}),
    ]
    before = look({}, [], [])[1]
    made = look({}, coupons, codes, Asked(("campaign",), before, Limits(uses=1, share=1), (before,)))[0]
    return replace(made, owner=name, account=replace(made.account, id=name))


def outcome(name: str) -> Report:
    """The outcome of a plan with the text as every message."""
    plan = planned(name)
    every: list[Action | BatchAction] = [*plan.actions, *plan.batches]
    outcomes = [Outcome(one, status, name) for one in every for status in (Status.FAILED, Status.DONE)]
    return Report(tuple(outcomes))


def problems(name: str) -> list[tuple[Problem, Source | None]]:
    told = Problem(("coupons", 0, name), name, name, rule="bad-value")
    return [(told, Source(name, '{"coupons": [{}]}')), (told, None)]


MARKDOWN: dict[str, Callable[[str], str]] = {
    "plan": lambda name: plan_markdown(planned(name), plans.PACE, name),
    "status": lambda name: status_markdown(reported(name)),
    "report": lambda name: report_markdown(outcome(name), name),
    "problems": lambda name: problems_markdown(problems(name), name),
}
_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def form(text: str) -> list[str]:
    """Return the structure that a Markdown reader finds in a text, without its words."""
    found = []
    for token in _READER.parse(text):
        inner = [child.type for child in token.children or () if child.type not in ("text", "softbreak")]
        kind = token.type
        if kind == "html_block":  # our own: the marker, the folds
            assert re.fullmatch(
                r"(<!-- [\w ./-]+ -->|</?details( open)?>|<summary>[\w :,]+</summary>|\s)+", token.content
            )
        found += [kind, *inner]
    return found


@QUICK
@BARS
@pytest.mark.parametrize("page", MARKDOWN)
@given(name=hostile)
def test_markdown_keeps_its_form(page: str, name: str) -> None:
    """No link, image, HTML, heading or cell more than with plain names; and all of it is one paragraph of code."""
    there, plain = form(MARKDOWN[page](name)), form(MARKDOWN[page]("x"))
    assert set(there) <= {*plain, "code_inline"}
    assert not {"link_open", "image", "html_inline"} & set(there)
    if page == "status":  # a summary in bold or as code, by its letters
        assert [kind for kind in there if "t" in kind[:1]] == [kind for kind in plain if "t" in kind[:1]]


@QUICK
@BARS
@given(name=hostile)
def test_a_cell_of_a_table_is_one(name: str) -> None:
    """Also for readers to which two backslashes are one, as GitHub's: every row has as many cells as its head."""
    width = 0
    for line in status_markdown(reported(name)).split("\n"):
        if not line.startswith("|"):
            width = 0
            continue
        # GitHub's own scanner: a backslash and a sign are one thing, a bar ends a cell.
        count = len(re.findall(r"\|", re.sub(r"\\[!-/:-@\[-`{-~]", "", line)))
        width = width or count
        assert count == width


class Shape(HTMLParser):
    """The tags and attributes of a page, without what people wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *(name for name, _ in attrs)]))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")


def shape(page: str) -> list[str]:
    parser = Shape()
    parser.feed(page)
    parser.close()
    return parser.tags


@QUICK
@BARS
@given(name=hostile)
def test_html_keeps_its_form(name: str) -> None:
    """The same tags with the same attributes, whatever the names."""
    assert shape(status_html(reported(name))) == shape(status_html(reported("x")))


@QUICK
@BARS
@given(name=hostile)
def test_a_page_hides_no_character(name: str) -> None:
    """What is invisible, or changes the direction of the text, is written out on the page."""
    for line in status_html(reported(name)).split("\n"):
        assert line.isprintable()


_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@QUICK
@BARS
@given(name=hostile)
def test_no_cell_is_a_formula(name: str) -> None:
    """Of the status and of the codes, for a spreadsheet that reads it; and each row is as long as the first."""
    rows = list(csv.reader(io.StringIO(status_csv(reported(name)), newline="")))
    values: list[dict[str, Any]] = [
        dict.fromkeys(COLUMNS, name) | {"metadata": {name: name}},
        dict.fromkeys(COLUMNS, 1) | {"metadata": {}},
    ]
    out = io.StringIO(newline="")
    write = row_writer(out)
    for code_row in values:
        write(cells(code_row, (name,)))
    for table in (rows, list(csv.reader(io.StringIO(out.getvalue(), newline="")))):
        assert {len(row) for row in table} == {len(table[0])}
        for row in table:
            for value in row:
                assert not value.startswith(_RUNS)


@QUICK
@BARS
@given(name=hostile)
def test_annotations_are_as_many_as_findings(name: str) -> None:
    """Each is one line, and a runner reads the original text and no other command."""
    found = [Finding(Level.ERROR, Problem((), name, name, rule="r"), PurePosixPath(name), 1, 1)]
    lines = list(commands(found))
    assert len(lines) == 1
    assert re.fullmatch(r"::error title=promosync r,file=[^:,\n\r]*,line=1,col=1::[^\n\r]*", lines[0])
    assert lines[0].isprintable()


@QUICK
@BARS
@given(name=hostile)
def test_sarif_has_no_link_and_no_placeholder(name: str) -> None:
    """Its message is text, and its file, of any name that a file can have, a reference that readers of URIs take."""
    file = PurePosixPath(os.fsdecode(name.encode("utf-8", "surrogatepass")))
    log = json.loads(json.dumps(sarif([Finding(Level.ERROR, Problem((), name, name), file, 1, 1)], str)))
    [result] = log["runs"][0]["results"]
    message = result["message"]["text"]
    assert "](" not in message
    assert not re.search(r"(?<!\{)\{(?:\{\{)*(?!\{)", message)
    assert re.fullmatch(r"[A-Za-z0-9_.~%/-]*", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


TEXT: dict[str, Callable[[str], Any]] = {
    "plan": lambda name: plan_text(planned(name), 80, plans.PACE),
    "status": lambda name: status_text(reported(name), 80, 80),
    "report": lambda name: report_text(outcome(name), 80),
    "problems": lambda name: (line for one, source in problems(name) for line in problems_text([one], source, 80)),
    "warnings": lambda name: warnings_text([problems(name)[0][0]], Source(name, '{"coupons": [{}]}')),
}


@QUICK
@BARS
@pytest.mark.parametrize("page", TEXT)
@given(name=hostile)
def test_a_terminal_obeys_nothing(page: str, name: str) -> None:
    """No control character, change of direction or blank of no width; and no line that a runner would obey."""
    raw = io.BytesIO()
    console = open_console(io.TextIOWrapper(raw, encoding="utf-8"), {"GITHUB_ACTIONS": "true", "COLUMNS": "80"})
    for line in TEXT[page](name):
        assert line.plain.isprintable()
        console.print(line)
    console.file.flush()
    for written in raw.getvalue().decode().split("\n"):
        assert written.isprintable()
        assert not written.lstrip().startswith("::")
        assert "##[" not in written


@QUICK
@BARS
@given(name=hostile)
def test_json_is_json_in_ascii(name: str) -> None:
    """And reads back as what it was."""
    for document in (plan_json(planned(name), plans.PACE), status_json(reported(name))):
        text = json.dumps(document)
        assert text.isascii()
        assert text.isprintable()
        assert json.loads(text) == document
