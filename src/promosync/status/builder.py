"""Makes the report: a pure function of the file, the account's coupons, and its codes as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from promosync.model.account import Live
from promosync.model.configuration import BatchEntry, CodeEntry, Configuration
from promosync.model.life import State, is_over, rank
from promosync.model.live import LiveCode
from promosync.model.promotions import fold
from promosync.plan import carry
from promosync.plan.batch_rows import Rows
from promosync.plan.exposure import Exposure, Way, batch_sizes, exposures, ways_to
from promosync.plan.matching import Matches, match
from promosync.status.attention import attention
from promosync.status.drift import NOT_IN_FILE, Drift, Told
from promosync.status.lines import batch_line, code_line, coupon_line, group_lines
from promosync.status.report import Line, LineKind, Report
from promosync.status.since import Limits, Snapshot, UsedSlots, compare, over_time, snapshot
from promosync.status.tally import NO_VALUE, Count, Tally, Values, count_of

ALWAYS = ("campaign", "source")
"""Metadata keys that every snapshot knows, so that a later question finds its answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the report is to look at: metadata keys to count by, and a snapshot to compare with.

    ``earlier`` are more snapshots, the oldest first, to show uses over time; they need no slots.
    """

    by: Values = ()
    before: Snapshot | None = None
    limits: Limits = field(default_factory=Limits)
    earlier: tuple[Snapshot, ...] = ()

    @property
    def keys(self) -> Values:
        """Every key that is counted by, asked for or not."""
        return tuple(dict.fromkeys((*self.by, *ALWAYS)))

    def told(self, groups: Iterable[Line]) -> Iterator[Line]:
        """Yield the groups whose uses since the snapshot are of interest: a value of a key that was asked for."""
        keys = self.by or ALWAYS
        return (line for line in groups if line.label in keys and line.id != f"{line.label}={NO_VALUE}")


class Making:
    """Makes one report: give it every code of the account, then ask for the report.

    ``live`` holds the account, its coupons, products and customers; it needs no codes. ``rows`` is what the files
    of the batches say.
    """

    def __init__(self, configuration: Configuration, rows: Mapping[str, Rows], live: Live, asked: Asked) -> None:
        self._configuration, self._rows, self._live, self._asked = configuration, rows, live, asked
        self._owner = configuration.settings.owner
        self._drift = Drift(configuration, live)
        self._batches = {entry.id: entry for entry in self._drift.wanted.batches}
        self._texts = {fold(entry.spec.code) for entry in configuration.codes}
        self._named = {entry.stripe_id.get(live.account.mode, "") for entry in configuration.codes}
        self._coupons = {coupon.stripe_id: coupon for coupon in live.coupons}
        self._tally = Tally(
            self._owner,
            live.account.now,
            live.coupons,
            asked.keys,
            drift=self._unique_drift,
            wanted=self._may_be_meant,
            suspect=self._suspect,
        )

    def add(self, codes: Iterable[LiveCode]) -> None:
        """Take in codes of the account, in any order but newest first within a second, as Stripe lists them."""
        for code in codes:
            self._tally.add(code)

    def report(self) -> tuple[Report, Snapshot]:
        """Return the report, and the snapshot of the same moment."""
        tally, asked, account = self._tally, self._asked, self._live.account
        singles = tuple(sorted(tally.singles, key=lambda code: code.created, reverse=True))
        matches = match(self._drift.wanted, replace(self._live, codes=singles))
        groups: dict[Values, Count] = {}
        by_coupon: dict[str, Count] = {}
        codes = tuple(self._code_lines(matches, singles, groups, by_coupon))
        batches = tuple(self._batch_lines(groups, by_coupon))
        coupons = tuple(self._coupon_lines(matches, by_coupon))
        limits = {line.id: line.limit for line in coupons}
        every = group_lines(asked.keys, groups, limits.get, self._room)
        counted = (*coupons, *codes, *batches, *every)
        since = course = None
        if asked.before is not None:
            told = (*coupons, *codes, *batches, *asked.told(every))
            since = compare(asked.before, told, tally.batches, asked.limits)
            if asked.earlier:
                course = over_time((*asked.earlier, asked.before), account.now, told)
        report = Report(
            account,
            self._owner,
            coupons,
            codes,
            batches,
            tuple(line for line in every if line.label in asked.by),
            asked.by,
            tuple(self._worst(coupons, (*codes, *batches))),
            since=since,
            over_time=course,
        )
        report = replace(report, attention=attention(report))
        return report, snapshot(account, self._owner, counted, tally.batches)

    def _worst(self, coupons: Iterable[Line], lines: Iterable[Line]) -> Iterator[Exposure]:
        """Yield what each coupon costs at most: what went through ways that have ended, and what the others allow."""
        configuration, now = self._configuration, self._live.account.now
        redeemed = {(line.kind, line.id): line.used for line in (*coupons, *lines)}
        entries, ways = {entry.id: entry for entry in configuration.coupons}, ways_to(configuration)
        for found in exposures(configuration, batch_sizes(configuration, self._rows), now):
            entry, uses = entries[found.coupon], found.uses
            own, used = entry.spec.max_redemptions, redeemed[LineKind.COUPON, entry.id]
            if uses is not None and uses != own:
                uses += max(
                    0, used - sum(redeemed[_line_of(way)] for way in ways.get(entry.id, ()) if _open(way, now))
                )
                uses = uses if own is None else min(uses, own)
            bounded = replace(
                entry, spec=replace(entry.spec, max_redemptions=None if uses is None else max(uses, used))
            )
            yield from exposures(Configuration(coupons=(bounded,)), {}, now)

    def _unique_drift(self, batch: str, code: LiveCode) -> tuple[str, ...]:
        entry = self._batches.get(batch)
        return self._drift.of_unique(entry, code) if entry else ()

    def _may_be_meant(self, code: LiveCode) -> bool:
        return code.stripe_id in self._named or (code.spec.active and fold(code.spec.code) in self._texts)

    def _suspect(self, batch: str, key: int, used: int) -> bool:
        before, limits = self._asked.before, self._asked.limits
        if before is None or limits.uses is None or used <= limits.uses:
            return False
        return used - (before.slots.get(batch) or UsedSlots()).get(key) > limits.uses

    def _room(self, coupon: str) -> int | None:
        """What a coupon in Stripe still allows, whatever its codes do; None without a limit."""
        live = self._coupons.get(coupon)
        if live is None or live.spec.max_redemptions is None:
            return None
        return max(0, live.spec.max_redemptions - live.times_redeemed)

    def _coupon_lines(self, matches: Matches, by_coupon: Mapping[str, Count]) -> Iterator[Line]:
        for entry in self._drift.wanted.coupons:
            found = matches.coupons.get(entry.id)
            count = by_coupon.get(entry.id, Count())
            yield coupon_line(
                entry.id, found, count, entry.spec, self._drift.of_coupon(entry), self._live.account.now
            )
        for stray in matches.stray_coupons:
            name = stray.current.tags.id or stray.current.stripe_id
            line = coupon_line(
                name, stray, by_coupon.get(name, Count()), None, Told((NOT_IN_FILE,)), self._live.account.now
            )
            yield replace(line, in_file=False)

    def _code_lines(
        self,
        matches: Matches,
        singles: tuple[LiveCode, ...],
        groups: dict[Values, Count],
        by_coupon: dict[str, Count],
    ) -> Iterator[Line]:
        coupons = {entry.id: entry for entry in self._drift.wanted.coupons}
        for entry in self._drift.wanted.codes:
            found = matches.codes.get(entry.id)
            told = self._drift.of_code(entry, found)
            if found is None:
                yield Line(
                    LineKind.CODE, entry.id, entry.spec.code, entry.spec.coupon, None,
                    limit=entry.spec.max_redemptions, ends=entry.spec.expires_at, drift=told.drift, note=told.note,
                )  # fmt: skip
                continue
            code = found.current
            limit = self._limit(code, entry)
            count = self._count(code, limit, entry.spec.coupon)
            default = coupons[entry.spec.coupon].spec.metadata
            self._note(groups, by_coupon, self._tally.values(code, default), entry.spec.coupon, count)
            ends = self._tally.end(code)
            yield code_line(entry.id, entry.spec.coupon, code, limit, count, self._room, told, ends)
        for name, code in _removed(self._drift.wanted, matches, singles, self._owner):
            limit = self._limit(code, None)
            coupon = self._config_id(code.spec.coupon)
            count = self._count(code, limit, coupon)
            self._note(groups, by_coupon, self._tally.values(code, {}), coupon, count)
            told = Told((NOT_IN_FILE,) if code.spec.active else (), "" if code.spec.active else NOT_IN_FILE)
            line = code_line(name, coupon, code, limit, count, self._room, told, self._tally.end(code))
            yield replace(line, in_file=False)

    def _batch_lines(self, groups: dict[Values, Count], by_coupon: dict[str, Count]) -> Iterator[Line]:
        sizes = batch_sizes(self._configuration, self._rows)
        for batch_id in dict.fromkeys((*self._batches, *sorted(self._tally.batches))):
            entry, tally = self._batches.get(batch_id), self._tally.batches.get(batch_id)
            total = Count()
            drift: dict[tuple[str, ...], int] = {}
            ends: list[tuple[bool, int]] = []
            coupon = entry.spec.coupon if entry else None
            for cell, codes, used_codes, used in tally.counted() if tally else ():
                limit = None if cell.limit is None else cell.limit * codes
                coupon = coupon or self._config_id(cell.coupon)
                count = count_of(cell.state, codes, used_codes, used, limit, coupon, cell.coupon)
                total.add(count)
                if cell.drift:
                    drift[cell.drift] = drift.get(cell.drift, 0) + codes
                if cell.ends is not None:
                    ends.append((cell.state is not State.ACTIVE, cell.ends))
                values = self._with_default(cell.values, entry, cell.coupon)
                self._note(groups, by_coupon, values, coupon, count)
            size, first = sizes.get(batch_id, 0), min(ends, default=None)
            yield batch_line(batch_id, coupon, total, self._room, entry, size, drift, first)

    def _with_default(self, values: Values, entry: BatchEntry | None, coupon: str) -> Values:
        """Fill in the file's metadata of a coupon that is gone from Stripe."""
        if entry is None or coupon in self._coupons:
            return values
        home = next(one for one in self._drift.wanted.coupons if one.id == entry.spec.coupon)
        return tuple(
            home.spec.metadata.get(key, value) if value == NO_VALUE else value
            for key, value in zip(self._asked.keys, values, strict=True)
        )

    def _count(self, code: LiveCode, limit: int | None, home: str) -> Count:
        state = self._tally.state(code)
        return count_of(state, 1, int(code.used > 0), code.used, limit, home, code.spec.coupon)

    def _limit(self, code: LiveCode, entry: CodeEntry | None) -> int | None:
        """Return a code's limit as the file counts it: predecessors included, and not cut to its coupon's."""
        own, carried = code.spec.max_redemptions, code.tags.carried
        if entry is not None:
            coupon = self._coupons.get(code.spec.coupon)
            bound = coupon.spec.max_redemptions if coupon else None
            if own == carry.code_limit(entry.spec.max_redemptions, carried, bound):
                return entry.spec.max_redemptions
        return None if own is None else own + carried

    def _config_id(self, coupon: str) -> str:
        live = self._coupons.get(coupon)
        return (live.tags.id if live and live.tags.owner == self._owner else None) or coupon

    @staticmethod
    def _note(
        groups: dict[Values, Count], by_coupon: dict[str, Count], values: Values, coupon: str, count: Count
    ) -> None:
        groups.setdefault(values, Count()).add(count)
        by_coupon.setdefault(coupon, Count()).add(count)


def _open(way: Way, now: int) -> bool:
    return way.spec.active and not is_over(way.spec.expires_at, now)


def _rank(code: LiveCode) -> int:
    return rank(code.spec.active, code.created, code.tags.retired)


def _line_of(way: Way) -> tuple[LineKind, str]:
    return LineKind.BATCH if isinstance(way, BatchEntry) else LineKind.CODE, way.id


def _removed(
    wanted: Configuration, matches: Matches, singles: tuple[LiveCode, ...], owner: str
) -> Iterator[tuple[str, LiveCode]]:
    """Yield the codes of ours that are in no entry and matter still: active, or used while they were."""
    entries = {entry.id for entry in wanted.codes}
    taken = {code.stripe_id for found in matches.codes.values() for code in found.chain}
    newest: dict[str, LiveCode] = {}
    for code in singles:
        name = code.tags.id or code.stripe_id
        if code.tags.owner != owner or code.stripe_id in taken or name in entries:
            continue
        known = newest.get(name)
        if known is None or _rank(code) > _rank(known):
            newest[name] = code
    yield from ((name, code) for name, code in sorted(newest.items()) if code.spec.active or code.used)
