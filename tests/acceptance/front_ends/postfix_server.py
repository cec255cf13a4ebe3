"""Debian's Postfix as a front end: an instance of its own, its queue in a folder of its own, on loopback.

Debian's own instance (/etc/postfix) is neither used nor started. The master process is our child and is ended
by its process id. What Postfix itself has to mail goes to the world's mail server.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MASTER = Path("/usr/lib/postfix/sbin/master")
_PATIENCE = 60.0

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = mail.example.com
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.9/32
inet_interfaces = loopback-only
inet_protocols = ipv4
recipient_delimiter = +
smtpd_peername_lookup = no
disable_dns_lookups = yes
relayhost = [127.0.0.1]:{sink_port}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
"""
# As Debian has it, each in the chroot that it is in there, without the services that have no part in it.
_SERVICES = """\
127.0.0.1:{port} inet n - y - - smtpd
cleanup unix n - y - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - y - - trivial-rewrite
bounce unix - - y - 0 bounce
defer unix - - y - 0 bounce
trace unix - - y - 0 bounce
flush unix n - y 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - y - - smtp
lmtp unix - - y - - lmtp
error unix - - y - - error
retry unix - - y - - error
showq unix n - y - - showq
anvil unix - - y - 1 anvil
scache unix - - y - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(kw_only=True)
class PostfixServer:
    """A running instance."""

    folder: Path
    port: int
    """Where it takes mail as its main.cf says."""
    service_port: int
    """Where the service of the page's master.cf does, if there is one."""

    @property
    def socket_folder(self) -> Path:
        """In its queue directory, for sockets that Postfix may use."""
        return self.folder / "queue/postfax"

    def log(self) -> str:
        log = self.folder / "mail.log"
        return log.read_text() if log.exists() else ""

    def results(self, transport: str) -> list[tuple[str, str]]:
        """What became of each delivery by a transport: its status, and the words of it."""
        return re.findall(rf"postfix/{transport}\[\d+\]: .* status=(\w+) \((.*)\)", self.log())

    def queue(self) -> list[Any]:
        """The mails that it has not delivered."""
        shown = subprocess.run(
            ["/usr/sbin/postqueue", "-c", self.folder / "etc", "-j"],
            check=True,
            capture_output=True,
            text=True,
        )
        return [json.loads(line) for line in shown.stdout.splitlines()]


@contextlib.contextmanager
def postfix_folder() -> Iterator[Path]:
    """An empty folder that its processes, which give up root's rights, may enter.

    Skips the test where Postfix cannot be run.
    """
    if os.geteuid() != 0:
        pytest.skip("Postfix can be started by root alone")
    folder = Path(tempfile.mkdtemp(prefix="postfax-behind-"))
    try:
        folder.chmod(0o755)
        (folder / "queue").mkdir()
        sockets = folder / "queue/postfax"
        sockets.mkdir()
        shutil.chown(sockets, group="postfix")
        sockets.chmod(0o2750)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def postfix_server(
    folder: Path, *, sink_port: int, main: str = "", service: str = "", files: dict[str, str] | None = None
) -> Iterator[PostfixServer]:
    """Run an instance.

    Args:
        folder: of `postfix_folder`.
        sink_port: where it hands over what is for others than the fax domain.
        main: more of main.cf, which comes last and wins.
        service: an smtpd service for master.cf, which listens at `{port}`.
        files: others in its configuration's folder, by name.
    """
    server = PostfixServer(folder=folder, port=free_port(), service_port=free_port())
    for name in ("etc", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    etc = folder / "etc"
    (etc / "main.cf").write_text(_MAIN.format(folder=folder, sink_port=sink_port) + main)
    (etc / "master.cf").write_text(
        _SERVICES.format(port=server.port) + service.replace("{port}", str(server.service_port))
    )
    for name, text in (files or {}).items():
        (etc / name).write_text(text)
    subprocess.run(["/usr/sbin/postfix", "-c", etc, "check"], check=True, capture_output=True)
    master = subprocess.Popen(
        [MASTER, "-c", etc, "-d"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # the master ends its process group, which must not be ours
    )
    try:
        _wait_until_it_listens(server, master)
        yield server
    finally:
        master.terminate()
        master.wait(_PATIENCE)


def _wait_until_it_listens(server: PostfixServer, master: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while master.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", server.port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"Postfix did not start: {server.log()[-1000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
