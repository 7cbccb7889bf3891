"""Values for plans: entries of a file and objects of an account, short enough for tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from promosync.model.account import Live
from promosync.model.configuration import CodeEntry, Configuration, CouponEntry, PerMode, Settings
from promosync.model.live import Account, LiveCode, LiveCoupon
from promosync.model.ownership import Mode, Tags
from promosync.model.problems import Problem, ProblemsFound
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.plan import Action, Plan
from promosync.plan.planner import Policy, make_plan

NOW = 1_800_000_000
DAY = 86400
BEFORE, AHEAD, FARTHER = NOW - DAY, NOW + 30 * DAY, NOW + 60 * DAY

BASE = Coupon(percent_off=Decimal(20))
TEXT = PromotionCode(code="WELCOME", coupon="spring")


def spring(id: str = "spring", stripe_id: PerMode | str = "", protect: bool = False, **fields: Any) -> CouponEntry:
    """A coupon entry of 20 %, or with what is given instead."""
    return CouponEntry(id, replace(BASE, **fields), ("coupons", 0), _per_mode(stripe_id), protect)


def welcome(
    id: str = "welcome", stripe_id: PerMode | str = "", protect: bool = False, email: str | None = None, **fields: Any
) -> CodeEntry:
    """A code entry with the text WELCOME on ``spring``, or with what is given instead."""
    return CodeEntry(id, replace(TEXT, **fields), ("promotion_codes", 0), email, _per_mode(stripe_id), protect)


def _per_mode(stripe_id: PerMode | str) -> PerMode:
    if isinstance(stripe_id, str):
        return dict.fromkeys(Mode, stripe_id) if stripe_id else {}
    return stripe_id


def file(
    *entries: CouponEntry | CodeEntry, products: Mapping[str, PerMode] | None = None, **settings: Any
) -> Configuration:
    """A configuration of these entries, in this order."""
    coupons = [entry for entry in entries if isinstance(entry, CouponEntry)]
    codes = [entry for entry in entries if isinstance(entry, CodeEntry)]
    return Configuration(
        coupons=tuple(replace(entry, path=("coupons", at)) for at, entry in enumerate(coupons)),
        codes=tuple(replace(entry, path=("promotion_codes", at)) for at, entry in enumerate(codes)),
        products=products or {},
        settings=Settings(owner="shop", **settings),
    )


def its_coupon(stripe_id: str = "spring", *, used: int = 0, valid: bool = True, **fields: Any) -> LiveCoupon:
    """Our live coupon of the entry ``spring``; ``tags`` are given as fields of Tags, all else as fields of Coupon."""
    tags, created = fields.pop("tags", {}), fields.pop("created", NOW - 100 * DAY)
    own = {"owner": "shop", "id": "spring", **tags}
    return LiveCoupon(stripe_id, replace(BASE, **fields), Tags(**own), created, used, valid)


def its_code(stripe_id: str = "promo_1", *, used: int = 0, **fields: Any) -> LiveCode:
    """Our live code of the entry ``welcome``."""
    tags, created = fields.pop("tags", {}), fields.pop("created", NOW - 100 * DAY)
    own = {"owner": "shop", "id": "welcome", **tags}
    return LiveCode(stripe_id, replace(TEXT, **fields), Tags(**own), created, used)


NOBODYS: dict[str, Any] = {"tags": {"owner": None, "id": None}}
OTHERS: dict[str, Any] = {"tags": {"owner": "other-shop", "id": "x"}}


def account(*things: LiveCoupon | LiveCode, mode: Mode = Mode.TEST, **looked_up: Any) -> Live:
    """An account with these objects, the oldest first; ``products`` and ``customers`` as they were looked up."""
    coupons = [thing for thing in things if isinstance(thing, LiveCoupon)]
    codes = [thing for thing in things if isinstance(thing, LiveCode)]
    return Live(Account("acct_1", mode, NOW), tuple(coupons[::-1]), tuple(codes[::-1]), **looked_up)


def planned(wanted: Configuration, live: Live, **policy: Any) -> Plan:
    return make_plan(wanted, live, Policy(**policy))


def verbs(plan: Plan) -> list[str]:
    """The actions as ``recreate spring``, in the order of the plan."""
    return [f"{action.verb} {action.id}" for action in plan.actions]


def only(plan: Plan) -> Action:
    [action] = plan.actions
    return action


def refused(wanted: Configuration, live: Live, **policy: Any) -> tuple[Problem, ...]:
    """The problems of a plan that must be impossible."""
    try:
        plan = planned(wanted, live, **policy)
    except ProblemsFound as found:
        return found.problems
    raise AssertionError(f"there is a plan: {verbs(plan)}")


def rules(problems: Iterable[Problem]) -> list[str]:
    return [problem.rule for problem in problems]
