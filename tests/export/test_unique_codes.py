"""Many codes that differ in text and customer alone become an import, and are adopted as one."""

from __future__ import annotations

from typing import Any

import pytest

from promosync.model.problems import ProblemsFound
from promosync.plan.plan import Kind
from tests.export.shop import Json, Shop, as_json, left_out, read, write_files


def unique(shop: Shop, count: int, **fields: Any) -> list[str]:
    """Make unique codes, on the coupon ``spring`` unless another is given."""
    template = {"coupon": "spring", "code": "U{n:05}", "max_redemptions": 1, **fields}
    return list(shop.world.control.seed("promotion_code", count=count, template=template))


@pytest.fixture
def spring(shop: Shop) -> Shop:
    shop.seed("coupon", {"id": "spring", "percent_off": 20})
    return shop


def test_unique_codes_become_an_import_that_is_adopted(spring: Shop) -> None:
    """With their metadata and restrictions; from the oldest to the newest, whatever order they are read in."""
    metadata = {"campaign": "printed"}
    unique(spring, 120, metadata=metadata, restrictions={"first_time_transaction": True})
    export = spring.export(files_from=50)
    assert as_json(export)["code_batches"] == [
        {
            "id": "spring-codes",
            "coupon": "spring",
            "import": {"file": "spring-codes.csv"},
            "first_time_transaction": True,
            "metadata": metadata,
        }
    ]
    [file] = export.files.values()
    assert list(file.rows()) == [("code",), *((f"U{n:05}",) for n in range(120))]
    spring.adopt(export)
    slots = {row["metadata"]["promosync_slot"] for row in spring.everything()["promotion_codes"]}
    assert slots == {"import"}


def test_codes_of_customers_go_with_their_addresses(spring: Shop) -> None:
    """And come back bound: the next plan looks nobody up."""
    for n in range(60):
        spring.seed("customer", {"id": f"cus_{n}", "email": f"Jenny{n}@Example.com"})
        spring.seed(
            "promotion_code", {"coupon": "spring", "code": f"U{n}", "max_redemptions": 1, "customer": f"cus_{n}"}
        )
    export = spring.export(files_from=50)
    [file] = export.files.values()
    assert list(file.rows())[:2] == [("code", "email"), ("U0", "Jenny0@Example.com")]
    spring.adopt(export)


def test_what_an_import_can_not_say_stays_single(spring: Shop) -> None:
    """Customers without an address of their own, codes that are off, a text that is off elsewhere, several uses."""
    unique(spring, 60)
    spring.seed("promotion_code", {"coupon": "spring", "code": "u00007", "active": False, "max_redemptions": 1})
    spring.seed("promotion_code", {"coupon": "spring", "code": "OFF", "active": False, "max_redemptions": 1})
    spring.seed("promotion_code", {"coupon": "spring", "code": "TWICE", "max_redemptions": 2})
    for n, email in enumerate(["same@example.com", "SAME@example.com", None, "not an address"]):
        spring.seed("customer", {"id": f"cus_{n}", **({"email": email} if email else {})})
        spring.seed(
            "promotion_code", {"coupon": "spring", "code": f"C{n}", "max_redemptions": 1, "customer": f"cus_{n}"}
        )
    export = spring.export(files_from=1)
    assert len(export.files["spring-codes"].members) == 59
    assert {entry.id for entry in export.configuration.codes} == {
        *("u00007", "u00007-2", "off", "twice", "c0", "c1", "c2", "c3")
    }
    assert not export.left_out
    spring.adopt(export)


def test_one_text_for_two_customers_is_in_no_file(spring: Shop) -> None:
    for n in range(3):
        spring.seed("customer", {"id": f"cus_{n}", "email": f"a{n}@example.com"})
        code = "SHARED" if n < 2 else "OWN"
        spring.seed(
            "promotion_code", {"coupon": "spring", "code": code, "max_redemptions": 1, "customer": f"cus_{n}"}
        )
    export = spring.export(files_from=1)
    assert [entry.id for entry in export.configuration.codes] == ["shared", "shared-2"]
    spring.adopt(export)


