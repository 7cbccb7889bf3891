"""Rules about what customers read and type: the codes, and the name on the invoice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promosync.codes.words import is_offensive
from promosync.config.words import listing, shown
from promosync.lint.facts import Facts
from promosync.model.configuration import CodeEntry, Generate
from promosync.model.currency import money
from promosync.model.problems import Path, Problem, dotted
from promosync.model.promotions import Coupon, fold

LONGEST = 20
_DIGITS = re.compile(r"[0-9]{5,}")
_CONSONANTS = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{5,}")
_CHANGES = re.compile(r"(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Z])")
_MOST_CHANGES = 4

# 0 before a letter; 1 among letters where a group has two letters at most (V1P, but not BUY1GET1); O, I or L
# where a number should go on.
_LOOK_ALIKES = re.compile(
    r"(?<![0-9])0(?=[A-Z])|(?<![A-Z])[A-Z]{1,2}1(?=[A-Z])|(?<=[A-Z])1(?=[A-Z]{1,2}(?![A-Z]))|(?<=[0-9])[OIL]+(?![A-Z])"
)


def hard_to_read(facts: Facts) -> Iterator[Problem]:
    """A code for everybody is a word or two and a short number: WELCOME50 rather than WLC5020240101."""
    for entry in facts.public_codes():
        if reasons := list(_reasons(entry.spec.code.upper())):
            message = f"{shown(entry.spec.code)} is hard to read and to type: it has {listing(reasons)}"
            hint = "choose a word or two and a short number, such as WELCOME50"
            yield Problem((*entry.path, "code"), message, hint)


def _reasons(code: str) -> Iterator[str]:
    if len(code) > LONGEST:
        yield f"{len(code)} characters"
    if found := _DIGITS.search(code):
        yield f"{len(found[0])} digits in a row"
    if found := _CONSONANTS.search(code):
        yield f"no vowel in {found[0]}"
    if max(len(_CHANGES.findall(part)) for part in re.split("[-_]", code)) > _MOST_CHANGES:
        yield "letters and digits that take turns"
    if found := _LOOK_ALIKES.search(code):
        yield f"{_named(found[0])} where the other is expected"


def _named(found: str) -> str:
    pairs = {"0": "a zero that looks like the letter O", "O": "a letter O that looks like a zero"}
    one = "a one that looks like the letter I" if "1" in found else f"a letter {found[0]} that looks like a one"
    return pairs.get(found[0], one)


def guessable_code(facts: Facts) -> Iterator[Problem]:
    """Two codes for everybody that lead to different coupons differ by more than their digits."""
    first: dict[str, CodeEntry] = {}
    for entry in facts.public_codes():
        shape = re.sub("[0-9]+", "#", fold(entry.spec.code))
        sibling = first.setdefault(shape, entry)
        if sibling.spec.coupon != entry.spec.coupon:
            yield Problem(
                (*entry.path, "code"),
                f"whoever has {shown(sibling.spec.code)} ({dotted(sibling.path)}) can guess {shown(entry.spec.code)}",
                "let the codes differ by a word, or use a batch of unique codes",
            )


def offensive_code(facts: Facts) -> Iterator[Problem]:
    """No code, and no fixed part of a batch's codes, holds an offensive word. The word is not repeated here."""
    for path, text in _texts(facts):
        if is_offensive(text):
            hint = "choose another, or switch the rule off if it is a name or an innocent word"
            yield Problem(path, f"this {path[-1]} holds what reads as an offensive word", hint)


def _texts(facts: Facts) -> Iterator[tuple[Path, str]]:
    for entry in facts.configuration.codes:
        if facts.is_usable(entry):
            yield (*entry.path, "code"), entry.spec.code
    for batch in facts.configuration.batches:
        if isinstance(batch.source, Generate) and facts.is_usable(batch):
            at = (*batch.path, "generate")
            yield (*at, "pattern"), (batch.source.pattern or "").replace("#", "-")
            yield (*at, "prefix"), batch.source.prefix
            yield (*at, "suffix"), batch.source.suffix


def unnamed(facts: Facts) -> Iterator[Problem]:
    """Every coupon has a name. Source: `name` at https://docs.stripe.com/api/coupons/create."""
    for coupon in facts.current_coupons():
        if coupon.spec.name is None:
            seen = next(iter(coupon.stripe_id.values()), coupon.id)
            message = f"without a name, invoices and receipts show the coupon's Stripe id, such as {shown(seen)}"
            hint = f"add a `name` of 40 characters at most, for example {shown(_proposed(coupon.spec))}"
            yield Problem((*coupon.path, "id"), message, hint)


def _proposed(spec: Coupon) -> str:
    if spec.percent_off is not None:
        return f"{spec.percent_off.normalize():f}% Off"
    return f"{money(spec.amount_off or 0, spec.currency or '')} Off"
