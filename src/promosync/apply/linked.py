"""Codes that hand a text to each other must be taken off before any of them is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from promosync.apply.code_steps import comes_back
from promosync.model.live import LiveCode
from promosync.model.promotions import PromotionCode, fold
from promosync.plan.plan import Action, Verb


def linked(actions: Iterable[Action]) -> list[list[Action]]:
    """Return the actions in groups; only actions of one group need each other's texts, most stand alone."""
    actions = list(actions)
    groups = {index: [index] for index in range(len(actions))}
    home = list(range(len(actions)))
    users: dict[str, list[int]] = defaultdict(list)
    for index, action in enumerate(actions):
        for text in _texts(action):
            users[text].append(index)
    for sharing in users.values():
        for index in sharing[1:]:
            here, there = home[sharing[0]], home[index]
            if here != there:
                for moved in groups.pop(there):
                    home[moved] = here
                    groups[here].append(moved)
    return [[actions[index] for index in sorted(group)] for group in groups.values()]


def _texts(action: Action) -> set[str]:
    """The texts that an action frees or takes, folded."""
    texts = set()
    if isinstance(action.before, LiveCode) and action.verb in (Verb.RECREATE, Verb.DEACTIVATE, Verb.RETIRE):
        texts.add(fold(action.before.spec.code))
    if isinstance(action.after, PromotionCode) and (
        action.verb in (Verb.CREATE, Verb.RECREATE) or comes_back(action)
    ):
        texts.add(fold(action.after.code))
    return texts
