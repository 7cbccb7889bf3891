"""A Stripe that refuses everything and quotes requests and objects: no unique code is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promosync.apply.gateway import StripeFault
from promosync.sandbox import Handle, running
from promosync.stripe_api.errors import clean
from tests.cli.conftest import Cli, cli, folder, write

from .border import KEY, Asked, client_at, served

__all__ = ["cli", "folder"]

REFERRER = "FRIEND-9X4T"
"""A code of somebody else, in the metadata of a unique code."""


def cut_short(text: str) -> str:
    """A long value as Stripe quotes it."""
    return f"{text[:4]}...{text[-4:]}"


def quotes(texts: list[str]) -> Iterator[str]:
    """Yield the messages that repeat texts, each in its own way."""
    yield f"Invalid values: {', '.join(texts)}."
    yield " ".join(f"Invalid string: {cut_short(text)}); must be at most 3 characters." for text in texts)
    yield f"You sent {' and '.join(text.upper() for text in texts)}"
    yield f"You sent {'&'.join(text.lower() for text in texts)}"
    yield f"No such thing: {json.dumps(texts)}"
    yield "This value must match the regex pattern. (/x/ does not match for the value " + ", ".join(texts) + ")."


class Parrot:
    """A proxy before a sandbox: it passes reads, and writes that are not about promotion codes and people."""

    def __init__(self, handle: Handle, strict: bool) -> None:
        self._handle, self._strict = handle, strict
        self._turn = count()
        self.private: set[str] = set()
        self.refused: set[str] = set()

    def answer(self, asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        url = urlsplit(asked.path)
        about = url.path.split("/")[2]
        sent = dict(parse_qsl(asked.body))
        if asked.method == "GET" or about not in ("promotion_codes", "customers"):
            return self._passed_on(asked)
        if not self._strict and sent.get("active") == "false":
            return self._passed_on(asked)
        held = self._held(unquote(url.path.rpartition("/")[2]))
        texts = [
            text
            for name, text in [*sent.items(), *held.items()]
            if name in ("code", "email", "customer", "metadata[promosync_email]", "metadata[friend]")
        ]
        self.private |= {text for text in texts if text}
        self.refused.add(" ".join(sorted({name.partition("[")[0] for name in sent} - {"expand"})) + about)
        messages = list(quotes(texts))
        error = {"message": messages[next(self._turn) % len(messages)], "type": "invalid_request_error"}
        return 400, {"Request-Id": f"req_{texts[0] if texts else 1}"}, json.dumps({"error": error}).encode()

    def _held(self, stripe_id: str) -> dict[str, str]:
        rows = [row for row in self._handle.control.dump()["promotion_codes"] if row["id"] == stripe_id]
        return {
            name: str(value)
            for row in rows
            for name, value in [
                ("code", row["code"]),
                ("customer", row.get("customer") or ""),
                *((f"metadata[{key}]", value) for key, value in row["metadata"].items()),
            ]
        }

    def _passed_on(self, asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        connection = HTTPConnection(urlsplit(self._handle.url).netloc, timeout=20)
        headers = {name: value for name, value in asked.headers.items() if name not in ("host", "accept-encoding")}
        connection.request(asked.method, asked.path, asked.body.encode() or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {"Content-Type": "application/json"}, content


@contextmanager
def parrot(handle: Handle, strict: bool) -> Iterator[tuple[str, Parrot]]:
    made = Parrot(handle, strict)
    with served(made.answer) as server:
        yield server.url, made


def shop(**changes: Any) -> dict[str, Any]:
    """Two batches, one of them for addresses, and what is changed of them."""
    spring = {"id": "spring", "percent_off": 20, "duration": "once"} | changes.get("coupon", {})
    vip = {"id": "vip", "coupon": "spring", "generate": {"count": 4, "pattern": "SPR-####-####"}}
    mail: dict[str, Any] = {
        "id": "mail",
        "coupon": "spring",
        "generate": {"emails": "people.csv", "pattern": "ML-####-####"},
    }
    mail["generate"]["missing_customer"] = "create"
    return {
        "promosync": {"owner": "shop", "ignore_metadata": ["friend"]},
        "coupons": [spring],
        "code_batches": [vip | changes.get("vip", {}), mail | changes.get("mail", {})],
    }


PEOPLE = ["ann@example.com", "bob.long@example.org", "carol@example.net"]
CHANGES: dict[str, dict[str, Any]] = {
    "withdraw": {"vip": {"generate": {"count": 1, "pattern": "SPR-####-####"}}},
    "recreate": {"coupon": {"percent_off": 25}},
    "metadata": {"vip": {"metadata": {"source": "mail"}}, "mail": {"metadata": {"source": "mail"}}},
    "off": {"vip": {"active": False}, "mail": {"active": False}},
    "grow": {"vip": {"generate": {"count": 8, "pattern": "SPR-####-####"}}},
}


@pytest.mark.parametrize("strict", [True, False], ids=["refuses-all", "lets-switch-off"])
@pytest.mark.parametrize("change", CHANGES)
def test_no_unique_code_is_printed(cli: Cli, tmp_path: Path, change: str, strict: bool) -> None:
    """With any command and any format: no text, address, customer, or part of one."""
    with running() as handle:
        real = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": handle.url}
        Path("people.csv").write_text("\n".join(PEOPLE[:2]), encoding="utf-8")
        write(shop())
        assert cli("apply", "--yes", env=real).code == 0
        rows = handle.control.dump()["promotion_codes"]
        with client_at(handle.url) as client:
            for row in rows:  # what somebody else has written on it
                client.call("post", f"/v1/promotion_codes/{row['id']}", metadata={"friend": REFERRER})
        private = {row["code"] for row in rows} | {row["customer"] for row in rows if row["customer"]}
        private |= {REFERRER, *PEOPLE, *(row["metadata"].get("promosync_email") or REFERRER for row in rows)}
        Path("people.csv").write_text("\n".join(PEOPLE[change == "grow" :]), encoding="utf-8")
        write(shop(**CHANGES[change]))
        told = ""
        with parrot(handle, strict) as (url, bird):
            summary = tmp_path / "summary.md"
            for more, output in ([], "text"), (["--debug"], "text"), ([], "json"), (["--debug"], "json"):
                env = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": url, "GITHUB_STEP_SUMMARY": str(summary)}
                done = cli("apply", "--yes", "--force", "--format", output, *more, env=env)
                assert done.code == 1, done.out + done.err
                told += done.out + done.err
            told += summary.read_text(encoding="utf-8")
        assert bird.refused
        private |= bird.private
    low = told.lower()
    assert "invalid" in low
    assert {text for text in private if text.lower() in low} == set()
    assert {text for text in private if cut_short(text).lower() in low} == set()
    assert {text for text in private if text[-4:].lower() + ");" in low} == set()


def test_what_stands_in_the_file_is_told(cli: Cli) -> None:
    """A single promotion code is in git: what Stripe says of its metadata is shown as it is."""
    codes = [{"id": "hello", "code": "HELLO", "coupon": "spring", "metadata": {"source": "mail"}}]
    document = {
        "coupons": [{"id": "spring", "percent_off": 20, "duration": "once"}],
        "promotion_codes": codes,
        "promosync": {"owner": "shop"},
    }

    def answer(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        if asked.method == "GET" or not asked.path.startswith("/v1/promotion_codes"):
            return bird._passed_on(asked)
        text = "Invalid metadata: 'mail' is not one of the values"
        return 400, {}, json.dumps({"error": {"message": text}}).encode()

    write(document)
    with running() as handle, served(answer) as server:
        bird = Parrot(handle, strict=True)
        done = cli("apply", "--yes", env={"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": server.url})
    assert done.code == 1
    assert "Invalid metadata: 'mail' is not one of the values" in done.out


def test_no_search_repeats_an_address() -> None:
    """A search has several in one question; an answer may quote one of them."""

    def answer(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        query = parse_qs(urlsplit(asked.path).query)["query"][0]
        address = query.split('"')[3]
        return 400, {}, json.dumps({"error": {"message": f"Invalid clause near {address}"}}).encode()

    emails = ["ann@example.com", "bob@example.com"]
    query = " OR ".join(f'email:"{one}"' for one in emails)
    with served(answer) as server, client_at(server.url) as client, pytest.raises(StripeFault) as caught:
        client.once("get", "/v1/customers/search", *emails, query=query)
    assert "bob@" not in str(caught.value)


def test_no_key_of_a_request_is_repeated() -> None:
    """It is made of a code or an address, and short ones can be guessed from it."""

    def answer(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        key = asked.headers["idempotency-key"]
        text = f"Keys for idempotent requests: try another than '{key}'"
        return (
            400,
            {"Request-Id": key},
            json.dumps({"error": {"message": text, "type": "idempotency_error"}}).encode(),
        )

    with served(answer) as server, client_at(server.url) as client, pytest.raises(StripeFault) as caught:
        client.once("post", "/v1/promotion_codes", idempotency_key="promosync-0123abcd:1", code="SPR-7Q2K")
    assert "0123abcd" not in str(caught.value)


def test_what_is_hidden_does_not_change_what_is_done() -> None:
    """A private text that is a word of Stripe's message hides the word, not the fault."""
    error = {"message": "An active promotion code with `code: X` already exists.", "type": "invalid_request_error"}
    with (
        served(lambda _: (400, {}, json.dumps({"error": error}).encode())) as server,
        client_at(server.url) as client,
        pytest.raises(StripeFault) as caught,
    ):
        client.once("post", "/v1/promotion_codes", "exists", "promotion", code="X")
    assert caught.value.fault == "text taken"


