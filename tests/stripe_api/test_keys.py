"""Messages about a key and an address before any request."""

from __future__ import annotations

import pytest

from promosync.model.ownership import Mode
from promosync.model.problems import Problem, ProblemsFound
from promosync.stripe_api.keys import check_account, check_base, check_key
from promosync.workflows.connect import Connection, open_stripe

BODY = "51Hx9Kq2eZvKYlo2C"


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "is not set"),
        ("   ", "blanks"),
        (f" sk_test_{BODY}", "blanks"),
        (f"sk_test_{BODY}\n", "blanks"),
        (f"sk_test_{BODY}é", "unprintable"),
        (f"pk_test_{BODY}", "publishable"),
        (f"pk_live_{BODY}", "publishable"),
        (f"sk_org_{BODY}", "organisation"),
        (BODY, "does not look like one"),
        ("sk_test_", "does not look like one"),
        (f"sk_test_{BODY}.{BODY}", "does not look like one"),
        (f"SK_TEST_{BODY}", "does not look like one"),
        (f"whsec_{BODY}", "does not look like one"),
        (f"sk_live_{BODY}", "live"),
        (f"rk_live_{BODY}", "live"),
    ],
)
def test_a_key_that_will_not_do_is_named_by_its_fault(key: str, says: str) -> None:
    """Each has one sentence and a hint, which contain only the prefix of the key."""
    problem = check_key(key, allow_live=False)
    assert isinstance(problem, Problem)
    assert says in problem.message
    assert problem.hint
    assert BODY[:4] not in problem.message + problem.hint


@pytest.mark.parametrize(
    ("key", "mode"),
    [
        (f"sk_test_{BODY}", Mode.TEST),
        (f"rk_test_{BODY}", Mode.TEST),
        (f"sk_live_{BODY}", Mode.LIVE),
        (f"rk_live_{BODY}", Mode.LIVE),
        ("sk_test_sandbox", Mode.TEST),
    ],
)
def test_a_good_key_tells_its_mode(key: str, mode: Mode) -> None:
    """The prefix is all that is needed to know what a key opens."""
    assert check_key(key, allow_live=True) is mode


@pytest.mark.parametrize(
    "base",
    [
        "https://api.stripe.com",
        "https://api.stripe.com/",
        "https://stripe.example:8443/prefix",
        "http://127.0.0.1:12111",
        "http://127.8.9.10",
        "http://localhost:1",
        "http://LOCALHOST:65535/",
        "http://[::1]:8080",
    ],
)
def test_https_and_loopback_are_addresses_for_a_test_key(base: str) -> None:
    """Your own proxy may be used, with https or on this machine."""
    assert check_base(base, Mode.TEST) is None


@pytest.mark.parametrize(
    "base",
    [
        "http://api.stripe.com",
        "http://127.0.0.1.evil.com",
        "http://localhost.evil.com",
        "http://localhost.",
        "http://notlocalhost",
        "http://10.0.0.1",
        "http://0.0.0.0:80",
        "http://2130706433",
        "http://127.1",
        "http://0x7f.0.0.1",
        "http://[2001:db8::1]",
        "http://[::]",
        "http://user:secret@127.0.0.1",
        "http://127.0.0.1@evil.com",
        "http://127.0.0.1:80@evil.com",
        "http://@127.0.0.1",
        "http://127.0.0.1\\@evil.com",
        "http://evil.com#@127.0.0.1",
        "http://evil.com?@127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:port",
        "http://127.0.0.1:",
        "http://127.0.0.1 ",
        "http://127.0.0.1\n",
        "http://127.0.0.1/\x00",
        "http://127.0.0.1/?x=1",
        "http:///v1",
        "https://",
        "https://exa mple.com",
        "https://ex\u00e4mple.com",
        "//127.0.0.1",
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_key_goes_nowhere_else(base: str) -> None:
    """What is not plainly https or loopback is refused, and a password in it is not repeated."""
    problem = check_base(base, Mode.TEST)
    assert problem is not None
    assert "secret" not in problem.message


@pytest.mark.parametrize(
    "base",
    [
        "http://127.0.0.1:12111",
        "http://localhost",
        "https://stripe.com.evil.com",
        "https://evilstripe.com",
        "https://api-stripe.com",
        "https://api.stripe.com.",
        "http://api.stripe.com",
        "https://user@api.stripe.com",
    ],
)
def test_a_live_key_goes_to_stripe_alone(base: str) -> None:
    """Not even to this machine."""
    assert check_base(base, Mode.LIVE) is not None


def test_a_live_key_goes_to_stripe() -> None:
    assert check_base("https://api.stripe.com", Mode.LIVE) is None
    assert check_base("https://API.Stripe.com/", Mode.LIVE) is None


@pytest.mark.parametrize("account", ["", "acct_", "cus_1", "acct_1\r\nX-Evil: 1", "acct_1 2", " acct_1"])
def test_what_is_no_account_is_not_sent_as_one(account: str) -> None:
    assert check_account(account) is not None
    assert check_account("acct_1AbcDef") is None


def test_everything_wrong_with_a_connection_is_told_at_once() -> None:
    """Key, address and account are checked together, before anything is sent; the key is in no repr."""
    connection = Connection(f"sk_live_{BODY}", "http://evil.example", "nobody")
    with pytest.raises(ProblemsFound) as caught:
        open_stripe(connection)
    assert [problem.rule for problem in caught.value.problems] == ["api-key", "api-base", "stripe-account"]
    assert BODY not in repr(connection) + str(caught.value)
