"""A server of a recorded code, repeated as often as wanted: a sandbox with a million would be the bottleneck.

It knows what reading needs: the account, an empty list for all others, and the codes by cursor and by time. Run it as
``python -m benchmarks.recorded COUNT FILE``, FILE with a coupon and a code as the sandbox gave them; the URL is
printed. Latency and Stripe's limit are kept to.
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
"""How many codes were made in one second, as an apply at the limit would have."""
_MARK = "000000000"


class Recorded:
    """Codes numbered from 0, the oldest; a page goes from the newest down."""

    def __init__(self, count: int, coupon: Any, code: Any) -> None:
        self._count, self._coupon = count, coupon
        code = {**code, "id": f"promo_{_MARK}", "code": f"SPR-{_MARK}", "created": "<created>"}
        code["metadata"] = {**code["metadata"], "promosync_slot": "<slot>"}
        self._row = json.dumps(code)
        self._tokens, self._at = LIMIT, 0.0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        arrived = asyncio.get_running_loop().time()
        path, query = request.path, {unquote(key): value for key, value in request.query.items()}
        if path == "/v1/promotion_codes":
            if not self._allowed(arrived):
                error = {"error": {"message": "Too many requests.", "code": "rate_limit"}}
                return web.json_response(error, status=429, headers={"Stripe-Rate-Limited-Reason": "endpoint-rate"})
            text = self._page(query)
        elif path == "/v1/account":
            text = json.dumps({"id": "acct_recorded", "object": "account"})
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
            newest = min(newest, (int(query["created[lte]"]) - BORN + 1) * PER_SECOND - 1)
        if "created[gte]" in query:
            oldest = max(0, (int(query["created[gte]"]) - BORN) * PER_SECOND)
        if "starting_after" in query:
            newest = min(newest, int(query["starting_after"].removeprefix("promo_")) - 1)
        last = max(oldest, newest - int(query["limit"]) + 1)
        rows = ",".join(self._numbered(number) for number in range(newest, last - 1, -1))
        more = "true" if last > oldest else "false"
        return f'{{"object": "list", "url": "/v1/promotion_codes", "has_more": {more}, "data": [{rows}]}}'

    def _numbered(self, number: int) -> str:
        row = self._row.replace(_MARK, f"{number:09}").replace('"<created>"', str(BORN + number // PER_SECOND))
        return row.replace("<slot>", str(number))


async def serve(recorded: Recorded) -> None:
    runner = web.ServerRunner(web.Server(recorded.answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    taken = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    asyncio.run(serve(Recorded(int(sys.argv[1]), taken["coupon"], taken["code"])))
