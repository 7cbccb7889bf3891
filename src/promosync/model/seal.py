"""The seal of a coupon: what stands in its metadata about its codes, so that nobody has to read them.

apply writes it last, when all it did to codes of the coupon has succeeded, and opens it before it writes to one. So a
closed seal is true until somebody else than promosync changes its codes, and an open one says: read them.

It is one value, ``promosync_seal``, with a second one, ``promosync_seal_2``, where Stripe's 500 characters are too
few: https://docs.stripe.com/api/metadata. What somebody edits, cuts, or copies to another coupon is no seal any more.
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
"""Characters of a digest of which a mistaken one costs requests, and nothing else."""
_MOST_REST: Final = 10
_MOST_GONE: Final = 45


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """What a seal says of one batch that has codes on the coupon.

    ``definition`` is a digest of all that a decision about the batch looks at, the file's side; empty where the codes
    must be read whatever the file says. ``issued`` counts the codes of the whole batch, and is 0 on a coupon that is
    not the one the file names; ``active`` counts those that are active on this coupon. ``elsewhere``: the code that
    counts for some slot is on a coupon that is gone, where only the list of all codes shows it.
    """

    definition: str
    issued: int
    active: int
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Seal:
    """What a coupon says of its codes; ``at`` is when, in seconds UTC.

    ``mark`` is that of the run which opened it; None where it is closed. ``family`` is a digest of the coupons that
    the owner has, ``gone`` has a short one of each id whose objects are only on coupons that are gone, None where
    those are too many. ``singles`` counts the single codes of the file on the coupon, ``digest`` is made of their ids
    and texts. ``rest`` has a short digest of the id of each other single code that ever was on it, None where they
    are too many. ``batches`` is by the digest of the batch's id.
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
        """At least so many codes are on the coupon."""
        return self.singles + sum(max(batch.issued, batch.active) for batch in self.batches.values())

    def says_the_same(self, other: Seal | None) -> bool:
        """Whether another one is closed and says the same of the codes, whenever it was written."""
        if other is None or other.mark is not None:
            return False
        mine = self.singles, self.digest, self.rest, self.batches
        return mine == (other.singles, other.digest, other.rest, other.batches)

    def may_have(self, config_id: str) -> bool:
        """Whether a single code of an entry may be among those that are not in the file."""
        return self.rest is None or short_digest("code", config_id) in self.rest


@dataclass(frozen=True, slots=True)
class Sealing:
    """What apply does with the seal of one coupon, by the coupon's Stripe id (of a new one: as planned).

    ``before`` is the text of the seal there is, ``created`` when the coupon was made (0: by this plan). ``after`` is
    what it says when all that the plan does to codes of the coupon has been done; None where it is not to be closed.
    ``opened``: the plan writes to codes of the coupon; ``stale``: the seal there is does not say this. ``during`` is
    what the open one says, which holds however much of the plan is done.
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
        """How many requests it takes: a look and a write to open it, and the same to close it."""
        opens = 2 if self.opened and self.created else 0
        return opens + (2 if self.closes else 0)

    @property
    def closes(self) -> bool:
        """Whether the seal is written anew."""
        return self.after is not None and (self.opened or self.stale)


def write(seal: Seal, owner: str, stripe_id: str, created: int = 0) -> str | None:
    """Return the text of a coupon's seal; None where two values are too short for it.

    ``created`` is when the coupon was made, seconds UTC: a closed seal is of that coupon alone, while an open one may
    be there from its creation on.
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
    """Return the seal of a coupon; None where there is none, or one that this version cannot read."""
    said, _, check = text.rpartition(";")
    parts = said.split(";")
    if len(parts) != 9 or parts[0] != _VERSION:
        return None
    _, state, at, family, gone, singles, digest, rest, batches = parts
    closed = state == "closed"
    # What passes this was written here: every part is as it should be.
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
    """Return a seal's text as values of the metadata, by key without the prefix; an empty one removes its key."""
    return {key: text[at * VALUE_CHARACTERS : (at + 1) * VALUE_CHARACTERS] for at, key in enumerate(KEYS)}


def digest(*parts: str) -> str:
    """Return eleven characters that tell apart what would be mistaken for each other by accident alone."""
    return _hash("\0".join(parts), 11)


def batch_digest(batch: str) -> str:
    """Return what stands for the id of a batch."""
    return _hash(f"batch\0{batch}", 8)


def short_digest(kind: str, config_id: str) -> str:
    """Return what stands for the id of a coupon, code or batch that no longer is where a plan looks for it."""
    return _hash(f"{kind}\0{config_id}", _SHORT)


def rest_of(digests: Iterable[str]) -> frozenset[str] | None:
    """Return the ``rest`` of a seal; None where they are too many to be told one by one."""
    return _few(digests, _MOST_REST)


def gone_of(digests: Iterable[str]) -> frozenset[str] | None:
    """Return the ``gone`` of a seal; None where they are too many to be told one by one."""
    return _few(digests, _MOST_GONE)


def family_digest(coupons: Iterable[str]) -> str:
    """Return what stands for all coupons of an owner, given their Stripe ids."""
    return digest("family", *sorted(coupons))


def singles_digest(codes: Iterable[tuple[str, str]]) -> str:
    """Return what stands for single codes, given the id and the folded text of each."""
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
