"""What promosync needs, packed again from this environment: for tests of an install that use no network."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.metadata import Distribution, distribution, requires
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement


def needed(name: str = "promosync") -> dict[str, Distribution]:
    """Return what a distribution needs here, and what that needs in turn, by name."""
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        for line in requires(waiting.pop()) or ():
            one = Requirement(line)
            key = re.sub(r"[-_.]+", "-", one.name).lower()
            if key not in found and (one.marker is None or one.marker.evaluate({"extra": ""})):
                found[key] = distribution(one.name)
                waiting.append(one.name)
    return found


def pack(folder: Path) -> str:
    """Write a wheel of everything that is needed; return the lines of a lock for them, with their hashes."""
    lock = []
    for name, one in sorted(needed().items()):
        wheel = folder / f"{name.replace('-', '_')}-{one.version}-py3-none-any.whl"
        with ZipFile(wheel, "w") as archive:
            for file in one.files or ():
                if not file.parts[0].startswith("..") and file.suffix != ".pyc":
                    archive.write(str(file.locate()), str(file))
        lock.append(f"{name}=={one.version} --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n")
    return "".join(lock)
