"""Where `promosync` and `python -m promosync` begin."""

from __future__ import annotations

import sys

from promosync.cli.door import main

if __name__ == "__main__":
    sys.exit(main())
