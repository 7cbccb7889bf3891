"""Saving a plan, and taking it up again: read the file, read the account, refuse if either is not what it was."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from promosync.codes.folder import resolve_inside
from promosync.config import Source
from promosync.model.configuration import Configuration, Generate
from promosync.model.live import Account, Live
from promosync.model.ownership import Mode
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.desired import Needs, needs
from promosync.plan.moved import batch_state, stands_on, was_applied, what_moved, what_to_read
from promosync.plan.plan import Action, BatchAction, Plan
from promosync.plan.planner import Policy, make_plan
from promosync.plan.saved import COUNTS, Saved, dump, load
from promosync.workflows.plan import with_customers, wrong_account

if TYPE_CHECKING:
    from promosync.plan.batches import Rows
    from promosync.stripe_api.account import StripeAccount

MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Inputs:
    """A configuration as it was read: ``sources`` are its files, ``imports`` the SHA-256 of each its batches name."""

    configuration: Configuration
    rows: Mapping[str, Rows]
    sources: tuple[Source, ...]
    imports: Mapping[str, str]

    @property
    def files(self) -> dict[str, str]:
        """The SHA-256 of each file, by the name it was given."""
        return {source.name: sha256(source.text.encode()).hexdigest() for source in self.sources}


def import_digests(configuration: Configuration, folder: Path | None) -> dict[str, str]:
    """Return the SHA-256 of each file that batches name, by that name; ``folder`` is the configuration's own."""
    names = {e.source.emails if isinstance(e.source, Generate) else e.source.file for e in configuration.batches}
    if folder is None:
        return {}
    return {
        name: sha256(resolve_inside(folder, name).read_bytes()).hexdigest() for name in sorted(filter(None, names))
    }


def make_to_save(inputs: Inputs, stripe: StripeAccount, policy: Policy) -> Saved:
    """Return the plan for an account with all that binds it to the world as it is."""
    refused = wrong_account(inputs.configuration, stripe.account)
    if refused:
        raise ProblemsFound([refused])
    live = stripe.read(needs(inputs.configuration, stripe.account.mode, inputs.rows))
    plan = _plan(inputs, live, policy, stripe)
    return Saved(
        plan,
        inputs.files,
        inputs.imports,
        stands_on(plan, live),
        {batch.id: batch_state(live.batches.get(batch.id), live) for batch in plan.batches},
        policy,
    )


def write(saved: Saved, path: Path) -> None:
    """Write a saved plan, whole or not at all; raise ProblemsFound where that can not be."""
    there = [name for name in saved.files if _same_file(Path(name), path)]
    if there:
        raise _problem(f"{path} is the configuration itself", "name another file for the plan")
    path = path.resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():  # a device, a pipe: not to be replaced
            path.write_text(dump(saved), encoding="utf-8")
            return
        beside.write_text(dump(saved), encoding="utf-8")
        beside.replace(path)
    except (OSError, ValueError) as error:
        beside.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _problem(f"the plan can not be written to {path}: {reason}", "name another file") from error


