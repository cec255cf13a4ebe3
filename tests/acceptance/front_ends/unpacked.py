"""Programs of Debian packages that `./dev setup` unpacked, with libraries of their own."""

import os
import sys
from pathlib import Path

DEBIAN = Path(sys.prefix) / "debian"


def unpacked(program: str) -> Path:
    """The path of a program, as `exim4`."""
    path = DEBIAN / "usr/sbin" / program
    assert path.exists(), f"{program} is not unpacked: run ./dev setup"
    return path


def with_its_libraries() -> dict[str, str]:
    """The environment of a program."""
    [libraries] = DEBIAN.glob("usr/lib/*-linux-gnu")
    return {"LD_LIBRARY_PATH": str(libraries), "PATH": os.environ["PATH"]}
