"""Which page of an account's promotion codes to ask for next, where only some are needed.

Two ways lead to what is needed: the list of all codes, which may have a million of others, and asking for each thing
by itself, by text or by coupon. Nobody knows beforehand which is cheaper: Stripe does not say how long a list is, nor
how many codes are on a coupon. So both are gone, never further on the list than the other way is known to cost, and
never further on the other way than on the list. Whichever comes to its end first, it all took at most twice the
requests of the cheaper way, and ``FEW`` more. A short list is always read to its end: then everything is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from promosync.stripe_api import paging

FEW: Final = 10
"""So many pages of the list of all codes are read in any case."""


@dataclass(slots=True, eq=False)
class Source:
    """A list to read: of all codes, or of those that a filter of Stripe's selects.

    ``filters`` are parameters of the list, ``coupon`` is the Stripe id of the one whose codes it has; ``stripe_id``
    names a single code instead. ``pages`` is how many there are at least.
    """

    filters: dict[str, str] = field(default_factory=dict)
    coupon: str = ""
    stripe_id: str = ""
    pages: int = 1
    windows: paging.Windows = field(default_factory=paging.Windows)
    asked: int = 0

    @property
    def left(self) -> int:
        """At least so many pages have not been asked for."""
        return 0 if self.windows.done else max(self.pages - self.asked, int(not self.windows.waits))

    def take(self) -> Ask | None:
        ask = self.windows.take()
        if ask is None:
            return None
        self.asked += 1
        return Ask(self, ask)


@dataclass(frozen=True, slots=True)
class Ask:
    """A page to ask for, of one of the lists."""

    source: Source
    page: paging.Ask


class Choosing:
    """Decides; it knows no clock and no network. Pages asked for are given back to it, in any order.

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
        """Whether all that is needed has come."""
        wanting = self._everything or self._needed or self.list.asked < self.few
        return self.whole or not (wanting or self._away)

    def need(self, sources: Iterable[Source], everything: bool = False) -> None:
        """Note what is needed beside what was until now; ``everything`` can only be had by the list of all codes."""
        self._needed += sources
        self._everything = self._everything or everything

    def take(self) -> Ask | None:
        """Return a page that nobody is asking for; None where there is nothing to do until a page comes back."""
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
        """Return how many pages of the list may be asked for: as many as the other way takes at least."""
        return max(self.few, self._asked + sum(source.left for source in self._needed))

    def give(self, ask: Ask, rows: Sequence[tuple[str, int]], more: bool) -> int:
        """Note a page; as :meth:`promosync.stripe_api.paging.Windows.give`."""
        self._away -= 1
        kept = ask.source.windows.give(ask.page, rows, more)
        self._needed = [source for source in self._needed if not source.windows.done]
        return kept
