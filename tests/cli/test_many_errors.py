"""The errors of a file with a hundred thousand faults are reported quickly, and in a readable form."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import Any

import pytest

from promosync.config.words import Guesses, closest

from .conftest import Cli, changed, cli, folder, process_env, write

__all__ = ["cli", "folder"]

FAULTS: tuple[dict[str, Any], ...] = (
    {"coupon": "vpi"},
    {"max_redemptons": 5},
    {"code": "BAD CODE!"},
    {"id": "c1"},
    {"expires_at": "soon"},
)


def faulty(count: int) -> dict[str, Any]:
    codes = [{"id": f"c{n}", "code": f"CODE{n}", "coupon": "vip"} | FAULTS[n % len(FAULTS)] for n in range(count)]
    return changed(promotion_codes=codes)


def test_a_hundred_errors_are_told_and_the_rest_counted(cli: Cli) -> None:
    """In words; JSON and SARIF have them all, and an annotation says how many more there are."""
    write(faulty(1000))
    text = cli("validate")
    assert text.code == 1
    assert text.err.count("error: ") == 100
    assert "and 900 more errors" in text.err
    assert text.err.index("c0" if "c0" in text.err else "codes[0]") < text.err.index("codes[99]")
    assert len(cli("validate", "--format", "json").json["errors"]) == 1000
    assert len(cli("validate", "--format", "sarif").json["runs"][0]["results"]) == 1000
    assert "and 991 more like these" in cli("validate", "--format", "github").out


def test_as_many_as_there_is_room_for_are_told_whole(cli: Cli) -> None:
    write(faulty(100))
    assert cli("validate").err.count("error: ") == 100
    assert "more errors" not in cli("validate").err


@pytest.mark.parametrize("output", ["text", "json"])
def test_the_time_grows_with_the_file_only(folder: object, output: str) -> None:
    """At most ten seconds of processor time; if there are many wrong names, no similar name is searched."""
    coupons = [{"id": f"spring_{n}", "percent_off": 20, "duration": "once"} for n in range(400)]
    wrong = [{"id": f"w{n}", "code": f"W{n}", "coupon": f"sprnig_{n}", f"unknown{n}": 1} for n in range(20_000)]
    write({**faulty(20_000), "coupons": coupons, "promotion_codes": wrong + faulty(20_000)["promotion_codes"]})
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [sys.executable, "-m", "promosync", "validate", "--format", output]
    done = subprocess.run(command, env=process_env(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 20
    if output == "json":
        assert len(json.loads(done.stdout)["errors"]) > 40_000


def test_the_first_wrong_names_are_guessed_at() -> None:
    """The same wrong word always gets the same suggestion."""
    guesses, options = Guesses(most=2), ["spring", "summer"]
    assert [guesses.closest(word, options) for word in ("sprnig", "sumer", "sprin", "sprnig")] == [
        "spring",
        "summer",
        None,
        "spring",
    ]
    assert closest("sprin", options) == "spring"
