"""Connections with a time limit for the whole answer: `requests` limits only the time for each piece of one."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter


class InTime(HTTPAdapter):
    """Sends requests over up to ``connections`` to a host; TimeoutError for an answer that is not read by ``end()``.

    ``end`` is called in the thread of the request when its answer begins: seconds on the monotonic clock.
    """

    def __init__(self, end: Callable[[], float], connections: int) -> None:
        self._end = end
        super().__init__(pool_connections=1, pool_maxsize=connections)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy not in self.proxy_manager:
            self._bound(super().proxy_manager_for(proxy, **kwargs))
        return self.proxy_manager[proxy]

    def _bound(self, manager: Any) -> None:
        """Limit the time for answers, headers and body, on every connection of a pool manager."""

        def answer(connection: Any, *args: Any, **kwargs: Any) -> HTTPResponse:
            return _Answer(self._end(), connection, *args, **kwargs)

        made = {"response_class": staticmethod(answer)}
        manager.pool_classes_by_scheme = {
            scheme: type(pool.__name__, (pool,), {"ConnectionCls": type("InTime", (pool.ConnectionCls,), made)})
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }


class _Answer(HTTPResponse):
    def __init__(self, end: float, connection: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(connection, *args, **kwargs)
        self.fp = io.BufferedReader(_Bytes(self.fp.detach(), connection, end))


class _Bytes(io.RawIOBase):
    """The bytes of a connection: each read waits no longer than the time that is left for the whole answer."""

    def __init__(self, raw: io.RawIOBase, connection: Any, end: float) -> None:
        self._raw, self._connection, self._end = raw, connection, end
        self._patience = connection.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole answer is over")
        self._connection.settimeout(left if self._patience is None else min(left, self._patience))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
