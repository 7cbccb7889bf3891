"""Which texts are in use, so that no unique code is drawn with the text of another code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain

from promosync.codes.alphabet import Space, space_of
from promosync.codes.capacity import POSSIBLE_PER_ISSUED
from promosync.codes.text_set import TextSet
from promosync.model.configuration import BatchEntry, Generate
from promosync.model.promotions import fold
from promosync.plan.basis import Basis
from promosync.plan.batch_rows import Unmanaged
from promosync.plan.exposure import needed_codes


class Texts:
    """All texts that are active in the account or in the file; collected when they are first needed."""

    def __init__(self, basis: Basis) -> None:
        self._basis, self._configuration, self._live, self._rows = basis, basis.wanted, basis.live, basis.rows

    def taken(self, text: str, batch: str) -> bool:
        """Whether a new code of a batch may not have a text: it is active, or the file has it elsewhere."""
        imports = (texts for name, texts in self._imports.items() if name != batch)
        return text in self.unique or fold(text) in self._single or any(text in texts for texts in imports)

    def holder(self, text: str) -> str:
        """Return what uses a text, in words without the text."""
        if (single := self._single.get(fold(text))) is not None:
            return single
        for name, records in self._live.batches.items():
            if any(active and fold(other) == fold(text) for other, active in records.texts()):
                return f"batch {name!r}"
        return next((f"batch {name!r}" for name, texts in self._imports.items() if text in texts), "another code")

    def beside(self, space: Space, needed: int, batch: str) -> tuple[int, int, int]:
        """Count the other texts in the space that a batch draws from.

        These are the texts of others; those that the file's other batches will draw from the same space; and those
        that the batch itself has had. All are 0 in a space so large that they do not matter.
        """
        own = self._basis.records(batch)
        coming = self._coming(space, batch)
        known = len(self.unique) + len(self._single) + sum(len(texts) for texts in self._imports.values())
        if space.capacity > (needed + coming + known + len(own)) * POSSIBLE_PER_ISSUED or self._live.known:
            return 0, 0, 0  # where codes that were not read could matter, all codes are read first
        mine = {fold(text) for text, _ in own.texts() if space.index_of(text) is not None}
        every = {text for text in self._every() if space.index_of(text) is not None}
        return len(every - mine), coming, len(mine)

    @cached_property
    def unique(self) -> TextSet:
        """The active unique codes of this owner, as far as they were read."""
        batches = self._live.batches.values()
        read = (text for records in batches for text, active in records.texts() if active)
        found = self._live.known.unique if self._live.known else ()
        return TextSet(chain(read, (code.spec.code for code in found if code.spec.active)))

    @cached_property
    def unmanaged(self) -> Unmanaged:
        """The active codes that nobody manages and that no entry matches: an import could adopt them."""
        entries = {found.current.stripe_id for found in self._basis.matches.codes.values()}
        return {
            (fold(code.spec.code), code.spec.customer): code
            for code in self._live.codes
            if code.spec.active
            and code.tags.owner is None
            and code.spec.customer_account is None
            and code.stripe_id not in entries
        }

    @cached_property
    def _single(self) -> dict[str, str]:
        """The other codes, with the words for each."""
        found = {
            fold(code.spec.code): f"the active code {code.stripe_id}" for code in self._live.codes if code.spec.active
        }
        entries = (entry for entry in self._configuration.codes if entry.spec.active)
        return found | {fold(entry.spec.code): f"promotion code {entry.id!r} of the file" for entry in entries}

    @cached_property
    def _imports(self) -> dict[str, TextSet]:
        return {batch: TextSet(given.codes) for batch, given in self._rows.items() if given.codes}

    def _every(self) -> Iterator[str]:
        yield from self._single
        for records in self._live.batches.values():
            yield from (fold(text) for text, active in records.texts() if active)
        for given in self._rows.values():
            yield from map(fold, given.codes or ())

    def _coming(self, space: Space, batch: str) -> int:
        """Count what other batches of the file have yet to draw from the same space."""
        total = 0
        for entry in self._configuration.batches:
            if entry.id != batch and _same(space, entry):
                wanted = needed_codes(entry, self._basis.rows_of(entry.id))
                total += max(0, wanted - len(self._basis.records(entry.id)))
        return total


def _same(space: Space, entry: BatchEntry) -> bool:
    if not isinstance(entry.source, Generate):
        return False
    other = space_of(entry)
    alike = set(fold(other.alphabet)) == set(fold(space.alphabet))
    return alike and fold(other.template) == fold(space.template)
