"""A real browser, controlled through a pair of pipes: without a port, a library or a network."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_PATIENCE = 60.0
_INSTALLING = 300.0
"""Seconds, for a slow line."""

_WITH_PIPES = """
import fcntl, os, sys
reading, writing = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(reading, 3)
os.dup2(writing, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads commands from descriptor 3 and writes answers to 4."""

Json = dict[str, Any]


def find() -> str | None:
    """Return the path of a browser: that of TEST_BROWSER, or the first one that is installed."""
    named = os.environ.get("TEST_BROWSER")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Unavailable(Exception):
    """No browser is available here; the message is the reason."""


@dataclass
class Page:
    """One tab. ``events`` has all events that the browser sent for it since the last :meth:`open`."""

    browser: Browser
    session: str
    events: list[Json] = field(default_factory=list)

    def call(self, method: str, **params: Any) -> Json:
        """Send a command of the DevTools protocol and return its answer."""
        return self.browser.call(method, self.session, params, self.events)

    def open(
        self,
        file: Path,
        width: int,
        height: int = 900,
        *,
        dark: bool = False,
        media: str = "",
        script: bool = True,
    ) -> None:
        """Open a file at a width in CSS pixels, and wait until it is loaded; ``script``: whether scripts may run."""
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[theme])
        self.events.clear()
        self.call("Page.navigate", url=file.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self.browser.next_event())

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; it runs even if the page may run no script."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode={"Tab": 9}[key])

    def type(self, text: str) -> None:
        """Type text into the focused element."""
        self.call("Input.insertText", text=text)

    def click(self, element: str) -> None:
        """Scroll to the element that a JavaScript expression returns, and click into its middle."""
        x, y = self.ask(
            f"""(() => {{
                const element = {element};
                element.scrollIntoView({{block: 'center'}});
                const box = element.getBoundingClientRect();
                return [box.left + box.width / 2, box.top + box.height / 2];
            }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.call(
            "Page.captureScreenshot", clip={"x": 0, "y": 0, "width": 1, "height": 1, "scale": 1}
        )  # a frame later

    def screenshot(self) -> bytes:
        """Return the whole page as a PNG."""
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(picture["data"])

    def told(self, *methods: str) -> list[Json]:
        """Return the events of these methods since the page was opened."""
        self.ask("new Promise(done => setTimeout(() => done(1), 50))")
        return [event["params"] for event in self.events if event["method"] in methods]


class Browser:
    """A browser process and its two pipes."""

    def __init__(self, reading: Any, writing: Any) -> None:
        self._reading, self._writing = reading, writing
        self._waiting = b""
        self._number = 0

    def page(self) -> Page:
        """Open a tab with events for its console, its requests and its log."""
        target = self.call("Target.createTarget", None, {"url": "about:blank"}, [])["targetId"]
        session = self.call("Target.attachToTarget", None, {"targetId": target, "flatten": True}, [])["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            page.call(f"{domain}.enable")
        return page

    def call(self, method: str, session: str | None, params: Json, events: list[Json]) -> Json:
        """Send a command and return its result; events that come first go to ``events``."""
        self._number += 1
        sent = {"id": self._number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self._writing.write(json.dumps(sent).encode() + b"\0")
        self._writing.flush()
        while True:
            message = self._next()
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: Json = message["result"]
                return result
            if "method" in message:
                events.append(message)

    def next_event(self) -> Json:
        """Return the next event of the browser."""
        while True:
            message = self._next()
            if "method" in message:
                return message

    def _next(self) -> Json:
        while b"\0" not in self._waiting:
            if not select.select([self._reading], [], [], _PATIENCE)[0]:
                raise RuntimeError("the browser does not answer")
            more = os.read(self._reading.fileno(), 1 << 20)
            if not more:
                raise RuntimeError("the browser is gone")
            self._waiting += more
        message, _, self._waiting = self._waiting.partition(b"\0")
        found: Json = json.loads(message)
        return found


@contextmanager
def running(path: str) -> Iterator[Browser]:
    """Run a browser with its own profile during the block."""
    to_browser, from_browser = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="promosync-browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", _WITH_PIPES, str(to_browser[0]), str(from_browser[1])),
                *(path, *FLAGS, f"--user-data-dir={profile}", "about:blank"),
            ],
            pass_fds=(to_browser[0], from_browser[1]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": profile},
        )
        os.close(to_browser[0])
        os.close(from_browser[1])
        try:
            with os.fdopen(from_browser[0], "rb") as reading, os.fdopen(to_browser[1], "wb") as writing:
                yield Browser(reading, writing)
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def install() -> str:
    """Install Chromium from the system's own packages, and return its path; raise Unavailable."""
    if os.geteuid() or not shutil.which("apt-get"):
        raise Unavailable("it is installed only by root, with apt-get")
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        _run(["apt-get", *arguments], _INSTALLING)
    path = find()
    if path is None:
        raise Unavailable("the package has none in it")
    _run([path, "--version"], _PATIENCE)
    return path


def _run(command: list[str], seconds: float) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    said = f"`{' '.join(command)}`"
    try:
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=True)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{said} took longer than {seconds:g} seconds") from None
    except (OSError, subprocess.CalledProcessError):
        raise Unavailable(f"{said} failed") from None


def main(arguments: Sequence[str]) -> int:
    """Print which browser is used; with ``--install``, install one if there is none. Exit 3 if there is none."""
    try:
        path = find() or (install() if "--install" in arguments else None)
        why = "none was found"
    except Unavailable as unavailable:
        path, why = None, str(unavailable)
    if path:
        print(f"The pages of `promosync status` and `results` are looked at in a browser: {path}")
        return 0
    print(f"NOT CHECKED: nobody looked at the pages of reports in a browser: {why}.")
    print("             Install chromium, or name a browser in TEST_BROWSER, and run `make browser`.")
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
