"""Saving a plan, and continuing it as often as needed: read the file and the account, and plan what is left."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from promosync.codes.folder import resolve_inside
from promosync.config import Refused, Source
from promosync.model.account import Live
from promosync.model.configuration import Configuration, Settings
from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.executed import Executed, executed, has_moved, objects_of
from promosync.plan.plan import Plan
from promosync.plan.planner import Policy
from promosync.plan.remaining import remaining
from promosync.plan.safety import brakes
from promosync.plan.saved import File, Saved, load
from promosync.workflows.batch_files import read_batch_files
from promosync.workflows.configuration import below_of, read_again
from promosync.workflows.plan import check_account, decide, make

if TYPE_CHECKING:
    from promosync.plan.batch_rows import Rows
    from promosync.stripe_api.account import StripeAccount

MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Inputs:
    """A configuration as it was read.

    ``sources`` are its files, ``imports`` the SHA-256 of each that its batches name, ``folder`` the one they share.
    """

    configuration: Configuration
    rows: Mapping[str, Rows]
    sources: tuple[Source, ...]
    imports: Mapping[str, str]
    folder: Path | None = None

    @property
    def files(self) -> dict[str, File]:
        """Each file, by the name it was given."""
        shared = self.folder if len(self.sources) > 1 else None
        return {one.name: File(one.text, below_of(one.name, shared) if shared else "") for one in self.sources}


def import_digests(configuration: Configuration, folder: Path | None) -> dict[str, str]:
    """Return the SHA-256 of each file that batches name, by that name; ``folder`` is the configuration's own."""
    if folder is None:
        return {}
    return {name: sha256(resolve_inside(folder, name).read_bytes()).hexdigest() for name in configuration.files}


def make_to_save(inputs: Inputs, stripe: StripeAccount, policy: Policy) -> Saved:
    """Return the plan for an account with all that it is made of."""
    plan = make(inputs.configuration, stripe, policy, inputs.rows)
    # Relative, so that it is found in another checkout.
    folder = None if inputs.folder is None else os.path.relpath(inputs.folder)
    return Saved(plan, inputs.files, folder, inputs.imports, policy)


def needs_naming(saved: Saved) -> bool:
    """Whether a plan is only applied with its configuration named: where it adopts, or removes more than usual."""
    plan = saved.plan
    usual = Settings().max_removal_percent
    return _adopts(plan) or (not plan.brakes and bool(brakes([*plan.actions, *plan.batches], plan.ours, usual)))


def files_to_read(plan: Plan, configuration: Configuration) -> Configuration:
    """Return a configuration with those batches only whose codes or addresses a plan needs again when it is taken up.

    That is none of those that are drawn, and none that the plan leaves as it is.
    """
    touched = {batch.id for batch in plan.batches}
    return replace(
        configuration,
        batches=tuple(entry for entry in configuration.batches if entry.file and entry.id in touched),
    )


def read(path: Path) -> Saved:
    """Return the saved plan in a file; raise ProblemsFound if it is not one, or not complete."""
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
        raise _problem(f"the plan {path} cannot be read: {reason}", "make one: promosync plan --out FILE") from error
    return load(text, str(path))


def check_files(saved: Saved, inputs: Inputs) -> None:
    """Raise ProblemsFound if a configuration has not the content that the plan was made of; names do not matter."""
    problems = []
    if sorted(file.text for file in saved.files.values()) != sorted(source.text for source in inputs.sources):
        names = ", ".join(source.name for source in inputs.sources)
        problems.append(has_moved(f"{names}: the configuration is not the one the plan was made of"))
    problems += _changed_imports(saved, inputs.imports, {*saved.imports, *inputs.imports})
    if problems:
        raise ProblemsFound(problems)


def take_up(saved: Saved, stripe: StripeAccount, inputs: Inputs | None = None) -> Plan:
    """Return what is left to do of a saved plan, in the account as it is now.

    ``inputs`` is the configuration if it was named, checked with :func:`check_files`; without it the one in the plan
    is used, with the files of those batches that the plan changes. Raises ProblemsFound with everything that has
    changed or does not fit, and if nothing is left to do.
    """
    plan = saved.plan
    if foreign := _foreign(plan.account, stripe.account):
        raise ProblemsFound([foreign])
    if inputs is None and plan.empty:
        return replace(plan, kept=(), brakes=(), exposed=())
    given = inputs or _in_the_plan(saved)
    check_account(given.configuration, stripe.account)
    stood, again = _made_again(saved, given, stripe)
    left = remaining(plan, again, stood)
    if left.empty and not plan.empty:
        message = "this plan was applied already: everything in it is done"
        hint = "plan again to see what is left to do"
        raise ProblemsFound([Problem((), message, hint, rule="applied-already")])
    if inputs is None and _adopts(left):
        raise _problem(
            f"it adopts objects that are not of owner {left.owner!r}, and only the configuration can say that it may",
            "name the configuration too: promosync apply --plan PLAN FILE",
        )
    return left


def _made_again(saved: Saved, given: Inputs, stripe: StripeAccount) -> tuple[Executed, Plan]:
    """Return how far a plan was carried out, and a new plan; raise ProblemsFound with everything that has changed."""
    stood: list[Executed] = []

    def as_planned(live: Live) -> Live:
        stood[:] = [executed(saved.plan, live)]
        if stood[0].moved:
            raise ProblemsFound(stood[0].moved)
        return stood[0].live

    made = decide(
        given.configuration, stripe, saved.policy, given.rows, wanted=objects_of(saved.plan), seen=as_planned
    )
    return stood[0], made


def _in_the_plan(saved: Saved) -> Inputs:
    """Return the configuration in a plan; it must not allow more than the usual safety checks."""
    try:
        configuration = read_again({name: (file.text, file.below) for name, file in saved.files.items()})
    except Refused:
        raise _problem("the configuration in the plan is not sound") from None
    settings = configuration.settings
    percent = min(settings.max_removal_percent, Settings().max_removal_percent)
    configuration = replace(configuration, settings=replace(settings, max_removal_percent=percent))
    folder = None if saved.folder is None else Path(saved.folder)
    asked = files_to_read(saved.plan, configuration)
    rows = read_batch_files(asked, folder)
    if problems := _changed_imports(saved, import_digests(asked, folder), asked.files):
        raise ProblemsFound(problems)
    return Inputs(configuration, rows, (), {})


def _changed_imports(saved: Saved, now: Mapping[str, str], names: Iterable[str]) -> list[Problem]:
    return [
        has_moved(f"{name}: the file was changed")
        for name in sorted(names)
        if saved.imports.get(name) != now.get(name)
    ]


def _adopts(plan: Plan) -> bool:
    """Whether a plan changes objects that its owner does not manage yet."""
    befores = (action.before for action in plan.actions if action.before is not None)
    return any(before.tags.owner != plan.owner for before in befores) or any(batch.adopted for batch in plan.batches)


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


def _problem(message: str, hint: str = "make it again: promosync plan --out FILE") -> ProblemsFound:
    return ProblemsFound([Problem((), message, hint, rule="saved-plan")])
