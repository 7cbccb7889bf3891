"""A saved plan that somebody has edited and given a correct checksum."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from promosync.model.live import LiveCode
from promosync.model.problems import ProblemsFound
from promosync.plan.plan import Plan, Verb
from promosync.plan.saved import load
from promosync.render.facts import said_changes
from promosync.workflows.saved import check_files, take_up
from tests.journeys.world import World

from .drawer import Json, inputs

Place = tuple[str | int, ...]

_OTHERS: tuple[Any, ...] = (
    None, True, False, 0, 1, 7, -1, 10**30, 10**400, "", "x", "spring", "winter", "theirs", "guarded", "shop", "95",
    "1e999", "NaN", "create", "delete", "retire", "adopt", "\ud800", [], {}, [[]], {"a": 1},
)  # fmt: skip


def forged(text: str, edit: Callable[[Json], object]) -> str:
    """The plan after an edit, with a checksum that fits again."""
    document: Json = json.loads(text)
    edit(document)
    return sealed(document)


def sealed(document: Json) -> str:
    """Return the text of a plan with its correct checksum, calculated here independently."""
    tree = {key: value for key, value in document.items() if key != "checksum"}
    digest = sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return json.dumps({**tree, "checksum": f"sha256:{digest}"})


def action_on(document: Json, id: str, verb: str | None = None) -> Json:
    """The action of an entry."""
    [found] = [one for one in document["actions"] if one["id"] == id and verb in (None, one["verb"])]
    assert isinstance(found, dict)
    return found


def places(tree: Any, at: Place = ()) -> Iterator[Place]:
    """Every place in a document."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield (*at, key)
        yield from places(value, (*at, key))


def _get(tree: Any, at: Place) -> Any:
    for part in at:
        tree = tree[part]
    return tree


@st.composite
def edits(draw: st.DrawFn, text: str) -> str:
    """A plan with one to three places removed, doubled, or given another value: one of the plan itself, or any."""
    document: Json = json.loads(text)
    del document["checksum"]
    for _ in range(draw(st.integers(1, 3))):
        every = list(places(document))
        at = draw(st.sampled_from(every))
        holder, key = _get(document, at[:-1]), at[-1]
        how = draw(st.sampled_from(("remove", "double", "other", "of the plan", "of the plan", "number")))
        if how == "remove":
            del holder[key]
        elif how == "double" and isinstance(holder, list):
            holder.append(json.loads(json.dumps(holder[int(key)])))
        elif how == "of the plan":
            same = [place for place in every if place[-1] == key and place != at] or every
            holder[key] = json.loads(json.dumps(_get(document, draw(st.sampled_from(same)))))
        elif how == "number" and isinstance(holder[key], int):
            holder[key] += draw(st.integers(-40, 40))
        else:
            holder[key] = draw(st.sampled_from(_OTHERS))
    return sealed(document)


def taken_up(world: World, text: str, again: Json | None = None) -> Plan | list[str]:
    """Return the plan that would be applied, or why it is refused, also by a safety check. Nothing is written."""
    before = world.writes
    try:
        saved = load(text, "plan.json")
        given = None if again is None else inputs(world, again)
        if given is not None:
            check_files(saved, given)
        plan = take_up(saved, world.stripe, given)
    except ProblemsFound as found:
        return [problem.message for problem in found.problems]
    finally:
        assert world.writes == before
    return list(plan.brakes) or plan


def shown_is_done(world: World, plan: Plan) -> None:
    """Assert that the account holds what the plan showed, as far as an action shows it."""
    dump = world.control.dump()
    rows = {row["id"]: row for kind in ("coupons", "promotion_codes") for row in dump[kind]}
    for action in plan.actions:
        if action.verb is Verb.DELETE or (action.verb is Verb.RETIRE and action.kind == "coupon"):
            assert action.stripe_id not in rows
            continue
        if action.verb in (Verb.CREATE, Verb.RECREATE):
            row = rows[action.new_id] if action.new_id else _newest(dump["promotion_codes"], action.id)
        else:
            row = rows[action.stripe_id or ""]
        if action.limit is not None or action.verb is Verb.CREATE:
            counted = int(row["metadata"].get("promosync_carried", 0))
            ceiling = [row["max_redemptions"]] if isinstance(action.before, LiveCode) or not action.new_id else []
            allowed = None if row["max_redemptions"] is None else row["max_redemptions"] + counted
            assert allowed == action.limit or (ceiling and allowed is not None and allowed < (action.limit or 0))
        for change in said_changes(action):
            if change.field in ("percent_off", "amount_off", "name", "duration", "active", "duration_in_months"):
                value = row[change.field]
                assert value == change.after or float(value) == float(change.after)
            if change.field.startswith("metadata."):
                assert row["metadata"].get(change.field.removeprefix("metadata.")) == change.after
            if change.field == "code":
                assert row["code"] == change.after


def _newest(rows: list[Json], config_id: str) -> Json:
    return max(
        (row for row in rows if row["metadata"].get("promosync_id") == config_id),
        key=lambda row: (row["active"], row["created"]),
    )
