"""Where `promosync` and `python -m promosync` begin."""

from __future__ import annotations

import sys

from promosync.cli.signals import INTERRUPTED, Interrupted, interruptible, tell


def main() -> int:
    """Carry out the command line of this process and return its exit code, also where it is interrupted early."""
    try:
        with interruptible():
            from promosync.cli.exits import main as begin  # it takes a moment to load

            return begin()
    except Interrupted:
        tell(b"Interrupted before anything was begun. Run it again.\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
