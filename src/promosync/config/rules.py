"""What the schema cannot say: how the parts of a file go together. One function for each rule."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from promosync.config.dates import format_instant
from promosync.config.document import (
    BatchDocument,
    CodeDocument,
    CouponDocument,
    Document,
    ProductDocument,
    per_mode,
    unknown_currency,
)
from promosync.config.words import Guesses, closest, shown
from promosync.model.currency import CURRENCIES
from promosync.model.life import MAX_YEARS, farthest, is_over
from promosync.model.ownership import Mode
from promosync.model.problems import Path, Problem, dotted
from promosync.model.promotions import fold

_Named = CouponDocument | CodeDocument | BatchDocument | ProductDocument
Rule = Callable[[Document, int | None], Iterator[Problem]]

CHARSETS = ("alphanumeric", "alphabetic", "numeric", "unambiguous")
MAX_CODE = 500


def check_rules(document: Document, now: int | None) -> list[Problem]:
    """Return every breach of every rule at ``now``, seconds UTC; with None those that are breached at any time."""
    return list(dict.fromkeys(problem for rule in RULES for problem in rule(document, now)))


def _coupons(document: Document) -> Iterator[tuple[Path, CouponDocument]]:
    return ((("coupons", index), coupon) for index, coupon in enumerate(document.coupons) if coupon)


def _codes(document: Document) -> Iterator[tuple[Path, CodeDocument]]:
    return ((("promotion_codes", index), code) for index, code in enumerate(document.promotion_codes) if code)


def _batches(document: Document) -> Iterator[tuple[Path, BatchDocument]]:
    return ((("code_batches", index), batch) for index, batch in enumerate(document.code_batches) if batch)


def _users(document: Document) -> Iterator[tuple[Path, CodeDocument | BatchDocument]]:
    """Everything that points at a coupon."""
    yield from _codes(document)
    yield from _batches(document)


def _dates(document: Document) -> Iterator[tuple[Path, int]]:
    for path, coupon in _coupons(document):
        if coupon.redeem_by is not None:
            yield (*path, "redeem_by"), coupon.redeem_by
    for path, user in _users(document):
        if user.expires_at is not None:
            yield (*path, "expires_at"), user.expires_at


# -- names -----------------------------------------------------------------------------------------------


def unknown_coupons(document: Document, _: int | None) -> Iterator[Problem]:
    """A code or batch names a coupon of the file."""
    known, guesses = {coupon.id for _, coupon in _coupons(document)}, Guesses()
    for path, user in _users(document):
        if user.coupon and user.coupon not in known:
            hint = guesses.did_you_mean(user.coupon, known) or "add it under `coupons`, or correct the id"
            message = f"there is no coupon with the id {shown(user.coupon)}"
            yield Problem((*path, "coupon"), message, hint, rule="unknown-reference")


def duplicate_ids(document: Document, _: int | None) -> Iterator[Problem]:
    """An id stands once: among coupons, among products, among codes and batches together."""
    products = ((("products", index), item) for index, item in enumerate(document.products) if item)
    groups: tuple[Iterable[tuple[Path, _Named]], ...] = (_coupons(document), _users(document), products)
    for entries in groups:
        yield from _repeated(_ids(entries), "duplicate-id")


def _ids(entries: Iterable[tuple[Path, _Named]]) -> Iterator[tuple[Path, str]]:
    return (((*path, "id"), entry.id) for path, entry in entries if entry.id)


def recreate_names(document: Document, _: int | None) -> Iterator[Problem]:
    """``spring_r2`` is the name that promosync gives to ``spring`` when it recreates it."""
    known = {coupon.id for _, coupon in _coupons(document)}
    for path, coupon in _coupons(document):
        found = re.fullmatch(r"(.+)_r[0-9]+", coupon.id)
        if found and found[1] in known:
            yield Problem(
                (*path, "id"),
                f"{shown(coupon.id)} is the name that promosync gives to {shown(found[1])} when it recreates it",
                "choose an id that does not end in _r and a number",
                rule="reserved-name",
            )


def duplicate_stripe_ids(document: Document, _: int | None) -> Iterator[Problem]:
    """A Stripe object has one entry. A coupon without ``stripe_id`` is matched to its own id in Stripe."""
    for mode in Mode:
        taken = {
            coupon.id: (*path, "id") for path, coupon in _coupons(document) if mode not in per_mode(coupon.stripe_id)
        }
        yield from _repeated(_stripe_ids(_coupons(document), mode), "duplicate-stripe-id", taken)
        yield from _repeated(_stripe_ids(_codes(document), mode), "duplicate-stripe-id")


def _stripe_ids(
    entries: Iterator[tuple[Path, CouponDocument]] | Iterator[tuple[Path, CodeDocument]], mode: Mode
) -> Iterator[tuple[Path, str]]:
    for path, entry in entries:
        if stripe_id := per_mode(entry.stripe_id).get(mode):
            place = (*path, "stripe_id")
            yield ((*place, mode.value) if isinstance(entry.stripe_id, dict) else place), stripe_id


def _repeated(
    places: Iterable[tuple[Path, str]], rule: str, taken: Mapping[str, Path] | None = None
) -> Iterator[Problem]:
    seen = dict(taken or {})
    for path, text in places:
        if text in seen:
            message = f"{shown(text)} is taken by {dotted(seen[text])}"
            yield Problem(path, message, "each entry has its own", rule=rule)
        else:
            seen[text] = path


# -- codes and their coupons -----------------------------------------------------------------------------


def duplicate_codes(document: Document, now: int | None) -> Iterator[Problem]:
    """Stripe's rule for active codes of one text, in any case: a single one, or one for each customer."""
    coupons = {coupon.id: coupon for _, coupon in _coupons(document)}
    over = {coupon.id for coupon in coupons.values() if is_over(coupon.redeem_by, now)}
    on = [
        (path, code)
        for path, code in _codes(document)
        if code.active and code.code and not is_over(code.expires_at, now) and code.coupon not in over
    ]
    count = Counter(fold(code.code) for _, code in on)
    holders: dict[str, dict[str | None, Path]] = {}
    for path, code in on:
        if count[fold(code.code)] == 1:
            continue
        email = code.customer_email.lower() if code.customer_email else None
        customer = code.customer or code.customer_account or email
        others = holders.setdefault(fold(code.code), {})
        clash = others.get(customer) or others.get(None)
        if customer is None and others:
            clash = clash or next(iter(others.values()))
        if clash:
            whom = "the same customer" if customer in others and customer else "everybody"
            yield Problem(
                (*path, "code"),
                f"the code {shown(code.code)} is active in {dotted(clash)} already, for {whom} (case does not count)",
                "change one of them, set `active` to false, or restrict each to a customer of its own",
                rule="duplicate-code",
            )
        else:
            others[customer] = path


