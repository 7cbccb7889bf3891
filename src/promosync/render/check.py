"""The result of a check, rule by rule, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from promosync.model.live import LiveCode
from promosync.plan.checkout import Checked, Origin, Rule, Verdict
from promosync.plan.fields import iso
from promosync.render import FORMAT_VERSION
from promosync.render.layout import pad, paragraph
from promosync.render.values import money
from promosync.render.visible import visible

_MARK = {Verdict.PASSED: ("ok", "green"), Verdict.FAILED: ("NO", "bold red"), Verdict.OPEN: ("if", "yellow")}
_NAMES = 12
_MANY = 10


def check_text(checked: Checked, origin: Origin | None, place: str, width: int) -> Iterator[Text]:
    """Yield the lines: the answer, each rule, where the code comes from, other codes with its text.

    ``place`` is the place of the entry in its file, empty if it is not known.
    """
    shown = visible(checked.text)
    if checked.valid:
        depends = any(rule.verdict is Verdict.OPEN for rule in checked.rules)
        yield Text(f"{shown} is valid{', depending on the order' if depends else ''}.", "bold green")
    else:
        first, *more = map(_said, checked.reasons)
        others = f" (and {len(more)} more)" if more else ""
        yield from paragraph(f"{shown} would not be taken: {first}{others}.", width, "bold red")
    for rule in checked.rules:
        word, style = _MARK[rule.verdict]
        head = f"  {word}  {pad(rule.name.replace('_', ' '), _NAMES)}"
        yield from paragraph(_said(rule), width, style, head, " " * len(head))
        if rule.verdict is Verdict.FAILED and rule.hint:
            yield from paragraph(f"-> {visible(rule.hint)}", width, "", " " * len(head), " " * (len(head) + 3))
    for line in _origin(checked, origin, place):
        yield from paragraph(line, width, "", "", "  ")
    for code in checked.others[:_MANY]:
        yield from paragraph(f"also with this text: {_other(code)}", width, "dim", "", "  ")
    if len(checked.others) > _MANY:
        yield Text(f"and {len(checked.others) - _MANY:,} more with this text", "dim")


def check_json(checked: Checked, origin: Origin | None, place: dict[str, Any] | None) -> dict[str, Any]:
    """Return the same for programs; ``place`` has file, line, column and path of the entry."""
    return {
        "format_version": FORMAT_VERSION,
        "code": checked.text,
        "valid": checked.valid,
        "checked_at": iso(checked.now),
        "stripe_id": checked.code.stripe_id if checked.code else None,
        "state": checked.state.value if checked.state else None,
        "coupon": checked.code.spec.coupon if checked.code else None,
        "rules": [
            {
                "rule": rule.name,
                "verdict": rule.verdict.value,
                "message": _said(rule),
                "hint": rule.hint or None,
                "minimum_amount": rule.amount,
                "currency": rule.currency,
            }
            for rule in checked.rules
        ],
        "entry": None
        if origin is None
        else {
            "kind": "code_batch" if origin.batch else "promotion_code",
            "id": origin.id,
            "owner": origin.owner,
            "place": place,
        },
        "others": [
            {
                "stripe_id": code.stripe_id,
                "active": code.spec.active,
                "customer": code.spec.customer,
                "customer_account": code.spec.customer_account,
                "created": iso(code.created),
            }
            for code in checked.others
        ],
    }


def _said(rule: Rule) -> str:
    amount = f" {money(rule.amount, rule.currency)}" if rule.amount is not None and rule.currency else ""
    return visible(rule.message) + amount


def _origin(checked: Checked, origin: Origin | None, place: str) -> Iterator[str]:
    if origin is None:
        if checked.code is not None:
            yield "It was not made by promosync, or its file was not read."
        return
    what = f"{'code batch' if origin.batch else 'promotion code'} {visible(origin.id)}"
    if checked.code is None:
        yield f"It is in the file ({visible(place)}) as {what}, but not in Stripe: see promosync plan."
    elif place:
        yield f"It comes from {visible(place)}, {what}."
    else:
        yield f"It comes from the file of owner {visible(origin.owner or '')}, {what}: that file was not read."


def _other(code: LiveCode) -> str:
    who = f"for {code.spec.holder}" if code.spec.holder else "for everybody"
    state = "active" if code.spec.active else "not active"
    return visible(f"{code.stripe_id}, {state}, {who}, made {iso(code.created)}")
