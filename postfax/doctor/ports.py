"""The listeners: is each address free, or served by Postfax already, and may this user open it?

A port is tried without being listened on and with SO_REUSEADDR, so that a service that starts in the same
moment gets it all the same.
"""

import asyncio
import contextlib
import errno
import os
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from config.mail import Listener
from config.values import HostPort, UnixSocket
from mta.smtp.port_holder import port_holder
from postfax.doctor.finding import Finding, failure, not_checked, ok, reason_of, warning
from postfax.doctor.greeting import greeting
from postfax.doctor.site import Site

_OURS = "Postfax"
"""What our greeting says behind ESMTP or LMTP."""
_ELSEWHERE = "Stop it, or listen elsewhere: mail.listen."
_NET_BIND_SERVICE = 1 << 10  # linux/capability.h
_SOCKETS = ("postfax.socket", "postfax-mta.socket")


async def ports(site: Site) -> Sequence[Finding]:
    """Each listener."""
    listeners = site.settings.mail.listen
    if not listeners:
        return [ok("nothing is listened on; mail is fetched")]
    return await asyncio.gather(*(_listener(site, listener) for listener in listeners))


async def _listener(site: Site, listener: Listener) -> Finding:
    address = listener.smtp or listener.lmtp
    if isinstance(address, UnixSocket):
        return await _unix_socket(site, address)
    if address is None or address.port == 0:
        return ok("the kernel chooses a port", subject=str(address))
    subject = str(address)
    try:
        said = await greeting(address, implicit_tls=listener.tls == "implicit")
    except OSError:
        return await asyncio.to_thread(_free, address)
    if greeted := _greeted(site, said, subject):
        return greeted
    how = f"says {said[:60]!r}" if said else "says nothing"
    return await asyncio.to_thread(_held, address, how, proxied=listener.proxy_protocol)


def _greeted(site: Site, said: str, subject: str) -> Finding | None:
    """What a greeting of ours means; None where it is another program's."""
    if _OURS not in said:
        return None
    if site.hostname not in said:
        advice = "Another Postfax serves it, or other settings. Stop it, or restart the service."
        return warning(f"served by a Postfax that greets otherwise: {said[:60]!r}", advice, subject=subject)
    return ok("served by Postfax", subject=subject)


def _held(address: HostPort, how: str, *, proxied: bool = False) -> Finding:
    """Somebody has the port, and does not greet as we do."""
    subject = str(address)
    holder = port_holder(address.port)
    if holder is None:
        return failure(f"is in use by another program, which {how}", _ELSEWHERE, subject=subject)
    if not is_postfax(_arguments(holder.pid)):
        return failure(f"is in use by {holder}, which {how}", _ELSEWHERE, subject=subject)
    if proxied:
        return ok("served by Postfax, which waits for a PROXY header", subject=subject)
    advice = "It may have too many connections, or be stopping: see its log."
    return warning(f"is held by Postfax (pid {holder.pid}), which {how}", advice, subject=subject)


def is_postfax(arguments: Sequence[str]) -> bool:
    """Whether a process with these arguments is the service: the installed program, or the module."""
    return any(Path(word).name == "postfax" or word == "postfax.command" for word in arguments[:5])


