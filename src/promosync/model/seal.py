"""The seal of a coupon: a summary of its codes in its metadata, so that a plan need not read them.

apply opens the seal before it changes a code of the coupon, and closes it after all changes have succeeded. So a
closed seal is true unless somebody other than promosync changed the codes; with an open seal, they must be read.

It is one value, ``promosync_seal``, with a second one, ``promosync_seal_2``, if Stripe's 500 characters are not
enough: https://docs.stripe.com/api/metadata. A seal that was edited, cut, or copied to another coupon is not valid.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

KEYS: Final = ("seal", "seal_2")
"""The keys of the metadata, without promosync's prefix."""

VALUE_CHARACTERS: Final = 500
"""Stripe's limit for a value of the metadata."""

_VERSION: Final = "1"
_UNKNOWN: Final = "*"
_SHORT: Final = 4
"""Characters of a short digest: if two are equal by accident, that only costs requests."""
_MOST_REST: Final = 10
_MOST_GONE: Final = 45


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """What a seal says about one batch that has codes on the coupon.

    ``definition`` is a digest of all that a decision about the batch uses except its codes; empty if the codes must
    be read in any case. ``issued`` counts the codes of the whole batch, and is 0 on a coupon that is not the one in
    the file; ``active`` counts those that are active on this coupon. ``elsewhere``: the current code of some slot is
    on a deleted coupon, so that only the list of all codes has it.
    """

    definition: str
    issued: int
    active: int
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Seal:
    """The summary of a coupon's codes; ``at`` is when it was written, in seconds UTC.

    ``mark`` names the run that opened the seal; None if it is closed. ``family`` is a digest of the owner's coupons,
    ``gone`` has a short digest of each id whose objects are only on deleted coupons, None if they are too many.
    ``singles`` counts the single codes of the file on the coupon, ``digest`` is made from their ids and texts.
    ``rest`` has a short digest of the id of each other single code that ever was on it, None if they are too many.
    ``batches`` is by the digest of the batch's id.
    """

    at: int
    family: str
    singles: int = 0
    digest: str = ""
    rest: frozenset[str] | None = frozenset()
    batches: Mapping[str, SealedBatch] = field(default_factory=dict)
    mark: str | None = None
    gone: frozenset[str] | None = frozenset()

    @property
    def codes(self) -> int:
        """The minimum number of codes on the coupon."""
        return self.singles + sum(max(batch.issued, batch.active) for batch in self.batches.values())

    def says_the_same(self, other: Seal | None) -> bool:
        """Whether another seal is closed and has the same summary of the codes, whenever it was written."""
        if other is None or other.mark is not None:
            return False
        mine = self.singles, self.digest, self.rest, self.batches
        return mine == (other.singles, other.digest, other.rest, other.batches)

    def may_have(self, config_id: str) -> bool:
        """Whether a single code with this config id may be among those that are not in the file."""
        return self.rest is None or short_digest("code", config_id) in self.rest


@dataclass(frozen=True, slots=True)
class Sealing:
    """What apply does with the seal of one coupon; ``stripe_id`` is the coupon's, of a new one the planned id.

    ``before`` is the text of the present seal, ``created`` when the coupon was created (0: by this plan). ``after``
    is the seal when the plan is done; None if it is not closed. ``opened``: the plan changes codes of the coupon;
    ``stale``: the present seal differs from ``after``. ``during`` is the open seal, true while the plan is carried
    out.
    """

    stripe_id: str
    before: str
    created: int
    after: Seal | None
    opened: bool
    stale: bool
    during: Seal | None = None

    @property
    def requests(self) -> int:
        """The number of requests: a read and a write to open it, and the same to close it."""
        opens = 2 if self.opened and self.created else 0
        return opens + (2 if self.closes else 0)

    @property
    def closes(self) -> bool:
        """Whether the plan closes the seal with new content."""
        return self.after is not None and (self.opened or self.stale)


