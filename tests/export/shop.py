"""An account that somebody filled by hand, and the conditions for an export of it."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from promosync.apply.gateway import StripeFault
from promosync.apply.outcome import Status
from promosync.config import load
from promosync.config.writing import to_json
from promosync.export.proposal import Export, Wishes
from promosync.model.configuration import Configuration
from promosync.plan.plan import Kind, Plan, Verb
from promosync.plan.planner import Policy
from promosync.sandbox import ControlError
from promosync.workflows import export as exporting
from promosync.workflows import plan as planning
from promosync.workflows.batch_files import read_batch_files
from promosync.workflows.export import Selection
from tests.journeys.world import World

Json = dict[str, Any]


@dataclass
class Shop:
    world: World
    url: str

    def seed(self, kind: str, *objects: Json) -> list[str]:
        """Make objects, except those that Stripe refuses."""
        made = []
        for one in objects:
            try:
                made += self.world.control.seed(kind, [one])
            except ControlError:
                continue
        return made

    def by_hand(self, method: str, kind: str, stripe_id: str = "", **params: Any) -> bool:
        """Do something in the Dashboard; False where Stripe refuses it."""
        place = f"/{quote(stripe_id, safe='')}" if stripe_id else ""
        try:
            self.world.dashboard.call(method, f"/v1/{kind}{place}", **params)
        except StripeFault:
            return False
        return True

    def everything(self) -> Json:
        return dict(self.world.control.dump())

    def export(self, **selection: Any) -> Export:
        wishes = Wishes(selection.pop("ended", False), selection.pop("files_from", None))
        return exporting.make(self.world.stripe, Selection(wishes=wishes, **selection))

    def plan(self, configuration: Configuration, folder: Path | None = None) -> Plan:
        rows = read_batch_files(configuration, folder)
        return planning.make(configuration, self.world.stripe, Policy(), rows)

    def adopt(self, export: Export) -> Configuration:
        """Read an export as a file, plan it, apply it, and hold the account against what it was.

        The plan must be adoption and nothing else; no field of any object may change but for promosync's keys; and
        then there must be nothing left to do.
        """
        before = self.everything()
        with TemporaryDirectory() as name:
            folder = Path(name)
            write_files(export, folder)
            configuration = read(export, self.world.now)
            plan = self.plan(configuration, folder)
            assert {action.verb for action in plan.actions} <= {Verb.ADOPT}
            # A promosync_id without an owner means nothing, and is overwritten.
            assert {change.field for action in plan.actions for change in action.changes} <= {"id"}
            assert all(batch.adopted + batch.marked == batch.codes and not batch.changes for batch in plan.batches)
            assert not plan.brakes
            report = self.world.carry_out(plan)
            assert [outcome for outcome in report.outcomes if outcome.status is not Status.DONE] == []
            assert without_our_keys(self.everything()) == without_our_keys(before)
            assert self.plan(configuration, folder).empty
        return configuration


def read(export: Export, now: int) -> Configuration:
    return load(to_json(export.configuration).encode(), "export.json", now).configuration


def write_files(export: Export, folder: Path) -> None:
    for file in export.files.values():
        text = "".join(",".join(row) + "\n" for row in file.rows())
        (folder / file.name).write_text(text, encoding="utf-8")


def without_our_keys(everything: Json) -> Json:
    """The account without promosync's keys on what promosync may manage: not on what has another owner."""
    shown = copy.deepcopy(everything)
    for kind in ("coupons", "promotion_codes"):
        for row in shown[kind]:
            if row["metadata"].get("promosync_owner", "default") in ("default", "export"):
                row["metadata"] = {k: v for k, v in row["metadata"].items() if not k.startswith("promosync_")}
    return shown


def left_out(export: Export, kind: Kind) -> int:
    return sum(left.count for left in export.left_out if left.kind is kind)


def as_json(export: Export) -> Json:
    return dict(json.loads(to_json(export.configuration)))
