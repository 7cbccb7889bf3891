"""The rules that a schema cannot express: how the parts of a file fit together. One function for each rule."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from promosync.config.dates import format_instant
from promosync.config.document import Document, entries, unknown_currency
from promosync.config.words import Guesses, closest, shown
from promosync.model.configuration import CouponEntry, Generate
from promosync.model.currency import CURRENCIES
from promosync.model.life import MAX_YEARS, farthest, is_over
from promosync.model.ownership import Mode
from promosync.model.problems import Path, Problem, dotted
from promosync.model.promotions import fold

Rule = Callable[[Document, int | None], Iterator[Problem]]

CHARSETS = ("alphanumeric", "alphabetic", "numeric", "unambiguous")
MAX_CODE = 500


def check_rules(document: Document, now: int | None) -> list[Problem]:
    """Return the problems of all rules at ``now``, seconds UTC; with None those that exist at any time."""
    return list(dict.fromkeys(problem for rule in RULES for problem in rule(document, now)))


def _coupons(document: Document) -> dict[str, CouponEntry]:
    """Return the coupons by id; of several with one id the last."""
    return {coupon.id: coupon for coupon in document.configuration.coupons}


# -- names -----------------------------------------------------------------------------------------------


def unknown_coupons(document: Document, _: int | None) -> Iterator[Problem]:
    """A code or batch names a coupon of the file."""
    known, guesses = _coupons(document).keys(), Guesses()
    for way in document.configuration.ways:
        coupon = way.spec.coupon
        if coupon and coupon not in known:
            hint = guesses.did_you_mean(coupon, known) or "add it under `coupons`, or correct the id"
            message = f"there is no coupon with the id {shown(coupon)}"
            yield Problem((*way.path, "coupon"), message, hint, rule="unknown-reference")


def duplicate_ids(document: Document, _: int | None) -> Iterator[Problem]:
    """An id appears once: among coupons, among products, among codes and batches together."""
    for group in (("coupons",), ("promotion_codes", "code_batches"), ("products",)):
        found = (one for section in group for one in entries(document.tree, section))
        yield from _repeated(
            (((*path, "id"), entry["id"]) for path, entry in found if entry.get("id")), "duplicate-id"
        )


def recreate_names(document: Document, _: int | None) -> Iterator[Problem]:
    """``spring_r2`` is the name that promosync gives to ``spring`` when it recreates it."""
    known = _coupons(document)
    for coupon in document.configuration.coupons:
        found = re.fullmatch(r"(.+)_r[0-9]+", coupon.id)
        if found and found[1] in known:
            yield Problem(
                (*coupon.path, "id"),
                f"{shown(coupon.id)} is the name that promosync gives to {shown(found[1])} when it recreates it",
                "choose an id that does not end in _r and a number",
                rule="reserved-name",
            )


def duplicate_stripe_ids(document: Document, _: int | None) -> Iterator[Problem]:
    """A Stripe object has one entry. A coupon without ``stripe_id`` is matched to its own id in Stripe."""
    coupons = document.configuration.coupons
    for mode in Mode:
        taken: dict[str, Path] = {one.id: (*one.path, "id") for one in coupons if mode not in one.stripe_id}
        yield from _repeated(_stripe_ids(document, "coupons", mode), "duplicate-stripe-id", taken)
        yield from _repeated(_stripe_ids(document, "promotion_codes", mode), "duplicate-stripe-id")


def _stripe_ids(document: Document, section: str, mode: Mode) -> Iterator[tuple[Path, str]]:
    for path, entry in entries(document.tree, section):
        ids = entry.get("stripe_id")
        if isinstance(ids, str) and ids:
            yield (*path, "stripe_id"), ids
        elif isinstance(ids, dict) and ids.get(mode):
            yield (*path, "stripe_id", mode.value), ids[mode]


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
    """Stripe allows one active code of a text (case does not count), or one for each customer."""
    over = {coupon.id for coupon in _coupons(document).values() if is_over(coupon.spec.redeem_by, now)}
    on = [
        entry
        for entry in document.configuration.codes
        if entry.spec.active
        and entry.spec.code
        and not is_over(entry.spec.expires_at, now)
        and entry.spec.coupon not in over
    ]
    count = Counter(fold(entry.spec.code) for entry in on)
    holders: dict[str, dict[str | None, Path]] = {}
    for entry in on:
        code = entry.spec.code
        if count[fold(code)] == 1:
            continue
        email = entry.customer_email.lower() if entry.customer_email else None
        customer = entry.spec.holder or email
        others = holders.setdefault(fold(code), {})
        clash = others.get(customer) or others.get(None)
        if customer is None and others:
            clash = clash or next(iter(others.values()))
        if clash:
            whom = "the same customer" if customer in others and customer else "everybody"
            yield Problem(
                (*entry.path, "code"),
                f"the code {shown(code)} is active in {dotted(clash)} already, for {whom} (case does not count)",
                "change one of them, set `active` to false, or restrict each to a customer of its own",
                rule="duplicate-code",
            )
        else:
            others[customer] = entry.path


def beyond_coupon(document: Document, _: int | None) -> Iterator[Problem]:
    """A code has no later end and no higher limit than its coupon."""
    coupons = _coupons(document)
    for way in document.configuration.ways:
        if way.spec.coupon not in coupons:
            continue
        coupon = coupons[way.spec.coupon]
        limit, own = coupon.spec.max_redemptions or 0, way.spec.max_redemptions or 0
        if 0 < limit < own:
            yield Problem(
                (*way.path, "max_redemptions"),
                f"is {own:,}, but {dotted(coupon.path)} allows {limit:,}",
                "lower it, or leave it out",
                rule="beyond-coupon",
            )
        ends = coupon.spec.redeem_by
        if ends is not None and way.spec.expires_at is not None and way.spec.expires_at > ends:
            yield Problem(
                (*way.path, "expires_at"),
                f"is after {format_instant(ends)}, when {dotted(coupon.path)} ends",
                "choose an earlier date, or leave it out",
                rule="beyond-coupon",
            )


def too_far_ahead(document: Document, now: int | None) -> Iterator[Problem]:
    """Stripe takes dates up to five years ahead."""
    if now is None:
        return
    latest = farthest(now)
    for path, ends in document.configuration.dates():
        if ends > latest:
            yield Problem(
                path,
                f"{format_instant(ends)} is more than {MAX_YEARS} years ahead, which Stripe does not take",
                f"choose a date up to {format_instant(latest)}, or leave it out",
                rule="too-far-ahead",
            )


# -- inside an entry -------------------------------------------------------------------------------------


def currency_options(document: Document, _: int | None) -> Iterator[Problem]:
    """Further currencies are known, appear once (case does not count), and are not the main currency."""
    sections = {"coupons": "currency"} | dict.fromkeys(("promotion_codes", "code_batches"), "minimum_amount_currency")
    for section, main in sections.items():
        for path, entry in entries(document.tree, section):
            options = entry.get("currency_options", {})
            yield from _options((*path, "currency_options"), options, entry.get(main, "").lower())
    exposure = document.tree.get("promosync", {}).get("max_exposure", {})
    yield from _options(("promosync", "max_exposure"), exposure, "")


def _options(path: Path, options: Iterable[str], main: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for key in options:
        lower = key.lower()
        if lower not in CURRENCIES:
            yield Problem((*path, key), *unknown_currency(key), rule="unknown-currency", on_key=True)
        elif lower == main:
            message = f"{shown(key)} is the main currency already"
            yield Problem((*path, key), message, "remove it here", rule="duplicate-currency", on_key=True)
        elif lower in seen:
            message = f"{shown(key)} appears twice (case does not count)"
            yield Problem((*path, key), message, "keep one of them", rule="duplicate-currency", on_key=True)
        seen.add(lower)


def batch_files(document: Document, _: int | None) -> Iterator[Problem]:
    """The files of a batch are in the folder of the configuration or below it."""
    for path, batch in entries(document.tree, "code_batches"):
        for section, key in (("generate", "emails"), ("import", "file")):
            file = batch.get(section, {}).get(key)
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
    """The codes that a batch draws are not too long, and have at least two characters to draw from."""
    for batch in document.configuration.batches:
        drawn = batch.source
        if not isinstance(drawn, Generate):
            continue
        if drawn.length and len(drawn.prefix) + drawn.length + len(drawn.suffix) > MAX_CODE:
            yield Problem(
                (*batch.path, "generate", "length"),
                f"with prefix and suffix, a code would be longer than Stripe's {MAX_CODE} characters",
                "shorten one of them",
                rule="bad-value",
            )
        if drawn.charset in CHARSETS:
            continue
        place = (*batch.path, "generate", "charset")
        # A misspelt name consists of letters: without this check, codes would be drawn from them.
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
