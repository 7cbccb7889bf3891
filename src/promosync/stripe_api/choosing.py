"""Which page of an account's promotion codes to ask for next, where only some are needed.

There are two ways to read what is needed: the list of all codes, which may have a million other codes, or one list
for each text or coupon. Stripe does not say how long a list is, nor how many codes a coupon has: nobody knows before
which way is cheaper. So both are used in turn, and neither gets more requests than the other way is known to need. In
total this takes at most twice the requests of the cheaper way, and ``FEW`` more. A short list is always read to its
end: then everything is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from promosync.stripe_api import paging

FEW: Final = 10
"""How many pages of the list of all codes are always read."""


@dataclass(slots=True, eq=False)
class Source:
    """A list of codes to read: all codes, or those that one of Stripe's filters selects.

    ``filters`` are parameters of the list. ``coupon`` is a Stripe id, set if the list has the codes of that coupon.
    ``stripe_id`` is set for one code instead of a list. ``pages`` is the smallest number of pages that it can have.
    """

    filters: dict[str, str] = field(default_factory=dict)
    coupon: str = ""
    stripe_id: str = ""
    pages: int = 1
    windows: paging.Windows = field(default_factory=paging.Windows)
    asked: int = 0

    @property
    def left(self) -> int:
        """The smallest number of pages that are still to be requested."""
        return 0 if self.windows.done else max(self.pages - self.asked, int(not self.windows.waits))

    def take(self) -> Ask | None:
        ask = self.windows.take()
        if ask is None:
            return None
        self.asked += 1
        return Ask(self, ask)


@dataclass(frozen=True, slots=True)
class Ask:
    """A page to request, and the list that it belongs to."""

    source: Source
    page: paging.Ask


class Choosing:
    """Decides, without clock or network. The pages that it asked for are given back to it, in any order.

    ``few`` is as :data:`FEW`; ``expected`` as in :func:`promosync.stripe_api.paging.read`, for the list of all codes.
    """

    def __init__(self, few: int = FEW, expected: int = 0) -> None:
        self.few = few
        self.list = Source(windows=paging.windows_for(expected))
        self._needed: list[Source] = []
        self._asked = self._away = 0
        self._everything = False

    @property
    def whole(self) -> bool:
        """Whether the list of all codes has been read to its end."""
        return self.list.windows.done

    @property
    def done(self) -> bool:
        """Whether everything that is needed has been read."""
        wanting = self._everything or self._needed or self.list.asked < self.few
        return self.whole or not (wanting or self._away)

    def need(self, sources: Iterable[Source], everything: bool = False) -> None:
        """Add what is needed; only the list of all codes can give ``everything``."""
        self._needed += sources
        self._everything = self._everything or everything

    def take(self) -> Ask | None:
        """Return the next page to request; None if nothing can be requested before an answer arrives."""
        if self.whole:
            return None
        if self._everything or self.list.asked < self._allowed():
            ask = self.list.take()
        else:
            ask = next(filter(None, (source.take() for source in self._needed)), None)
            self._asked += ask is not None
        self._away += ask is not None
        return ask

    def _allowed(self) -> int:
        """Return how many pages of the list may be requested: as many as the other way needs at least."""
        return max(self.few, self._asked + sum(source.left for source in self._needed))

    def give(self, ask: Ask, rows: Sequence[tuple[str, int]], more: bool) -> int:
        """Take a page that has arrived, as :meth:`promosync.stripe_api.paging.Windows.give` does."""
        self._away -= 1
        kept = ask.source.windows.give(ask.page, rows, more)
        self._needed = [source for source in self._needed if not source.windows.done]
        return kept
