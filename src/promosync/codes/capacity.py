"""Checks before any write whether the codes of a batch fit and are hard to guess, and how long they take."""

from __future__ import annotations

from typing import Final

from promosync.codes.alphabet import MAX_CODE_LENGTH, Space, space_of
from promosync.model.configuration import BatchEntry, Generate
from promosync.model.problems import Path, Problem

POSSIBLE_PER_ISSUED: Final = 10_000
"""With fewer possible codes than this for each issued one, guessing is worth the effort."""


def check_capacity(entry: BatchEntry, needed: int, taken_in_space: int, beside: int = 0) -> list[Problem]:
    """Return why the pattern of a batch is too small or too easy to guess; nothing for an import.

    ``needed`` is the total number of codes of the batch: its count or its number of addresses. ``taken_in_space`` is
    how many texts of its space are not available, because they are used elsewhere in the account or in the file; its
    own codes are not counted. ``beside`` is how many codes of others are in its space.
    """
    if not isinstance(entry.source, Generate):
        return []
    space = space_of(entry)
    shape = "length" if entry.source.pattern is None else "pattern"
    at = (*entry.path, "generate", shape)
    if needed > space.capacity - taken_in_space:
        return [_too_small(at, space, needed, taken_in_space)]
    if (needed + beside) * POSSIBLE_PER_ISSUED > space.capacity and not entry.allow_guessable:
        return [_guessable(at, space, needed, beside)]
    return []


def duration_text(seconds: float) -> str:
    """Return a duration in at most two units: ``40 s``, ``12 min``, ``5 h 33 min``, ``2 d 3 h``."""
    if round(seconds) < 60:
        return f"{round(seconds)} s"
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    units = ((hours // 24, "d"), (hours % 24, "h"))
    if minutes < 24 * 60:
        units = ((minutes // 60, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in units if number)


def rate_text(codes: int, per_second: float) -> str:
    """Return how long so many codes take: ``500,000 codes: 5 h 33 min at 25 a second``."""
    noun = "code" if codes == 1 else "codes"
    return f"{codes:,} {noun}: {duration_text(codes / per_second)} at {per_second:g} a second"


def _too_small(at: Path, space: Space, needed: int, taken: int) -> Problem:
    held = f", {taken:,} of them taken already" if taken > 0 else ""
    message = f"{needed:,} codes are needed but only {space.capacity:,} are possible{held} (letters count once)."
    fits = _drawn_for(space, needed + taken)
    good = _drawn_for(space, max(needed * POSSIBLE_PER_ISSUED, needed + taken))
    return Problem(at, message, _way_out(at, space, fits, good), "codes-capacity")


def _guessable(at: Path, space: Space, needed: int, beside: int) -> Problem:
    odds = space.capacity // (needed + beside)
    others = f", beside {beside:,} of others," if beside else ""
    message = (
        f"{needed:,} of {space.capacity:,} possible codes{others} are easy to guess: 1 guess in {odds:,} hits one; "
        f"1 in {POSSIBLE_PER_ISSUED:,} is the limit."
    )
    hint = _way_out(at, space, None, _drawn_for(space, (needed + beside) * POSSIBLE_PER_ISSUED))
    return Problem(at, message, f"{hint} Or set allow_guessable to true.", "codes-guessable")


def _drawn_for(space: Space, codes: int) -> int | None:
    """Return the fewest drawn positions with so many codes, or None if such codes are too long for Stripe."""
    most = MAX_CODE_LENGTH - (len(space.template) - space.drawn)
    size = len(space.alphabet)
    drawn, capacity = 0, 1
    while capacity < codes and drawn < most and size > 1:
        drawn, capacity = drawn + 1, capacity * size
    return max(drawn, 1) if capacity >= codes else None


def _way_out(at: Path, space: Space, fits: int | None, good: int | None) -> str:
    if good is None and fits is None:
        return "Give charset more characters, or make the fixed part of the codes shorter."
    what = "a length of {}" if at[-1] == "length" else "a pattern with {} #"
    best = good if good is not None else fits
    hint = f"Use {what.format(best)} (now {space.drawn})"
    if fits is not None and good is not None and fits < good:
        return f"{hint}; {fits} would hold the codes, but be easy to guess."
    return f"{hint}."
