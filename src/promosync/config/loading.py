"""From bytes to a checked configuration: read it, check it with the schema, make the values, apply the rules.

Each stage passes on what is valid, so that one run reports the faults of all stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from promosync.config.document import read_document
from promosync.config.files import schema_text
from promosync.config.rules import check_rules
from promosync.config.sound_json import Json
from promosync.config.source import Refused, Source
from promosync.config.strict_json import parse
from promosync.model.configuration import Configuration, Settings
from promosync.model.problems import Path, Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid file: its configuration, and its text with the place of everything in it."""

    configuration: Configuration
    source: Source


@dataclass(frozen=True, slots=True)
class Draft:
    """A configuration that was read but not checked yet; ``faults`` are the faults of its JSON.

    ``finish`` is applied to the configuration once it is made.
    """

    value: Json
    source: Source
    faults: tuple[Problem, ...]
    finish: Callable[[Configuration], Configuration] | None = None

    @property
    def owner(self) -> str:
        """The owner, as far as it can be read."""
        settings = self.value.get("promosync") if isinstance(self.value, dict) else None
        owner = settings.get("owner") if isinstance(settings, dict) else None
        return owner if isinstance(owner, str) else Settings().owner

    @property
    def codes(self) -> int:
        """The number of promotion codes, as far as it can be read."""
        codes = self.value.get("promotion_codes") if isinstance(self.value, dict) else None
        return len(codes) if isinstance(codes, list) else 0

    def check(self, now: int | None = None) -> Loaded:
        """Check it; result and errors are those of :func:`load`."""
        configuration, problems = _checked(self.value, self.source, self.faults, now)
        if self.finish is not None:
            configuration = self.finish(configuration)
        if problems:
            raise Refused(problems, self.source, configuration)
        return Loaded(configuration, self.source)


def load(text: bytes, name: str, now: int | None = None) -> Loaded:
    """Read and check a configuration; ``now`` is seconds UTC, ``name`` is for messages only.

    Raises :class:`Refused`, a :class:`~promosync.model.problems.ProblemsFound` that locates its problems,
    with all of them. Without ``now`` only what is wrong at any time is a problem: a code with a date may have ended.
    """
    return draft(text, name).check(now)


def draft(text: bytes, name: str) -> Draft:
    """Read a configuration, which is much faster than checking it; raises Refused if the JSON cannot be read."""
    parsed = parse(text, name)
    source = Source(name, parsed.text)
    if not parsed.whole:
        raise Refused(parsed.faults, source)
    return Draft(parsed.value, source, parsed.faults)


def _checked(
    value: Json, source: Source, faults: tuple[Problem, ...], now: int | None
) -> tuple[Configuration, list[Problem]]:
    """Return the configuration of the valid parts of a file, and all problems, with the ``faults`` of its JSON."""
    from promosync.config.checking import check, misspelt_sections  # loads jsonschema, which is slow

    schema = schema_text()
    breaches, broken = check(value, schema)
    document, values = read_document(_without(value, broken))
    rules = check_rules(document, now)
    if ("coupons",) in broken:
        rules = [problem for problem in rules if problem.rule != "unknown-reference"]
    problems = list(faults)
    for stage in (breaches, misspelt_sections(value, schema), values, rules):
        problems += _further(stage, problems, source)
    return document.configuration, problems


def _further(stage: Iterable[Problem], before: list[Problem], source: Source) -> list[Problem]:
    """Return the problems of a stage at places where no earlier stage had a problem."""
    paths = {problem.path for problem in before if problem.path}
    places = {source.order_of(problem) for problem in before if problem.at}
    return [
        problem
        for problem in stage
        if problem.path not in paths and not (places and source.order_of(problem) in places)
    ]


def _without(tree: Json, paths: list[Path]) -> Json:
    """Return the tree without these places: a key is removed, a list item becomes None, so that indexes stay."""
    if not paths:
        return tree
    if () in paths:
        return {}
    grouped: dict[str | int, list[Path]] = {}
    for path in paths:
        grouped.setdefault(path[0], []).append(path[1:])
    if isinstance(tree, list):
        return [
            None if () in grouped.get(index, ()) else _without(item, grouped.get(index, []))
            for index, item in enumerate(tree)
        ]
    if isinstance(tree, dict):
        return {
            key: _without(item, grouped.get(key, [])) for key, item in tree.items() if () not in grouped.get(key, ())
        }
    return tree
