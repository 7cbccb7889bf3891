"""Codes that take over each other's texts: all are switched off before any is made, so each is off for longer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate

from promosync.plan.plan import Action, Kind, Verb


def linked(actions: Iterable[Action]) -> list[list[Action]]:
    """Return the actions in groups that need each other's texts; most groups have one action."""
    actions = list(actions)
    groups = {index: [index] for index in range(len(actions))}
    home = list(range(len(actions)))
    users: dict[str, list[int]] = defaultdict(list)
    for index, action in enumerate(actions):
        for text in {action.frees, action.takes}:
            if text is not None:
                users[text].append(index)
    for sharing in users.values():
        for index in sharing[1:]:
            here, there = home[sharing[0]], home[index]
            if here != there:
                for moved in groups.pop(there):
                    home[moved] = here
                    groups[here].append(moved)
    return [[actions[index] for index in sorted(group)] for group in groups.values()]


def with_waits(actions: Iterable[Action]) -> list[Action]:
    """Return the actions with ``waits``: how many requests of other codes a swapped code waits for while it is off.

    A group is carried out one request after the other: first all that frees a text, then all that takes one. A code
    is off until it is made, and its old text, which customers hold, until the code that takes it over is made.
    """
    actions = list(actions)
    waits: dict[int, int] = {}
    for group in linked(action for action in actions if action.kind is Kind.CODE):
        if len(group) > 1:
            waits |= _waits(group)
    return [replace(action, waits=waits[id(action)]) if waits.get(id(action)) else action for action in actions]


def _waits(group: list[Action]) -> dict[int, int]:
    """Return for each swapped code of a group how many requests of others come before it works again."""
    freed = list(accumulate(_requests_to_free(action) for action in group))
    makes = [action for action in group if action.takes is not None]
    waits = {}
    for action, done in zip(group, freed, strict=True):
        if action.gap_requests:
            ready = max(at for at, make in enumerate(makes) if make is action or make.takes == action.frees)
            waits[id(action)] = freed[-1] - done + ready
    return waits


def _requests_to_free(action: Action) -> int:
    """Return the requests that an action makes before the first code of its group is made."""
    if action.verb is Verb.RECREATE:
        return action.requests - 1
    return 0 if action.takes is not None else action.requests
