"""Carrying a plan out: coupons first, then their codes, then what the new coupons have replaced.

    begin   a coupon is created, updated, adopted; the new one of a recreate is made beside the old
    codes   are created, switched, swapped, each on its own once its coupon is there; a batch code by code
    end     an old coupon is deleted when its codes have moved, unless an active code is still on it

Nothing else waits, except codes that take over each other's texts. So an object that is slow or fails does not stop
others, and what was not done stays as it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from itertools import takewhile

from promosync.apply import code_steps, coupon_steps
from promosync.apply.batch_outcome import OutcomeCounter
from promosync.apply.batch_steps import ROUNDS, BatchRun
from promosync.apply.code_steps import Swap
from promosync.apply.coupon_steps import NotDone
from promosync.apply.flow import Job, Step, run
from promosync.apply.gateway import Gateway, StripeFault
from promosync.apply.outcome import Outcome, Progress, Status
from promosync.apply.seals import Seals
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.promotions import PromotionCode
from promosync.model.seal import Sealing
from promosync.plan.linked import linked
from promosync.plan.plan import Action, BatchAction, Kind, Plan, Verb

Work = Callable[[list[Action]], Iterable[Outcome | None]]
"""What is done with a group of actions, on another thread."""

WORKERS = 32
"""Requests at the same time: enough to reach Stripe's limit even where an answer takes more than a second."""

_STOPPED = "apply was stopped before it"


def carry_out(
    plan: Plan,
    gateway: Gateway,
    *,
    on_outcome: Callable[[Outcome], None],
    on_progress: Callable[[Progress], None],
    stopped: Callable[[], bool],
    workers: int = WORKERS,
    on_note: Callable[[str], None] = lambda _: None,
) -> tuple[Outcome, ...]:
    """Do every action of a plan and return one outcome for each, in the order of the plan.

    ``on_outcome`` is called once for each as it ends, ``on_progress`` often while a batch is worked on, ``on_note``
    with each coupon that could not be sealed; the first two from the calling thread. When ``stopped()`` turns true,
    what has begun is finished and the rest is skipped. Faults of single objects are outcomes, not exceptions.
    """
    return _Run(plan, gateway, on_outcome, on_progress, stopped, workers, on_note).all()


