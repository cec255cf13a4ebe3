"""Debian's HylaFAX for the tests: hfaxd and faxq with a spool folder and a port of their own.

Everything but the modem is real. In place of `faxsend`, which talks to one, stands a program that ends each
call as the test planned it for the number, and writes that into the job's file as faxsend does; or faxsend
itself, with a modem of software.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.values import HostPort

DEBIAN = Path(sys.prefix) / "debian"
LIBRARIES = DEBIAN / "usr/lib/hylafax"
_USER = "uucp"
_CONFIG = """\
LogFacility: daemon
CountryCode: 1
AreaCode: 206
LongDistancePrefix: 1
InternationalPrefix: 011
DialStringRules: etc/dialrules
PollLockWait: 1
UUCPLockDir: {spool}/lock
SendFaxCmd: bin/planned-call
TIFF2FaxCmd: bin/tiff2fax-here
"""
_SET_UP = """\
AWK=/usr/bin/awk
CAT=/bin/cat
CP=/bin/cp
GREP=/bin/grep
SED=/bin/sed
TIFFBIN=/usr/bin
SBIN={libraries}/bin
ENCODING=base64
"""
_TIFF2FAX = """\
#!/bin/sh
LD_LIBRARY_PATH={libraries} exec bin/tiff2fax "$@"
"""


_MODEM_READY = "+{modem}:RPc87fcf01:0\0"
"""faxmodem(8)'s message: ready, with the abilities of a class 1 modem, and no priority."""
_CLASS_1 = """\
CountryCode: 1
AreaCode: 206
FAXNumber: +1.206.555.0199
LongDistancePrefix: 1
InternationalPrefix: 011
DialStringRules: etc/dialrules
DeviceMode: 0666
SpeakerVolume: off
ModemType: Class1
Class1TMConnectDelay: 400
UseJobTSI: yes
"""
_FAXSEND = """\
#!/bin/sh
LD_LIBRARY_PATH={libraries} exec {libraries}/bin/faxsend "$@"
"""
_PLANNED_CALL = """\
#!/usr/bin/python3
# faxq runs it as: planned-call -m MODEM ... sendq/q17
import fcntl, json, os, re, signal, sys, time
file = sys.argv[-1]
handle = os.open(file, os.O_RDWR)
fcntl.flock(handle, fcntl.LOCK_EX)
text = os.read(handle, 65536).decode()
job = dict(re.findall("(?m)^([a-z0-9!]+):(.*)$", text))
plan = json.load(open("plans.json"))[job["number"].lstrip("+")]
with open("calls.jsonl", "a") as calls:
    calls.write(json.dumps(job) + "\\n")
aborted = []
signal.signal(signal.SIGTERM, lambda *_: aborted.append(True))
until = plan.pop("until", "")
while until and not os.path.exists(until) and not aborted:
    time.sleep(0.02)
if aborted:
    plan = {"exit": 0, "statuscode": 345, "status": "Call aborted by user", "totdials": 1}
code = plan.pop("exit")
for name, value in {**plan, "returned": code}.items():
    text = re.sub(f"(?m)^{name}:.*$", lambda _: f"{name}:{value}", text)
if code == 2:
    text = re.sub("(?m)^fax:", "!fax:", text)
os.lseek(handle, 0, os.SEEK_SET)
os.ftruncate(handle, 0)
os.write(handle, text.encode())
sys.exit(code)
"""