def test_groups_are_by_what_codes_share(spring: Shop) -> None:
    """Few of a kind stay single; used ones have ended."""
    spring.seed("coupon", {"id": "été", "percent_off": 5})
    unique(spring, 50, code="A{n}")
    unique(spring, 50, code="B{n}", metadata={"for": "b"})
    unique(spring, 51, code="C{n}", coupon="été")
    unique(spring, 3, code="D{n}", metadata={"for": "d"})
    spring.world.control.redeem("B7")
    spring.world.control.redeem("C7")
    export = spring.export(files_from=50)
    assert {id: len(file.members) for id, file in export.files.items()} == {"spring-codes": 50, "ete-codes": 50}
    assert len(export.configuration.codes) == 49 + 3
    assert left_out(export, Kind.CODE) == 2
    spring.adopt(export)


def test_without_a_file_they_are_entries(spring: Shop) -> None:
    unique(spring, 60)
    export = spring.export()
    assert (len(export.configuration.codes), export.files) == (60, {})
    spring.adopt(export)


def test_the_owners_batches_come_back_as_imports(spring: Shop) -> None:
    """Stripe does not store how codes were drawn. Codes that are used or off by hand are unchanged."""
    ids = unique(spring, 60)
    adopted = spring.adopt(spring.export(files_from=50))
    spring.by_hand("post", "promotion_codes", ids[3], active=False)
    spring.world.control.redeem("U00005")
    again = spring.export(owner="default", files_from=50)
    assert read(again, spring.world.now).batches == adopted.batches
    assert len(again.files["spring-codes"].members) == 58
    spring.adopt(again)


def test_a_batch_that_has_ended_is_not_in_the_export_and_the_others_are(spring: Shop) -> None:
    unique(spring, 60)
    adopted = spring.adopt(spring.export(files_from=50))
    own = {"owner": "default", "id": "a", "slot": "1", "retired": "withdrawn"}
    metadata = {f"promosync_{key}": value for key, value in own.items()}
    spring.seed("promotion_code", {"code": "OVER", "coupon": "spring", "active": False, "metadata": metadata})
    again = spring.export(owner="default", files_from=50)
    assert read(again, spring.world.now).batches == adopted.batches


def test_the_owners_batches_need_a_file(spring: Shop) -> None:
    """Without such a file they are reported, and so is what a plan of the other entries would remove."""
    unique(spring, 60)
    spring.adopt(spring.export(files_from=50))
    export = spring.export(owner="default")
    assert (left_out(export, Kind.CODE), export.withdraws) == (60, 60)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"max_redemptions": 2}, "uses"),
        ({"customer": "cus_ann"}, "customer"),
        ({"restrictions": {"first_time_transaction": True}}, "restriction"),
        ({"metadata": {"promosync_owner": "another", "promosync_id": "x"}}, "owner"),
    ],
)
def test_an_import_takes_nothing_over_that_differs(spring: Shop, tmp_path: Any, fields: Json, why: str) -> None:
    """A text that a different code uses is a conflict, as always."""
    unique(spring, 3)
    export = spring.export(files_from=1)
    write_files(export, tmp_path)
    spring.world.fresh()
    spring.seed("coupon", {"id": "spring", "percent_off": 20})
    unique(spring, 2)
    unique(spring, 1, code="U00002", **fields)
    with pytest.raises(ProblemsFound) as found:
        spring.plan(read(export, spring.world.now), tmp_path)
    assert {problem.rule for problem in found.value.problems} == {"conflict"}
    assert "line 4" in found.value.problems[0].message


def test_an_import_makes_what_is_missing_and_adopts_the_rest(spring: Shop, tmp_path: Any) -> None:
    """A code with other metadata is updated at the same time."""
    unique(spring, 5)
    export = spring.export(files_from=1)
    write_files(export, tmp_path)
    spring.world.fresh()
    spring.seed("coupon", {"id": "spring", "percent_off": 20})
    ids = unique(spring, 3, metadata={"old": "x"})
    configuration = read(export, spring.world.now)
    plan = spring.plan(configuration, tmp_path)
    [batch] = plan.batches
    assert (batch.added, batch.adopted, batch.codes) == (2, 3, 5)
    assert [change.field for change in batch.changes] == ["metadata.old"]
    spring.world.carry_out(plan)
    rows = sorted(spring.everything()["promotion_codes"], key=lambda row: str(row["code"]))
    assert [row["code"] for row in rows] == [f"U{n:05}" for n in range(5)]
    assert [row["id"] for row in rows][:3] == ids
    assert {tuple(row["metadata"]) for row in rows} == {("promosync_owner", "promosync_id", "promosync_slot")}
    assert spring.plan(configuration, tmp_path).empty