class _Run:
    """One run: what was made, and the outcome of each action."""

    def __init__(
        self,
        plan: Plan,
        gateway: Gateway,
        on_outcome: Callable[[Outcome], None],
        on_progress: Callable[[Progress], None],
        stopped: Callable[[], bool],
        workers: int,
        on_note: Callable[[str], None],
    ) -> None:
        self._plan, self._gateway, self._workers = plan, gateway, workers
        self._on_outcome, self._on_progress, self._stopped = on_outcome, on_progress, stopped
        self._outcomes: dict[int, Outcome] = {}
        self._made: dict[str, LiveCoupon] = {}  # by the Stripe id that the plan gave
        self._to_make = {action.new_id for action in plan.actions if action.verb in (Verb.CREATE, Verb.RECREATE)}
        self._seals = Seals(plan, gateway, filter(None, self._to_make), on_note)
        self._shut: dict[str, str] = {}  # why codes of a coupon are not to be written, by its Stripe id

    def all(self) -> tuple[Outcome, ...]:
        on_coupons = [action for action in self._plan.actions if action.kind is Kind.COUPON]
        codes = [action for action in self._plan.actions if action.kind is Kind.CODE]
        begins: dict[str, list[Step]] = defaultdict(list)  # by the Stripe id of the coupon that is there then
        riders: dict[str, list[Step]] = defaultdict(list)  # by that of a coupon whose codes they write
        steps: list[Step] = []
        for action in on_coupons:
            if action.verb not in (Verb.DELETE, Verb.RETIRE):
                steps.append(self._step([action], partial(_each, self._begin)))
                begins[action.new_id or action.stripe_id or action.id].append(steps[-1])
        opens = {sealing.stripe_id: self._opening(sealing) for sealing in self._seals.to_open()}
        steps += opens.values()

        def write(actions: Sequence[Action | BatchAction], step_after: Callable[[list[Step]], Step]) -> None:
            coupons = set[str]().union(*(action.coupons for action in actions))
            needs = [step for home in {action.home for action in actions} for step in begins.get(home, ())]
            needs += [opens[name] for name in coupons if name in opens]
            steps.append(step_after(needs))
            for name in coupons:
                riders[name].append(steps[-1])

        for group in linked(codes):
            write(group, partial(self._step, group, self._codes))
        for batch in self._plan.batches:
            write([batch], partial(self._batch_step, batch))
        # An entry's coupons end one after the other, oldest first: each writes its count to the next.
        ends: dict[str, list[Action]] = defaultdict(list)
        for action in sorted(on_coupons, key=lambda action: action.verb is not Verb.RETIRE):
            if action.ends_coupon:
                ends[action.id].append(action)
        for group in ends.values():
            needs = [step for action in group for step in begins.get(action.new_id or "", ())]
            needs += [step for action in group for step in riders.get(action.stripe_id or "", ())]
            steps.append(self._step(group, partial(_each, self._end), needs))
        run(steps, self._workers)
        if not self._stopped():
            self._close_seals()
        return tuple(self._outcomes[id(action)] for action in (*self._plan.actions, *self._plan.batches))

    def _opening(self, sealing: Sealing) -> Step:
        def ended(future: Future[None]) -> None:
            try:
                future.result()
            except StripeFault as fault:
                self._shut[sealing.stripe_id] = (
                    f"the seal of its coupon {sealing.stripe_id!r} cannot be opened: {fault}"
                )

        return Step(iter([partial(self._seals.open, sealing)]), ended)

    def _close_seals(self) -> None:
        """Seal the coupons for which everything was done."""
        family, failed = {*self._plan.family}, set[str]()
        for outcome in self._outcomes.values():
            if outcome.status is not Status.DONE:
                failed |= outcome.action.coupons
            elif isinstance(outcome.action, Action) and outcome.action.ends_coupon:
                family.discard(outcome.action.stripe_id or "")
        family |= {coupon.stripe_id for coupon in self._made.values()}
        jobs = []
        for sealing in self._plan.seals:
            if sealing.closes and sealing.stripe_id not in failed:
                made = self._made.get(sealing.stripe_id)
                name = made.stripe_id if made else sealing.stripe_id
                jobs.append(partial(self._seals.close, sealing, name, family))
        run([Step(iter(jobs), Future.result)], self._workers)

    def _step(self, group: list[Action], work: Work, needs: Iterable[Step] = ()) -> Step:
        """Return the step that works on a group of actions, unless apply is stopped before it."""

        def job() -> Iterator[Job]:
            if self._stopped():
                self._settle([Outcome(action, Status.SKIPPED, _STOPPED) for action in group])
            else:
                yield lambda: list(work(group))

        return Step(job(), lambda future: self._settle(future.result()), needs)

    def _batch_step(self, batch: BatchAction, needs: Iterable[Step]) -> Step:
        if batch.work is None:
            raise TypeError("the plan gives no work for the batch")  # a plan made by hand
        tally = OutcomeCounter(batch, self._on_progress)
        return Step(self._batch(batch, tally), tally.add, needs)

    def _settle(self, outcomes: Iterable[Outcome | None]) -> None:
        for outcome in outcomes:
            if outcome is not None and id(outcome.action) not in self._outcomes:
                self._outcomes[id(outcome.action)] = outcome
                self._on_outcome(outcome)

    def _begin(self, action: Action) -> Outcome | None:
        coupon = coupon_steps.begin(self._gateway, action, self._seals.of_new(action.new_id))
        self._made[action.new_id or coupon.stripe_id] = coupon
        # A recreate is done when the old coupon is gone.
        return None if action.verb is Verb.RECREATE else _done(action, coupon.stripe_id)

    def _codes(self, group: list[Action]) -> Iterator[Outcome | None]:
        makes: dict[int, Callable[[], Outcome]] = {}
        yield from _each(partial(self._free, makes), group)  # first all that frees a text …
        taking = [action for action in group if id(action) in makes]
        yield from _each(lambda action: makes[id(action)](), taking)  # … then all that takes one

    def _free(self, makes: dict[int, Callable[[], Outcome]], action: Action) -> Outcome | None:
        """Switch a code, or begin its swap; where a code is to be made after that, put how into ``makes``."""
        if missing := self._unmade(action.home):
            return Outcome(action, Status.SKIPPED, missing)
        if shut := self._is_shut(action):
            return Outcome(action, Status.FAILED, shut)
        home = self._at_home(action)
        if action.verb is Verb.CREATE:
            makes[id(action)] = partial(self._make, action, code_steps.create, Swap(home))
        elif action.verb is Verb.RECREATE:
            swap = code_steps.read_and_take_off(self._gateway, home)
            makes[id(action)] = partial(self._make, action, code_steps.create, swap)
        elif action.comes_back:
            makes[id(action)] = partial(self._make, action, code_steps.switch_on, home)
        else:
            return _done(action, code_steps.switch(self._gateway, action).stripe_id)
        return None

    def _make(self, action: Action, step: Callable[..., tuple[LiveCode | None, str]], what: object) -> Outcome:
        code, remark = step(self._gateway, what, self._coupon_limit(action))
        return _done(action, code.stripe_id if code else None, remark)

    def _batch(self, action: BatchAction, tally: OutcomeCounter) -> Iterator[Job | None]:
        """Yield the jobs of a batch, one for each code; each is made when a thread is free."""
        assert action.work is not None
        if shut := self._is_shut(action):
            self._settle([Outcome(action, Status.FAILED, shut)])
            return
        missing = self._unmade(action.work.spec.coupon)
        if missing or self._stopped():
            self._settle([Outcome(action, Status.SKIPPED, missing or _STOPPED)])
            return
        work, coupon = action.work, self._made.get(action.work.spec.coupon)
        if coupon is not None:
            work = replace(work, spec=replace(work.spec, coupon=coupon.stripe_id))
        batch = BatchRun(self._gateway, action, work, coupon.spec.max_redemptions if coupon else None)
        yield from self._until_stopped(batch.jobs())
        yield None
        for number in range(2, ROUNDS + 1):
            if batch.elsewhere and not self._stopped():
                try:
                    yield from self._until_stopped(batch.another_round(number))
                except StripeFault as fault:  # while looking for what the other run has made
                    tally.failed(fault, len(batch.elsewhere))
                    batch.elsewhere.clear()
                yield None
        self._settle([tally.outcome(len(batch.elsewhere), self._stopped())])

    def _until_stopped(self, jobs: Iterable[Job]) -> Iterator[Job]:
        return takewhile(lambda _: not self._stopped(), jobs)

    def _end(self, action: Action) -> Outcome | None:
        if action.verb is Verb.RECREATE and action.new_id not in self._made:
            return None  # it failed at its beginning, and has its outcome
        made = self._made.get(action.new_id or "")
        successor = made.stripe_id if made else action.new_id
        remark = coupon_steps.end(self._gateway, replace(action, new_id=successor))
        return _done(action, successor or action.stripe_id, remark)

    def _is_shut(self, action: Action | BatchAction) -> str:
        """Say why the codes of an action must not be written: a seal that cannot be opened would become wrong."""
        return next((self._shut[name] for name in sorted(action.coupons) if name in self._shut), "")

    def _unmade(self, coupon: str) -> str:
        """Say why codes cannot be made on a coupon, if it was to be made by this plan and was not."""
        if coupon in self._made or coupon not in self._to_make:
            return ""
        return f"its coupon {coupon!r} was not made"

    def _at_home(self, action: Action) -> Action:
        """Return an action on a code with the Stripe id of the coupon that was made for it."""
        made, spec = self._made.get(action.home), action.after
        if made is None or not isinstance(spec, PromotionCode):
            return action
        return replace(action, after=replace(spec, coupon=made.stripe_id))

    def _coupon_limit(self, action: Action) -> int | None:
        made = self._made.get(action.home)
        return made.spec.max_redemptions if made else None


def _each(work: Callable[[Action], Outcome | None], actions: Iterable[Action]) -> Iterator[Outcome | None]:
    """Work on one action after the other; yield the outcome of each, None where that comes later."""
    for action in actions:
        try:
            outcome = work(action)
        except (StripeFault, NotDone) as reason:
            outcome = Outcome(action, Status.FAILED, str(reason))
        yield outcome


def _done(action: Action, stripe_id: str | None, remark: str = "") -> Outcome:
    return Outcome(action, Status.DONE, remark, stripe_id)
