"""Giving up rights: what a task's process may still do.

In this order, after everything it needs is imported: resource limits, no new privileges, Landlock (read the
system's libraries and fonts, write only the task's own folder, no TCP), then seccomp (no process, no socket
of any kind, none of the kernel's rarer calls). None of it needs a privilege, so it works inside a hardened
systemd unit too.
"""

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sandbox import seccomp

_libc = ctypes.CDLL(None, use_errno=True)

# linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

# Numbers of the Landlock system calls: the same on every architecture (asm-generic/unistd.h).
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_RULE_PATH_BENEATH = 1
_LANDLOCK_VERSION_QUERY = 1

# linux/landlock.h: rights on files, by the ABI version that brought them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_FS_RIGHTS_BY_ABI = ((1, (1 << 13) - 1), (2, 1 << 13), (3, _TRUNCATE), (5, 1 << 15))
_FILE_ONLY_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | (1 << 15)
_NET_RIGHTS = 0b11  # bind and connect TCP, ABI 4
_NET_ABI = 4
_SCOPES = 0b11  # abstract Unix sockets and signals of others, ABI 6
_SCOPE_ABI = 6

_READABLE = (
    "/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/var/cache/fontconfig",
    "/dev/null", "/dev/urandom", "/dev/zero", "/proc/self",
)  # fmt: skip


_OWN_CODE = str(Path(__file__).resolve().parent.parent)
"""An editable installation is not on sys.path; tasks read their templates there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one task may use."""

    seconds: float
    """Wall time; then its process group is killed."""
    cpu_seconds: int
    """CPU time."""
    memory: int
    """Address space in bytes."""
    file_size: int
    """The largest file that it may write, in bytes."""
    open_files: int = 128


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def missing_confinement() -> tuple[str, ...]:
    """What of all this the system cannot do, each a sentence for the administrator; usually nothing.

    What costs time is then done: call it in the parent of all tasks.
    """
    trouble = []
    if landlock_version() == 0:
        trouble.append("this kernel has no Landlock: what a document may read and write is not confined")
    if lacking := seccomp.missing_seccomp():
        trouble.append(f"a document's process may make every call of the kernel, as {lacking}")
    return tuple(trouble)


def confine(limits: Limits, folder: Path) -> None:
    """Give up every right that a task does not need; what the system lacks `missing_confinement` tells.

    Raises:
        OSError: A limit could not be set; the task must not run.
    """
    _set_resource_limits(limits)
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs cannot be set")
    readable = [*_READABLE, sys.prefix, sys.base_prefix, *(entry for entry in sys.path if entry), _OWN_CODE]
    _restrict_files(readable, folder)
    with contextlib.suppress(seccomp.SeccompMissing):
        seccomp.load(seccomp.filter_program(seccomp.TASK))


def _set_resource_limits(limits: Limits) -> None:
    for what, most, grace in (
        (resource.RLIMIT_AS, limits.memory, 0),
        (resource.RLIMIT_CPU, limits.cpu_seconds, 1),  # SIGXCPU first, so that the cause can be told
        (resource.RLIMIT_FSIZE, limits.file_size, 0),
        (resource.RLIMIT_NOFILE, limits.open_files, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, hard = resource.getrlimit(what)
        ceiling = most + grace if hard == resource.RLIM_INFINITY else min(most + grace, hard)
        resource.setrlimit(what, (min(most, ceiling), ceiling))


def landlock_version() -> int:
    """The kernel's Landlock ABI; 0 where there is none."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION_QUERY)))


def _restrict_files(readable: Iterable[str], writable: Path) -> None:
    abi = landlock_version()
    if abi == 0:
        return
    all_rights = sum(rights for since, rights in _FS_RIGHTS_BY_ABI if abi >= since)
    attributes = struct.pack(
        "QQQ", all_rights, _NET_RIGHTS if abi >= _NET_ABI else 0, _SCOPES if abi >= _SCOPE_ABI else 0
    )
    size = 24 if abi >= _SCOPE_ABI else 16 if abi >= _NET_ABI else 8
    ruleset = _libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "no Landlock rule set can be made")
    for path in readable:
        _allow(ruleset, path, _READ_FILE | _READ_DIR | _EXECUTE)
    _allow(ruleset, str(writable), all_rights & ~_EXECUTE)
    _allow(ruleset, "/dev/null", _WRITE_FILE | _READ_FILE)
    if _libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "Landlock cannot be put in force")
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # not every system has every one of these places
    try:
        if not Path(path).is_dir():
            rights &= _FILE_ONLY_RIGHTS
        rule = struct.pack("=Qi", rights, handle)
        if _libc.syscall(_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_PATH_BENEATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock refuses a rule for {path}")
    finally:
        os.close(handle)
