"""Would Stripe take this code now? Each rule says how it came out, and what to do where it failed.

The order is Stripe's: does the code exist, is it active, is its coupon valid, the dates, the uses left, then the
customer, first order, minimum, currency, product. All rules are checked, so that every reason is seen at once.
Source: https://docs.stripe.com/billing/subscriptions/coupons and
https://docs.stripe.com/api/promotion_codes/object
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from promosync.model.configuration import Configuration
from promosync.model.life import State, end_of, is_gone, is_over, is_used_up, state
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired
from promosync.model.problems import Path
from promosync.model.promotions import fold
from promosync.plan.fields import iso


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer buys. None is "not given": a rule about it stays open, and does not fail.

    ``amount`` is minor units, ``currency`` lower case, ``product`` a Stripe product id, ``customer`` the Stripe id of
    a customer, or of an account that is one. A code for one customer fails where no customer is given.
    """

    customer: str | None = None
    amount: int | None = None
    currency: str | None = None
    first_time: bool | None = None
    product: str | None = None


class Verdict(StrEnum):
    """How a rule came out; ``OPEN``: it depends on a part of the order that was not given."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: how it came out, its name for programs, why, and the way out where it failed.

    ``amount`` and ``currency`` are the minimum in the message; the renderer writes them as money.
    """

    verdict: Verdict
    name: str
    message: str
    hint: str = ""
    amount: int | None = None
    currency: str | None = None


_passed = partial(Rule, Verdict.PASSED)
_failed = partial(Rule, Verdict.FAILED)
_open = partial(Rule, Verdict.OPEN)


@dataclass(frozen=True, slots=True)
class Checked:
    """The result. ``code`` is the one that Stripe would look at, in ``state``; ``others`` have the same text."""

    text: str
    now: int
    rules: tuple[Rule, ...]
    code: LiveCode | None = None
    coupon: LiveCoupon | None = None
    others: tuple[LiveCode, ...] = ()
    state: State | None = None

    @property
    def valid(self) -> bool:
        """Whether Stripe would take it."""
        return all(rule.verdict is not Verdict.FAILED for rule in self.rules)

    @property
    def reasons(self) -> tuple[Rule, ...]:
        """The rules that failed, the most useful first: what ended a code comes before the fact that it is off."""
        failed = [rule for rule in self.rules if rule.verdict is Verdict.FAILED]
        if self.code is None or self.code.spec.active or self.code.tags.retired is not None:
            return tuple(failed)
        return tuple(sorted(failed, key=lambda rule: _ENDED.index(rule.name) if rule.name in _ENDED else len(_ENDED)))


_ENDED = ("uses", "dates", "coupon")


@dataclass(frozen=True, slots=True)
class Origin:
    """The entry of a file that a code comes from. ``path`` is None where the given file does not have it.

    ``batch``: the code is a unique code of a batch.
    """

    id: str
    owner: str | None
    batch: bool = False
    path: Path | None = None


def check(
    text: str,
    codes: Iterable[LiveCode],
    coupons: Mapping[str, LiveCoupon],
    order: Order,
    now: int,
    configuration: Configuration | None = None,
) -> Checked:
    """Return whether Stripe would take a text at checkout, rule by rule.

    ``codes`` are those of that text, newest first, as Stripe's list filter finds them; ``coupons`` are their coupons
    that still exist, by Stripe id. ``now`` is Stripe's clock, seconds UTC. ``configuration`` is for hints.
    """
    found = candidates(text, codes, order.customer)
    if not found:
        return Checked(text, now, (_failed("exists", "no promotion code has this text", _typo(text)),))
    code, others = found[0], tuple(found[1:])
    coupon = coupons.get(code.spec.coupon)
    became = state(code, coupon, now)
    if is_gone(code, coupon):
        coupon = None
    rules = (
        _passed("exists", f"{code.stripe_id} has it"),
        _active(code, became, _text_now(code, configuration)),
        _coupon(code, coupon),
        _dates(code, coupon, now),
        _uses(code, coupon),
        _customer(code, order),
        _first_time(code, order),
        _minimum(code, order),
        _currency(coupon, order),
        _product(coupon, order),
        *_unknown(code, coupon),
    )
    return Checked(text, now, rules, code, coupon, others, became)


