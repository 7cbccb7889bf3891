"""Messages for a request without an answer: of the request they show only the host.

Messages of other libraries may contain the address with its query, or a proxy's password: they are not shown.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from http.client import HTTPException
from urllib.parse import urlsplit

import requests

from promosync.apply.gateway import Fault, StripeFault
from promosync.stripe_api.sdk import stripe

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_PROXIES = "HTTPS_PROXY, ALL_PROXY and NO_PROXY"


def unreachable(error: Exception, url: str, connecting: float, patience: float) -> Exception:
    """Return what to raise: the SDK's APIConnectionError for a temporary fault, a StripeFault for a permanent one.

    ``connecting`` and ``patience`` are the time limits in seconds for a connection and for a piece of an answer.
    """
    host = urlsplit(url).netloc
    causes = [error, *_causes(error)]
    certificate = next((one for one in causes if isinstance(one, ssl.SSLCertVerificationError)), None)
    refusal = next((found[1] for one in causes if (found := _TUNNEL.search(str(one)))), None)
    if certificate is not None:
        why = certificate.verify_message.rstrip(".") or "it cannot be verified"
        return _final(
            f"the certificate of {host} is not accepted ({why}): check the address, the clock of this machine, and "
            "whether a proxy opens your connections"
        )
    if refusal is not None:
        return _final(f"the proxy does not connect to {host} ({refusal}): check {_PROXIES}")
    if isinstance(error, requests.exceptions.SSLError) and not any(_broke(one) for one in causes):
        return _final(f"no secure connection to {host} can be made: check the address, and {_PROXIES}")
    if isinstance(error, ValueError) or not isinstance(error, OSError | HTTPException):
        # A wrong address, also of a proxy, or a header that cannot be sent.
        return _final(f"nothing can be sent to {host}: check the API base, and {_PROXIES}")
    why = _system_words(causes)
    if isinstance(error, requests.ConnectTimeout):
        why = f"no connection within {connecting:g} seconds"
    elif isinstance(error, requests.Timeout):
        why = f"no answer within {patience:g} seconds"
    what = "the network and the address"
    if isinstance(error, requests.exceptions.ProxyError):
        host, what = f"the proxy on the way to {host}", _PROXIES
    return stripe.APIConnectionError(  # type: ignore[no-untyped-call]
        f"{host} cannot be reached ({why}): check {what}, then run it again", should_retry=True
    )


def _final(words: str) -> StripeFault:
    return StripeFault(Fault.REFUSED, words)


def _broke(error: BaseException) -> bool:
    """Whether a connection ended before it was secure: the next try may succeed."""
    return isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError)


def _system_words(causes: list[BaseException]) -> str:
    """Return what the operating system said, such as "Connection refused"."""
    system = (one for one in causes if isinstance(one, OSError) and not isinstance(one, ssl.SSLError))
    return next((one.strerror for one in system if one.strerror and one.errno), "the connection broke")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield every error inside an error, at any depth."""
    seen: list[BaseException] = [error]
    for one in seen:
        inner = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        new = [more for more in inner if isinstance(more, BaseException) and more not in seen]
        seen += new
        yield from new