def read(path: Path) -> Saved:
    """Return the saved plan in a file; raise ProblemsFound for what is none, or is not whole."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise _problem(f"{path} is no saved plan: it is larger than {MAX_BYTES // 1024**2} MiB")
        text = raw.decode()
    except UnicodeDecodeError:
        raise _problem(f"{path} is no saved plan: it is not text") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _problem(f"the plan {path} can not be read: {reason}", "make one: promosync plan --out FILE") from error
    return load(text, str(path))


def check_files(saved: Saved, inputs: Inputs) -> None:
    """Refuse a configuration that is not the one a plan was made of; names do not matter, content does."""
    problems = []
    if sorted(saved.files.values()) != sorted(inputs.files.values()):
        names = ", ".join(inputs.files)
        problems.append(_moved(f"{names}: the configuration is not the one the plan was made of"))
    problems += [
        _moved(f"{name}: the file was changed")
        for name in sorted({*saved.imports, *inputs.imports})
        if saved.imports.get(name) != inputs.imports.get(name)
    ]
    if problems:
        raise ProblemsFound(problems)


def take_up(saved: Saved, stripe: StripeAccount, inputs: Inputs | None = None) -> Plan:
    """Return the plan to carry out, the account being as the saved one found it.

    ``inputs`` is the configuration, checked with :func:`check_files`; a plan with batches needs it. Raises
    ProblemsFound with all that moved.
    """
    plan = saved.plan
    if foreign := _foreign(plan.account, stripe.account):
        raise ProblemsFound([foreign])
    if plan.empty:
        return plan
    again = inputs if plan.batches else None
    asked = what_to_read(plan)
    if again is not None:
        asked = _both(asked, needs(again.configuration, stripe.account.mode, again.rows))
    live = stripe.read(asked)
    moved = what_moved(saved, live)
    if moved:
        raise ProblemsFound(_told(moved, saved, live, again, stripe))
    if not plan.batches:
        return plan
    if again is None:
        raise _problem("a plan with code batches needs its configuration again, for their codes are not in it")
    return _with_work(plan, _plan(again, live, saved.policy, stripe))


def _plan(inputs: Inputs, live: Live, policy: Policy, stripe: StripeAccount) -> Plan:
    rows = with_customers(inputs.configuration, inputs.rows, live, stripe)
    return make_plan(inputs.configuration, live, policy, rows)


def _told(
    moved: list[Problem], saved: Saved, live: Live, inputs: Inputs | None, stripe: StripeAccount
) -> Iterable[Problem]:
    """Say of a plan that was carried out already just that."""
    if not was_applied(saved.plan, live):
        return moved
    if saved.plan.batches:
        if inputs is None:
            return moved
        try:
            left = _plan(inputs, live, saved.policy, stripe).batches
        except ProblemsFound:
            return moved
        if {batch.id for batch in left} & {batch.id for batch in saved.plan.batches}:
            return moved
    message = "this plan was applied already: everything in it is done"
    return [Problem((), message, "plan again to see what is left to do", rule="applied-already")]


def _with_work(saved: Plan, again: Plan) -> Plan:
    """Return the plan made again, if it does no more than the saved one says: some codes may have been used up."""
    known = {_subject(action) for action in saved.actions}
    more = [action.id for action in again.actions if _subject(action) not in known]
    batches = {batch.id: batch for batch in saved.batches}
    for batch in again.batches:
        planned = batches.get(batch.id)
        if planned is None or any(getattr(batch, name) > getattr(planned, name) for name in COUNTS):
            more.append(batch.id)
    if more:
        raise ProblemsFound([_moved(f"more is to be done now than the plan says: {', '.join(sorted(more))}")])
    return replace(again, brakes=tuple(dict.fromkeys([*saved.brakes, *again.brakes])))


def _subject(action: Action | BatchAction) -> tuple[object, ...]:
    if isinstance(action, BatchAction):
        return action.kind, action.id
    return action.kind, action.verb, action.id, action.stripe_id, action.new_id


def _both(one: Needs, other: Needs) -> Needs:
    return replace(
        one,
        products=one.products | other.products,
        customers=one.customers | other.customers,
        emails=one.emails | other.emails,
        codes=one.codes + other.codes,
    )


def _foreign(planned: Account, here: Account) -> Problem | None:
    if planned.mode is not here.mode:
        article = "a live" if planned.mode is Mode.LIVE else "a test"
        message = f"the plan was made with {article} key, and this one is for {here.mode} mode"
    elif planned.id == here.id:
        return None
    elif planned.id is None or here.id is None:
        which = "made with a key that" if planned.id is None else f"for {planned.id}, and the key"
        message = f"the plan is {which} may not read which account it belongs to"
        hint = "give the restricted key read access to the account (Connect: Accounts, read), and plan again"
        return Problem((), message, hint, rule="wrong-account")
    else:
        message = f"the plan is for {planned.id}, and the key belongs to {here.id}"
    return Problem((), message, "use a key of the account it was made with, or plan again", rule="wrong-account")


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _moved(message: str) -> Problem:
    return Problem((), f"{message} (since the plan was made)", "plan again", rule="moved")


def _problem(message: str, hint: str = "make it again: promosync plan --out FILE") -> ProblemsFound:
    return ProblemsFound([Problem((), message, hint, rule="saved-plan")])
