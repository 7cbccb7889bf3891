"""Makes the report of `status` from the file, the account's coupons, and its codes while they are read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from promosync.model.account import Live
from promosync.model.configuration import BatchEntry, CodeEntry, Configuration
from promosync.model.life import State, end_of, is_over, rank, state
from promosync.model.live import LiveCode
from promosync.model.promotions import fold
from promosync.plan import carry
from promosync.plan.batch_rows import Rows
from promosync.plan.exposure import Exposure, Way, batch_sizes, exposures, ways_to
from promosync.plan.matching import Matches, match
from promosync.status.attention import attention
from promosync.status.drift import NOT_IN_FILE, Difference, Drift
from promosync.status.lines import batch_line, coupon_line, group_lines
from promosync.status.report import Line, LineKind, Report
from promosync.status.since import Limits, Snapshot, UsedSlots, compare, over_time, snapshot
from promosync.status.tally import NO_VALUE, Count, Tally, Values, count_of

ALWAYS = ("campaign", "source")
"""Metadata keys that every snapshot counts by, so that a later report can compare them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the report has: metadata keys to count by, and a snapshot to compare with.

    ``earlier`` are more snapshots, the oldest first, to show uses over time; they need no slots.
    """

    by: Values = ()
    before: Snapshot | None = None
    limits: Limits = field(default_factory=Limits)
    earlier: tuple[Snapshot, ...] = ()

    @property
    def keys(self) -> Values:
        """All keys to count by, requested or not."""
        return tuple(dict.fromkeys((*self.by, *ALWAYS)))

    def compared(self, groups: Iterable[Line]) -> Iterator[Line]:
        """Yield the groups to compare with the snapshot: the values of the requested keys."""
        keys = self.by or ALWAYS
        return (line for line in groups if line.label in keys and line.id != f"{line.label}={NO_VALUE}")


class Making:
    """Makes one report: first :meth:`add` every code of the account, then call :meth:`report` once.

    ``live`` has the account, its coupons, products and customers; it needs no codes. ``rows`` is the content of the
    files of the batches.
    """

    def __init__(self, configuration: Configuration, rows: Mapping[str, Rows], live: Live, asked: Asked) -> None:
        self._configuration, self._rows, self._live, self._asked = configuration, rows, live, asked
        self._owner = configuration.settings.owner
        self._drift = Drift(configuration, live)
        self._batches = {entry.id: entry for entry in self._drift.wanted.batches}
        self._texts = {fold(entry.spec.code) for entry in configuration.codes}
        self._named = {entry.stripe_id.get(live.account.mode, "") for entry in configuration.codes}
        self._coupons = {coupon.stripe_id: coupon for coupon in live.coupons}
        self._by_values: dict[Values, Count] = defaultdict(Count)
        self._by_coupon: dict[str, Count] = defaultdict(Count)
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
        """Add codes of the account, in any order, but those of one second newest first as Stripe lists them."""
        for code in codes:
            self._tally.add(code)

    def report(self) -> tuple[Report, Snapshot]:
        """Return the report, and the snapshot of the same moment."""
        tally, asked, account = self._tally, self._asked, self._live.account
        singles = tuple(sorted(tally.singles, key=lambda code: code.created, reverse=True))
        matches = match(self._drift.wanted, replace(self._live, codes=singles))
        codes = tuple(self._code_lines(matches, singles))
        batches = tuple(self._batch_lines())
        coupons = tuple(self._coupon_lines(matches))
        limits = {line.id: line.limit for line in coupons}
        every = group_lines(asked.keys, self._by_values, limits.get, self._room)
        counted = (*coupons, *codes, *batches, *every)
        since = course = None
        if asked.before is not None:
            lines = (*coupons, *codes, *batches, *asked.compared(every))
            since = compare(asked.before, lines, tally.batches, asked.limits)
            if asked.earlier:
                course = over_time((*asked.earlier, asked.before), account.now, lines)
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
        """Yield the highest cost of each coupon: what ended codes and batches used, and what the others allow."""
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
        """Return how often a coupon in Stripe can still be redeemed by its own limit; None without a limit."""
        live = self._coupons.get(coupon)
        if live is None or live.spec.max_redemptions is None:
            return None
        return max(0, live.spec.max_redemptions - live.times_redeemed)

    def _coupon_lines(self, matches: Matches) -> Iterator[Line]:
        now = self._live.account.now
        for entry in self._drift.wanted.coupons:
            found, count = matches.coupons.get(entry.id), self._by_coupon[entry.id]
            yield coupon_line(entry.id, found, count, entry.spec, self._drift.of_coupon(entry), now)
        for stray in matches.stray_coupons:
            name = stray.current.tags.id or stray.current.stripe_id
            line = coupon_line(name, stray, self._by_coupon[name], None, Difference((NOT_IN_FILE,)), now)
            yield replace(line, in_file=False)

    def _code_lines(self, matches: Matches, singles: tuple[LiveCode, ...]) -> Iterator[Line]:
        coupons = {entry.id: entry for entry in self._drift.wanted.coupons}
        for entry in self._drift.wanted.codes:
            found = matches.codes.get(entry.id)
            diff = self._drift.of_code(entry, found)
            if found is None:
                yield Line(
                    LineKind.CODE, entry.id, entry.spec.code, entry.spec.coupon, None,
                    limit=entry.spec.max_redemptions, ends=entry.spec.expires_at, drift=diff.drift, note=diff.note,
                )  # fmt: skip
            else:
                code, default = found.current, coupons[entry.spec.coupon].spec.metadata
                yield self._code_line(entry.id, entry.spec.coupon, code, self._limit(code, entry), diff, default)
        for name, code in _removed(self._drift.wanted, matches, singles, self._owner):
            diff = Difference((NOT_IN_FILE,) if code.spec.active else (), "" if code.spec.active else NOT_IN_FILE)
            line = self._code_line(name, self._config_id(code.spec.coupon), code, self._limit(code, None), diff, {})
            yield replace(line, in_file=False)

    def _code_line(
        self,
        name: str,
        coupon: str,
        code: LiveCode,
        limit: int | None,
        diff: Difference,
        default: Mapping[str, str],
    ) -> Line:
        """Return the line of a single code that is in Stripe, and count it for its coupon and its metadata.

        ``coupon`` is a config id, ``default`` the metadata of that coupon where it is gone from Stripe.
        """
        live = self._coupons.get(code.spec.coupon)
        code_state = state(code, live, self._live.account.now)
        count = count_of(code_state, 1, int(code.used > 0), code.used, limit, coupon, code.spec.coupon)
        self._note(self._tally.values(code, default), coupon, count)
        return Line(
            LineKind.CODE,
            name,
            code.spec.code,
            coupon,
            code_state,
            count.states,
            count.used_codes,
            code.used,
            limit,
            count.left(self._room),
            end_of(code, live),
            diff.drift,
            diff.note,
            stripe_id=code.stripe_id,
        )

    def _batch_lines(self) -> Iterator[Line]:
        sizes = batch_sizes(self._configuration, self._rows)
        for batch_id in dict.fromkeys((*self._batches, *sorted(self._tally.batches))):
            entry, tally = self._batches.get(batch_id), self._tally.batches.get(batch_id)
            total = Count()
            drift: Counter[tuple[str, ...]] = Counter()
            ends: list[tuple[bool, int]] = []
            coupon = entry.spec.coupon if entry else None
            for cell, codes, used_codes, used in tally.counted() if tally else ():
                limit = None if cell.limit is None else cell.limit * codes
                coupon = coupon or self._config_id(cell.coupon)
                count = count_of(cell.state, codes, used_codes, used, limit, coupon, cell.coupon)
                total.add(count)
                if cell.drift:
                    drift[cell.drift] += codes
                if cell.ends is not None:
                    ends.append((cell.state is not State.ACTIVE, cell.ends))
                self._note(self._with_default(cell.values, entry, cell.coupon), coupon, count)
            size, first = sizes.get(batch_id, 0), min(ends, default=None)
            yield batch_line(batch_id, coupon, total, self._room, entry, size, drift, first)

    def _with_default(self, values: Values, entry: BatchEntry | None, coupon: str) -> Values:
        """Return the values with the file's metadata of a coupon that is not in Stripe any more."""
        if entry is None or coupon in self._coupons:
            return values
        home = next(one for one in self._drift.wanted.coupons if one.id == entry.spec.coupon)
        return tuple(
            home.spec.metadata.get(key, value) if value == NO_VALUE else value
            for key, value in zip(self._asked.keys, values, strict=True)
        )

    def _limit(self, code: LiveCode, entry: CodeEntry | None) -> int | None:
        """Return a code's limit as the file counts it: with predecessors, and not reduced to that of its coupon."""
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

    def _note(self, values: Values, coupon: str, count: Count) -> None:
        self._by_values[values].add(count)
        self._by_coupon[coupon].add(count)


def _open(way: Way, now: int) -> bool:
    return way.spec.active and not is_over(way.spec.expires_at, now)


def _line_of(way: Way) -> tuple[LineKind, str]:
    return LineKind.BATCH if isinstance(way, BatchEntry) else LineKind.CODE, way.id


def _removed(
    wanted: Configuration, matches: Matches, singles: tuple[LiveCode, ...], owner: str
) -> Iterator[tuple[str, LiveCode]]:
    """Yield the owner's codes that are in no entry and are active or were used, the newest of each id."""
    entries = {entry.id for entry in wanted.codes}
    taken = {code.stripe_id for found in matches.codes.values() for code in found.chain}
    removed: dict[str, list[LiveCode]] = defaultdict(list)
    for code in singles:
        name = code.tags.id or code.stripe_id
        if code.tags.owner == owner and code.stripe_id not in taken and name not in entries:
            removed[name].append(code)
    for name, codes in sorted(removed.items()):
        newest = max(codes, key=lambda code: rank(code.spec.active, code.created, code.tags.retired))
        if newest.spec.active or newest.used:
            yield name, newest
