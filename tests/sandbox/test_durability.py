"""Every answered write is stored: over restarts, with several processes at once, and after kill -9."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from promosync.sandbox import Control, Sandbox, running
from tests.fakes import KEY

from .direct import Direct

SERVE = """
import sys
from pathlib import Path
from promosync.sandbox import Sandbox, serve
serve(Sandbox(Path(sys.argv[1])), ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""


@contextmanager
def server(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a sandbox in a separate process during the block."""
    with subprocess.Popen([sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_everything_outlives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / ".promosync" / "sandbox.db"
    before = Direct(options={"path": path})
    coupon = before.ask("POST", "/v1/coupons", "percent_off=5&redeem_by=1800000100", idempotency_key="k")
    code = before.code(coupon["id"])
    before.control.faults({"fault": "503", "skip": 3})
    before.control.advance(50)
    before.control.register_key("rk_test_0123456789", [])
    counted, logged, dumped = before.control.counters(), before.control.log(), before.control.dump()
    before.sandbox.close()

    after = Direct(options={"path": path})
    assert (after.control.counters(), after.control.log(), after.control.dump()) == (counted, logged, dumped)
    assert after.control.clock() == after.clock.now + 50
    replay = after.response("POST", "/v1/coupons", "percent_off=5&redeem_by=1800000100", idempotency_key="k")
    assert (json.loads(replay.body), replay.headers["Idempotent-Replayed"]) == (coupon, "true")
    assert after.error("GET", "/v1/coupons", key="rk_test_0123456789")[0] == 403
    assert after.ask("GET", "/v1/promotion_codes")["data"] == [code]
    assert after.response("GET", "/v1/coupons").status == 503
    after.sandbox.close()


def test_the_files_are_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / ".promosync" / "sandbox.db"
    direct = Direct(options={"path": path})
    direct.coupon()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    direct.sandbox.close()


def test_a_file_of_another_format_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    Sandbox(path).close()
    direct = Direct(options={"path": path})
    with direct.sandbox.store.transaction() as db:
        db.execute("PRAGMA user_version = 999")
    direct.sandbox.close()
    with pytest.raises(ValueError, match="delete it"):
        Sandbox(path)


def test_two_sandboxes_on_one_file_are_one_account(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    one, two = Direct(options={"path": path}), Direct(options={"path": path})
    coupon = one.coupon()
    errors: list[BaseException] = []

    def work(direct: Direct, name: str) -> None:
        try:
            for n in range(50):
                direct.code(coupon, code=f"{name}{n}")
                direct.response("POST", "/v1/promotion_codes", {**shared, "code": f"BOTH{n}"})
        except BaseException as error:
            errors.append(error)

    shared = {"promotion[type]": "coupon", "promotion[coupon]": coupon}
    threads = [threading.Thread(target=work, args=(direct, name)) for direct, name in ((one, "A"), (two, "B"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    codes = [code["code"] for code in two.control.dump()["promotion_codes"]]
    assert len(codes) == len(set(codes)) == 150
    assert one.control.counters()["total"] == 201
    one.sandbox.close()
    two.sandbox.close()


def test_nothing_that_was_answered_is_lost_to_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    answered: list[str] = []

    def create_for_ever(connection: HTTPConnection) -> None:
        while True:
            connection.request("POST", "/v1/coupons", "percent_off=5", {"Authorization": f"Bearer {KEY}"})
            answered.append(json.loads(connection.getresponse().read())["id"])

    with server(path) as (process, url):
        killer = threading.Timer(0.4, lambda: os.kill(process.pid, signal.SIGKILL))
        killer.start()
        connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
        with pytest.raises((OSError, HTTPException)):
            create_for_ever(connection)
        connection.close()
        killer.join()
    assert answered
    with running(path) as handle:
        kept = {coupon["id"] for coupon in handle.control.dump()["coupons"]}
    assert set(answered) <= kept
    assert len(kept) - len(answered) <= 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_ends_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    with server(tmp_path / "sandbox.db") as (process, url):
        Control(url).clock()
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "ended\n"
