"""Which calls of the kernel a process may still make: seccomp allow-lists (seccomp(2)).

Landlock says which files a process may open; it stops neither UDP nor Unix sockets, neither a fork nor the
rarely used calls in which a kernel's mistakes are found. A list here names what is allowed. What makes a
process or a socket is refused as not permitted (EPERM); every other call is answered as if the kernel did
not have it (ENOSYS), so that a C library falls back to an older call.

libseccomp, which knows the numbers of calls on every architecture, writes a list as a program for the kernel
once; each child loads that program with one call.
"""

import ctypes
import errno
import functools
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

_LIBRARY = "libseccomp.so.2"

# seccomp.h of libseccomp 2.5
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_OPTIMIZE, _BINARY_TREE = 8, 2

# linux/prctl.h, linux/seccomp.h
_PR_GET_SECCOMP, _PR_SET_SECCOMP, _MODE_FILTER = 21, 22, 2

_CLONE_THREAD = 0x00010000
_CLONE_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, …NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""
_UNKNOWN_CALL = -1  # __NR_SCMP_ERROR
_OWN_PROCESS = 0x5EC0C0DE
"""Stands in a program for the number of the process that will load it."""

_FILES = (
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2",
    "open", "openat", "openat2", "creat", "close", "close_range", "lseek", "_llseek", "stat", "stat64",
    "lstat", "lstat64", "fstat", "fstat64", "newfstatat", "fstatat64", "statx", "statfs", "statfs64",
    "fstatfs", "fstatfs64", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "chdir",
    "fchdir", "getdents", "getdents64", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename",
    "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat",
    "fchmodat2", "utime", "utimes", "utimensat", "futimesat", "truncate", "truncate64", "ftruncate",
    "ftruncate64", "fallocate", "fadvise64", "fadvise64_64", "fsync", "fdatasync", "sync_file_range",
    "sendfile", "sendfile64", "copy_file_range", "splice", "dup", "dup2", "dup3", "fcntl", "fcntl64", "flock",
    "pipe", "pipe2", "memfd_create", "umask", "getxattr", "lgetxattr", "fgetxattr", "listxattr", "eventfd",
    "eventfd2",
)  # fmt: skip
_MEMORY = (
    "brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "msync", "mincore", "mlock",
    "munlock", "membarrier", "mseal", "pkey_alloc", "pkey_free", "pkey_mprotect",
)  # fmt: skip
_THREADS = (
    "futex", "futex_time64", "futex_wait", "futex_wake", "futex_waitv", "set_robust_list", "get_robust_list",
    "rseq", "set_tid_address", "gettid", "sched_yield", "sched_getaffinity", "sched_getparam",
    "sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min", "getcpu", "arch_prctl",
    "restart_syscall", "exit", "exit_group",
)  # fmt: skip
_SIGNALS = (
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait",
    "sigaltstack", "sigreturn", "pause", "alarm", "getitimer", "setitimer",
)  # fmt: skip
_TIME_AND_WAITING = (
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_nanosleep", "clock_nanosleep_time64",
    "nanosleep", "gettimeofday", "time", "times", "poll", "ppoll", "select", "_newselect", "pselect6",
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
)  # fmt: skip
_ABOUT_ITSELF = (
    "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getresuid", "getresgid",
    "getpgrp", "getpgid", "getsid", "getpriority", "getrusage", "getrlimit", "setrlimit", "ugetrlimit",
    "uname", "sysinfo", "getrandom", "capget",
)  # fmt: skip
_CALCULATING = (*_FILES, *_MEMORY, *_THREADS, *_SIGNALS, *_TIME_AND_WAITING, *_ABOUT_ITSELF)

_PROCESSES = ("fork", "vfork", "execve", "execveat", "wait4", "waitid", "setsid", "setpgid")
_SOCKETS = (
    "socket", "socketpair", "bind", "connect", "listen", "accept", "accept4", "getsockname", "getpeername",
    "getsockopt", "setsockopt", "shutdown", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg",
    "recvmmsg",
)  # fmt: skip
_REFUSED = (
    *_PROCESSES, *_SOCKETS, "tkill", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open",
    "pidfd_getfd", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "unshare", "setns", "mount",
    "umount2", "chroot", "pivot_root", "bpf", "perf_event_open", "userfaultfd", "add_key", "request_key",
    "keyctl",
)  # fmt: skip


class _Compare(IntEnum):
    """enum scmp_compare."""

    EQUAL = 4
    MASKED_EQUAL = 7


