"""Text from files and from Stripe, made safe for a terminal: characters that control it or are hidden are escaped."""

from __future__ import annotations

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# Unicode counts these as letters and marks, but they are invisible: joiners, fillers, the blank of braille.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str) -> str:
    """Return the text with every character that is not visible escaped: ``\\n``, ``\\u202e``.

    These are control characters, escape sequences, changes of direction, blanks without width, line separators and
    lone surrogates. The result is one line, and nothing in it controls a terminal.
    """
    if text.isprintable() and _BLANK.isdisjoint(text):
        return text
    return "".join(sign if sign.isprintable() and sign not in _BLANK else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    number = ord(sign)
    return _SHORT.get(sign) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")
