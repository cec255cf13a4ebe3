"""Who listens on a port: for the sentence that a person reads when a port is in use.

Linux tells it in /proc: the listening socket's inode by port, then the process that has it open. Processes of
other users can be looked into by root alone; then the answer is that nobody is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LISTEN = "0A"  # include/net/tcp_states.h


@dataclass(frozen=True, slots=True)
class Holder:
    """A process."""

    name: str
    pid: int

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"


def port_holder(port: int, *, proc: Path = Path("/proc")) -> Holder | None:
    """The process that listens on a TCP port, or None if it cannot be told."""
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    return next((Holder(*found) for found in _holders(inodes, proc)), None) if inodes else None


def _listening_inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in _lines(proc / "net" / table)[1:]:
            columns = line.split()
            if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[9]


def _holders(inodes: set[str], proc: Path) -> Iterator[tuple[str, int]]:
    for folder in sorted(proc.glob("[0-9]*"), key=lambda folder: int(folder.name)):
        if any(_target(handle) in inodes for handle in _entries(folder / "fd")):
            yield "".join(_lines(folder / "comm")).strip() or "a process", int(folder.name)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
