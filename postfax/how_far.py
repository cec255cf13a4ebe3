"""How far something has come that takes long: one line on a terminal, which is gone at its end."""

import sys


def tell(what: str, done: int, total: int) -> None:
    """Say how far it is; nothing where nobody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what}: {done:,} of {total:,} …")
        sys.stderr.flush()


def clear() -> None:
    """Take the line away."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
