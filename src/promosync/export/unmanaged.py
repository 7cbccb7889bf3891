"""Objects that are not managed, as a configuration that adopts them: every coupon and code by its Stripe id.

Codes that can be used once and differ only in text and customer are unique codes: many of them become one import.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from promosync.codes.files import code_fault
from promosync.export.naming import Names, is_own_name
from promosync.export.proposal import (
    COUPON_DELETED,
    COUPON_LEFT_OUT,
    ENDED,
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
)
from promosync.model.account import Live
from promosync.model.configuration import BatchEntry, CodeEntry, Configuration, CouponEntry, Import, Settings
from promosync.model.issued import IssuedCode, IssuedCodes
from promosync.model.life import has_ended
from promosync.model.live import Account, LiveCoupon
from promosync.model.promotions import fold
from promosync.plan.batch_rows import Rows
from promosync.plan.plan import Kind


@dataclass(frozen=True, slots=True)
class Holdings:
    """What was read: ``coupons`` are all coupons of the account, ``codes`` the codes that are not managed.

    ``selected`` are the Stripe ids of the coupons to export, None for all. ``owners`` are the owners of other
    objects. ``addresses`` has the address of each customer who has one that no other customer has.
    """

    account: Account
    coupons: tuple[LiveCoupon, ...]
    codes: IssuedCodes
    selected: frozenset[str] | None = None
    owners: frozenset[str] = frozenset()
    addresses: Mapping[str, str] = field(default_factory=dict)


def propose(found: Holdings, wishes: Wishes) -> Proposal:
    """Return the entries of objects that are not managed, for an owner that no object has."""
    left_out = Remainder()
    coupons = _coupons(found, wishes, left_out)
    wanted = _wanted(found, wishes, coupons, left_out)
    groups = _unique(found, wishes.files_from, wanted)
    in_files = bytearray(len(found.codes))
    for index in chain.from_iterable(groups):
        in_files[index] = True
    names = Names()
    batches, files = _batches(found, coupons, groups, names)
    codes = _codes(found, coupons, [index for index in wanted if not in_files[index]], names)
    entries = tuple(coupons.values())
    products = products_of(entries, found.account.mode)
    settings = Settings(owner=free_owner(found.owners))
    return Proposal(Configuration(entries, tuple(codes), batches, products, settings), files, left_out)


def free_owner(owners: Iterable[str]) -> str:
    """Return an owner that no object of the account has: objects with that owner would count as managed."""
    taken = set(owners)
    return "default" if "default" not in taken else Names(taken).take("export", "export")


def _coupons(found: Holdings, wishes: Wishes, left_out: Remainder) -> dict[str, CouponEntry]:
    """Return the entries by Stripe id. The config id is the Stripe id if it can be one, else a new name."""
    names = Names(coupon.stripe_id for coupon in found.coupons if is_own_name(coupon.stripe_id))
    entries: dict[str, CouponEntry] = {}
    for coupon in sorted(found.coupons, key=lambda coupon: (coupon.created, coupon.stripe_id)):
        own = coupon.stripe_id
        if coupon.tags.owner is not None or (found.selected is not None and own not in found.selected):
            continue
        if reason := ENDED if not coupon.valid and not wishes.ended else unknown_fields(coupon):
            left_out.add(Kind.COUPON, reason, own)
        else:
            config_id = own if is_own_name(own) else names.take(own, "coupon")
            entries[own] = coupon_entry(coupon, config_id, found.account.mode)
    return entries


def _wanted(
    found: Holdings, wishes: Wishes, coupons: Mapping[str, CouponEntry], left_out: Remainder
) -> Sequence[int]:
    """Return the codes that can have an entry, oldest first."""
    every = {coupon.stripe_id: coupon for coupon in found.coupons}
    wanted = array("L")
    for index in oldest_first(found.codes):
        code = found.codes.live(index, None, None)
        coupon = every.get(code.spec.coupon)
        if coupon is not None and coupon.tags.owner is not None:
            left_out.add(Kind.CODE, f"its coupon belongs to owner {coupon.tags.owner!r}", code.stripe_id)
        elif not wishes.ended and has_ended(code, coupon, found.account.now):
            left_out.add(Kind.CODE, ENDED, code.stripe_id)
        elif coupon is None or coupon.stripe_id not in coupons:
            left_out.add(Kind.CODE, COUPON_LEFT_OUT if coupon else COUPON_DELETED, code.stripe_id)
        elif why := unknown_fields(code):
            left_out.add(Kind.CODE, why, code.stripe_id)
        else:
            wanted.append(index)
    return wanted


def _unique(found: Holdings, files_from: int | None, wanted: Sequence[int]) -> list[array[int]]:
    """Return the groups of unique codes that are large enough for a file, each with its oldest code first."""
    if files_from is None:
        return []
    groups: dict[tuple[int, bool], array[int]] = {}
    texts: Counter[str] = Counter()  # without unique codes for any customer: Stripe makes sure that those are unique
    for index in wanted:
        record = found.codes[index]
        unique, bound = _may_be_in_a_file(found, record), record.customer is not None
        if unique:
            groups.setdefault((record.shape, bound), array("L")).append(index)
        if bound or not unique:
            texts[fold(record.code)] += 1
    # A text is in a file once: not in two imports, and not in an import and a single code.
    alone = (
        array("L", (index for index in members if texts[fold(found.codes[index].code)] == int(bound)))
        for (_, bound), members in groups.items()
    )
    return [members for members in alone if members and len(members) >= files_from]


def _may_be_in_a_file(found: Holdings, record: IssuedCode) -> bool:
    shape = found.codes.shapes[record.shape]
    return (
        record.active
        and shape.spec.max_redemptions == 1
        and shape.spec.customer_account is None
        and not shape.carried
        and not code_fault(record.code)
        and (record.customer is None or has_address(record.customer, found.addresses))
    )


def _batches(
    found: Holdings, coupons: Mapping[str, CouponEntry], groups: Iterable[array[int]], names: Names
) -> tuple[tuple[BatchEntry, ...], dict[str, CodeFile]]:
    entries = []
    files = {}
    for members in groups:
        record = found.codes[members[0]]
        shape = found.codes.shapes[record.shape]
        coupon = coupons[shape.spec.coupon]
        config_id = names.take(f"{coupon.id[:57]}-codes", "codes")
        name = f"{config_id}.csv"
        spec = in_the_files_words(shape.spec, coupon, active=True)
        entries.append(BatchEntry(config_id, spec, Import(name), (), protect=shape.protect))
        addresses = None if record.customer is None else found.addresses
        files[config_id] = CodeFile(name, found.codes, members, addresses)
    return tuple(entries), files


def _codes(
    found: Holdings, coupons: Mapping[str, CouponEntry], wanted: Sequence[int], names: Names
) -> list[CodeEntry]:
    """Return the entries in order; of several codes with one text the active one gets it as its config id."""
    entries = {}
    for index in sorted(wanted, key=lambda index: not found.codes[index].active):
        code = found.codes.live(index, None, None)
        config_id = names.take(fold(code.spec.code), "code")
        entries[index] = code_entry(code, config_id, coupons[code.spec.coupon], found.account.mode)
    return [entries[index] for index in wanted]


def seen_by_a_plan(
    found: Holdings,
    configuration: Configuration,
    files: Mapping[str, CodeFile],
    products: frozenset[str],
    customers: Mapping[str, tuple[str, ...]],
) -> tuple[Live, dict[str, Rows]]:
    """Return what a plan of the configuration needs, with one code of each file: its other codes are alike."""
    wanted = {entry.stripe_id[found.account.mode] for entry in configuration.codes}
    first = {batch.id: files[batch.id].members[0] for batch in configuration.batches}
    examples = set(first.values())
    codes = tuple(
        found.codes.live(index, None, None)
        for index, record in enumerate(found.codes)
        if index in examples or record.stripe_id in wanted
    )
    rows = {}
    for batch, index in first.items():
        example, holder = replace(files[batch], members=(index,)).read(), found.codes[index].customer or ""
        rows[batch] = replace(example, customers=dict.fromkeys(example.emails or (), (holder,)))
    return Live(found.account, found.coupons, codes, products, customers), rows
