"""Which texts are in use, so that no unique code is drawn that somebody else's would clash with."""

from __future__ import annotations

from collections.abc import Mapping

from promosync.codes.alphabet import Space
from promosync.codes.capacity import POSSIBLE_PER_ISSUED
from promosync.model.configuration import Configuration
from promosync.model.issued import IssuedCodes
from promosync.model.live import Live
from promosync.model.promotions import fold
from promosync.plan.batches import Rows


class Texts:
    """All texts, folded, that are active in the account or stand in the file; made only where batches need it."""

    def __init__(self, configuration: Configuration, live: Live, rows: Mapping[str, Rows]) -> None:
        self.unique = {fold(record.code) for records in live.batches.values() for record in records if record.active}
        self._single = {fold(code.spec.code) for code in live.codes if code.spec.active}
        self._single |= {fold(entry.spec.code) for entry in configuration.codes if entry.spec.active}
        self._imports = {batch: {fold(code) for code in given.codes or ()} for batch, given in rows.items()}

    def taken(self, text: str) -> bool:
        """Whether a folded text is active in the account, or a single code of the file."""
        return text in self.unique or text in self._single

    def taken_for(self, batch: str, text: str) -> bool:
        """Whether a new code of a batch may not have a folded text: imports of other batches count too."""
        return self.taken(text) or any(text in texts for name, texts in self._imports.items() if name != batch)

    def taken_in(self, space: Space, needed: int, own: IssuedCodes) -> int:
        """Count the texts of a space that a batch cannot have; 0 in a space so large that it does not matter."""
        if space.capacity > needed * POSSIBLE_PER_ISSUED + 2 * (len(self.unique) + len(self._single)):
            return 0
        others = (self.unique | self._single).union(*self._imports.values())
        others -= {fold(record.code) for record in own if record.active}
        return sum(space.index_of(text) is not None for text in others)
