"""Who holds a claim: `host/pid/start`, a text that names one process and never another one after it.

`start` is the kernel's boot id (shortened) and the process's start in clock ticks since that boot, so neither
a reused pid nor a reboot makes a dead owner look alive.

`host` is the host's name, or what `POSTFAX_HOST` says where several hosts have the same one, as containers
may: two with one name would take each other's processes for dead.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path

# proc(5), /proc/PID/stat: fields 3 and 22, counted from the field after the command's name.
_STATE, _START_TIME = 0, 19


def this_host() -> str:
    """The name of this host, in which no other works on the same book."""
    return os.environ.get("POSTFAX_HOST") or socket.gethostname()


def this_process() -> str:
    """The owner's name of the calling process."""
    pid = os.getpid()
    return f"{this_host()}/{pid}/{_start(pid)}"


def is_gone(owner: str) -> bool:
    """Whether the owner was a process of this host and has ended. Of other hosts nothing is known: False."""
    host, _, process = owner.partition("/")
    pid, _, start = process.partition("/")
    return host == this_host() and pid.isdecimal() and not _same(_start(int(pid)), start)


def _same(now: str, then: str) -> bool:
    """Whether both are one start; a boot that could not be asked for is taken to be the same one."""
    boot, _, ticks = now.partition(".")
    boot_then, _, ticks_then = then.partition(".")
    return bool(ticks) and ticks == ticks_then and (boot == boot_then or not boot or not boot_then)


def _start(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The command's name is in parentheses and may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    if fields[_STATE] in "ZX":  # ended, and its parent has not asked for it yet
        return ""
    return f"{_boot()}.{fields[_START_TIME]}"


def _boot() -> str:
    """The beginning of the kernel's boot id; empty where it is hidden (systemd's ProcSubset=pid)."""
    with suppress(FileNotFoundError, PermissionError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii")[:8]
    return ""
