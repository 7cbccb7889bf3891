"""The cases: each is compared with the time at Stripe's limit, or with an empty Python program."""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.ground import LIMIT, Ground, Taken, ground, python, recorded, requests_of
from benchmarks.recorded import BORN, CREATED, MARK

COUPON: dict[str, Any] = {"id": "spring", "percent_off": 20, "duration": "once"}
KEYS = {"promosync_owner": "bench"}
WEEK = 7 * 86400
FOUR_YEARS = 4 * 365 * 86400

_APPLY_SECONDS = re.compile(r"in ([\d.]+) s\.")


@dataclass(frozen=True)
class Figure:
    """One line of the table. All times are in seconds, ``megabytes`` is the peak memory of the client.

    ``allowed`` is the time at the limit, or of an empty Python program; None if there is no such time. ``inner`` is
    the time that promosync prints for carrying out the plan, without its start and the planning.
    """

    name: str
    seconds: float
    allowed: float | None = None
    megabytes: float | None = None
    requests: int | None = None
    refused: int | None = None
    inner: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.allowed is None else self.seconds / self.allowed


def codes(count: int) -> Iterator[dict[str, Any]]:
    """Yield promotion codes for the file."""
    return ({"id": f"c{n}", "code": f"SPR-{n:07}", "coupon": "spring"} for n in range(count))


def seeded(ground: Ground, count: int) -> None:
    """Put the coupon and the codes of :func:`codes` into the sandbox, made over a week."""
    _seed_coupon(ground)
    template = {"coupon": "spring", "code": "SPR-{n:07}", "metadata": {**KEYS, "promosync_id": "c{n}"}}
    now = int(ground.control.clock())
    ground.control.seed("promotion_code", count=count, template=template, created=(now - WEEK, now - 60))
    ground.write([COUPON], codes(count))


def seeded_batch(ground: Ground, count: int) -> None:
    """Put the coupon and a batch of unique codes into the sandbox, made over a week."""
    _seed_coupon(ground)
    metadata = {**KEYS, "promosync_id": "vip", "promosync_slot": "{n}"}
    template = {"coupon": "spring", "code": "SPR-{n:09}", "max_redemptions": 1, "metadata": metadata}
    now = int(ground.control.clock())
    ground.control.seed("promotion_code", count=count, template=template, created=(now - WEEK, now - 60))
    ground.write([COUPON], batches=[batch(count)])


def batch(count: int) -> dict[str, Any]:
    generate = {"count": count, "pattern": "SPR-#########", "charset": "numeric"}
    return {"id": "vip", "coupon": "spring", "generate": generate, "allow_guessable": True}


def _seed_coupon(ground: Ground) -> None:
    created = int(ground.control.clock()) - 2 * WEEK  # before its codes
    ground.control.seed("coupon", [{**COUPON, "created": created, "metadata": {**KEYS, "promosync_id": "spring"}}])


