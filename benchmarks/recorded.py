"""A server that repeats one recorded row many times, because a sandbox with a million rows would be too slow.

It answers the requests that reading needs: the account, one coupon, the rows by cursor and by time, no row by its
text, and an empty list for everything else. Metadata, such as a seal, can be written on the coupon. It has the same
latency and limit as the sandbox. ``/_requests`` returns the number of requests.

Run it as ``python -m benchmarks.recorded COUNT FILE``. FILE has the arguments of :class:`Recorded` as JSON. The
server prints its URL.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from benchmarks.ground import LATENCY, LIMIT

BORN = 1_790_000_000
PER_SECOND = 3
"""Codes made in one second."""
MARK = "000000000"
"""The placeholder of a row's number."""
CREATED = "<created>"


class Recorded:
    """Rows of the list at ``path``, numbered from 0, the oldest; a page lists the newest row first.

    Row N was created ``seconds`` x N // ``rows`` seconds after ``born``. In the text of ``row``, :data:`MARK` is the
    placeholder of its number and :data:`CREATED` of its time.
    """

    def __init__(
        self, count: int, coupon: Any, path: str, row: Any, born: int = BORN, seconds: int = 1, rows: int = PER_SECOND
    ) -> None:
        self._count, self._coupon, self._path = count, coupon, path
        self._row = json.dumps(row)
        self._born, self._seconds, self._rows = born, seconds, rows
        self._tokens, self._at = LIMIT, 0.0
        self._requests = 0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        arrived = asyncio.get_running_loop().time()
        path, query = request.path, {unquote(key): value for key, value in request.query.items()}
        if path == "/_requests":
            return web.json_response(self._requests)
        self._requests += 1
        if path == self._path and "code" not in query:
            if not self._allowed(arrived):
                error = {"error": {"message": "Too many requests.", "code": "rate_limit"}}
                return web.json_response(error, status=429, headers={"Stripe-Rate-Limited-Reason": "endpoint-rate"})
            text = self._page(query)
        elif path == "/v1/account":
            text = json.dumps({"id": "acct_recorded", "object": "account"})
        elif path == f"/v1/coupons/{self._coupon['id']}":
            for key, value in (await request.post()).items():
                if key.startswith("metadata["):
                    self._coupon["metadata"][key[len("metadata[") : -1]] = value
            text = json.dumps(self._coupon)
        else:
            rows = [self._coupon] if path == "/v1/coupons" else []
            text = json.dumps({"object": "list", "data": rows, "has_more": False, "url": path})
        await asyncio.sleep(LATENCY - (asyncio.get_running_loop().time() - arrived))
        return web.Response(text=text, content_type="application/json")

    def _allowed(self, now: float) -> bool:
        self._tokens = min(LIMIT, self._tokens + (now - self._at) * LIMIT)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _page(self, query: dict[str, str]) -> str:
        newest, oldest = self._count - 1, 0
        if "created[lte]" in query:
            newest = min(newest, ((int(query["created[lte]"]) - self._born + 1) * self._rows - 1) // self._seconds)
        if "created[gte]" in query:
            oldest = max(0, -(-(int(query["created[gte]"]) - self._born) * self._rows // self._seconds))
        if "starting_after" in query:
            newest = min(newest, int(query["starting_after"].rpartition("_")[2]) - 1)
        last = max(oldest, newest - int(query["limit"]) + 1)
        rows = ",".join(self._numbered(number) for number in range(newest, last - 1, -1))
        more = "true" if last > oldest else "false"
        return f'{{"object": "list", "url": "{self._path}", "has_more": {more}, "data": [{rows}]}}'

    def _numbered(self, number: int) -> str:
        created = str(self._born + number * self._seconds // self._rows)
        return self._row.replace(MARK, f"{number:09}").replace(f'"{CREATED}"', created)


async def serve(recorded: Recorded) -> None:
    runner = web.ServerRunner(web.Server(recorded.answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Recorded(int(sys.argv[1]), **json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))))
