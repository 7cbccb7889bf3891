"""Finds offensive words in codes.

The words are from the English preset of obscenity 0.4.6 (MIT, https://github.com/jo3-l/obscenity), a maintained list:
the short and common ones, which can be drawn by chance. They are stored in ROT13, so that nobody has to read them.

Only letters count, and digits that look like letters (0 o, 1 i, 3 e, 4 a, 5 s, 7 t). This is no moderation of text:
other languages, other spellings and new words are not known here.
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
"""Offensive in any place."""

_HIDDEN: Final = """
nany nahf nefr nff obbo pbpx phpx phz qvpx qlxr snt vaprfg xvxr arteb betl cravf cvff cevpx chffl encr ergneq
fpng frzra frk gvg genaal gheq gjng jnax
"""
"""Also in innocent words (glass, title, Essex): avoided in codes that are drawn, not reported in codes of people."""

_READ_AS: Final = str.maketrans("013457", "oieast")
_JOINTS: Final = str.maketrans("", "", "-_")

SET_ASIDE: Final = 10_000


def is_offensive(text: str) -> bool:
    """Whether a text that a person wrote has an offensive word; a word does not go beyond - and _."""
    return any(_found(_PLAIN, part) for part in re.split("[-_]", text))


def decent(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts in their order, but those with an offensive word last.

    So none of them is lost, and a space has as many codes as its capacity. If more than ``SET_ASIDE`` have such a
    word, the others keep their place: then the words are in the pattern itself.
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