def startup(repeat: int) -> Iterator[Figure]:
    """The shortest commands, compared with an empty Python program; medians."""

    def median(*arguments: str) -> Taken:
        taken = sorted((python(*arguments) for _ in range(repeat)), key=lambda one: one.seconds)
        return taken[len(taken) // 2]

    nothing = median("-c", "pass").seconds
    for name, arguments in (("--version", ["--version"]), ("plan --help", ["plan", "--help"])):
        taken = median("-m", "promosync", *arguments)
        yield Figure(f"`promosync {name}`", taken.seconds, nothing, taken.megabytes)


def create(count: int) -> Iterator[Figure]:
    """`apply` of a new coupon and its codes: one request for each, all on one endpoint."""
    with ground() as here:
        here.write([COUPON], codes(count))
        yield _figure(f"create {count:,} codes", here.promosync("apply", "--yes"), count)
        _check_empty(here)


def create_batch(count: int) -> Iterator[Figure]:
    """`apply` of a batch with drawn codes."""
    with ground() as here:
        generate = {"count": count, "pattern": "SPR-####-####"}
        here.write([COUPON], batches=[{"id": "vip", "coupon": "spring", "generate": generate}])
        yield _figure(f"issue a batch of {count:,}", here.promosync("apply", "--yes"), count)


def change(count: int) -> Iterator[Figure]:
    """`apply` of a new percentage: each old code is read and switched off, and a new one is made."""
    with ground() as here:
        seeded(here, count)
        here.write([{**COUPON, "percent_off": 25}], codes(count))
        yield _figure(f"change a percentage under {count:,} codes", here.promosync("apply", "--yes"), count)
        _check_empty(here)


def plan(count: int) -> Iterator[Figure]:
    """`plan` of unchanged codes."""
    with ground() as here:
        seeded(here, count)
        yield _figure(f"plan {count:,} codes, unchanged", _planned(here), -(-count // 100))


def plan_batch(count: int) -> Iterator[Figure]:
    """`plan` of an unchanged batch."""
    with ground() as here:
        seeded_batch(here, count)
        yield _figure(f"plan a batch of {count:,}, unchanged", _planned(here), -(-count // 100))


def beside_others(count: int, entries: int = 12) -> Iterator[Figure]:
    """`plan` of a small file in an account with many codes of others: new, unchanged, and with `--refresh`."""
    with ground() as here:
        others = {"id": "rewards", "percent_off": 5, "duration": "once"}
        now = int(here.control.clock())
        here.control.seed("coupon", [{**others, "created": now - 2 * WEEK}])
        template = {"coupon": "rewards", "code": "RWD-{n:07}"}
        here.control.seed("promotion_code", count=count, template=template, created=(now - WEEK, now - 60))
        here.write([COUPON, {**COUPON, "id": "autumn"}], codes(entries - 2))
        title = f"plan {entries} entries beside {count:,} codes of others"
        yield _figure(f"{title}, new", here.promosync("plan"), None)
        here.promosync("apply", "--yes")
        yield _figure(f"{title}, unchanged", _planned(here), None)
        yield _figure(f"{title}, with --refresh", here.promosync("plan", "--refresh"), -(-count // 100))


def plan_recorded(count: int) -> Iterator[Figure]:
    """An unchanged batch from recorded pages: read completely and sealed, then planned with its seal.

    Then a plan that adds a single code.
    """
    with ground() as here:
        seeded_batch(here, 1)
        dump = here.control.dump()
        # A list has `applies_to` only on request, and promosync requests it.
        coupon = {"applies_to": None, **dump["coupons"][0], "created": BORN - 1}
        code = {**dump["promotion_codes"][0], "id": f"promo_{MARK}", "code": f"SPR-{MARK}", "created": CREATED}
        code["metadata"] = {**code["metadata"], "promosync_slot": MARK}
        here.write([COUPON], batches=[batch(count)])
        with recorded(here, count, coupon=coupon, path="/v1/promotion_codes", row=code) as elsewhere:
            title, before = f"a batch of {count:,}, unchanged (recorded pages)", 0
            for name, pages, arguments in (
                (f"read and seal {title}", -(-count // 100), ["apply", "--refresh", "--yes"]),
                (f"plan {title}, sealed", None, ["plan", "--detailed-exitcode"]),
                (f"plan one code more beside {title}, sealed", None, ["plan"]),
            ):
                if arguments == ["plan"]:
                    here.write([COUPON], codes(1), [batch(count)])
                taken = elsewhere.promosync(*arguments)
                asked = requests_of(elsewhere) - before
                before += asked
                allowed = None if pages is None else pages / LIMIT
                yield Figure(name, taken.seconds, allowed, taken.megabytes, asked)


def results_recorded(count: int) -> Iterator[Figure]:
    """`results` of paid invoices over four years, each with its own customer and unique code; then once more.

    The second run uses the ledger of the first, and reads only the last forty days again.
    """
    with ground() as here:
        seeded_batch(here, 1)
        [code] = here.control.dump()["promotion_codes"]
        here.control.redeem(code["id"], amount=9900, kind="subscription")
        dump = here.control.dump()
        [invoice] = dump["invoices"]
        each = FOUR_YEARS // count
        born = int(time.time()) - FOUR_YEARS
        [given] = invoice["total_discount_amounts"]
        shown = {**code, "id": f"promo_{MARK}", "metadata": {**code["metadata"], "promosync_slot": MARK}}
        given["discount"]["promotion_code"] = shown
        invoice |= {"id": f"in_{MARK}", "customer": f"cus_{MARK}", "created": CREATED}
        invoice["status_transitions"]["paid_at"] = CREATED
        coupon = {"applies_to": None, **dump["coupons"][0], "created": born - 1}
        here.write([COUPON], batches=[batch(count)])
        ledger = here.folder / "ledger.jsonl"
        with recorded(
            here, count, coupon=coupon, path="/v1/invoices", row=invoice, born=born, seconds=each, rows=1
        ) as elsewhere:
            before = 0
            for name, pages in (("", -(-count // 100)), (", again with its ledger", None)):
                taken = elsewhere.promosync("results", "--ledger", str(ledger), "--format", "json")
                assert json.loads(taken.out)["total"]["orders"] == count
                asked = requests_of(elsewhere)
                allowed = None if pages is None else pages / LIMIT
                title = f"results of {count:,} invoices{name} (recorded pages)"
                yield Figure(title, taken.seconds, allowed, taken.megabytes, asked - before)
                before = asked


def draw(count: int) -> Iterator[Figure]:
    """Drawing codes without making them in Stripe, compared with the time to make them at the limit."""
    program = (
        "import collections, itertools, string\n"
        "from promosync.codes.alphabet import Space\n"
        "from promosync.codes.drawing import draw\n"
        "alphabet = string.digits + string.ascii_uppercase\n"
        "codes = draw(Space('SPR-####-####', alphabet))\n"
        f"collections.deque(itertools.islice(codes, {count}), maxlen=0)\n"
    )
    taken = python("-c", program)
    yield Figure(f"draw {count:,} codes", taken.seconds, count / LIMIT, taken.megabytes)


def latency_floor(count: int, repeat: int) -> Iterator[Figure]:
    """`plan` of a small account, whose time depends on the latency of answers and not on the limit; the median."""
    with ground() as here:
        seeded(here, count)
        taken = [_planned(here) for _ in range(repeat)]
        middle = statistics.median(one.seconds for one in taken)
        one = taken[0]
        yield Figure(f"plan {count:,} codes, unchanged", middle, None, one.megabytes, one.requests, one.refused)


def _planned(here: Ground) -> Taken:
    return here.promosync("plan", "--detailed-exitcode")  # changes would be exit 2, which is an error here


def _check_empty(here: Ground) -> None:
    time.sleep(1.0)
    _planned(here)


def _figure(name: str, taken: Taken, on_one_endpoint: int | None) -> Figure:
    said = _APPLY_SECONDS.search(taken.out)
    return Figure(
        name,
        taken.seconds,
        None if on_one_endpoint is None else on_one_endpoint / LIMIT,
        taken.megabytes,
        taken.requests,
        taken.refused,
        float(said[1]) if said else None,
    )


def full() -> Iterable[Iterator[Figure]]:
    return (
        startup(9), latency_floor(500, 5), plan(1_000), create(500), create(1_000), create_batch(1_000), change(300),
        plan(100_000), plan_batch(100_000), beside_others(150_000), plan_recorded(1_000_000),
        results_recorded(100_000), draw(1_000_000),
    )  # fmt: skip


def quick() -> Iterable[Iterator[Figure]]:
    return (
        startup(3),
        latency_floor(500, 3),
        plan(1_000),
        create(100),
        change(50),
        plan_batch(10_000),
        beside_others(10_000),
        plan_recorded(20_000),
        results_recorded(2_000),
        draw(100_000),
    )
