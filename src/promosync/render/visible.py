"""Text from files and from Stripe, made fit for a terminal: what would move the cursor or hide is written out."""

from __future__ import annotations

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# Letters and marks by their category, yet nothing is seen of them: joiners, fillers, the blank of braille.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str) -> str:
    """Return the text with every character that does not print on its own escaped: ``\\n``, ``\\u202e``.

    That takes in control characters, escape sequences, changes of direction, blanks of no width, line separators
    and half characters. The result is one line, and a terminal obeys nothing in it.
    """
    if text.isprintable() and _BLANK.isdisjoint(text):
        return text
    return "".join(sign if sign.isprintable() and sign not in _BLANK else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    number = ord(sign)
    return _SHORT.get(sign) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")