def beyond_coupon(document: Document, _: int | None) -> Iterator[Problem]:
    """A code is never good for longer, or more often, than its coupon."""
    coupons = {coupon.id: (path, coupon) for path, coupon in _coupons(document)}
    for path, user in _users(document):
        if user.coupon not in coupons:
            continue
        place, coupon = coupons[user.coupon]
        if coupon.max_redemptions and (user.max_redemptions or 0) > coupon.max_redemptions:
            yield Problem(
                (*path, "max_redemptions"),
                f"is {user.max_redemptions:,}, but {dotted(place)} allows {coupon.max_redemptions:,}",
                "lower it, or leave it out",
                rule="beyond-coupon",
            )
        if coupon.redeem_by is not None and user.expires_at is not None and user.expires_at > coupon.redeem_by:
            yield Problem(
                (*path, "expires_at"),
                f"is after {format_instant(coupon.redeem_by)}, when {dotted(place)} ends",
                "choose an earlier date, or leave it out",
                rule="beyond-coupon",
            )


def too_far_ahead(document: Document, now: int | None) -> Iterator[Problem]:
    """Stripe takes dates up to five years ahead."""
    latest = None if now is None else farthest(now)
    for path, ends in _dates(document):
        if latest is not None and ends > latest:
            yield Problem(
                path,
                f"{format_instant(ends)} is more than {MAX_YEARS} years ahead, which Stripe does not take",
                f"choose a date up to {format_instant(latest)}, or leave it out",
                rule="too-far-ahead",
            )


