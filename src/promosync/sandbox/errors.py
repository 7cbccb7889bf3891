"""Stripe's refusals, in Stripe's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any


@dataclass(eq=False)
class StripeError(Exception):
    """A refusal, which becomes the answer; it is raised before anything is written."""

    message: str
    _: KW_ONLY
    param: str | None = None
    code: str | None = None
    status: int = 400
    type: str = "invalid_request_error"
    headers: Mapping[str, str] = field(default_factory=dict)
    logged: bool = True

    def body(self, log_url: str | None) -> bytes:
        """The JSON body; `log_url` is left out where Stripe does not log the refusal."""
        error: dict[str, Any] = {"message": self.message, "type": self.type}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = "https://stripe.com/docs/error-codes/" + self.code.replace("_", "-")
        if self.param is not None:
            error["param"] = self.param
        if self.logged and log_url is not None:
            error["request_log_url"] = log_url
        return json.dumps({"error": error}, sort_keys=True).encode()


def unknown_parameter(path: str) -> StripeError:
    return StripeError(f"Received unknown parameter: {path}", param=path, code="parameter_unknown")


def missing_parameter(path: str) -> StripeError:
    return StripeError(f"Missing required param: {path}.", param=path, code="parameter_missing")


def exclusive(first: str, second: str) -> StripeError:
    return StripeError(f"Received both {first} and {second} parameters. Please pass in only one.")


def no_such(title: str, id: str, param: str, *, status: int, elsewhere: str | None = None) -> StripeError:
    """`title` is what Stripe calls the kind ("promotion code"), `elsewhere` the mode that has the id."""
    message = f"No such {title}: '{id}'"
    if elsewhere is not None:
        used = "live" if elsewhere == "test" else "test"
        message += (
            f"; a similar object exists in {elsewhere} mode, but a {used} mode key was used to make this request."
        )
    return StripeError(message, param=param, code="resource_missing", status=status)


def unknown_url(method: str, path: str) -> StripeError:
    return StripeError(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs "
        "or we can help at https://support.stripe.com/.",
        status=404,
        logged=False,
    )


def rate_limited(reason: str | None, *, livemode: bool) -> StripeError:
    """A 429; `reason` names the limit, in a header."""
    learn = "You can learn more about rate limits here https://stripe.com/docs/rate-limits."
    words = (
        "Request rate limit exceeded."
        if livemode
        else "Testmode request rate limit exceeded, the rate limits in testmode are lower than livemode."
    )
    headers = {} if reason is None else {"Stripe-Rate-Limited-Reason": reason}
    return StripeError(f"{words} {learn}", code="rate_limit", status=429, headers=headers)


def lock_timeout() -> StripeError:
    return StripeError(
        "This object cannot be accessed right now because another API request or Stripe process is "
        "currently accessing it. If you see this error intermittently, retry the request. If you see this "
        "error frequently and are making multiple concurrent requests to a single object, make your "
        "requests serially or at a lower rate.",
        code="lock_timeout",
        status=429,
    )


def key_in_use() -> StripeError:
    return StripeError(
        "There is currently another in-progress request using this Idempotent Key (that probably means you "
        "submitted twice, and the other request is still going through)",
        code="idempotency_key_in_use",
        status=409,
    )


def key_reused(key: str) -> StripeError:
    return StripeError(
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request.",
        type="idempotency_error",
    )


def broken(message: str = "An unknown error occurred") -> StripeError:
    return StripeError(message, type="api_error", status=500)
