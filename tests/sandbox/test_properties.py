"""Always true: texts are unique among active codes, and pages lose and repeat nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from .direct import Direct

MODEST = settings(max_examples=25, deadline=None)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.sampled_from(["a", "A", "b"]), st.sampled_from(["", "cus_1", "cus_2"])),
        st.tuples(st.just("switch"), st.integers(0, 20), st.booleans()),
        st.tuples(st.just("redeem"), st.sampled_from(["a", "b"]), st.sampled_from([None, "cus_1", "cus_2"])),
        st.tuples(st.just("advance"), st.integers(-90, 90), st.none()),
        st.tuples(st.just("recreate"), st.none(), st.none()),
    ),
    max_size=40,
)


@MODEST
@given(steps)
def test_no_two_active_codes_bar_each_other_and_the_dead_stay_dead(moves: list[tuple[str, Any, Any]]) -> None:
    direct = Direct()
    direct.control.seed("customer", [{"id": "cus_1"}, {"id": "cus_2"}])
    coupon = direct.coupon(id="c")
    promotion = {"promotion[type]": "coupon", "promotion[coupon]": coupon}
    ids: list[str] = []
    dead: set[str] = set()
    for move, first, second in moves:
        if move == "create":
            body = {**promotion, "code": first, "max_redemptions": 1, "expires_at": int(direct.control.clock()) + 60}
            response = direct.response("POST", "/v1/promotion_codes", body | ({"customer": second} if second else {}))
            assert response.status in (200, 400)
        elif move == "switch" and first < len(ids):
            body = {"active": str(second).lower()}
            response = direct.response("POST", f"/v1/promotion_codes/{ids[first]}", body)
            assert response.status == 200 or second
            assert not (response.status == 200 and second and ids[first] in dead)
        elif move == "redeem":
            direct.control.redeem(first, customer=second)
        elif move == "advance":
            direct.control.advance(first)
        elif move == "recreate":
            direct.ask("DELETE", f"/v1/coupons/{coupon}")
            dead |= set(ids)
            direct.coupon(id="c")
        codes = direct.control.dump()["promotion_codes"]
        ids = [code["id"] for code in codes]
        dead |= {
            code["id"] for code in codes if code["times_redeemed"] or code["expires_at"] <= direct.control.clock()
        }
        active = [code for code in codes if code["active"]]
        assert dead.isdisjoint(code["id"] for code in active)
        for place, one in enumerate(active):
            for other in active[:place]:
                same_text = one["code"].lower() == other["code"].lower()
                both_bound = one["customer"] and other["customer"]
                assert not same_text or (both_bound and one["customer"] != other["customer"])


@MODEST
@given(
    made=st.lists(st.tuples(st.sampled_from(["x", "y"]), st.integers(0, 3), st.booleans()), min_size=1, max_size=30),
    limit=st.integers(1, 7),
    filters=st.fixed_dictionaries(
        {},
        optional={
            "coupon": st.sampled_from(["x", "y"]),
            "active": st.booleans(),
            "created[gte]": st.integers(1_700_000_000, 1_700_000_003),
            "code": st.sampled_from(["CODE3", "code7"]),
        },
    ),
)
def test_paging_either_way_yields_every_object_once_in_one_order(
    made: list[tuple[str, int, bool]], limit: int, filters: dict[str, Any]
) -> None:
    direct = Direct()
    direct.control.seed("coupon", [{"id": id, "percent_off": 5} for id in "xy"])
    direct.control.seed(
        "promotion_code",
        [
            {"coupon": coupon, "code": f"Code{n}", "active": active, "created": 1_700_000_000 + second}
            for n, (coupon, second, active) in enumerate(made)
        ],
    )
    expected = [
        f"Code{n}"
        for n, (coupon, second, active) in sorted(
            enumerate(made), key=lambda pair: (pair[1][1], pair[0]), reverse=True
        )
        if filters.get("coupon", coupon) == coupon
        and filters.get("active", active) == active
        and filters.get("created[gte]", 0) <= 1_700_000_000 + second
        and filters.get("code", f"code{n}").lower() == f"code{n}"
    ]
    asked = {name: str(value).lower() if name == "active" else value for name, value in filters.items()}
    for cursor, edge in (("starting_after", -1), ("ending_before", 0)):
        seen: list[str] = []
        position: dict[str, str] = {}
        if cursor == "ending_before":
            # Backwards from a cursor below the oldest, which a separate page finds.
            oldest = direct.ask("GET", "/v1/promotion_codes", {"limit": 100})["data"][-1]
            position = {"ending_before": oldest["id"]}
            seen = [oldest["code"]] if oldest["code"] in expected else []
        while True:
            page = direct.ask("GET", "/v1/promotion_codes", {**asked, "limit": limit, **position})
            texts = [code["code"] for code in page["data"]]
            seen = seen + texts if edge else texts + seen
            if not page["has_more"]:
                break
            assert len(texts) == limit
            position = {cursor: page["data"][edge]["id"]}
        assert seen == expected
