"""Many small jobs at once, each begun as soon as the steps that it needs have ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

Job = Callable[[], Any]


@dataclass(slots=True, eq=False)
class Step:
    """A series of jobs that begins when the steps in ``needs`` have ended, successfully or not.

    The calling thread takes one job at a time from ``jobs``, when a worker is free; None means "ask again when the
    jobs before have ended". ``ended`` gets the future of each job, in the calling thread.
    """

    jobs: Iterator[Job | None]
    ended: Callable[[Future[Any]], None]
    needs: Iterable[Step] = ()
    _running: int = 0
    _pausing: bool = False


def run(steps: Iterable[Step], workers: int) -> None:
    """Do all steps on ``workers`` threads; return when all have ended. Each step may be run once."""
    with ThreadPoolExecutor(workers) as pool:
        _Flow(pool, workers, steps).run()


class _Flow:
    def __init__(self, pool: ThreadPoolExecutor, workers: int, steps: Iterable[Step]) -> None:
        self._pool, self._workers = pool, workers
        self._order = TopologicalSorter({step: step.needs for step in steps})
        self._order.prepare()
        self._ready = deque(self._order.get_ready())
        self._under_way: dict[Future[Any], Step] = {}

    def run(self) -> None:
        while self._ready or self._under_way:
            while self._ready and len(self._under_way) < self._workers:
                self._draw(self._ready.popleft())
            if self._under_way:
                for future in wait(self._under_way, return_when=FIRST_COMPLETED).done:
                    self._end(future)

    def _draw(self, step: Step) -> None:
        """Begin the next job of a step; those of several steps take turns."""
        try:
            job = next(step.jobs)
        except StopIteration:
            self._pause_or_finish(step, finished=True)
            return
        if job is None:
            self._pause_or_finish(step, finished=False)
        else:
            step._running += 1
            self._under_way[self._pool.submit(job)] = step
            self._ready.append(step)

    def _pause_or_finish(self, step: Step, *, finished: bool) -> None:
        if step._running:  # asked again when the last of its jobs has ended
            step._pausing = True
        elif not finished:
            self._ready.append(step)
        else:
            self._order.done(step)
            self._ready += self._order.get_ready()

    def _end(self, future: Future[Any]) -> None:
        step = self._under_way.pop(future)
        step._running -= 1
        step.ended(future)
        if step._pausing and not step._running:
            step._pausing = False
            self._ready.append(step)
