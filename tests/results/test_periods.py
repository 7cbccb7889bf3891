"""Days, weeks and months begin when they do in their zone, whatever its clocks do."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promosync.model.problems import ProblemsFound
from promosync.results.periods import Every, Span, fit_for_a_chart, midnight, periods, span_of, zone_of

# Sao Paulo once skipped midnight, Havana shows it twice, Kathmandu is odd, Apia lost a day.
ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Asia/Kathmandu", "Pacific/Apia")
FIRST, LAST = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2027, 12, 31, tzinfo=UTC).timestamp())


def local(moment: int, zone: str) -> date:
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).date()


@settings(max_examples=200, deadline=None)
@example("Pacific/Apia", Every.DAY, 1316599200, 8640000)  # until the first second after the day that was lost
@given(st.sampled_from(ZONES), st.sampled_from(list(Every)), st.integers(FIRST, LAST), st.integers(0, 100 * 86_400))
def test_periods_follow_each_other_and_hold_their_days(zone: str, every: Every, since: int, length: int) -> None:
    """The first holds the first moment, the last the last; each begins where the one before ends."""
    found = list(periods(since, since + length, every, ZoneInfo(zone)))
    assert found[0].since <= since <= found[0].last
    assert found[-1].since <= since + length <= found[-1].last
    for one, following in itertools.pairwise(found):
        assert following.since == one.last + 1
    for one in found:
        assert local(one.since - 1, zone) < one.first <= local(one.since, zone)
        last = local(one.last, zone)
        assert {
            "day": last == one.first,
            "week": (last - one.first).days <= 6,
            "month": last.month == one.first.month,
        }[every]
        assert every is not Every.WEEK or one.first.weekday() == 0
        assert every is not Every.MONTH or one.first.day == 1


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2027, 3, 28), "Europe/Berlin", 23),
        (date(2027, 10, 31), "Europe/Berlin", 25),
        (date(2018, 11, 4), "America/Sao_Paulo", 23),  # without a midnight
        (date(2026, 11, 1), "America/Havana", 25),  # with two
        (date(2027, 3, 28), "UTC", 24),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(day: date, zone: str, hours: int) -> None:
    [found] = periods(midnight(day, ZoneInfo(zone)), midnight(day, ZoneInfo(zone)), Every.DAY, ZoneInfo(zone))
    assert (found.last + 1 - found.since) == hours * 3600


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Pacific/Fakaofo"])
def test_a_day_that_a_zone_left_out_is_no_period(zone: str) -> None:
    """They went over the date line: after 2011-12-29 came 2011-12-31."""
    found = periods(
        midnight(date(2011, 12, 29), ZoneInfo(zone)),
        midnight(date(2012, 1, 1), ZoneInfo(zone)),
        Every.DAY,
        ZoneInfo(zone),
    )
    days = [(one.first, one.last + 1 - one.since) for one in found]
    assert days == [(day, 86_400) for day in (date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1))]


def test_a_span_is_of_whole_days_of_its_zone_or_of_moments() -> None:
    """The last day is in it, a last moment is not."""
    berlin = zone_of("Europe/Berlin")
    summer = span_of("2027-03-28", "2027-03-28", berlin)
    assert (summer.since, summer.until) == (
        int(datetime(2027, 3, 27, 23, tzinfo=UTC).timestamp()),
        int(datetime(2027, 3, 28, 22, tzinfo=UTC).timestamp()),
    )
    moments = span_of("2027-03-01T00:00:00Z", "2027-03-01T00:00:01Z", berlin)
    assert moments.since is not None
    assert moments.holds(moments.since)
    assert not moments.holds(moments.since + 1)
    assert span_of(None, None, berlin) == Span()
    assert Span().holds(0)


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("yesterday", None, "--from 'yesterday'"),
        ("2027-02-30", None, "no day of the calendar"),
        (None, "9999-12-31", "no day of the calendar"),
        ("2027-03-01T00:00:00", None, "no time zone"),
        ("2027-03-02", "2027-03-01", "is not before"),
        ("2027-03-01T00:00:00Z", "2027-03-01T00:00:00Z", "is not before"),
    ],
)
def test_what_is_no_span_is_refused(since: str | None, until: str | None, words: str) -> None:
    with pytest.raises(ProblemsFound, match=words):
        span_of(since, until, ZoneInfo("UTC"))


@pytest.mark.parametrize("name", ["Europe/Berlim", "Europe", "../../etc/passwd", "", "CET-1"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ProblemsFound, match="is no time zone") as found:
        zone_of(name)
    assert name != "Europe/Berlim" or found.value.problems[0].hint == "did you mean Europe/Berlin?"


@pytest.mark.parametrize("days", [0, 1, 31, 32, 200, 201, 3000])
def test_a_chart_has_few_bars(days: int) -> None:
    every = fit_for_a_chart(FIRST, FIRST + days * 86_400)
    count = len(list(periods(FIRST, FIRST + days * 86_400, every, ZoneInfo("UTC"))))
    assert count <= max(34, days // 28)