def candidates(text: str, codes: Iterable[LiveCode], customer: str | None) -> Sequence[LiveCode]:
    """Return the codes of a text in the order that Stripe prefers: active, this customer's, for everybody."""
    same = [code for code in codes if text in (code.stripe_id,) or fold(code.spec.code) == fold(text)]
    return sorted(
        same,
        key=lambda code: (
            code.spec.active,
            code.spec.holder == customer,
            code.spec.holder is None,
            code.created,
        ),
        reverse=True,
    )


def _text_now(code: LiveCode, configuration: Configuration | None) -> str | None:
    """Return the text that the file has now for the entry of a code, if it has changed."""
    if configuration is None or code.tags.owner != configuration.settings.owner or code.tags.slot is not None:
        return None
    texts = (entry.spec.code for entry in configuration.codes if entry.id == code.tags.id)
    return next((text for text in texts if fold(text) != fold(code.spec.code)), None)


def _active(code: LiveCode, became: State, text_now: str | None) -> Rule:
    if code.spec.active:
        return _passed("active", "it is active")
    retired = code.tags.retired
    if retired is Retired.SWAP and text_now is not None:
        reason, hint = f"the file gives its entry the code {text_now} now", f"use {text_now}; if that is not taken, "
        return _failed("active", f"it is {became.value}: {reason}", f"{hint}run promosync apply")
    if became not in _WHY_OFF:
        return _failed("active", f"it is {became.value}", "see the rules below")
    reason, hint = _SWAPPING if retired is Retired.SWAP else _MARKED if retired is Retired.HAND else _WHY_OFF[became]
    return _failed("active", f"it is {became.value}: {reason}", hint)


_WHY_OFF: Final = {
    State.WITHDRAWN: ("promosync withdrew it, as it left the file", "put it back into the file and apply"),
    State.OFF: ("promosync switched it off, as the file says", "set active to true in the file and apply"),
    State.SWITCHED_OFF: ("somebody did that in Stripe", "switch it on in Stripe, or apply the file"),
}
_SWAPPING: Final = ("promosync was replacing it and did not finish", "run promosync apply again")
_MARKED: Final = ("somebody did that in Stripe", "switch it on in Stripe: apply leaves it off")


def _coupon(code: LiveCode, coupon: LiveCoupon | None) -> Rule:
    name = code.spec.coupon
    if coupon is None:
        gone = f"its coupon {name} was deleted" if name else "Stripe names no coupon for it: it was deleted"
        return _failed(
            "coupon",
            f"{gone}, and that ends its codes for good",
            "put coupon and code into the file and apply: it makes both again",
        )
    if coupon.valid:
        return _passed("coupon", f"its coupon {name} is valid")
    return _failed("coupon", f"its coupon {name} is no longer valid", "see dates and uses; then raise the limit")


def _dates(code: LiveCode, coupon: LiveCoupon | None, now: int) -> Rule:
    own, shared = code.spec.expires_at, coupon.spec.redeem_by if coupon else None
    for what, end, field in (("it", own, "expires_at"), ("its coupon", shared, "redeem_by")):
        if end is not None and is_over(end, now):
            return _failed("dates", f"{what} ended on {iso(end)}", f"set a later {field} in the file and apply")
    first = end_of(code, coupon)
    return _passed("dates", "it has no end" if first is None else f"it ends on {iso(first)}")


def _uses(code: LiveCode, coupon: LiveCoupon | None) -> Rule:
    left = []
    for what, thing in (("it", code), ("its coupon", coupon)):
        limit = thing.spec.max_redemptions if thing else None
        if thing is None or limit is None:
            continue
        if is_used_up(limit, thing.times_redeemed):
            hint = "raise max_redemptions in the file and apply"
            return _failed("uses", f"{what} is used up: {_of(thing)}", hint)
        left.append(f"{what} has {limit - thing.times_redeemed:,} left")
    return _passed("uses", " and ".join(left) or "nothing limits its uses")


def _customer(code: LiveCode, order: Order) -> Rule:
    wanted = code.spec.holder
    if wanted is None:
        return _passed("customer", "it is for every customer")
    if wanted == order.customer:
        return _passed("customer", f"it is for {wanted}, who asks")
    who = "somebody unnamed" if order.customer is None else order.customer
    return _failed("customer", f"it is for {wanted} only, not for {who}", f"ask with --customer {wanted}")


