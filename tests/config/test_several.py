"""Several files are one configuration, and every error names its file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from promosync.config import Refused, load, render_line
from promosync.config.several import Given, draft_several
from promosync.workflows.configuration import read_configuration

A: dict[str, Any] = {
    "promosync": {"owner": "shop"},
    "coupons": [{"id": "spring", "percent_off": 20, "duration": "once"}],
    "promotion_codes": [{"id": "launch", "code": "LAUNCH", "coupon": "spring"}],
}
B: dict[str, Any] = {
    "coupons": [
        {"id": "summer", "percent_off": 30, "duration": "once", "max_redemptions": 5},
        {"id": "autumn", "percent_off": 5, "duration": "once"},
    ],
    "promotion_codes": [
        {"id": "sun", "code": "SUN", "coupon": "summer"},
        {"id": "again", "code": "AGAIN", "coupon": "spring"},
    ],
    "meters": [{"other": "tools"}],
}


def given(*documents: Any) -> list[Given]:
    texts = [doc if isinstance(doc, str) else json.dumps(doc, indent=2) for doc in documents]
    return [Given(f"{'abcdef'[at]}.json", text.encode()) for at, text in enumerate(texts)]


def faults(*documents: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        draft_several(given(*documents)).check()
    return [render_line(problem, refused.value.source) for problem in refused.value.problems]


def edited(document: dict[str, Any], section: str, at: int, **fields: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(document))
    copy[section][at] |= fields
    return copy


def test_two_files_are_what_one_would_be() -> None:
    """An entry may name one of another file, whichever comes first."""
    both = {section: [*A.get(section, []), *B[section]] for section in ("coupons", "promotion_codes")}
    one = load(json.dumps(both | {"promosync": A["promosync"]}).encode(), "one.json").configuration
    assert draft_several(given(A, B)).check().configuration == one
    other = draft_several(given(B, A)).check().configuration
    assert {entry.id for entry in other.coupons} == {"spring", "summer", "autumn"}


def test_a_problem_is_told_of_its_own_file() -> None:
    """Line, column and number of the entry are those of the file, the faults in the order of the files."""
    bad = edited(edited(B, "coupons", 1, percent_off=500), "promotion_codes", 0, coupon="winter")
    said = faults(edited(A, "coupons", 0, percent_off=0), bad)
    assert len(said) == 3
    lines = json.dumps(bad, indent=2).splitlines()
    at = next(number for number, line in enumerate(lines, 1) if "500" in line)
    assert said[0].startswith("a.json:8:22 coupons[0].percent_off: ")
    assert said[1].startswith(f"b.json:{at}:22 coupons[1].percent_off: ")
    assert "b.json:" in said[2]
    assert " promotion_codes[0].coupon: " in said[2]


def test_ids_and_codes_are_unique_over_all_files() -> None:
    """The message names the other entry as it stands in its own file."""
    [said] = faults(A, edited(B, "coupons", 1, id="spring"))
    assert said.startswith("b.json:")
    assert "coupons[1].id: 'spring' is taken by a.json coupons[0].id" in said.replace('"', "'")
    [said] = faults(A, edited(B, "promotion_codes", 1, code="launch"))
    assert "a.json promotion_codes[0]" in said


def test_an_entry_of_the_same_file_is_named_as_such() -> None:
    [said] = faults(A, edited(B, "promotion_codes", 0, max_redemptions=9))
    assert "coupons[0]" in said
    assert said.count("b.json") == 1


def test_settings_stand_in_one_file() -> None:
    [said] = faults(A, {**B, "promosync": {"owner": "me"}})
    assert said.startswith("b.json:")
    assert "stand in a.json already" in said
    [said] = faults({**B, "promosync": {"owner": "no blanks, please"}}, {"coupons": A["coupons"]})
    assert said.startswith("a.json:")


def test_broken_files_are_all_told() -> None:
    """Errors of files that cannot be combined are reported file by file."""
    said = faults('{"coupons": [', {"coupons": {}}, "[]", A)
    assert [line.partition(":")[0] for line in said] == ["a.json", "b.json", "c.json"]


def test_a_key_twice_is_found_in_its_file() -> None:
    twice = '{"coupons": [{"id": "x", "id": "x", "percent_off": 1, "duration": "once"}]}'
    said = faults(A, twice)
    assert said
    assert all(line.startswith("b.json:1:") for line in said)
    assert "coupons[0]" in said[0]


def test_one_place_in_two_files_is_two_problems() -> None:
    """The same fault on the same line of two files is not one fault."""
    bad = {"coupons": [{"id": "x", "percent_off": 500, "duration": "once"}]}
    same = {"coupons": [{"id": "y", "percent_off": 500, "duration": "once"}]}
    assert [line.partition(":")[0] for line in faults(bad, same)] == ["a.json", "b.json"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "a.json").write_text(json.dumps(A), encoding="utf-8")
    (shop / "b.json").write_text(json.dumps(B), encoding="utf-8")
    return tmp_path


def test_a_folder_is_its_files(folder: Path) -> None:
    """Schemas, saved plans, hidden files and folders inside the folder are ignored."""
    for name, text in {
        "promosync.schema.json": "{}",
        ".hidden.json": "{",
        "plan.json": '{\n  "promosync_plan": 1}',
        "notes.txt": "x",
    }.items():
        (folder / "shop" / name).write_text(text, encoding="utf-8")
    (folder / "shop" / "old").mkdir()
    (folder / "shop" / "old" / "c.json").write_text("{", encoding="utf-8")
    unchecked = read_configuration(["shop"])
    loaded, _ = unchecked.check()
    assert [source.name for source in loaded.source.files] == ["shop/a.json", "shop/b.json"]
    assert unchecked.folder == folder / "shop"
    assert len(loaded.configuration.coupons) == 3


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["empty"], "empty: there is no configuration in this folder"),
        (["shop/a.json", "nope.json", "no.json"], "nope.json: there is no such file"),
        (["shop/a.json", "shop/../shop/a.json"], ""),
        (["shop", "shop/b.json"], "shop/b.json: this file is named twice"),
        (["shop/a.json", "-"], "<stdin>: standard input cannot be one of several files"),
    ],
)
def test_what_is_no_configuration(folder: Path, names: list[str], words: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(Refused) as refused:
        read_configuration(names).check()
    said = [render_line(problem, refused.value.source) for problem in refused.value.problems]
    assert any(words in line for line in said), said
    assert "no.json" not in names or len(said) == 2


def test_a_pipe_in_a_folder_is_not_waited_for(folder: Path) -> None:
    """Nobody may write into it."""
    os.mkfifo(folder / "shop" / "c.json")
    with pytest.raises(Refused) as refused:
        read_configuration(["shop"])
    said = [render_line(problem, refused.value.source) for problem in refused.value.problems]
    assert said == ["shop/c.json: this is a pipe; remove it"]


def test_files_of_batches_are_beside_their_own_file(folder: Path) -> None:
    """Each file names them from its own folder, and below it; they may have one name in two folders."""
    for name in ("eu", "us"):
        (folder / name).mkdir()
        batch = {"id": name, "coupon": "spring", "import": {"file": "codes.csv"}}
        (folder / name / "batch.json").write_text(json.dumps({"code_batches": [batch]}), encoding="utf-8")
        (folder / name / "codes.csv").write_text(f"{name}CODE\n", encoding="utf-8")
    _, rows = read_configuration(["shop/a.json", "eu/batch.json", "us/batch.json"]).check()
    assert {name: [*(one.codes or ())] for name, one in rows.items()} == {"eu": ["euCODE"], "us": ["usCODE"]}
    (folder / "us" / "codes.csv").write_text("euCODE\nb ad\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_configuration(["shop/a.json", "eu/batch.json", "us/batch.json"]).check()
    said = [render_line(problem, refused.value.source) for problem in refused.value.problems]
    assert said
    assert all(line.startswith("us/batch.json:1:") for line in said)


def test_files_of_batches_do_not_leave_their_folder(folder: Path) -> None:
    """Not into the folder of another file of the same configuration either."""
    (folder / "codes.csv").write_text("CODE\n", encoding="utf-8")
    batch = {"id": "x", "coupon": "spring", "import": {"file": "../codes.csv"}}
    (folder / "shop" / "b.json").write_text(json.dumps({"code_batches": [batch]}), encoding="utf-8")
    (folder / "c.json").write_text("{}", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_configuration(["c.json", "shop"]).check()
    assert "leads out of" in str(refused.value)