class _Comparison(ctypes.Structure):
    """struct scmp_arg_cmp: what one argument of a call must be."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """A call that is allowed if one of its arguments is right."""

    call: str
    argument: int
    """Its place, from 0."""
    value: int
    mask: int | None = None
    """Only these bits are compared; None for all."""

    def comparison(self) -> _Comparison:
        """As libseccomp has it."""
        if self.mask is None:
            return _Comparison(self.argument, _Compare.EQUAL, self.value, 0)
        return _Comparison(self.argument, _Compare.MASKED_EQUAL, self.mask, self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowList:
    """What a process may ask of the kernel."""

    calls: tuple[str, ...]
    rules: tuple[Rule, ...]
    """A call of which no rule holds is not there."""
    refused: tuple[str | Rule, ...]
    """Answered as not permitted."""


# asm-generic/ioctls.h, linux/prctl.h
_TCGETS, _FIONREAD, _FIONBIO, _FIONCLEX, _FIOCLEX = 0x5401, 0x541B, 0x5421, 0x5450, 0x5451
_PR_SET_NAME, _PR_GET_NAME, _PR_SET_VMA = 15, 16, 0x53564D41

TASK = AllowList(
    calls=(*_FILES, *_MEMORY, *_THREADS, *_SIGNALS, *_TIME_AND_WAITING, *_ABOUT_ITSELF),
    rules=(
        Rule("clone", 0, _CLONE_THREAD, mask=_CLONE_THREAD),
        Rule("kill", 0, _OWN_PROCESS),
        Rule("tgkill", 0, _OWN_PROCESS),
        Rule("prlimit64", 0, 0),
        *(Rule("ioctl", 1, request) for request in (_TCGETS, _FIONREAD, _FIONBIO, _FIONCLEX, _FIOCLEX)),
        *(Rule("prctl", 0, option) for option in (_PR_SET_NAME, _PR_GET_NAME, _PR_SET_VMA)),
    ),
    refused=(*_REFUSED, Rule("clone", 0, 0, mask=_CLONE_THREAD)),
)
"""A task on one document: it calculates, reads, and writes its folder. No process, no socket, nobody else."""

_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10

OFFICE = AllowList(
    calls=(
        *TASK.calls, *_PROCESSES, *(call for call in _SOCKETS if call not in {"socket", "socketpair"}),
        "kill", "tgkill", "tkill", "prlimit64", "prctl", "ioctl", "setpriority", "sched_setscheduler",
        "sched_setaffinity", "sched_setparam", "chown", "fchown", "lchown", "fchownat", "inotify_init1",
        "inotify_add_watch", "inotify_rm_watch", "timerfd_create", "timerfd_settime", "signalfd4", "vhangup",
    ),
    rules=(
        Rule("clone", 0, 0, mask=_CLONE_NAMESPACES),
        *(
            Rule(call, 0, family)
            for call in ("socket", "socketpair")
            for family in (_AF_UNIX, _AF_INET, _AF_INET6)
        ),
    ),
    refused=tuple(call for call in _REFUSED if call not in {*_PROCESSES, *_SOCKETS, "tkill"}),
)  # fmt: skip
"""LibreOffice: besides, it starts processes and talks through Unix sockets and its own loopback, and through
nothing else: what is called a socket in other families (packets, the kernel's cryptography, the host of a
virtual machine) is no matter of network namespaces."""


class SeccompMissing(Exception):  # noqa: N818 - named as what happened
    """This system cannot filter calls; the text tells the administrator why."""


def missing_seccomp() -> str:
    """Why this system cannot filter calls, for the administrator; empty if it can."""
    try:
        filter_program(TASK)
    except SeccompMissing as problem:
        return str(problem)
    return ""


@functools.cache
def filter_program(allowed: AllowList) -> bytes:
    """The list as a program for the kernel (an array of `struct sock_filter`).

    Raises:
        SeccompMissing: The kernel or the library is not there.
    """
    if _libc().prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) < 0:
        raise SeccompMissing("this kernel was built without seccomp (CONFIG_SECCOMP)")
    library = _libseccomp()
    context = ctypes.c_void_p(library.seccomp_init(_ERRNO | errno.ENOSYS))
    try:
        _done(library.seccomp_attr_set(context, _OPTIMIZE, _BINARY_TREE))
        _add(library, context, _ALLOW, allowed.calls)
        _add(library, context, _ALLOW, allowed.rules)
        _add(library, context, _ERRNO | errno.EPERM, allowed.refused)
        return _exported(library, context)
    finally:
        library.seccomp_release(context)


def load(program: bytes) -> None:
    """Put a program in force for this process for good; it must have no_new_privs.

    Raises:
        OSError: The kernel does not take it.
    """
    own = program.replace(struct.pack("=I", _OWN_PROCESS), struct.pack("=I", os.getpid()))
    octets = ctypes.create_string_buffer(own, len(own))
    described = struct.pack("@HP", len(own) // 8, ctypes.addressof(octets))
    if _libc().prctl(_PR_SET_SECCOMP, _MODE_FILTER, described, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the list of allowed calls cannot be put in force")


def _add(library: ctypes.CDLL, context: ctypes.c_void_p, action: int, calls: Iterable[str | Rule]) -> None:
    for call in calls:
        name, comparisons = (call, []) if isinstance(call, str) else (call.call, [call.comparison()])
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number == _UNKNOWN_CALL:  # newer than the library, or of another architecture
            continue
        array = (_Comparison * len(comparisons))(*comparisons)
        _done(library.seccomp_rule_add_array(context, action, number, len(comparisons), array))


def _exported(library: ctypes.CDLL, context: ctypes.c_void_p) -> bytes:
    memory = os.memfd_create("seccomp", os.MFD_CLOEXEC)
    with os.fdopen(memory, "rb") as file:
        _done(library.seccomp_export_bpf(context, memory))
        file.seek(0)
        return file.read()


def _done(status: int) -> None:
    if status != 0:
        raise SeccompMissing(f"libseccomp cannot write the list of allowed calls: {os.strerror(-status)}")


@functools.cache
def _libseccomp() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as problem:
        raise SeccompMissing(f"{_LIBRARY} is missing: apt-get install libseccomp2") from problem
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_release.restype = None
    library.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Comparison),
    ]  # fmt: skip
    return library


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
