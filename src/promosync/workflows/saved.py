"""Saving a plan, and taking it up again: read the file, read the account, refuse if either is not what it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from promosync.codes.folder import resolve_inside
from promosync.config import Source
from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.desired import Needs, needs
from promosync.plan.moved import batch_state, stands_on, was_applied, what_moved, what_to_read, without_used_up
from promosync.plan.plan import Action, Plan
from promosync.plan.planner import Policy, make_plan
from promosync.plan.proving import prove
from promosync.plan.saved import COUNTS, Saved, lasting, load
from promosync.workflows.plan import with_customers, wrong_account

if TYPE_CHECKING:
    from promosync.plan.batch_rows import Rows
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
    if folder is None:
        return {}
    return {name: sha256(resolve_inside(folder, name).read_bytes()).hexdigest() for name in configuration.files}


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
        inputs.configuration.settings.max_removal_percent,
    )


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

    ``inputs`` is the configuration, checked with :func:`check_files`: with it the plan is made again and must be the
    same; without it every action is proven from the account. A plan with batches needs it. Raises ProblemsFound with
    all that moved, and with all that does not fit.
    """
    plan = saved.plan
    if foreign := _foreign(plan.account, stripe.account):
        raise ProblemsFound([foreign])
    if inputs is None:
        if plan.empty:
            return replace(plan, kept=(), brakes=(), exposed=())
        asked = what_to_read(plan)
    else:
        if refused := wrong_account(inputs.configuration, stripe.account):
            raise ProblemsFound([refused])
        asked = _both(what_to_read(plan), needs(inputs.configuration, stripe.account.mode, inputs.rows))
    live = stripe.read(asked)
    moved = what_moved(saved, live)
    if moved:
        raise ProblemsFound(_told(moved, saved, live, inputs, stripe))
    if inputs is not None:
        return _the_same(saved, _plan(inputs, live, saved.policy, stripe), live)
    if plan.batches:
        raise _problem("a plan with code batches needs its configuration again, for their codes are not in it")
    return prove(saved, live)


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


def _the_same(saved: Saved, again: Plan, live: Live) -> Plan:
    """Return the plan made again, if it is the saved one: only some codes may have been used up since."""
    planned = {_subject(action): action for action in saved.plan.actions}
    problems: list[Problem] = []
    more = [action.id for action in again.actions if _subject(action) not in planned]
    batches = {batch.id: batch for batch in saved.plan.batches}
    for batch in again.batches:
        known = batches.get(batch.id)
        if known is None or any(getattr(batch, name) > getattr(known, name) for name in COUNTS):
            more.append(batch.id)
    if more:
        problems.append(_moved(f"more is to be done now than the plan says: {', '.join(sorted(more))}"))
    for action in again.actions:
        saved_one = planned.pop(_subject(action), action)
        if lasting(saved_one) != lasting(action):
            problems.append(_differs(action, "the plan says something else of it than the configuration"))
    problems += [
        _differs(action, "the configuration does not ask for what the plan says of it")
        for action in without_used_up(planned.values(), live)
    ]
    if problems:
        raise ProblemsFound(problems)
    return again


def _differs(action: Action, message: str) -> Problem:
    name = f"{action.kind.value.replace('_', ' ')} {action.id!r}"
    return Problem((), f"{name}: {message}", "plan again, and apply that", rule="saved-plan")


def _subject(action: Action) -> tuple[object, ...]:
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


def _moved(message: str) -> Problem:
    return Problem((), f"{message} (since the plan was made)", "plan again", rule="moved")


def _problem(message: str, hint: str = "make it again: promosync plan --out FILE") -> ProblemsFound:
    return ProblemsFound([Problem((), message, hint, rule="saved-plan")])
