"""The parts of a report that need attention, each as a short text that a person can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from promosync.model.life import State
from promosync.status.report import DAY, Line, LineKind, Report

SOON_DAYS = 7
NEARLY_PERCENT = 80

_NOUNS = {
    LineKind.COUPON: ("coupon", "coupons"),
    LineKind.CODE: ("code", "codes"),
    LineKind.BATCH: ("batch", "batches"),
}


def attention(report: Report) -> tuple[str, ...]:
    """Return what needs attention, the most urgent first, such as ``3 codes end within 7 days``."""
    return tuple(_parts(report))


def ends_soon(line: Line, now: int) -> bool:
    """Whether an active line ends within a week."""
    return line.state is State.ACTIVE and line.ends is not None and 0 < line.ends - now <= SOON_DAYS * DAY


def nearly_used(line: Line) -> bool:
    """Whether most redemptions of an active line are used."""
    percent = line.percent_used
    return line.state is State.ACTIVE and percent is not None and percent >= NEARLY_PERCENT


def _parts(report: Report) -> Iterator[str]:
    entries = report.entries
    for alarm in report.since.alarms if report.since else ():
        yield f"alarm: {alarm.message}"
    yield from _counted(entries, lambda line: ends_soon(line, report.now), "ends", "end", f" within {SOON_DAYS} days")
    yield from _nearly(entries)
    # Single codes and batches are made to be used up: nothing is to be done.
    coupons = [line for line in report.coupons if line.in_file]
    yield from _counted(coupons, lambda line: line.state is State.REDEEMED, "is", "are", " used up")
    drifted = sum(bool(line.drift) for line in entries)
    if drifted:
        verb = "entry differs" if drifted == 1 else "entries differ"
        yield f"{drifted:,} {verb} between the file and Stripe"


def _nearly(lines: Iterable[Line]) -> Iterator[str]:
    for kind, (one, many) in _NOUNS.items():
        found = [line for line in lines if line.kind is kind and nearly_used(line)]
        if len(found) == 1:
            yield f"1 {one} is {found[0].percent_used} % used ({found[0].id})"
        elif found:
            most = max(found, key=lambda line: line.percent_used or 0)
            yield f"{len(found):,} {many} are {NEARLY_PERCENT} % used or more ({most.id}: {most.percent_used} %)"


def _counted(lines: Iterable[Line], wanted: Callable[[Line], bool], one: str, many: str, rest: str) -> Iterator[str]:
    """Yield one part for each kind of line; a line that is the only one of its kind is named."""
    found = [line for line in lines if wanted(line)]
    for kind, nouns in _NOUNS.items():
        of_kind = [line for line in found if line.kind is kind]
        if len(of_kind) == 1:
            yield f"1 {nouns[0]} {one}{rest} ({of_kind[0].id})"
        elif of_kind:
            yield f"{len(of_kind):,} {nouns[1]} {many}{rest}"