# -- inside an entry -------------------------------------------------------------------------------------


def currency_options(document: Document, _: int | None) -> Iterator[Problem]:
    """Further currencies are known, stand once in any case, and are not the main one."""
    for path, coupon in _coupons(document):
        yield from _options((*path, "currency_options"), coupon.currency_options, coupon.currency)
    for path, user in _users(document):
        yield from _options((*path, "currency_options"), user.currency_options, user.minimum_amount_currency)
    yield from _options(("promosync", "max_exposure"), document.promosync.max_exposure, None)


def _options(path: Path, options: Mapping[str, object], main: str | None) -> Iterator[Problem]:
    seen: set[str] = set()
    for key in options:
        lower = key.lower()
        if lower not in CURRENCIES:
            yield Problem((*path, key), *unknown_currency(key), rule="unknown-currency", on_key=True)
        elif lower == main:
            message = f"{shown(key)} is the main currency already"
            yield Problem((*path, key), message, "remove it here", rule="duplicate-currency", on_key=True)
        elif lower in seen:
            message = f"{shown(key)} stands here a second time (case does not count)"
            yield Problem((*path, key), message, "keep one of them", rule="duplicate-currency", on_key=True)
        seen.add(lower)


def batch_files(document: Document, _: int | None) -> Iterator[Problem]:
    """A batch reads files beside the configuration, or below it, and no others."""
    for path, batch in _batches(document):
        named = (
            ("generate", "emails", batch.generate.emails if batch.generate else None),
            ("import", "file", batch.import_.file if batch.import_ else None),
        )
        for section, key, file in named:
            if file and (fault := _path_fault(file)):
                message, hint = fault
                yield Problem((*path, section, key), f"{shown(file)} {message}", hint, rule="bad-path")


def _path_fault(file: str) -> tuple[str, str] | None:
    if "\\" in file:
        return "has a backslash", "write / between folders"
    if file.startswith("/") or re.match(r"[A-Za-z]:", file):
        return "is an absolute path", "name the file relative to the configuration"
    normal = posixpath.normpath(file)
    if normal == ".." or normal.startswith("../"):
        return "leads out of the configuration's folder", "keep the file beside the configuration or below it"
    if normal == "." or file.endswith("/") or not file.isprintable() or file != file.strip():
        return "is no name of a file", 'name a file, such as "codes.csv"'
    return None


def drawn_codes(document: Document, _: int | None) -> Iterator[Problem]:
    """What a batch draws fits into a code, from at least two characters."""
    for path, batch in _batches(document):
        drawn = batch.generate
        if not drawn:
            continue
        if drawn.length and len(drawn.prefix) + drawn.length + len(drawn.suffix) > MAX_CODE:
            yield Problem(
                (*path, "generate", "length"),
                f"with prefix and suffix, a code would be longer than Stripe's {MAX_CODE} characters",
                "shorten one of them",
                rule="bad-value",
            )
        if drawn.charset in CHARSETS:
            continue
        place = (*path, "generate", "charset")
        # A misspelt name is made of letters, and would silently be taken for the letters to draw from.
        if meant := closest(drawn.charset, CHARSETS, cutoff=0.75):
            yield Problem(
                place, f"{shown(drawn.charset)} is no name of a set", f"did you mean {shown(meant)}?", "bad-value"
            )
        elif len(set(fold(drawn.charset))) < 2:
            yield Problem(
                place,
                f"{shown(drawn.charset)} has fewer than two different characters (case does not count)",
                f'write for example "{CHARSETS[3]}"',
                rule="bad-value",
            )


RULES: tuple[Rule, ...] = (
    unknown_coupons,
    duplicate_ids,
    recreate_names,
    duplicate_stripe_ids,
    duplicate_codes,
    beyond_coupon,
    too_far_ahead,
    currency_options,
    batch_files,
    drawn_codes,
)
