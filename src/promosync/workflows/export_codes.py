"""Listing the unique codes of an owner's batches, with the address each one is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from promosync.codes.emails import batch_salt, salted_hash
from promosync.codes.listing import Listed, listed
from promosync.model.configuration import BatchEntry, Configuration
from promosync.model.issued import IssuedCodes
from promosync.model.life import State
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.desired import Needs
from promosync.plan.exposure import batch_sizes
from promosync.workflows.batch_files import read_rows
from promosync.workflows.plan import check_account

if TYPE_CHECKING:
    from promosync.stripe_api.account import StripeAccount


@dataclass(frozen=True, slots=True)
class Codes:
    """The batches that were asked for, and what is needed to list their codes; ``now`` is Stripe's clock.

    ``coupons`` are the account's, by Stripe id; ``addresses`` has for each batch the address behind each hash,
    ``customers`` that of each Stripe customer.
    """

    batches: Mapping[str, IssuedCodes]
    coupons: Mapping[str, LiveCoupon]
    addresses: Mapping[str, Mapping[str, str]]
    customers: Mapping[str, str]
    now: int

    def listed(self, wanted: Sequence[State] = ()) -> Iterator[Listed]:
        """Yield the codes, batch by batch, one at a time."""
        for batch, records in self.batches.items():
            yield from listed(batch, records, self.coupons, self.now, wanted, self._email_of(batch))

    def _email_of(self, batch: str) -> Callable[[LiveCode], str]:
        """Return what gives the address of a code: the one in the batch's file, else that of the customer."""
        known = self.addresses.get(batch, {})
        return lambda code: known.get(code.tags.email or "") or self.customers.get(code.spec.customer or "", "")


def read_codes_of(
    configuration: Configuration, folder: Path | None, stripe: StripeAccount, wanted: Sequence[str]
) -> Codes:
    """Return the codes of the batches with these ids, of all if none is given; nothing is written.

    A batch that is no longer in the file is found as long as Stripe has codes of it. Raises ProblemsFound for an id
    that is in neither, and where the account is not the file's.
    """
    check_account(configuration, stripe.account)
    owner = configuration.settings.owner
    live = stripe.read(
        Needs(owner, frozenset(), frozenset(), frozenset(), sum(batch_sizes(configuration, {}).values()))
    )
    entries = {entry.id: entry for entry in configuration.batches}
    known = [*entries, *sorted(live.batches.keys() - entries.keys())]
    if unknown := [_unknown(batch, known) for batch in wanted if batch not in known]:
        raise ProblemsFound(unknown)
    batches = {batch: live.batches.get(batch, IssuedCodes()) for batch in known if not wanted or batch in wanted}
    addresses = {batch: _addresses(entries[batch], folder, owner) for batch in batches if batch in entries}
    strangers = {
        record.customer
        for batch, records in batches.items()
        for record in records
        if record.customer and (record.email or "") not in addresses.get(batch, {})
    }
    coupons = {coupon.stripe_id: coupon for coupon in live.coupons}
    return Codes(batches, coupons, addresses, stripe.emails_of(strangers) if strangers else {}, live.account.now)


def _addresses(entry: BatchEntry, folder: Path | None, owner: str) -> dict[str, str]:
    """Return the addresses of a batch's file by their hash; none if the file was deleted or has errors."""
    try:
        emails = read_rows(entry, folder).emails
    except ProblemsFound:
        return {}
    salt = batch_salt(owner, entry.id)
    return {salted_hash(email, salt): email for email in emails or ()}


def _unknown(batch: str, known: Sequence[str]) -> Problem:
    close = get_close_matches(batch, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "name a batch by its id in the file"
    return Problem(
        (), f"--batch {batch!r}: no such batch, neither in the file nor in Stripe", hint, rule="codes-export"
    )
