"""Runs commands with hostile files and hostile answers: every command must end with 0 or 1 and a message.

``python -m benchmarks.fuzz MINUTES`` takes a valid input (a configuration, a list of codes or addresses, a saved plan
with its checksum calculated again, a snapshot, an answer of Stripe), changes parts of it at random, and runs commands
with it in this process. ``python -m benchmarks.fuzz KIND NUMBER`` tries one input again.

It ends with 1 at the first traceback, the first error that promosync calls unexpected, the first exit code that is
not allowed, or the first command that takes too long.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from random import Random, SystemRandom
from typing import Any
from urllib.parse import urlsplit

import stripe
from tests.stripe_api.border import Asked, Server, served

from promosync.cli.exits import carry_out
from promosync.cli.run import Run
from promosync.cli.streams import open_console
from promosync.plan import saved
from promosync.sandbox import Handle, running
from promosync.stripe_api.client import Client

SECONDS = 20.0
"""The most that one command may take, in seconds; all files and answers here are small."""

EVERY = 30.0
"""Seconds between two lines of progress."""

KINDS = ("configuration", "lists", "saved_plan", "snapshots", "answers")

ENDS, WELL, TAKEN_OR_NOT = frozenset({0, 1}), frozenset({0}), frozenset({0, 1, 2})

KEY = "sk_test_fuzz0123456789"
YEAR = datetime.now(UTC).year + 1
NAMES = {"config": "promosync.json", "codes": "printed.csv", "emails": "people.csv", "plan": "it.plan"}
DOCUMENT: dict[str, Any] = {
    "promosync": {"owner": "shop", "ignore_metadata": ["crm_*"], "max_removal_percent": 100},
    "products": [{"id": "pro", "stripe_id": "prod_1"}],
    "coupons": [
        {"id": "spring", "name": "Spring", "percent_off": 20, "duration": "once", "max_redemptions": 100},
        {"id": "vip", "percent_off": 12.5, "duration": "repeating", "duration_in_months": 3},
        {
            "id": "five",
            "amount_off": 500,
            "currency": "usd",
            "currency_options": {"eur": {"amount_off": 450}},
            "duration": "forever",
            "redeem_by": f"{YEAR}-06-01T00:00:00Z",
            "metadata": {"campaign": "x"},
        },
    ],
    "promotion_codes": [
        {"id": "launch", "code": "LAUNCH20", "coupon": "spring", "max_redemptions": 5},
        {
            "id": "insider",
            "code": "INSIDER",
            "coupon": "vip",
            "expires_at": f"{YEAR}-03-01T00:00:00Z",
            "minimum_amount": 1000,
            "minimum_amount_currency": "usd",
            "first_time_transaction": True,
            "metadata": {"source": "mail"},
        },
    ],
    "code_batches": [
        {"id": "drawn", "coupon": "spring", "generate": {"count": 4, "pattern": "SPR-####-####"}},
        {
            "id": "mailed",
            "coupon": "vip",
            "generate": {"emails": "people.csv", "pattern": "ML-####-####", "missing_customer": "create"},
        },
        {"id": "printed", "coupon": "five", "import": {"file": "printed.csv"}, "max_redemptions": 1},
    ],
}
PRINTED = b"code\nPRT-7Q2K-AAAA\nPRT-7Q2K-BBBB\nPRT-7Q2K-CCCC\n"
PEOPLE = b"email\nann@example.com\nbob@example.org\n"

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, -(2**70), 10**400, 0.1, -0.0, 1e308, 1e-308),
    *("", " ", "a", "null", "0", "x" * 5000, "\x00", "\u202e", "[red]", "[/x]", "::error::", "=1+1", "../../x", "/"),
    *("sk_live_0123456789", "9999-12-31T23:59:59Z", "0000-00-00", "spring", "usd", "cus_1", "é" * 300, "\ud800"),
    *([], {}, [[]], [None], {"": None}, {"id": None}, {"id": "a"}, {"a": {"b": {"c": []}}}, ["a"] * 300),
)
BYTES = (
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b'"',
    b",",
    b"\r",
    b"\n",
    b"{",
    b"[" * 300,
    b"\\",
    b"\xf0\x9f\x98\x80",
    b"=",
)


def changed(tree: Any, random: Random) -> Any:
    """Return a JSON tree with one, two or four changes: a node deleted, replaced, doubled, renamed or copied."""
    tree = deepcopy(tree)
    for _ in range(random.choice((1, 1, 2, 4))):
        places = list(_places(tree))
        if not places:
            return deepcopy(random.choice(ODD))
        where, name = random.choice(places)
        what = random.randrange(5)
        if what == 0:
            del where[name]
        elif what == 1:
            other, key = random.choice(places)
            where[name] = deepcopy(other[key])
        elif what == 2 and isinstance(where, list):
            where.append(deepcopy(where[name]))
        elif what == 3 and isinstance(where, dict):
            where[random.choice(("", "id", "code", "x" * 50, f"{name} "))] = where.pop(name)
        else:
            where[name] = deepcopy(random.choice(ODD))
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every node of a tree, as its parent and its key or index in the parent."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        inner = list(node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ())
        yield from ((node, name) for name, _ in inner)
        waiting += [value for _, value in inner]


def broken(content: bytes, random: Random) -> bytes:
    """Return bytes with some of them deleted, doubled or inserted."""
    for _ in range(random.choice((1, 1, 2, 8))):
        start = random.randrange(len(content) + 1)
        end = min(len(content), start + random.choice((0, 0, 1, 5, 200)))
        put = random.choice((b"", random.choice(BYTES), random.choice(BYTES), content[start:end] * 2))
        content = content[:start] + put + content[end:]
    return content


def written(tree: Any, random: Random) -> bytes:
    """Return a tree as JSON text, which is sometimes broken too."""
    text = json.dumps(tree, ensure_ascii=random.random() < 0.9).encode("utf-8", "surrogatepass")
    return broken(text, random) if random.random() < 0.2 else text


class Fuzz:
    """One account, one folder, and the commands: ``run`` checks how each command ends, and counts the exit codes."""

    def __init__(self, handle: Handle, between: Server) -> None:
        self.handle, self.between = handle, between
        self.ends: Counter[int] = Counter()
        self.slowest = 0.0
        self.begin()
        self.run("apply", "--yes", ends=WELL)
        self.run("status", "--save", "before.json", ends=WELL)
        self.snapshot = json.loads(Path("before.json").read_text(encoding="utf-8"))
        document = deepcopy(DOCUMENT)
        document["coupons"][0]["percent_off"] = 25
        document["promotion_codes"][1]["active"] = False
        document["code_batches"].pop()
        self.later = document
        Path(NAMES["config"]).write_text(json.dumps(document), encoding="utf-8")
        self.run("plan", "--out", NAMES["plan"], ends=WELL)
        self.plan = json.loads(Path(NAMES["plan"]).read_text(encoding="utf-8"))
        self.state = handle.control.dump()

    def begin(self) -> None:
        """Write the valid files into the folder."""
        Path(NAMES["config"]).write_text(json.dumps(DOCUMENT), encoding="utf-8")
        Path(NAMES["codes"]).write_bytes(PRINTED)
        Path(NAMES["emails"]).write_bytes(PEOPLE)

    def run(self, *arguments: str, base: str | None = None, ends: frozenset[int] = ENDS) -> int:
        """Run a command and return its exit code. AssertionError if it ends in a way that is not allowed."""
        environ = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": base or self.handle.url, "COLUMNS": "100"}
        out, err = io.BytesIO(), io.BytesIO()
        consoles = [open_console(io.TextIOWrapper(raw, encoding="utf-8"), environ) for raw in (out, err)]
        begun = time.monotonic()
        code = carry_out([*arguments, "--debug"], Run(consoles[0], consoles[1], environ))
        took = time.monotonic() - begun
        for console in consoles:
            console.file.flush()
        said = err.getvalue().decode()
        assert code in ends, f"{arguments} ended with {code}:\n{said}"
        assert "error: unexpected" not in said, f"{arguments}:\n{said}"
        assert code == 0 or "error: " in said or out.getvalue(), f"{arguments} failed without a word"
        assert took < SECONDS, f"{arguments} took {took:.0f} s"
        assert KEY not in said + out.getvalue().decode(), f"{arguments} prints the key"
        self.ends[code] += 1
        self.slowest = max(self.slowest, took)
        return code

    def configuration(self, random: Random) -> None:
        """A hostile configuration."""
        self.begin()
        Path(NAMES["config"]).write_bytes(written(changed(DOCUMENT, random), random))
        self.run("validate", "--format", random.choice(("text", "json", "github", "sarif")))
        self.run("plan", "--format", random.choice(("text", "json", "markdown")))

    def lists(self, random: Random) -> None:
        """Hostile lists of codes and of addresses."""
        self.begin()
        Path(NAMES["codes"]).write_bytes(broken(PRINTED * random.choice((1, 30)), random))
        Path(NAMES["emails"]).write_bytes(broken(PEOPLE * random.choice((1, 30)), random))
        self.run("validate", "--format", random.choice(("text", "json")))
        self.run("plan", "--format", random.choice(("text", "json")))

    def saved_plan(self, random: Random) -> None:
        """A hostile saved plan, mostly with a correct checksum."""
        self.begin()
        Path(NAMES["config"]).write_text(json.dumps(self.later), encoding="utf-8")
        tree = changed({key: value for key, value in self.plan.items() if key != "checksum"}, random)
        if isinstance(tree, dict):
            tree["checksum"] = saved._checksum(tree) if random.random() < 0.9 else deepcopy(random.choice(ODD))
        Path(NAMES["plan"]).write_bytes(written(tree, random))
        self.run("apply", "--plan", NAMES["plan"], "--yes", "--force")
        self.restore()

    def snapshots(self, random: Random) -> None:
        """A hostile snapshot of a status."""
        self.begin()
        Path("before.json").write_bytes(written(changed(self.snapshot, random), random))
        formats = ("table", "json", "csv", "markdown", "html")
        self.run("status", "--since", "before.json", "--format", random.choice(formats))

    def answers(self, random: Random) -> None:
        """Hostile answers of Stripe: sometimes another status, another header or another node."""
        self.begin()
        often, seed = random.choice((0.03, 0.1, 0.5)), random.random()

        def answer(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
            status, content = self._passed_on(asked)
            random = Random(f"{seed} {asked.method} {asked.path}")  # several requests run at once, in any order
            if random.random() > often:
                return status, {}, content
            tree = changed(json.loads(content), random)
            if random.random() < 0.3:
                status = random.choice((200, 204, 301, 400, 402, 404, 409, 429, 500, 503))
                tree = random.choice((tree, {"error": tree}, {"error": changed(ERROR, random)}))
            dates = ("Wed, 21 Oct 2026 07:28:00 GMT", "Mon, 01 Jan 0001 00:00:00 -0000", "x")
            return status, {"Date": random.choice(dates), "Request-Id": "req_1"}, written(tree, random)

        self.between.answer = answer
        commands = (
            ["plan", "--format", "json"],
            ["plan"],
            ["status", "--format", "html"],
            ["status"],
            ["export"],
            ["codes", "export"],
            ["codes", "export", "--format", "jsonl"],
            ["check", "LAUNCH20"],
            ["apply", "--yes", "--force"],
        )
        command = random.choice(commands)
        self.run(*command, base=self.between.url, ends=TAKEN_OR_NOT if command[0] == "check" else ENDS)
        if command[0] == "apply":
            self.restore()

    def restore(self) -> None:
        """Set the account back to its first state, if a command has changed it."""
        if self.handle.control.dump() != self.state:
            self.handle.control.reset()
            self.begin()
            self.run("apply", "--yes", ends=WELL)
            self.state = self.handle.control.dump()

    def _passed_on(self, asked: Asked) -> tuple[int, bytes]:
        connection = HTTPConnection(urlsplit(self.handle.url).netloc, timeout=20)
        headers = {name: value for name, value in asked.headers.items() if name not in ("host", "accept-encoding")}
        connection.request(asked.method, asked.path, asked.body.encode() or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content


ERROR = {"message": "No.", "code": "parameter_invalid", "param": "x", "type": "invalid_request_error"}


@contextmanager
def fuzz() -> Iterator[Fuzz]:
    """Yield a fuzzer with an account that is as the file says, in its own folder."""
    # Do not wait before a request is tried again, in the SDK or in promosync.
    stripe.HTTPClient.INITIAL_DELAY = stripe.HTTPClient.MAX_DELAY = 0
    Client.persist = lambda self, attempt, patience=None: attempt()  # type: ignore[method-assign]
    with (
        tempfile.TemporaryDirectory(prefix="promosync-fuzz-") as folder,
        chdir(folder),
        running() as handle,
        served() as between,
    ):
        handle.control.seed("product", [{"id": "prod_1", "name": "Pro"}])
        yield Fuzz(handle, between)


def tried(work: Fuzz, kind: str, seed: int) -> None:
    """Try one kind with one random number; an error is raised with the command that tries it again."""
    try:
        getattr(work, kind)(Random(seed))
    except BaseException as error:
        error.add_note(f"Again: python -m benchmarks.fuzz {kind} {seed}")
        raise


def main() -> int:
    os.environ.pop("GITHUB_STEP_SUMMARY", None)
    seed = os.environ.pop("FUZZ_SEED", "")  # for the same numbers in every run
    draws = Random(seed) if seed else SystemRandom()
    with fuzz() as work:
        if sys.argv[2:]:
            tried(work, sys.argv[1], int(sys.argv[2]))
            return 0
        minutes = float(sys.argv[1]) if sys.argv[1:] else 10.0
        begun, told, tries = time.monotonic(), 0.0, Counter[str]()
        while (gone := time.monotonic() - begun) < 60 * minutes:
            for kind in KINDS:
                tried(work, kind, draws.getrandbits(48))
                tries[kind] += 1
            if gone - told > EVERY:
                told = gone
                print(f"{gone:6.0f} s  {_sums(tries)}; ends {_sums(work.ends)}", flush=True)
    print(f"{_sums(tries)}; ends {_sums(work.ends)}; the slowest took {work.slowest:.1f} s.")
    return 0


def _sums(counts: Counter[Any]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
