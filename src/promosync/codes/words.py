"""Keep words out of drawn codes that nobody wants to find on a voucher.

The words are chosen from the English preset of obscenity 0.4.6 (MIT, https://github.com/jo3-l/obscenity), a
maintained list: the short and the common ones, which chance can draw. They are stored with their letters turned
by 13 places, so that nobody has to read them.

Only letters count, and the digits that are read as letters (0 o, 1 i, 3 e, 4 a, 5 s, 7 t). This is no moderation
of text: other languages, other spellings and new words are not known here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from promosync.model.promotions import fold

_PLAIN: Final = """
nffubyr onfgneq ovgpu oybjwbo obyybpxf phag qvyqb snttbg shpx wvmm avttre cbea fuvg fyhg intvan juber
"""
"""Offensive wherever they stand."""

_HIDDEN: Final = """
nany nahf nefr nff obbo pbpx phpx phz qvpx qlxr snt vaprfg xvxr arteb betl cravf cvff cevpx chffl encr ergneq
fpng frzra frk gvg genaal gheq gjng jnax
"""
"""Found in innocent words too (glass, title, Essex): avoided where chance writes, not told where people do."""

_READ_AS: Final = str.maketrans("013457", "oieast")
_JOINTS: Final = str.maketrans("", "", "-_")

SET_ASIDE: Final = 10_000


def is_offensive(text: str) -> bool:
    """Whether a text that a person chose holds an offensive word; words do not reach over - and _."""
    return any(_found(_PLAIN, part) for part in re.split("[-_]", text))


def decent(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts in their order, those that hold an offensive word last, when nothing else is left.

    So none of them is lost, and a space holds what its capacity says. Where more than ``SET_ASIDE`` would have to
    wait, the further ones do not: the words are then in the pattern or its characters, not in what chance draws.
    """
    waiting: list[str] = []
    for text in texts:
        if len(waiting) < SET_ASIDE and _found(_PLAIN + _HIDDEN, text.translate(_JOINTS)):
            waiting.append(text)
        else:
            yield text
    yield from waiting


def _found(words: str, text: str) -> bool:
    return _pattern(words).search(fold(text).translate(_READ_AS)) is not None


@cache
def _pattern(words: str) -> re.Pattern[str]:
    return re.compile("|".join(codecs.decode(words, "rot13").split()))