def _arguments(pid: int) -> Sequence[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []


def _free(address: HostPort) -> Finding:
    """Nobody greets; whether the port could be had."""
    try:
        with _bindable(address):
            return ok("free; the service is not running", subject=str(address))
    except socket.gaierror as problem:
        return failure(f"is no address ({reason_of(problem)})", "Check mail.listen.", subject=str(address))
    except OSError as problem:
        return _not_to_be_had(address, problem)


@contextlib.contextmanager
def _bindable(address: HostPort) -> Iterator[None]:
    """Have the address without listening on it, so that it can be had and listened on by others meanwhile.

    Raises:
        OSError: it cannot be had.
    """
    found = socket.getaddrinfo(
        address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    with contextlib.ExitStack() as probes:
        for family, kind, protocol, _, where in found:
            probe = probes.enter_context(socket.socket(family, kind, protocol))
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
        yield


def _not_to_be_had(address: HostPort, problem: OSError) -> Finding:
    subject = str(address)
    match problem.errno:
        case errno.EACCES | errno.EPERM:
            return not_checked("free, but not for this user: see privileges", subject=subject)
        case errno.EADDRNOTAVAIL:
            advice = "Listen on an address of this host: mail.listen."
            return failure("no interface here has this address", advice, subject=subject)
        case errno.EADDRINUSE:
            return _held(address, "does not greet")
    return failure(f"cannot be had ({reason_of(problem)})", "Check mail.listen.", subject=subject)


async def _unix_socket(site: Site, address: UnixSocket) -> Finding:
    subject = str(address)
    try:
        if not stat.S_ISSOCK(address.path.lstat().st_mode):
            return failure(
                "there is something else than a socket",
                "Remove it, or listen elsewhere: mail.listen.",
                subject=subject,
            )
        said = await greeting(address)
    except FileNotFoundError:
        return _folder_of(address)
    except ConnectionRefusedError:
        return ok("left over from a service that is gone; the next one replaces it", subject=subject)
    except PermissionError:
        return not_checked(
            "may not be opened by this user", "Run it as root or as the service's user.", subject=subject
        )
    except OSError as problem:
        return failure(f"cannot be connected to ({reason_of(problem)})", _ELSEWHERE, subject=subject)
    answer = _greeted(site, said, subject)
    return answer or failure(f"another program answers: {said[:60]!r}", _ELSEWHERE, subject=subject)


def _folder_of(address: UnixSocket) -> Finding:
    folder = address.path.parent
    if not folder.is_dir():
        advice = "systemd makes it when it starts the service (RuntimeDirectory=). Otherwise make it."
        return warning(f"the folder {folder} is not there", advice, subject=str(address))
    if not os.access(folder, os.W_OK | os.X_OK):
        advice = "Give the service's user the right to write there, or listen elsewhere: mail.listen."
        return warning(f"{folder} may not be written by this user", advice, subject=str(address))
    return ok("can be made; the service is not running", subject=str(address))


def _first_unprivileged_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        return 1024


def _has_capability() -> bool:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        effective = next(line.split()[1] for line in lines if line.startswith("CapEff:"))
    except (OSError, StopIteration):
        return os.geteuid() == 0
    return bool(int(effective, 16) & _NET_BIND_SERVICE)


def _systemd_opens() -> bool:
    asked = ["systemctl", "--quiet", "is-active", *_SOCKETS]
    try:
        # 0 if one of them is.
        return subprocess.run(asked, capture_output=True, timeout=5, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


async def privileges(
    site: Site,
    *,
    first_unprivileged: Callable[[], int] = _first_unprivileged_port,
    may_open: Callable[[], bool] = _has_capability,
    opened: Callable[[], bool] = _systemd_opens,
) -> Sequence[Finding]:
    """Whether the service may open ports that only privileged programs may open."""
    numbers = {address.port for address in _tcp_addresses(site) if address.port}
    low = sorted(port for port in numbers if port < first_unprivileged())
    if not low:
        return [ok("no privileged port is listened on")]
    told = "port " + ", ".join(map(str, low))
    if may_open():
        return [ok(f"{told}: this user may open it")]
    if await asyncio.to_thread(opened):
        return [ok(f"{told}: systemd opens it ({_SOCKETS[0]})")]
    return [
        warning(
            f"{told} may not be opened by this user",
            f"Let systemd open it: `systemctl enable --now {_SOCKETS[0]}`. Or listen on ports above 1023 and "
            "let a front end or the firewall lead there.",
        )
    ]


def _tcp_addresses(site: Site) -> list[HostPort]:
    named = (listener.smtp or listener.lmtp for listener in site.settings.mail.listen)
    return [address for address in named if isinstance(address, HostPort)]
