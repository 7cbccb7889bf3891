"""Runs the cases and prints the table, line by line: ``python -m benchmarks [--quick]``."""

from __future__ import annotations

import argparse

from benchmarks import cases
from benchmarks.cases import Figure

HEAD = (
    "| | seconds | allowed | ratio | carrying out | requests | refused | peak MB |\n|---|--:|--:|--:|--:|--:|--:|--:|"
)


def line(figure: Figure) -> str:
    numbers = (
        (figure.seconds, ".2f"),
        (figure.allowed, ".2f"),
        (figure.ratio, ".3g" if (figure.ratio or 1) < 0.1 else ".2f"),
        (figure.inner, ".1f"),
        (figure.requests, ",d"),
        (figure.refused, ",d"),
        (figure.megabytes, ".0f"),
    )
    cells = ("" if number is None else format(number, form) for number, form in numbers)
    return f"| {figure.name} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, in a minute")
    parser.add_argument("--only", default="", metavar="WORD", help="only the functions with this word in their name")
    given = parser.parse_args()
    print(HEAD, flush=True)
    for case in cases.quick() if given.quick else cases.full():
        if given.only in case.__name__:  # type: ignore[attr-defined]
            for figure in case:
                print(line(figure), flush=True)


if __name__ == "__main__":
    main()
