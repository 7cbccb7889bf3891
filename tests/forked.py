"""A `promosync` that need not load its modules: a server has loaded them, and forks for each command.

Loading is most of a short command's time, and a page of the docs or a job of the action has ten commands. Each is
still a process, with arguments, environment, folder, streams and exit code of its own. How the program begins when
nothing is loaded is seen in tests/cli/test_process.py, on the page README.md, and where a wheel is installed.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

# Packages that modules of ours load only when they are needed.
_LATE = ("aiohttp.web", "deepdiff", "jinja2", "jsonschema", "requests", "stripe", "tenacity")

_PROGRAM = """\
#!{python} -IS
import json, os, socket, sys

def is_open(stream):
    try:
        return bool(os.fstat(stream))
    except OSError:
        return False

streams = [number for number in range(3) if is_open(number)]
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"."], streams)
    server.sendall(json.dumps([streams, sys.argv, dict(os.environ), os.getcwd()]).encode())
    server.shutdown(socket.SHUT_WR)
    code = server.recv(16)
os._exit(int(code) % 256)
"""


@contextmanager
def serving(folder: Path) -> Iterator[Path]:
    """Yield the program, which is ``promosync`` in a folder, and serve it meanwhile.

    A command that is ended by a signal exits with 256 less its number. A signal to the program does not reach it.
    """
    address, program = str(folder / "socket"), folder / "promosync"
    program.write_text(_PROGRAM.format(python=os.path.realpath(sys.executable), address=address), encoding="utf-8")
    program.chmod(0o755)
    command = [sys.executable, "-m", "tests.forked", address]
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        assert server.stdout.readline() == b"ready\n"
        yield program
        server.stdin.close()  # which ends it


def _load() -> None:
    import promosync

    for module in pkgutil.walk_packages(promosync.__path__, "promosync."):
        importlib.import_module(module.name)
    for name in _LATE:
        importlib.import_module(name)
    gc.freeze()


def _serve(address: str) -> bool:
    """Take calls until standard input ends. True in the process of a command, which has yet to be carried out."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        print("ready", flush=True)
        while sys.stdin not in select.select([sys.stdin, listening], [], [])[0]:
            call, _ = listening.accept()
            with call:
                if os.fork() == 0:
                    return _answer(call)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
    return False


def _answer(call: socket.socket) -> bool:
    """Fork once more: one process becomes the command, and the other tells how it ended."""
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        call.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    _, received, _, _ = socket.recv_fds(call, 1, 3)
    said: Any = json.loads(b"".join(iter(lambda: call.recv(65536), b"")))
    numbers, sys.argv, environ, folder = said
    os.closerange(0, 3)
    for number, passed in zip(numbers, received, strict=True):
        os.dup2(passed, number)
        os.close(passed)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    os.chdir(folder)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        errors = "backslashreplace" if name == "stderr" else "strict"
        is_open = number in numbers  # else it is None, as Python has it
        stream = os.fdopen(number, mode, encoding="utf-8", errors=errors, closefd=False) if is_open else None
        setattr(sys, name, stream)
    return True


if __name__ == "__main__":
    _load()
    if _serve(sys.argv[1]):
        from promosync.__main__ import main

        code = main()
        for output in (sys.stdout, sys.stderr):
            if output is not None:
                output.flush()
        os._exit(code)  # to take everything down that was loaded would cost as much as a short command does
