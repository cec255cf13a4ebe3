"""LibreOffice's process: started in a sandbox of our own, or kept by systemd; blocking, for one thread.

Outside systemd `convert/office_server.py` runs under bubblewrap: no network but its own loopback, a file
system of system files and nothing else (a document may link to any file that it can name), gone with us.
Inside a hardened unit bubblewrap cannot work, so there LibreOffice is a unit of its own behind a Unix
socket.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import structlog

from convert.request import ConverterUnavailable
from sandbox.seccomp import OFFICE, SeccompMissing, filter_program
from sandbox.temporary_folder import TemporaryFolder

_log = structlog.get_logger(__name__)

_START_SECONDS = 60.0
_POLL_SECONDS = 0.03
_SERVER = Path(__file__).with_name("office_server.py")
_SYMBOLS = Path(__file__).with_name("office_symbols.py")
_TEMPORARY_SPACE = 1 << 30
_WORK = "/tmp"  # noqa: S108 - a file system of the sandbox's own
_READABLE = (
    "/etc/fonts", "/etc/libreoffice", "/etc/ld.so.cache", "/etc/alternatives", "/var/lib/libreoffice",
    "/var/cache/fontconfig",
)  # fmt: skip
_TOOLS = {
    "bwrap": "bubblewrap",
    "soffice": "libreoffice-writer-nogui, -calc-nogui, -impress-nogui, -draw-nogui and -math-nogui",
}


class OfficeProcess(Protocol):
    """Something behind a Unix socket that converts."""

    @property
    def socket(self) -> Path:
        """Where it listens."""

    def ensure(self) -> bool:
        """Wait until it accepts connections; start it if that is ours. Whether it was started just now.

        Raises:
            ConverterUnavailable: It does not come up.
        """

    def kill(self) -> None:
        """End it at once, if it is ours; the next `ensure` brings it back."""


class SandboxedOffice:
    """LibreOffice under bubblewrap, a child of ours.

    The thread that calls `ensure` must outlive it: the kernel ends bubblewrap with that thread.
    """

    def __init__(self) -> None:
        self._folder: TemporaryFolder | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """In a folder of its own that goes with it."""
        return (self._folder.path if self._folder else Path("/nonexistent")) / "socket"

    def ensure(self) -> bool:
        """See `OfficeProcess.ensure`."""
        if self._process and self._process.poll() is None:
            return False
        self.kill()
        for tool, package in _TOOLS.items():
            if not shutil.which(tool):
                raise ConverterUnavailable(f"{tool} is missing: install the Debian package {package}")
        self._folder = TemporaryFolder("office")
        with (self._folder.path / "log").open("wb") as log, _call_filter() as filters:
            self._process = subprocess.Popen(
                _command(self._folder.path, filters),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=filters,
            )
        self._wait(self._process)
        return True

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not accepts(self.socket):
            ended = process.poll() is not None
            if ended or time.monotonic() > deadline:
                said = (self.socket.with_name("log").read_text(errors="replace").strip() or "nothing")[-300:]
                self.kill()
                how = "ended while starting" if ended else f"did not start within {_START_SECONDS:g} s"
                raise ConverterUnavailable(f"LibreOffice {how}; it said: {said}")
            time.sleep(_POLL_SECONDS)

    def kill(self) -> None:
        """See `OfficeProcess.kill`. Everything in the sandbox ends with bubblewrap, its process 1."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        if self._folder:
            self._folder.remove()
            self._folder = None


class OfficeUnit:
    """LibreOffice kept by systemd, which starts it anew whenever it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def socket(self) -> Path:
        """As configured."""
        return self._path

    def ensure(self) -> bool:
        """See `OfficeProcess.ensure`."""
        deadline = time.monotonic() + _START_SECONDS
        while not accepts(self._path):
            if time.monotonic() > deadline:
                raise ConverterUnavailable(
                    f"LibreOffice does not answer on {self._path}: see `systemctl status postfax-office`"
                )
            time.sleep(_POLL_SECONDS)
        return False

    def kill(self) -> None:
        """See `OfficeProcess.kill`. A call that takes too long ends the unit's process by itself."""


def accepts(path: Path) -> bool:
    """Whether somebody listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


@contextlib.contextmanager
def _call_filter() -> Iterator[tuple[int, ...]]:
    """An open file with the calls that LibreOffice may make; none where the system cannot filter calls."""
    try:
        program = filter_program(OFFICE)
    except SeccompMissing as missing:
        _log.error("office_not_confined", cause=str(missing))
        yield ()
        return
    with os.fdopen(os.memfd_create("seccomp", os.MFD_CLOEXEC), "r+b") as file:
        file.write(program)
        file.seek(0)
        yield (file.fileno(),)


def _command(folder: Path, filters: Sequence[int]) -> list[str]:
    readable = [argument for path in _READABLE for argument in ("--ro-bind-try", path, path)]
    seccomp = [argument for number in filters for argument in ("--seccomp", str(number))]
    return [
        "bwrap", *seccomp, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib",
        "--symlink", "usr/lib64", "/lib64", *readable,
        "--proc", "/proc", "--dev", "/dev", "--size", str(_TEMPORARY_SPACE), "--tmpfs", _WORK,
        "--ro-bind-try", sys.prefix, sys.prefix,
        "--ro-bind", str(_SERVER), "/office_server.py", "--ro-bind", str(_SYMBOLS), "/office_symbols.py",
        "--bind", str(folder), "/run/office",
        "--setenv", "HOME", _WORK, "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8",
        "--chdir", _WORK, sys.executable, "/office_server.py", "--socket", "/run/office/socket",
    ]  # fmt: skip