class HylafaxSite:
    """A HylaFAX of which the tests say what its calls come to."""

    def __init__(self, spool: Path, port: int) -> None:
        self.spool = spool
        self.address = HostPort("127.0.0.1", port)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.modem = "ttyT0"
        self._over = threading.Event()
        self._poking = threading.Thread(target=self._poke)

    def plan(self, number: str, **result: Any) -> None:
        """What a call to a number comes to: fields of the job's file; `exit`; `until`: a file to wait for."""
        plans = self._plans()
        plans[number.removeprefix("+")] = result
        (self.spool / "plans.json").write_text(json.dumps(plans))

    def _plans(self) -> dict[str, Any]:
        file = self.spool / "plans.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def go(self, name: str) -> None:
        """Let a call that waits for this file end."""
        (self.spool / name).touch()

    def use_modem(self, terminal: Path) -> None:
        """Let HylaFAX's own faxsend talk to a class 1 modem."""
        self.modem = str(terminal).removeprefix("/dev/").replace("/", "_")
        (self.spool / f"etc/config.{self.modem}").write_text(_CLASS_1)
        (self.spool / "bin/planned-call").write_text(_FAXSEND.format(libraries=LIBRARIES))

    def calls(self) -> list[dict[str, str]]:
        """The jobs of every call that was placed, as they were at its start."""
        file = self.spool / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    async def call_begun(self, count: int = 1) -> None:
        """Wait for calls."""
        async with asyncio.timeout(60):
            while len(self.calls()) < count:
                await asyncio.sleep(0.02)

    def jobs(self, queue: str) -> list[str]:
        return sorted(file.name for file in (self.spool / queue).glob("q*"))

    def start(self) -> None:
        self.start_hfaxd()
        self.start_faxq()

    def start_hfaxd(self) -> None:
        host, port = self.address
        self._start("hfaxd", "-d", "-q", str(self.spool), "-l", host, "-i", str(port))
        _wait(lambda: _answers(host, port))

    def start_faxq(self) -> None:
        self._start("faxq", "-D", "-q", str(self.spool))
        _wait((self.spool / "FIFO").exists)
        if not self._poking.is_alive():
            self._poking.start()

    def _poke(self) -> None:
        """Tell faxq again and again that there are modems, as their own processes do.

        It looks at its queue once a second at most, and may leave a job lie that came within that second.
        """
        while not self._over.wait(0.3):
            with contextlib.suppress(OSError):
                fifo = os.open(self.spool / "FIFO", os.O_WRONLY | os.O_NONBLOCK)
                os.write(fifo, _MODEM_READY.format(modem=self.modem).encode())
                os.close(fifo)

    def _start(self, name: str, *arguments: str) -> None:
        self._running[name] = subprocess.Popen(
            # It closes every descriptor that there may be before each program that it starts.
            ["/bin/sh", "-c", 'ulimit -n 256; exec "$0" "$@"', DEBIAN / "usr/sbin" / name, *arguments],
            env=_environment(),
            cwd=self.spool,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end(self, name: str) -> None:
        """As a crash: the daemon with all its children is gone."""
        daemon = self._running.pop(name)
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()
        if name == "faxq":
            (self.spool / "FIFO").unlink(missing_ok=True)

    def stop(self) -> None:
        self._over.set()
        if self._poking.is_alive():
            self._poking.join()
        for name in list(self._running):
            self.end(name)


def _environment() -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": str(LIBRARIES)}


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=5) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False


def _wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextlib.contextmanager
def hylafax_site(*, start: bool = True) -> Iterator[HylafaxSite]:
    """A HylaFAX that runs, with a modem that is ready; skips the test where it cannot be run.

    Not started it is a spool folder alone, for a faxgetty that receives.
    """
    if os.geteuid() != 0:
        pytest.skip("HylaFAX can be started by root alone")
    spool = Path(tempfile.mkdtemp(prefix="postfax-hylafax-"))
    site = HylafaxSite(spool, _free_port())
    try:
        _make_spool(spool)
        if start:
            site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(spool)


def _make_spool(spool: Path) -> None:
    """What the package and faxsetup make."""
    shutil.copytree(DEBIAN / "var/spool/hylafax", spool, dirs_exist_ok=True)
    shutil.copytree(DEBIAN / "etc/hylafax", spool / "etc", dirs_exist_ok=True)
    for name in ("archive", "client", "config", "dev", "docq", "doneq", "info", "log", "pollq", "recvq"):
        (spool / name).mkdir(exist_ok=True)
    for name in ("lock", "sendq", "status", "tmp"):
        (spool / name).mkdir(exist_ok=True)
    for name in ("sendq", "doneq", "docq"):
        (spool / name / "seqf").write_text("1")
    (spool / "etc/hosts.hfaxd").write_text("localhost\n127.0.0.1\n")
    (spool / "etc/hosts.hfaxd").chmod(0o600)
    (spool / "etc/config").write_text(_CONFIG.format(spool=spool))
    (spool / "etc/config.ttyT0").write_text("ModemType: Class1\n")
    (spool / "etc/setup.cache").write_text(_SET_UP.format(libraries=LIBRARIES))
    (spool / "bin/planned-call").write_text(_PLANNED_CALL)
    (spool / "bin/tiff2fax-here").write_text(_TIFF2FAX.format(libraries=LIBRARIES))
    for name in ("planned-call", "tiff2fax-here"):
        (spool / "bin" / name).chmod(0o755)
    for path in (spool, *spool.rglob("*")):
        shutil.chown(path, _USER, _USER)
    spool.chmod(0o755)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
