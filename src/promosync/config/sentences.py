"""Says in words what is wrong and what to do where a file breaks the schema, in one table by keyword."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from promosync.config.words import Guesses, listing, shown
from promosync.model.problems import Path, Problem


@dataclass(frozen=True, slots=True)
class Breach:
    """A keyword of the schema that a value breaks; ``of_key`` if the value is a key of the object at ``path``.

    ``schema`` is the object that has the keyword, with its ``wanted`` value; ``found`` is the file's value. All
    breaches of a file share their ``guesses``.
    """

    keyword: str
    wanted: Any
    found: Any
    schema: Mapping[str, Any]
    path: Path
    guesses: Guesses
    of_key: bool = False


def sentences(breach: Breach) -> Iterator[Problem]:
    """Yield the problems of a breach; several breaches may give the same problem."""
    if "errorMessage" in breach.schema:
        message, _, hint = breach.schema["errorMessage"].partition("; ")
        yield Problem(breach.path, message, hint, rule="conflicting-keys", on_key=True)
    elif breach.of_key:
        for problem in _VALUES[breach.keyword](breach):
            yield replace(problem, path=(*breach.path, breach.found), message=f"key {problem.message}", on_key=True)
    elif breach.keyword in _VALUES:
        yield from _VALUES[breach.keyword](breach)
    elif isinstance(breach.found, dict):  # anything else has a wrong type, which is reported already
        yield from _SHAPES[breach.keyword](breach)


# -- the keys of an object -------------------------------------------------------------------------------


def _unknown_keys(breach: Breach) -> Iterator[Problem]:
    known = breach.schema.get("properties", {})
    for key in breach.found:
        if key not in known:
            hint = breach.guesses.did_you_mean(key, known) or f"known here: {listing(sorted(known))}"
            yield Problem((*breach.path, key), f"unknown key {shown(key)}", hint, "unknown-key", on_key=True)


def _meant(breach: Breach) -> set[str]:
    """Return the keys that misspelt keys were probably meant to be: they are not reported as missing, too."""
    known = breach.schema.get("properties", {})
    return {meant for key in breach.found if key not in known and (meant := breach.guesses.closest(key, known))}


def _missing(breach: Breach) -> Iterator[Problem]:
    missing = [key for key in breach.wanted if key not in breach.found]
    meant = _meant(breach) if missing else set()
    for key in missing:
        if key not in meant:
            beside = ' beside `"duration": "repeating"`' if key == "duration_in_months" else ""
            yield Problem(breach.path, f"`{key}` is missing{beside}", f"add `{key}`", rule="missing-key")


def _dependent(breach: Breach) -> Iterator[Problem]:
    for key, needed in breach.wanted.items():
        for other in needed:
            if key in breach.found and other not in breach.found and other not in _meant(breach):
                yield Problem(
                    (*breach.path, key),
                    f"`{key}` goes with `{other}`, which is missing",
                    f"add `{other}`, or remove `{key}`",
                    rule="missing-key",
                    on_key=True,
                )


def _either(breach: Breach) -> Iterator[Problem]:
    keys = [key for choice in breach.wanted for key in choice["required"]]
    given = [key for key in breach.found if key in keys]
    if given:
        yield _conflict(breach.path, given)
    elif not set(keys) & _meant(breach):
        names = listing((f"`{key}`" for key in keys), "or")
        yield Problem(breach.path, f"{names} is missing", "add one of them", rule="missing-key")


def _not_together(breach: Breach) -> Iterator[Problem]:
    keys = {key for pair in breach.wanted["anyOf"] for key in pair["required"]}
    yield _conflict(breach.path, [key for key in breach.found if key in keys])


def _conflict(path: Path, given: list[str]) -> Problem:
    message = f"{listing(f'`{key}`' for key in given)} exclude each other"
    return Problem((*path, given[-1]), message, "keep one of them", rule="conflicting-keys", on_key=True)


_SHAPES: dict[str, Callable[[Breach], Iterator[Problem]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing,
    "dependentRequired": _dependent,
    "oneOf": _either,
    "not": _not_together,
}


# -- a value ---------------------------------------------------------------------------------------------

_TYPES = {
    "object": "an object in { }",
    "array": "a list in [ ]",
    "string": "a text in double quotes",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def _type(breach: Breach) -> Iterator[Problem]:
    wanted = breach.wanted if isinstance(breach.wanted, list) else [breach.wanted]
    message = f"is {shown(breach.found)}, but must be {listing((_TYPES[kind] for kind in wanted), 'or')}"
    hint = "leave the key out for none" if breach.found is None and breach.path else _example(breach)
    yield Problem(breach.path, message if breach.path else f"the file {message}", hint, rule="wrong-type")


def _choice(breach: Breach) -> Iterator[Problem]:
    message = f"is {shown(breach.found)}, but must be {listing(map(shown, breach.wanted), 'or')}"
    hint = breach.guesses.did_you_mean(breach.found, breach.wanted) if isinstance(breach.found, str) else ""
    yield Problem(breach.path, message, hint or "choose one of them", rule="bad-value")


def _pattern(breach: Breach) -> str:
    reason = breach.schema.get("patternErrorMessage", f"it must match {breach.wanted}")
    return f"is {shown(breach.found)}, but {reason}"


def _value(message: Callable[[Breach], str]) -> Callable[[Breach], Iterator[Problem]]:
    def translate(breach: Breach) -> Iterator[Problem]:
        yield Problem(breach.path, message(breach), _example(breach), rule="bad-value")

    return translate


def _example(breach: Breach) -> str:
    examples = breach.schema.get("examples") or [{}]
    return "" if isinstance(examples[0], dict | list) else f"for example {shown(examples[0])}"


_VALUES: dict[str, Callable[[Breach], Iterator[Problem]]] = {
    "type": _type,
    "enum": _choice,
    "pattern": _value(_pattern),
    "minimum": _value(lambda it: f"is {shown(it.found)}, but must be at least {it.wanted:,}"),
    "exclusiveMinimum": _value(lambda it: f"is {shown(it.found)}, but must be above {it.wanted:,}"),
    "maximum": _value(lambda it: f"is {shown(it.found)}, but must be at most {it.wanted:,}"),
    "multipleOf": _value(lambda it: f"is {shown(it.found)}, but Stripe takes two decimals at most"),
    "minLength": _value(lambda _: "is empty"),
    "maxLength": _value(lambda it: f"has {len(it.found):,} characters, but at most {it.wanted:,} are allowed"),
    "minItems": _value(lambda _: "is empty: leave the key out for none"),
    "uniqueItems": _value(lambda it: f"{shown(it.found)} appears twice"),
    "minProperties": _value(lambda _: "is empty: leave the key out for none"),
    "maxProperties": _value(lambda it: f"has {len(it.found):,} keys, but at most {it.wanted:,} are allowed"),
}
