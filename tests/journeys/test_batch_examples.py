"""Each example of unique codes applies to an account, settles, and can be exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from promosync.config import load
from promosync.plan.planner import Policy
from promosync.workflows import plan as planning
from promosync.workflows.batch_files import read_batch_files
from promosync.workflows.export_codes import read_codes_of

from .batch_shop import Shop
from .world import World

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "unique-codes").glob("*.json"))
CODES = {"codes-from-a-file": 3, "codes-with-emails": 3, "one-per-email": 3, "pattern": 200}


def test_every_example_is_known() -> None:
    assert [path.stem for path in EXAMPLES] == sorted(CODES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_applies_settles_and_is_exported(world: World, path: Path) -> None:
    configuration = load(path.read_bytes(), path.name, world.now).configuration
    rows = read_batch_files(configuration, path.parent)
    shop = Shop(world, path.parent)
    plan = planning.make(configuration, world.stripe, Policy(), rows)
    assert not shop.carry_out(plan).failed
    writes = world.writes
    again = planning.make(configuration, world.stripe, Policy(), rows)
    assert again.empty
    assert world.writes == writes
    found = list(read_codes_of(configuration, path.parent, world.stripe, ()).listed())
    assert len(found) == CODES[path.stem]
    emails = {row.email for row in found}
    assert (emails == {""}) == (path.stem in ("codes-from-a-file", "pattern"))
    if path.stem == "codes-with-emails":
        assert {row.live.spec.code: row.email for row in found} == {
            f"Code{n}": f"user{n}@example.com" for n in (1, 2, 3)
        }