LETTERS = "ABCxyz019-_. @+%é"


@given(
    st.text(LETTERS, min_size=8, max_size=60).filter(lambda text: "..." not in text and text.strip(" .") == text),
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from(["...", "…"]),
    st.sampled_from(["{}", "'{}'", "`{}`; must be", "x{}y", "({})", "code: {}, and more ..."]),
    st.sampled_from([str, str.upper, str.lower, str.swapcase]),
)
@example("SPR-7Q2K-value", 4, 4, "...", "Invalid string: {}); must be", str)
def test_no_part_of_a_private_text_is_left(
    secret: str, begins: int, ends: int, dots: str, around: str, written: Any
) -> None:
    """Complete or shortened, in upper or lower case, at any place; the text around it stays."""
    whole = clean(around.format(written(secret)), [secret])
    assert written(secret).lower() not in whole.lower()
    begins, ends = min(begins, len(secret) // 2), min(ends, len(secret) // 2)
    short = written(secret)[:begins] + dots + written(secret)[-ends:]
    assert clean(around.format(short), [secret]) == " ".join(clean(around.format("…"), ["\0"]).split())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("no such code: SPR...", "no such code: …"),
        ("no such code: spr-7Q2K-va…", "no such code: …"),
        ("it ends with ...lue, and is taken", "it ends with …, and is taken"),
        ("it begins with SP... and is taken", "it begins with SP... and is taken"),  # like many words
        ("and more ...", "and more ..."),
    ],
)
def test_one_end_of_a_private_text_is_not_left_either(text: str, left: str) -> None:
    """Three letters beside an ellipsis are a part of it."""
    assert clean(text, ["SPR-7Q2K-value"]) == left
