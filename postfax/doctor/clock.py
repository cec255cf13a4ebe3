"""This host's clock: certificates, retries and every time that a notice tells depend on it."""

import ctypes
import os
from collections.abc import Callable, Sequence

from postfax.clock_doubt import what_is_doubted, what_to_do
from postfax.doctor.finding import Finding, not_checked, ok, warning
from postfax.doctor.site import Site
from postfax.opening import make_book
from store.address import is_on_server
from store.errors import BookUnavailable, BookVersionError
from store.sqlite import book_path

_STA_UNSYNC = 0x0040  # linux/timex.h
_TIME_ERROR = 5
_TIMEX_OCTETS = 512
"""More than struct timex has on any architecture."""
_MICROSECONDS = 1_000_000


class Timex(ctypes.Structure):
    """The beginning of struct timex, as adjtimex(2) fills it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * _TIMEX_OCTETS),
    )


def kernel_error() -> float | None:
    """Seconds that the clock may be wrong, as the kernel reckons; None where no one keeps it right.

    Raises:
        OSError: the kernel does not tell.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    state = Timex(modes=0)
    answer = libc.adjtimex(ctypes.byref(state))
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    if answer == _TIME_ERROR and state.status & _STA_UNSYNC:
        return None
    return float(state.maxerror) / _MICROSECONDS


async def clock(site: Site, *, largest_error: Callable[[], float | None] = kernel_error) -> Sequence[Finding]:
    """Whether something keeps it right, and whether the service believes it."""
    return [_kept_right(largest_error), *await _doubted(site)]


def _kept_right(largest_error: Callable[[], float | None]) -> Finding:
    try:
        seconds = largest_error()
    except OSError as problem:
        return not_checked(f"the kernel does not tell ({problem.strerror})")
    if seconds is None:
        advice = (
            "Run one: apt-get install chrony (or systemd-timesyncd). In a container, see the host's clock."
        )
        return warning("no time service keeps it right", advice)
    return ok(f"kept right by a time service, within {seconds:.2f} s")


async def _doubted(site: Site) -> list[Finding]:
    """What the services that work on the book found at their last look."""
    store = site.settings.store
    if not is_on_server(store) and not book_path(store).exists():
        return []
    try:
        async with make_book(site.settings) as book:
            known = await book.known_clocks()
    except (BookUnavailable, BookVersionError):
        return []  # the check of the book tells
    return [
        warning(doubt, what_to_do())
        for host, looked_at in sorted(known.items())
        if (doubt := what_is_doubted(host, looked_at))
    ]
