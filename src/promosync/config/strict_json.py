"""A JSON reader that keeps every position and goes on after a fault, so that all faults are reported at once.

The reader of the standard library accepts a key twice, accepts NaN, keeps no positions and stops at the first fault.
This one is strict (RFC 8259), takes linear time, and limits depth and numbers. It is slow, so it is used only for
texts with faults, and where a place is needed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from promosync.config.foreign import number_hint, word_hint, yaml_at
from promosync.config.sound_json import MAX_DEPTH, MAX_NUMBER, Json, NotSound, read_sound
from promosync.config.words import shown
from promosync.model.problems import Problem

MAX_FAULTS = 25

_SPACE = re.compile(r"[ \t\n\r]+").match
_STRING = re.compile(r'"((?:[^"\\\n\r]++|\\[^\n\r]?+)*+)("?)').match  # to its quote, or to the end of its line
_SPECIAL = re.compile(
    r"\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.?|[\x00-\x1f]"
)
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![0-9A-Za-z_.+-])").match
_NUMBER_LIKE = re.compile(r"[+-]?\.?[0-9][0-9A-Za-z_.+-]*").match
_WORD = re.compile(r"[+-]?[A-Za-z_$][A-Za-z0-9_$.]*").match
_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|/\*.*?\*/", re.DOTALL).match
_SINGLE_QUOTED = re.compile(r"'((?:[^'\\\n]|\\.)*)'").match

_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: dict[str, Json] = {"true": True, "false": False, "null": None}


class Box(NamedTuple):
    """The place of an object: its own offset and, for each key, the offset of the key and the place of its value."""

    start: int
    keys: dict[str, tuple[int, Place]]


class Row(NamedTuple):
    """The place of an array, and those of its items."""

    start: int
    items: list[Place]


Place = int | Box | Row
"""The place of a scalar is its offset."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The result of reading. If ``whole`` is false, reading had to stop and ``value`` is None.

    Each fault has its line and column in ``at``, and the path as far as it is known.
    """

    text: str
    value: Json
    faults: tuple[Problem, ...]
    whole: bool


def parse(raw: bytes, name: str = "") -> Parsed:
    """Read UTF-8 JSON, with or without a byte order mark; never raises. ``name`` is that of the file."""
    encoding = json.detect_encoding(raw)
    if not encoding.startswith("utf-8"):
        return _foreign("", 0, f"the file is {encoding[:6].upper()}, not UTF-8", "save it as UTF-8")
    text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="surrogateescape")
    try:
        return Parsed(text, read_sound(text), (), whole=True)
    except NotSound:
        if (at := yaml_at(text, name)) is not None:
            hint = "write it as JSON, for example with: yq -o json FILE > promosync.json"
            return _foreign(text, at, "this is YAML, and the configuration is JSON", hint)
        return _parse_carefully(text)


def places(text: str) -> Place:
    """Return the places of everything in a text; only its beginning if it cannot be read to its end."""
    try:
        return _Reader(text).document()[1]
    except _StopReading:
        return 0


def _foreign(text: str, at: int, message: str, hint: str) -> Parsed:
    fault = Problem((), message, hint, rule="json-syntax", at=line_and_column(text, at))
    return Parsed(text, None, (fault,), whole=False)


def _parse_carefully(text: str) -> Parsed:
    reader = _Reader(text)
    try:
        reader.check_bytes()
        value, _ = reader.document()
    except _StopReading:
        return Parsed(reader.text, None, tuple(reader.faults), whole=False)
    return Parsed(reader.text, value, tuple(reader.faults), whole=True)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of an offset, both from 1; the column counts characters."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


class _StopReading(Exception):
    """Reading cannot go on: what follows would be reported as faults that are none."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.path: list[str | int] = []
        self.faults: list[Problem] = []

    # -- faults ------------------------------------------------------------------------------------------

    def fault(self, offset: int, message: str, hint: str, rule: str = "json-syntax") -> None:
        place = line_and_column(self.text, offset)
        self.faults.append(Problem(tuple(self.path), message, hint, rule, at=place))
        if len(self.faults) >= MAX_FAULTS:
            raise _StopReading

    def stop(self, offset: int, message: str, hint: str) -> _StopReading:
        """Note a fault after which reading cannot go on; the caller raises the result."""
        self.fault(offset, message, hint)
        return _StopReading()

    def check_bytes(self) -> None:
        """Report bytes that are not UTF-8 (decoded to lone surrogates) and replace them by a sign."""
        for found in re.finditer("[\udc80-\udcff]+", self.text):
            first = ord(found[0][0]) - 0xDC00
            self.fault(found.start(), f"the byte 0x{first:02x} is not UTF-8", "save the file as UTF-8")
        if self.faults:
            self.text = re.sub("[\udc80-\udcff]", "�", self.text)

    # -- structure ---------------------------------------------------------------------------------------

    def document(self) -> tuple[Json, Place]:
        self.skip()
        if self.at == len(self.text):
            raise self.stop(0, "the file is empty", 'the smallest configuration is {"coupons": []}')
        value, place = self.value(0)
        self.skip()
        if self.at < len(self.text):
            self.fault(
                self.at,
                f"{self.here()} follows the end of the document",
                "a file holds one JSON object; remove what comes after it, or look for a bracket too many",
            )
        return value, place

    def skip(self) -> None:
        """Skip white space, and comments, which are faults."""
        while True:
            if space := _SPACE(self.text, self.at):
                self.at = space.end()
            comment = _COMMENT(self.text, self.at)
            if not comment:
                break
            self.fault(self.at, "JSON has no comments", "remove it, or say it in the commit message")
            self.at = comment.end()
        if self.text.startswith("/*", self.at):
            raise self.stop(self.at, "this comment does not end", "JSON has no comments: remove it")

    def value(self, depth: int) -> tuple[Json, Place]:
        start = self.at
        character = self.text[start : start + 1]
        if character == '"':
            return self.string(), start
        if character in ("{", "["):
            if depth >= MAX_DEPTH:
                raise self.stop(start, f"{character} opens more than {MAX_DEPTH} levels", "flatten the file")
            self.at += 1
            return self.object(start, depth + 1) if character == "{" else self.array(start, depth + 1)
        if number := _NUMBER(self.text, start):
            self.at = number.end()
            return self.number(number), start
        return self.oddity(start, character), start

    def object(self, start: int, depth: int) -> tuple[Json, Place]:
        found: dict[str, Json] = {}
        keys: dict[str, tuple[int, Place]] = {}
        comma: int | None = None
        while not self.closes("}", start, comma):
            key_at = self.at
            key = self.key()
            self.path.append(key)
            if key in keys:
                line, _ = line_and_column(self.text, keys[key][0])
                message = f"the key {shown(key)} appears twice (first in line {line})"
                self.fault(key_at, message, "keep one of them", rule="duplicate-key")
            self.colon()
            found[key], place = self.value(depth)
            keys[key] = (key_at, place)
            self.path.pop()
            comma = self.comma("}", "key")
        return found, Box(start, keys)

    def array(self, start: int, depth: int) -> tuple[Json, Place]:
        found: list[Json] = []
        items: list[Place] = []
        comma: int | None = None
        while not self.closes("]", start, comma):
            self.path.append(len(found))
            value, place = self.value(depth)
            found.append(value)
            items.append(place)
            self.path.pop()
            comma = self.comma("]", "item")
        return found, Row(start, items)

    def closes(self, bracket: str, start: int, comma: int | None) -> bool:
        """Whether the object or array ends here; report a comma before its end, or a missing end."""
        self.skip()
        character = self.text[self.at : self.at + 1]
        if character == bracket:
            if comma is not None:
                self.fault(comma, f"a comma before the closing {bracket}", "remove the comma")
            self.at += 1
            return True
        if character and character not in "]}":
            return False
        line, column = line_and_column(self.text, start)
        opener = f"the {self.text[start]} of line {line}, column {column}"
        if character:
            hint = "close the brackets in the order in which they were opened"
            raise self.stop(self.at, f"expected {bracket} to close {opener}, found {character}", hint)
        end = len(self.text.rstrip())
        raise self.stop(end, f"the file ends, but {opener} is still open", f"add the missing {bracket}")

    def comma(self, bracket: str, what: str) -> int | None:
        """Skip the comma after a value and return its offset; report a missing one and go on as if it were there."""
        self.skip()
        character = self.text[self.at : self.at + 1]
        if character == ",":
            self.at += 1
            return self.at - 1
        if not character or character in "]}":
            return None
        word = _WORD(self.text, self.at)
        if character not in "\"'{[-0123456789" and not (word and word[0] in _LITERALS):
            here = shown(word[0])[1:-1] if word else self.here()
            hint = "put the comma there, or the quote that is missing before it"
            raise self.stop(self.at, f"expected a comma or {bracket}, found {here}", hint)
        self.fault(self.at, f"a comma is missing before this {what}", "put a comma after the one before")
        return None

    def key(self) -> str:
        character = self.text[self.at]
        if character == '"':
            return self.string()
        if character == "'":
            return self.single_quoted()
        if word := _WORD(self.text, self.at):
            self.fault(self.at, f"the key {word[0]} has no quotes", f'write "{word[0]}"')
            self.at = word.end()
            return word[0]
        if character == ",":
            raise self.stop(self.at, "a comma too many", "remove it")
        raise self.stop(self.at, f"expected a key in double quotes, found {self.here()}", "correct it")

    def colon(self) -> None:
        self.skip()
        character = self.text[self.at : self.at + 1]
        if character != ":":
            if character != "=":
                raise self.stop(self.at, f"expected a colon after the key, found {self.here()}", "add the :")
            self.fault(self.at, "expected a colon after the key, found =", "write a colon")
        self.at += 1
        self.skip()

    # -- scalars -----------------------------------------------------------------------------------------

    def string(self) -> str:
        start = self.at
        found = _STRING(self.text, start)
        assert found, "the caller has seen the quote"
        self.at = found.end()
        content = _SPECIAL.sub(lambda special: self.special(start + 1 + special.start(), special[0]), found[1])
        if found[2]:
            return content
        # Most often its quote is missing, so it ends with its line.
        self.fault(start, "this text has no closing quote on its line", 'add the ", and write a line break as \\n')
        if self.at == len(self.text):
            raise _StopReading
        if content.rstrip().endswith(","):
            self.at = self.text.rindex(",", start, self.at)
        return content

    def special(self, at: int, text: str) -> str:
        """Return what an escape in a string stands for; nothing for a control character or a wrong escape."""
        if len(text) > 2:
            character = str(json.loads(f'"{text}"'))
            if character == "\0":
                self.fault(at, "Stripe takes no text with \\u0000", "remove it")
            elif "\ud800" <= character <= "\udfff":
                self.fault(at, f"{text.lower()} is half a character", "write the character itself, or both halves")
                return ""
            return character
        letter = text[1:]
        if not text.startswith("\\"):
            self.fault(
                at,
                f"a text has the control character U+{ord(text):04X}",
                "remove it" if text == "\0" else f"write {shown(text)[1:-1]}, or remove it",
            )
        elif letter == "u":
            self.fault(at, "\\u needs four hexadecimal digits", "write for example \\u00e9, or é itself")
        elif letter not in _ESCAPES:
            self.fault(at, f"\\{letter.strip()} is no escape in JSON", "write \\\\ for a backslash")
        return _ESCAPES.get(letter, "")

    def single_quoted(self) -> str:
        start = self.at
        quoted = _SINGLE_QUOTED(self.text, start)
        if not quoted:
            raise self.stop(start, "this text has no closing quote on its line", 'write it in double quotes, "…"')
        self.fault(start, "a text in single quotes", "write it in double quotes")
        self.at = quoted.end()
        return quoted[1]

    def number(self, found: re.Match[str]) -> Json:
        whole, fraction, exponent = found.groups()
        if len(found[0]) > MAX_NUMBER or (exponent and abs(int(exponent[1:])) > MAX_NUMBER):
            self.fault(found.start(), f"the number {shown(found[0])[1:-1]} is too long or too large", "shorten it")
            return None
        return Decimal(found[0]) if fraction or exponent else int(whole)

    def oddity(self, start: int, character: str) -> Json:
        """Read any other value: true, false, null, or what is no value of JSON."""
        if character == "'":
            return self.single_quoted()
        if like := _NUMBER_LIKE(self.text, start):
            self.at = like.end()
            self.fault(start, f"{shown(like[0])[1:-1]} is no JSON number", number_hint(like[0]))
            return None
        if word := _WORD(self.text, start):
            self.at = word.end()
            if word[0] not in _LITERALS:
                self.fault(start, f"{shown(word[0])[1:-1]} is no JSON value", word_hint(word[0]))
            return _LITERALS.get(word[0])
        if character in ("", ",", "]", "}"):
            self.fault(start, "a value is missing here", "write one, or remove the comma or key before it")
            if not character:
                raise _StopReading
            return None
        raise self.stop(start, f"expected a value, found {self.here()}", "correct it")

    def here(self) -> str:
        """Name the character at the current position."""
        if self.at >= len(self.text):
            return "the end of the file"
        character = self.text[self.at]
        return character if character.isprintable() else f"the character U+{ord(character):04X}"
