"""The export of any account is adopted, and nothing else changes."""

from __future__ import annotations

import pytest

from promosync.model.ownership import Mode
from promosync.plan.plan import Kind
from tests.export.accounts import Account
from tests.export.shop import Shop, left_out, read


@pytest.mark.parametrize("seed", range(200))
def test_an_export_is_adopted_and_changes_nothing(shared_shop: Shop, seed: int) -> None:
    """Two hundred accounts; of every third, what has ended is exported too."""
    Account(seed).fill(shared_shop)
    rows = shared_shop.everything()
    export = shared_shop.export(ended=seed % 3 == 0)
    nobodys = {kind: [row for row in rows[kind] if "promosync_owner" not in row["metadata"]] for kind in rows}
    # Everything that is left out is reported.
    assert len(export.configuration.coupons) + left_out(export, Kind.COUPON) == len(nobodys["coupons"])
    assert export.codes + left_out(export, Kind.CODE) == len(nobodys["promotion_codes"])
    shared_shop.adopt(export)


@pytest.mark.parametrize("seed", range(1000, 1010))
def test_what_stripe_lets_people_do_can_be_said_in_a_file(shared_shop: Shop, seed: int) -> None:
    """Without objects that no file can describe, the export has all working codes; only ended ones are missing."""
    Account(seed, odd=0).fill(shared_shop)
    customers = {row["id"] for row in shared_shop.everything()["customers"]}
    export = shared_shop.export()
    there = {entry.stripe_id[Mode.TEST] for entry in export.configuration.coupons}
    there |= {entry.stripe_id[Mode.TEST] for entry in export.configuration.codes}
    rows = shared_shop.everything()
    working = {row["id"] for row in rows["coupons"] if row["valid"]}
    working |= {
        row["id"] for row in rows["promotion_codes"] if row["active"] and row["customer"] in {None, *customers}
    }
    assert working - there == set()


@pytest.mark.parametrize("seed", range(2000, 2008))
def test_an_export_of_an_owner_says_what_the_file_says(shared_shop: Shop, seed: int) -> None:
    """An export of adopted objects by their owner has an empty plan."""
    Account(seed, odd=0).fill(shared_shop)
    adopted = shared_shop.adopt(shared_shop.export())
    again = read(shared_shop.export(owner=adopted.settings.owner), shared_shop.world.now)
    assert {entry.id: entry for entry in again.coupons} == {entry.id: entry for entry in adopted.coupons}
    assert shared_shop.plan(again).empty
    assert shared_shop.export().configuration.coupons == ()