def write(seal: Seal, owner: str, stripe_id: str, created: int = 0) -> str | None:
    """Return the text of a coupon's seal; None if it does not fit into two values.

    ``created`` is when the coupon was created, seconds UTC: a closed seal is valid for that coupon only. An open one
    may be written with the coupon itself, when that time is not known yet.
    """
    batches = ",".join(
        f"{batch}:{one.definition}:{one.issued}:{one.active}:{'e' * one.elsewhere}"
        for batch, one in sorted(seal.batches.items())
    )
    state = "closed" if seal.mark is None else seal.mark
    short = _shorts(seal.gone), _shorts(seal.rest)
    said = [_VERSION, state, str(seal.at), seal.family, short[0], str(seal.singles), seal.digest, short[1], batches]
    text = ";".join(said)
    text = f"{text};{_check(text, owner, stripe_id, created if seal.mark is None else 0)}"
    return text if len(text) <= len(KEYS) * VALUE_CHARACTERS else None


def read(text: str, owner: str, stripe_id: str, created: int) -> Seal | None:
    """Return the seal of a coupon; None if there is none, or it is not valid, or of another version."""
    said, _, check = text.rpartition(";")
    parts = said.split(";")
    if len(parts) != 9 or parts[0] != _VERSION:
        return None
    _, state, at, family, gone, singles, digest, rest, batches = parts
    closed = state == "closed"
    # A text with this check was written by promosync: every part is valid.
    if check != _check(said, owner, stripe_id, created if closed else 0):
        return None
    listed = [one.split(":") for one in batches.split(",")] if batches else []
    return Seal(
        int(at),
        family,
        int(singles),
        digest,
        _of_shorts(rest),
        {one[0]: SealedBatch(one[1], int(one[2]), int(one[3]), one[4] == "e") for one in listed},
        None if closed else state,
        _of_shorts(gone),
    )


def values(text: str) -> dict[str, str]:
    """Return the text of a seal as metadata values, by key without the prefix; an empty value removes its key."""
    return {key: text[at * VALUE_CHARACTERS : (at + 1) * VALUE_CHARACTERS] for at, key in enumerate(KEYS)}


def digest(*parts: str) -> str:
    """Return a digest of eleven characters."""
    return _hash("\0".join(parts), 11)


def batch_digest(batch: str) -> str:
    """Return the digest of the id of a batch."""
    return _hash(f"batch\0{batch}", 8)


def short_digest(kind: str, config_id: str) -> str:
    """Return the short digest of the id of a coupon, code or batch; ``kind`` says which."""
    return _hash(f"{kind}\0{config_id}", _SHORT)


def rest_of(digests: Iterable[str]) -> frozenset[str] | None:
    """Return the ``rest`` of a seal; None if there are too many."""
    return _few(digests, _MOST_REST)


def gone_of(digests: Iterable[str]) -> frozenset[str] | None:
    """Return the ``gone`` of a seal; None if there are too many."""
    return _few(digests, _MOST_GONE)


def family_digest(coupons: Iterable[str]) -> str:
    """Return the digest of all coupons of an owner, from their Stripe ids."""
    return digest("family", *sorted(coupons))


def singles_digest(codes: Iterable[tuple[str, str]]) -> str:
    """Return the digest of single codes, from the id and the folded text of each."""
    return digest("singles", *(part for code in sorted(codes) for part in code))


def _hash(text: str, characters: int) -> str:
    return urlsafe_b64encode(sha256(text.encode()).digest())[:characters].decode()


def _few(digests: Iterable[str], most: int) -> frozenset[str] | None:
    found = frozenset(digests)
    return found if len(found) <= most else None


def _shorts(digests: frozenset[str] | None) -> str:
    return _UNKNOWN if digests is None else "".join(sorted(digests))


def _of_shorts(text: str) -> frozenset[str] | None:
    starts = range(0, len(text), _SHORT)
    return None if text == _UNKNOWN else frozenset(text[start : start + _SHORT] for start in starts)


def _check(said: str, owner: str, stripe_id: str, created: int) -> str:
    return digest("seal", said, owner, stripe_id, str(created))
