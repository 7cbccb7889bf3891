"""The objects of one owner, as a configuration with the same config ids: as if made from that file."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping

from promosync.export.proposal import (
    COUPON_DELETED,
    COUPON_LEFT_OUT,
    ENDED,
    UNKNOWN,
    CodeFile,
    Proposal,
    Remainder,
    Wishes,
    code_entry,
    coupon_entry,
    has_address,
    in_the_files_words,
    oldest_first,
    products_of,
    unknown_fields,
    with_limit,
)
from promosync.model.account import Live
from promosync.model.configuration import BatchEntry, CodeEntry, Configuration, CouponEntry, Import, Settings
from promosync.model.issued import IssuedCodes
from promosync.model.life import has_ended
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired
from promosync.model.promotions import fold
from promosync.plan.matching import code_rank, match, places
from promosync.plan.plan import Kind

NOT_CURRENT = "its coupon is not the current one of an entry of its owner"
NO_ID = "its key promosync_id is missing"
SWAPPING = "an apply was interrupted while it replaced this code: run apply again first"
WITHDRAWN = "withdrawn: it is no longer in its owner's file"
WITHOUT_FILE = "unique codes are written to separate files: add --out"
NO_ADDRESS = "its customer has no email address, or another customer has the same one"


def propose(live: Live, owner: str, wishes: Wishes, addresses: Mapping[str, str]) -> Proposal:
    """Return the entries of an owner; ``live`` must have been read for that owner.

    ``addresses`` has the address of each customer who has one that no other customer has. Coupons that have ended are
    in the file, too: without their entries a plan would delete them.
    """
    left_out = Remainder()
    coupons = _coupons(live, owner, left_out)
    codes = _codes(live, owner, wishes, coupons, left_out)
    batches, files = _batches(live, wishes, coupons, addresses, left_out)
    entries = tuple({entry.id: entry for entry in coupons.values()}.values())
    products = products_of(entries, live.account.mode)
    configuration = Configuration(entries, codes, batches, products, Settings(owner=owner))
    return Proposal(configuration, files, left_out)


def _coupons(live: Live, owner: str, left_out: Remainder) -> dict[str, CouponEntry]:
    """Return the entries by the Stripe ids of their current objects, oldest first."""
    entries = {}
    found = match(Configuration(settings=Settings(owner=owner)), live).stray_coupons
    for coupon in sorted((one.current for one in found), key=lambda coupon: (coupon.created, coupon.stripe_id)):
        if reason := NO_ID if coupon.tags.id is None else unknown_fields(coupon):
            left_out.add(Kind.COUPON, reason, coupon.stripe_id)
        else:
            entries[coupon.stripe_id] = coupon_entry(coupon, coupon.tags.id or "", live.account.mode)
    return entries


def _codes(
    live: Live, owner: str, wishes: Wishes, coupons: Mapping[str, CouponEntry], left_out: Remainder
) -> tuple[CodeEntry, ...]:
    every = {coupon.stripe_id: coupon for coupon in live.coupons}
    place = places(live.codes)
    groups: dict[str, list[LiveCode]] = defaultdict(list)
    for code in live.codes:
        if code.tags.owner == owner and code.tags.id is None:
            left_out.add(Kind.CODE, NO_ID, code.stripe_id)
        elif code.tags.owner == owner:
            groups[code.tags.id or ""].append(code)
    entries = []
    current = [max(group, key=lambda code: code_rank(code, place)) for group in groups.values()]
    for code in sorted(current, key=lambda code: (code.created, place[code.stripe_id])):
        if not code.spec.active and code.tags.retired is Retired.WITHDRAWN:
            reason = WITHDRAWN
        elif not wishes.ended and has_ended(code, every.get(code.spec.coupon), live.account.now):
            reason = ENDED
        elif not code.spec.active and code.tags.retired is Retired.SWAP:
            reason = SWAPPING
        elif code.spec.coupon not in coupons:
            reason = _without(every.get(code.spec.coupon))
        elif why := unknown_fields(code):
            reason = why
        else:
            entries.append(code_entry(code, code.tags.id or "", coupons[code.spec.coupon], live.account.mode))
            continue
        left_out.add(Kind.CODE, reason, code.stripe_id)
    return tuple(entries)


def _batches(
    live: Live, wishes: Wishes, coupons: Mapping[str, CouponEntry], addresses: Mapping[str, str], left_out: Remainder
) -> tuple[tuple[BatchEntry, ...], dict[str, CodeFile]]:
    """Return the batches as imports: Stripe does not have the rules by which codes were drawn."""
    every = {coupon.stripe_id: coupon for coupon in live.coupons}
    entries = []
    files = {}
    for batch, records in sorted(live.batches.items()):
        on, members = _members(records)
        if not members:
            continue
        # The fields of most codes are those of the latest file.
        shapes = Counter(records[index].shape for index in members)
        shape = records.shapes[shapes.most_common(1)[0][0]]
        coupon = coupons.get(shape.spec.coupon)
        bound = any(records[index].customer for index in members)
        if wishes.files_from is None:
            reason = WITHOUT_FILE
        elif coupon is None:
            reason = _without(every.get(shape.spec.coupon))
        elif names := sorted({name for index in members for name in records.shapes[records[index].shape].unknown}):
            reason = UNKNOWN + ", ".join(names)
        elif bound and not all(has_address(records[index].customer, addresses) for index in members):
            reason = NO_ADDRESS
        else:
            spec = in_the_files_words(with_limit(shape.spec, shape.carried), coupon, active=on)
            entries.append(BatchEntry(batch, spec, Import(f"{batch}.csv"), (), protect=shape.protect))
            files[batch] = CodeFile(f"{batch}.csv", records, members, addresses if bound else None)
            continue
        for index in members:
            left_out.add(Kind.CODE, reason, records[index].stripe_id)
    return tuple(entries), files


def _without(coupon: LiveCoupon | None) -> str:
    """Return why a code is left out if its coupon has no entry."""
    if coupon is None:
        return COUPON_DELETED
    return COUPON_LEFT_OUT if coupon.unknown else NOT_CURRENT


def _members(records: IssuedCodes) -> tuple[bool, array[int]]:
    """Return whether a batch is on, and its active codes (or those that the file switched off), one for each text."""
    on = any(record.active for record in records)
    members = array("L")
    texts: set[str] = set()
    for index in oldest_first(records):
        record = records[index]
        wanted = record.active if on else record.retired is Retired.OFF and not record.ended
        if wanted and fold(record.code) not in texts:
            texts.add(fold(record.code))
            members.append(index)
    return on, members
