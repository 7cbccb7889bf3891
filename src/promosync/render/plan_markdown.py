"""A plan as a comment on a pull request: what is removed comes first, and is cut last.

counts, account, safety checks
removed | recreated | batches | adopted | updated | created | moved | left alone
                                        each in full while there is room, then as one line each, then as a count
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from promosync.plan.plan import Action, Plan, Verb
from promosync.render.facts import Pace, moving_alone, noun, only_moving
from promosync.render.markdown import ROOM, WIDTH, code, fenced, longest_run, marker, size
from promosync.render.plan_entries import action_changes, action_text, batch_text
from promosync.render.plan_text import counted, moving_words, off_meanwhile, trust_words
from promosync.render.values import mode_words, worst_words
from promosync.render.visible import visible

_OVERHEAD = 200
"""Characters for the heading of a section, its fences, and the line that counts the blocks left out."""


@dataclass(frozen=True, slots=True)
class _Section:
    """``blocks`` has a text for each action; its first line alone is the short form.

    A section that is ``first`` gets its room before those that are not. ``beside`` is how many blocks its count
    leaves out, because ``more`` counts them.
    """

    title: str
    blocks: tuple[str, ...]
    first: bool = False
    kind: str = "diff"
    beside: int = 0
    more: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        return tuple(block.partition("\n")[0] for block in self.blocks)


_DIFF = {"+": "+", "-": "-", "×": "-", "~": "!", "±": "!", "←": "!"}
"""The sign before a line of a `diff` block that gives it a colour, by the symbol of the action."""


def plan_markdown(plan: Plan, pace: Pace, name: str, sandbox: bool = False) -> str:
    """Return a plan as Markdown that fits into a comment; ``name`` is the configuration's.

    If it was made for a local ``sandbox``, its first line says so.
    """
    local = "**Planned for a local sandbox, not for a Stripe account**: what the account holds is not known here."
    head = [
        f"{marker(name)}\n{local}" if sandbox else marker(name),
        "### promosync: " + ("changes to Stripe" if not plan.empty else "no changes"),
        f"{code(name)} for account {code(plan.account.id or 'not readable with this key')}, "
        f"**{mode_words(plan.account.mode)}**, owner {code(plan.owner)}",
        f"**{counted(plan, pace)}**",
        *off_meanwhile(plan),
        *(f"The most that {code(one.coupon)} can cost: {worst_words(one.amounts)}." for one in plan.exposed),
    ]
    head += map(code, trust_words(plan))
    if plan.brakes:
        head += [
            "> [!CAUTION]\n> Apply refuses this plan without `--force`:\n"
            + "\n".join(f"> - {code(brake)}" for brake in plan.brakes)
        ]
    top = "\n\n".join(filter(None, head))
    return top + "".join(_cut(list(_sections(plan, pace)), ROOM - size(top))) + "\n"


def _sections(plan: Plan, pace: Pace) -> Iterator[_Section]:
    """Yield the sections, the most important first."""
    by_verb = {verb: [action for action in plan.actions if action.verb is verb] for verb in Verb}
    gone = [*by_verb[Verb.DELETE], *by_verb[Verb.DEACTIVATE], *by_verb[Verb.RETIRE]]
    yield _Section("Removed", _blocks(gone), first=True)
    groups = only_moving(plan)
    moved = [action for group in groups.values() for action in group]
    folded = set(map(id, moved))
    recreated = _blocks((action for action in by_verb[Verb.RECREATE] if id(action) not in folded), groups)
    beside = moving_alone(plan) - len(moved)
    yield _Section("Recreated", recreated, first=True, beside=beside, more=moving_words(plan, Verb.RECREATE))
    batches = (_coloured([line.plain for line in batch_text(batch, WIDTH, pace)]) for batch in plan.batches)
    yield _Section("Code batches", tuple(batches), first=True)
    yield _Section("Adopted", _blocks(by_verb[Verb.ADOPT]))
    yield _Section("Updated", _blocks(by_verb[Verb.UPDATE]))
    yield _Section("Created", _blocks(by_verb[Verb.CREATE]))
    yield _Section("Moved with their coupon", _blocks(moved))
    kept = (f"  {noun(one.kind)} {visible(one.id)}: {visible(one.reason)}" for one in plan.kept)
    yield _Section("Left alone", tuple(kept), kind="text")


def _blocks(
    actions: Iterable[Action], moved: Mapping[str, Sequence[Action]] = MappingProxyType({})
) -> tuple[str, ...]:
    """Return a block for each action; ``moved`` are codes with a block further below, by their coupon's new id."""
    return tuple(
        _coloured(
            [line.plain for line in action_text(action, WIDTH, moved.get(action.new_id or "", ()), "listed below")],
            {line.plain for line in action_changes(action, WIDTH)},
        )
        for action in actions
    )


def _coloured(lines: list[str], changes: Collection[str] = ()) -> str:
    """Return the text of one action, with the signs of a diff before its head and its ``changes``."""
    symbol = lines[0].strip()[:1]
    mark = _DIFF[symbol]
    head = lines[0].strip() if mark == symbol else f"{mark} {lines[0].strip()}"
    return "\n".join([head, *(mark + line[1:] if line in changes else line for line in lines[1:])])


def _cut(sections: list[_Section], room: int) -> Iterator[str]:
    """Yield the sections, each with as many blocks as there is room for."""
    sections = [section for section in sections if section.blocks]
    room -= _OVERHEAD * len(sections)
    for place, section in enumerate(sections):
        later = sum(_length(other.heads) for other in sections[place + 1 :] if other.first)
        allowed = room - min(later, room // 2) if section.first else room
        shown, rest = _fitting(section, allowed)
        room -= _length(shown)
        yield _rendered(section, shown, rest)


def _fitting(section: _Section, room: int) -> tuple[tuple[str, ...], int]:
    """Return the blocks of a section that fit, whole or as their first lines, and how many are left out."""
    if _length(section.blocks) <= room:
        return section.blocks, 0
    shown: list[str] = []
    for head in section.heads:
        room -= _length((head,))
        if room < 0:
            break
        shown.append(head)
    return tuple(shown), len(section.blocks) - len(shown)


def _rendered(section: _Section, shown: tuple[str, ...], rest: int) -> str:
    title = f"{section.title}: {len(section.blocks) - section.beside:,}{section.more}"
    parts = [fenced("\n".join(shown).split("\n"), section.kind)] if shown else []
    if rest:
        parts.append(f"… and {rest:,} more, which do not fit into a comment: see the log of the job.")
    body = "\n\n".join(parts)
    is_open = " open" if section.first else ""
    return f"\n\n<details{is_open}><summary>{title}</summary>\n\n{body}\n\n</details>"


def _length(blocks: Iterable[str]) -> int:
    """Return how long blocks are: their text, a line break each, and the fence that their backticks need."""
    blocks = tuple(blocks)
    return sum(size(block) + 1 for block in blocks) + 2 * max(map(longest_run, blocks), default=0)
