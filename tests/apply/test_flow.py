"""Jobs that need each other and run at the same time: the order is right, and no job waits without need."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.apply.flow import Job, Step, run


class Book:
    """Notes what began and what ended, in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def step(self, name: str, jobs: int = 1, needs: tuple[Step, ...] = (), pause_at: int | None = None) -> Step:
        def row() -> Iterator[Job | None]:
            for number in range(jobs):
                if number == pause_at:
                    yield None
                yield self.job(f"{name}{number}")

        return Step(row(), lambda future: self.note("ended", future.result()), needs)

    def job(self, name: str) -> Callable[[], str]:
        def work() -> str:
            self.note("begun", name)
            return name

        return work

    def note(self, what: str, name: str) -> None:
        with self._lock:
            self.lines.append((what, name))


@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 4), st.sets(st.integers(0, 8))), max_size=9), st.data())
@settings(max_examples=50, deadline=None)
def test_everything_is_done_once_and_after_what_it_needs(
    workers: int, shapes: list[tuple[int, set[int]]], data: st.DataObject
) -> None:
    book, steps = Book(), list[Step]()
    for at, (jobs, needs) in enumerate(shapes):
        pause = data.draw(st.none() | st.integers(0, 3))
        steps.append(book.step(f"{at}.", jobs, tuple(steps[one] for one in needs if one < at), pause))
    run(data.draw(st.permutations(steps)), workers)
    ended = [name for what, name in book.lines if what == "ended"]
    assert sorted(ended) == sorted(f"{at}.{n}" for at, (jobs, _) in enumerate(shapes) for n in range(jobs))
    for at, (jobs, needs) in enumerate(shapes):
        for one in needs:
            if one < at and jobs and shapes[one][0]:
                first = min(book.lines.index(("begun", f"{at}.{n}")) for n in range(jobs))
                last = max(book.lines.index(("ended", f"{one}.{n}")) for n in range(shapes[one][0]))
                assert last < first


def test_a_pause_waits_for_its_own_jobs_only() -> None:
    """One step waits until its first job has ended; another step runs in the meantime and lets that job end."""
    book, go = Book(), threading.Event()

    def hangs() -> str:
        assert go.wait(10)
        return "slow"

    def opens() -> str:
        go.set()
        return "go"

    def row() -> Iterator[Job | None]:
        yield hangs
        yield None
        yield book.job("after the pause")

    def other() -> Iterator[Job]:
        for number in range(20):
            yield book.job(str(number))
        yield opens

    note: Callable[[Future[Any]], None] = lambda future: book.note("ended", future.result())  # noqa: E731
    run([Step(row(), note), Step(other(), note)], 2)
    ended = [name for what, name in book.lines if what == "ended"]
    assert ended.index("19") < ended.index("after the pause")


def test_no_more_at_once_than_workers() -> None:
    here, most, lock = 0, 0, threading.Lock()
    gate = threading.Barrier(4)

    def job() -> None:
        nonlocal here, most
        with lock:
            here += 1
            most = max(most, here)
        gate.wait(10)  # breaks unless four jobs run at the same time
        with lock:
            here -= 1

    run([Step(iter([job] * 12), lambda future: future.result())], 4)
    assert most == 4


def test_an_unexpected_error_comes_out() -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run([Step(iter([breaks]), lambda future: future.result())], 2)
