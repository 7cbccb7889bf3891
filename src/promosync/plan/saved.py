"""A plan as a file: people review it, apply takes it up until all of it is done, and an edited one is refused.

The file has what was shown: each action with its object before and after, and the counts of each batch. It also has
the configuration, from which the rest is made again. It has no unique code, because whoever reads it could spend it:
of the files that batches name it has digests only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from promosync import __version__
from promosync.model.live import Account, LiveCode
from promosync.model.ownership import Mode
from promosync.model.problems import Path, Problem, ProblemsFound
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.fields import iso
from promosync.plan.plan import Action, BatchAction, FieldChange, Kept, Kind, Plan, Verb
from promosync.plan.planner import Policy

FORMAT = 2
"""The version of the file; it goes up whenever a plan of an older promosync would be read wrongly."""

COUNTS = tuple(f.name for f in fields(BatchAction) if f.type == "int")
"""The counts of a batch in a plan."""

_VERSION, _CHECKSUM = "promosync_plan", "checksum"
_AGAIN = "make it again: promosync plan --out FILE"


@dataclass(frozen=True, slots=True)
class File:
    """The text of one file of a configuration, and its folder below the one that all of them share."""

    text: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """A plan and what it is made of.

    ``files`` are those of the configuration, by the name they were given; ``folder`` is the one they share, None for
    standard input. ``imports`` has the SHA-256 of each file that batches name, by that name. The batches of ``plan``
    have no work in them.
    """

    plan: Plan
    files: Mapping[str, File]
    folder: str | None = None
    imports: Mapping[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)


def dump(saved: Saved) -> str:
    """Return the text of the file: JSON, the same for the same plan."""
    tree = _without_nothing(
        _document(saved).model_dump(mode="json")
    )  # large: so the document is freed before the text is made
    return json.dumps({**tree, _CHECKSUM: _checksum(tree)}, indent=2) + "\n"


def _document(saved: Saved) -> _Document:
    plan = saved.plan
    return _Document(
        promosync_plan=FORMAT,
        made_by=f"promosync {__version__}",
        made_at=datetime.fromtimestamp(plan.account.now, UTC),
        account=plan.account.id,
        mode=plan.account.mode,
        owner=plan.owner,
        files=dict(saved.files),
        folder=saved.folder,
        imports=dict(saved.imports),
        prune=saved.policy.prune,
        targets=saved.policy.targets,
        actions=tuple(_without_text(action) for action in plan.actions),
        batches=tuple(_batch(batch) for batch in plan.batches),
        kept=plan.kept,
        unchanged=plan.unchanged,
        ours=plan.ours,
        brakes=plan.brakes,
    )


def load(text: str, name: str) -> Saved:
    """Return what :func:`dump` wrote; ``name`` is the file's, for messages.

    Raises ProblemsFound for a file that is no plan, has another format, or was cut or edited.
    """
    try:
        tree = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _refused(f"{name} is no saved plan, or it was cut short or edited: it is not sound JSON") from None
    if not isinstance(tree, dict) or _VERSION not in tree:
        raise _refused(f"{name} is no saved plan")
    if tree[_VERSION] != FORMAT:
        said = f"{name} is a plan of format {tree[_VERSION]!r}, and promosync {__version__} reads format {FORMAT}"
        raise _refused(said)
    given = tree.pop(_CHECKSUM, None)
    if given != _checksum(tree):
        raise _refused(f"{name} was edited or cut since it was saved: its checksum does not fit")
    try:
        return _read(_Document.model_validate(tree))
    except (ValueError, TypeError, ArithmeticError):  # pydantic's errors are ValueErrors; dates and decimals overflow
        raise _refused(f"{name} does not read as a plan of promosync {__version__}") from None


def _read(document: _Document) -> Saved:
    if not {name for batch in document.batches for name in batch.counts} <= set(COUNTS):
        raise ValueError("a count that is none")
    _check(document)
    plan = Plan(
        account=Account(document.account, document.mode, int(document.made_at.timestamp())),
        owner=document.owner,
        actions=tuple(replace(action, changes=_decimals(action.changes)) for action in document.actions),
        batches=tuple(map(_read_batch, document.batches)),
        kept=document.kept,
        unchanged=document.unchanged,
        ours=document.ours,
        brakes=document.brakes,
    )
    policy = Policy(document.prune, document.targets)
    return Saved(plan, document.files, document.folder, document.imports, policy)


def _read_batch(batch: _Batch) -> BatchAction:
    counts: dict[str, Any] = dict(batch.counts)
    changes = _decimals(batch.changes)
    return BatchAction(
        batch.id,
        batch.reason,
        issued=Counter(batch.issued),
        changes=changes,
        path=batch.path,
        warnings=batch.warnings,
        **counts,
    )


def _check(document: _Document) -> None:
    """Raise ValueError, or what Python raises, for impossible actions and values: a date beyond the calendar."""
    for action in document.actions:
        if action.kind is Kind.BATCH:
            raise ValueError("a batch is no action")
        for spec in (action.before.spec if action.before else None, action.after):
            if spec is None:
                continue
            if isinstance(spec, Coupon) is not (action.kind is Kind.COUPON):
                raise ValueError("an object of another kind")
            date = spec.redeem_by if isinstance(spec, Coupon) else spec.expires_at
            if date is not None:
                iso(date)
            percent = spec.percent_off if isinstance(spec, Coupon) else None
            if percent is not None and not (
                0 <= percent <= 100 and percent.adjusted() > -20 and len(percent.as_tuple().digits) < 20
            ):
                raise ValueError("no percentage")


def same_action(one: Action, other: Action) -> bool:
    """Whether two actions are the same in the file, which has no texts of unique codes."""
    return _without_text(one) == _without_text(other)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Batch(_Part):
    id: str
    reason: str
    counts: dict[str, int] = {}
    issued: dict[str, int] = {}
    changes: tuple[FieldChange, ...] = ()
    path: Path = ()
    warnings: tuple[str, ...] = ()


class _Document(_Part):
    promosync_plan: int
    made_by: str
    made_at: AwareDatetime
    account: str | None = None
    mode: Mode
    owner: str
    files: Annotated[dict[str, File], Field(min_length=1)]
    folder: str | None = None
    imports: dict[str, str] = {}
    prune: bool
    targets: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    batches: tuple[_Batch, ...] = ()
    kept: tuple[Kept, ...] = ()
    unchanged: int
    ours: int
    brakes: tuple[str, ...] = ()


def _without_text(action: Action) -> Action:
    """Leave out the text of a unique code, unless the configuration has it as a single code: it is not needed."""
    before, after = action.before, action.after
    if not isinstance(before, LiveCode) or before.tags.slot is None:
        return action
    if isinstance(after, PromotionCode) and action.verb is not Verb.RECREATE:
        after = replace(after, code="")
    changes = tuple(change for change in action.changes if change.field != "code")
    before = replace(before, spec=replace(before.spec, code=""))
    return replace(action, before=before, after=after, changes=changes)


def _batch(batch: BatchAction) -> _Batch:
    return _Batch(
        id=batch.id,
        reason=batch.reason,
        counts={name: count for name in COUNTS if (count := getattr(batch, name))},
        issued=dict(batch.issued),
        changes=batch.changes,
        path=batch.path,
        warnings=batch.warnings,
    )


def _decimals(changes: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    """Return changes with percentages as decimals: they are text in the file."""
    return tuple(
        replace(change, before=_decimal(change.before), after=_decimal(change.after))
        if change.field == "percent_off"
        else change
        for change in changes
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _without_nothing(tree: Any) -> Any:
    """Leave out what is null or empty, as every default is. Sort sets."""
    if isinstance(tree, dict):
        pruned = {key: _without_nothing(value) for key, value in tree.items()}
        if isinstance(products := pruned.get("applies_to"), list):
            pruned["applies_to"] = sorted(products)
        return {key: value for key, value in pruned.items() if value is not None and value != {} and value != []}
    return [_without_nothing(item) for item in tree] if isinstance(tree, list) else tree


def _checksum(tree: Any) -> str:
    return "sha256:" + sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _refused(message: str) -> ProblemsFound:
    return ProblemsFound([Problem((), message, _AGAIN, rule="saved-plan")])
