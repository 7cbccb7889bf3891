"""A file of codes or addresses is read as spreadsheets write it, and refused with every bad line's number."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promosync.codes.files import CODE_HEADERS, EMAIL_HEADERS, AddressFile, ImportFile, read_addresses, read_codes
from promosync.model.problems import Problem, ProblemsFound

AT = ("code_batches", 0, "import", "file")
ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
code_texts = st.text(ALNUM + "-_", min_size=1, max_size=12).filter(
    lambda text: text.lower().replace("-", "_") not in CODE_HEADERS | EMAIL_HEADERS  # a first row of such is a header
)
addresses = st.builds("{}@{}.example".format, st.text(ALNUM + ".+'é", min_size=1, max_size=8), st.just("mail"))


def codes_of(tmp_path: Path, data: bytes) -> ImportFile:
    file = tmp_path / "codes.csv"
    file.write_bytes(data)
    return read_codes(file, "codes.csv", AT)


def addresses_of(tmp_path: Path, data: bytes) -> AddressFile:
    file = tmp_path / "mail.csv"
    file.write_bytes(data)
    return read_addresses(file, "mail.csv", AT)


def faults(tmp_path: Path, data: bytes, *, emails: bool = False) -> list[Problem]:
    with pytest.raises(ProblemsFound) as found:
        (addresses_of if emails else codes_of)(tmp_path, data)
    return list(found.value.problems)


def line_of(problem: Problem) -> int:
    return int(problem.message.split(" line ")[1].split(":")[0])


@given(
    rows=st.lists(st.tuples(code_texts, addresses), min_size=1, max_size=30, unique_by=lambda row: row[0].lower()),
    with_email=st.booleans(),
    header=st.booleans(),
    bom=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["", "\n", "\r\n\r\n", "  \n"]),
)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_way_to_write_a_file_reads_the_same(
    tmp_path: Path,
    rows: list[tuple[str, str]],
    with_email: bool,
    header: bool,
    bom: bool,
    newline: str,
    quoting: int,
    end: str,
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=newline, quoting=quoting)  # type: ignore[arg-type]
    width = 2 if with_email else 1
    if header:
        writer.writerow(("Code", "E-Mail")[:width])
    writer.writerows(row[:width] for row in rows)
    data = (b"\xef\xbb\xbf" if bom else b"") + (text.getvalue() + end).encode()
    read = codes_of(tmp_path, data)
    assert read.codes == [code for code, _ in rows]
    assert read.emails == ([email for _, email in rows] if with_email else None)


@pytest.mark.parametrize("header", ["email,code", "Customer Email,Promotion-Code"])
def test_a_header_may_name_the_columns_in_either_order(tmp_path: Path, header: str) -> None:
    read = codes_of(tmp_path, f"{header}\na@b.example,ABC\n".encode())
    assert (read.codes, read.emails) == (["ABC"], ["a@b.example"])


def test_blanks_around_a_cell_are_not_part_of_it(tmp_path: Path) -> None:
    read = codes_of(tmp_path, b"code , email\n ABC\t, a@b.example \n")
    assert (read.codes, read.emails) == (["ABC"], ["a@b.example"])


def test_a_code_of_a_header_word_is_a_code_when_it_is_not_first(tmp_path: Path) -> None:
    assert codes_of(tmp_path, b"ABC\nCODE\n").codes == ["ABC", "CODE"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (b"", "blank"),
        (b'""', "blank"),
        (b"   ", "blank"),
        (b"SP ACE", "characters"),
        (b"\xc3\xa4BC", "characters"),
        (b"A;B", "characters"),
        (b"A" * 501, "longer than 500"),
        (b"first-1", "line 1"),
        (b"ABC,a@b.example", "second column"),
        (b"A,B,C", "3 columns"),
        (b'"open', "quote"),
        (b'"open"more', "quote"),
        (b"\xff\xfe\xfa", "UTF-8"),
        (b"A\0B", "NUL"),
        (b'a"b', "characters"),
    ],
)
def test_each_fault_has_its_line_and_never_its_text(tmp_path: Path, bad: bytes, says: str) -> None:
    [problem] = faults(tmp_path, b"FIRST-1\r\nOK-2\r\n" + bad + b"\r\nOK-4\r\n")
    assert line_of(problem) == 3
    assert says in problem.message
    assert problem.path == AT
    for secret in ("FIRST", "first-1", "OK-", "SP ACE", "open", "a@b", "A;B"):
        assert secret not in problem.message + problem.hint


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (b",b@c.example", "code is blank"),
        (b"ABC,", "address is blank"),
        (b"ABC", "no address"),
        (b"ABC,b@c.example,", "3 columns"),
        (b"ABC,b@c", "no email address"),
        (b"ABC,b@@c.example", "no email address"),
        (b"ABC,@c.example", "no email address"),
        (b'ABC,"b <b@c.example>"', "no email address"),
        (b"ABC," + b"b" * 512 + b"@c.example", "longer than 512"),
        (b"first,b@c.example", "line 2"),
    ],
)
def test_two_columns_have_their_own_faults(tmp_path: Path, bad: bytes, says: str) -> None:
    [problem] = faults(tmp_path, b"code,email\nFIRST,a@c.example\n" + bad + b"\n")
    assert line_of(problem) == 3
    assert says in problem.message
    assert "c.example" not in problem.message


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (b"A@X.Example", "line 2"),
        (b" a@x.example ", "line 2"),
        (b"nobody", "no email address"),
        (b"b@x.example,CODE", "2 columns"),
        (b'"b@x.example', "quote"),
        (b"\xe9@x.example", "UTF-8"),
    ],
)
def test_lists_of_addresses_have_theirs(tmp_path: Path, bad: bytes, says: str) -> None:
    [problem] = faults(tmp_path, b"Email\na@x.example\n" + bad + b"\nc@x.example", emails=True)
    assert line_of(problem) == 3
    assert says in problem.message
    assert "x.example" not in problem.message


def test_a_list_of_addresses_needs_no_header(tmp_path: Path) -> None:
    read = addresses_of(tmp_path, b"\xef\xbb\xbfOne@x.example\r\ntwo+tag@x.example\r\n\r\n")
    assert read.addresses == ["One@x.example", "two+tag@x.example"]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"HEADER\n", b"HEADER\r\n\r\n"])
@pytest.mark.parametrize("header", [b"code", b"email"])
def test_a_file_with_no_rows_is_empty(tmp_path: Path, data: bytes, header: bytes) -> None:
    [problem] = faults(tmp_path, data.replace(b"HEADER", header), emails=header == b"email")
    assert problem.message.endswith("the file is empty.")


@pytest.mark.parametrize("header", ["email", "code,code", "code,email,address"])
def test_a_header_without_one_column_of_codes_is_one_fault(tmp_path: Path, header: str) -> None:
    [problem] = faults(tmp_path, f"{header}\nA\nB\n".encode())
    assert line_of(problem) == 1
    assert "header" in problem.message


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be"])
def test_utf_16_is_one_fault_with_a_way_out(tmp_path: Path, codec: str) -> None:
    bom = b"\xfe\xff" if codec == "utf-16-be" else b""
    [problem] = faults(tmp_path, bom + "ABC\nDEF\n".encode(codec))
    assert "UTF-16" in problem.message


def test_every_bad_line_is_in_one_report_in_order(tmp_path: Path) -> None:
    problems = faults(tmp_path, b'A-1\n\nB B\nA-1\n"\na-1\nC,D,E\nok\n')
    assert [line_of(problem) for problem in problems] == [2, 3, 4, 5, 6, 7]
    assert "line 1" in problems[2].message
    assert "line 1" in problems[4].message, "the first place of a text, not the one before"


def test_an_open_quote_does_not_swallow_the_lines_below(tmp_path: Path) -> None:
    assert [line_of(p) for p in faults(tmp_path, b'A\n"B\nC C\nD\n')] == [2, 3]


@pytest.mark.parametrize("row", [b"B AD\n", b"SAME\n"])
def test_many_bad_lines_are_counted_but_not_all_listed(tmp_path: Path, row: bytes) -> None:
    problems = faults(tmp_path, b"same\n" + row * 1500)
    assert len(problems) == 101
    assert [line_of(problem) for problem in problems[:100]] == list(range(2, 102))
    assert "and 1,400 more" in problems[100].message


def test_bad_lines_and_duplicates_are_listed_together_by_line(tmp_path: Path) -> None:
    problems = faults(tmp_path, b"same\n" + b"B AD\nSAME\n" * 150)
    assert [line_of(problem) for problem in problems[:-1]] == list(range(2, 102))
    assert "and 200 more" in problems[-1].message


@given(
    rows=st.lists(st.sampled_from(["ab", "AB", "Ab", "c", "C", "d", "e-1", "E-1"]), max_size=40),
    bad=st.sets(st.integers(0, 40)),
)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_lines_reported_are_exactly_the_faulty_ones(tmp_path: Path, rows: list[str], bad: set[int]) -> None:
    rows = ["z", *(f"{row}!" if index in bad else row for index, row in enumerate(rows))]
    seen: set[str] = set()
    expected = []
    for line, row in enumerate(rows, start=1):
        if row.endswith("!") or row.lower() in seen:
            expected.append(line)
        seen.add(row.lower())
    data = "\n".join(rows).encode()
    if expected:
        assert [line_of(problem) for problem in faults(tmp_path, data)] == expected
    else:
        assert codes_of(tmp_path, data).codes == rows


def test_a_file_that_is_gone_is_a_problem_too(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match="cannot be read"):
        read_codes(tmp_path / "gone.csv", "gone.csv", AT)