def _first_time(code: LiveCode, order: Order) -> Rule:
    if not code.spec.first_time_transaction:
        return _passed("first_time", "it is for new and returning customers")
    if order.first_time is None:
        return _open("first_time", "it is for a customer's first payment only")
    if order.first_time:
        return _passed("first_time", "it is for a customer's first payment, and this is it")
    return _failed(
        "first_time",
        "it is for a customer's first payment only, and this customer has paid before",
        "take first_time_transaction out of the file and apply, or give this customer another code",
    )


def _minimum(code: LiveCode, order: Order) -> Rule:
    spec = code.spec
    if spec.minimum_amount is None:
        return _passed("minimum", "it asks for no minimum")
    currency = order.currency or spec.minimum_amount_currency
    least = spec.minimum_amount if currency == spec.minimum_amount_currency else None
    if least is None and currency is not None:
        least = spec.currency_options.get(currency)
    if order.amount is None:
        shown = (least, currency) if least is not None else (spec.minimum_amount, spec.minimum_amount_currency)
        return _open("minimum", "it asks for an order of at least", "", *shown)
    if least is None:
        return _failed(
            "minimum",
            f"it asks for a minimum, and has none in {(currency or '').upper()}",
            "give the currency a minimum in currency_options and apply",
        )
    if order.amount >= least:
        return _passed("minimum", "the order reaches the minimum of", "", least, currency)
    return _failed("minimum", "the order is below the minimum of", "it takes a larger order", least, currency)


def _currency(coupon: LiveCoupon | None, order: Order) -> Rule:
    if coupon is None or coupon.spec.amount_off is None:
        return _passed("currency", "it takes every currency")
    taken = sorted({coupon.spec.currency or "", *coupon.spec.currency_options})
    words = ", ".join(taken).upper()
    if order.currency is None:
        return _open("currency", f"it takes orders in {words}")
    if order.currency in taken:
        return _passed("currency", f"it takes orders in {words}")
    return _failed(
        "currency",
        f"its coupon takes orders in {words}, not in {order.currency.upper()}",
        "give the currency an amount in the coupon's currency_options and apply",
    )


def _product(coupon: LiveCoupon | None, order: Order) -> Rule:
    only = sorted(coupon.spec.applies_to) if coupon else []
    if not only:
        return _passed("product", "it is for every product")
    words = ", ".join(only)
    if order.product is None:
        return _open("product", f"it is for these products only: {words}")
    if order.product in only:
        return _passed("product", f"it is for {order.product}")
    return _failed(
        "product",
        f"it is for {words}, not for {order.product}",
        "add the product to the coupon's applies_to and apply",
    )


def _unknown(code: LiveCode, coupon: LiveCoupon | None) -> Iterator[Rule]:
    names = [*code.unknown, *(coupon.unknown if coupon else ())]
    if names:
        message = f"Stripe holds more on it than promosync knows: {', '.join(names)}"
        yield _open("unknown", message, "look at it in the Dashboard")


def _of(thing: LiveCode | LiveCoupon) -> str:
    return f"{thing.times_redeemed:,} of {thing.spec.max_redemptions:,}"


def _typo(text: str) -> str:
    if text != text.strip():
        return "take the blanks around it away: Stripe minds them"
    signs = sorted({sign for sign in text if not (sign.isascii() and (sign.isalnum() or sign in "-_"))})
    if signs or not text:
        return "a code is letters, digits, - and _ only"
    return "look for a typing error, or put it into the file and apply"


def origin(code: LiveCode | None, text: str, configuration: Configuration | None) -> Origin | None:
    """Return the entry that a code comes from; for a text that is not in Stripe, the entry that has it."""
    entries = {entry.id: entry for entry in configuration.codes} if configuration else {}
    batches = {entry.id: entry for entry in configuration.batches} if configuration else {}
    owner = configuration.settings.owner if configuration else None
    if code is None or code.tags.owner is None:
        named = next((entry for entry in entries.values() if fold(entry.spec.code) == fold(text)), None)
        return None if named is None else Origin(named.id, owner, path=named.path)
    name, unique = code.tags.id or code.stripe_id, code.tags.slot is not None
    entry = (batches if unique else entries).get(name) if code.tags.owner == owner else None
    return Origin(name, code.tags.owner, unique, entry.path if entry else None)
