"""Debian's Postfix as a peer: an instance of its own that takes mail and does nothing else.

It is made as easy for it as can be: each mail is put on hold, which is one queue file with its fsync, and
no queue manager looks at it; no DNS is asked, no host name looked up, no inflow slowed down. The instance
has its configuration and its queue in a folder of its own and listens on loopback; Debian's own instance
(/etc/postfix) is neither used nor started. The master process of the instance is our child, and is ended by
its pid.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postfax.demonstration.world import DOMAIN

_MASTER = Path("/usr/lib/postfix/sbin/master")
_PATIENCE = 20.0
"""Seconds for it to start, or to end."""

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
relay_domains = {domain}
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_client_restrictions = static:HOLD
smtpd_relay_restrictions = permit_mynetworks, reject
in_flow_delay = 0s
default_process_limit = 250
"""

_MASTER_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class PeerUnavailable(Exception):  # noqa: N818 - named as what happened
    """Postfix cannot be run; the text is a sentence that says why."""


def check_available() -> None:
    """See whether it can be run.

    Raises:
        PeerUnavailable: It cannot.
    """
    if not _MASTER.exists():
        raise PeerUnavailable("Debian's postfix is not installed: ./dev bench installs it.")
    if os.geteuid() != 0:
        raise PeerUnavailable("Postfix must be started as root: run ./dev bench as root.")


@contextmanager
def debian_postfix(folder: Path) -> Iterator[int]:
    """Run an instance in an empty folder; its port.

    Raises:
        PeerUnavailable: It does not start.
    """
    port = _free_port()
    _configure(folder, port)
    master = subprocess.Popen(
        [_MASTER, "-c", folder / "etc", "-d"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # the master ends its process group, which must not be ours
    )
    try:
        _wait_until_it_listens(port, master, folder / "mail.log")
        yield port
    finally:
        master.terminate()
        master.wait(_PATIENCE)


def _configure(folder: Path, port: int) -> None:
    folder.chmod(0o755)  # its processes give up root's rights and must still come here
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    (folder / "etc/main.cf").write_text(_MAIN.format(folder=folder, domain=DOMAIN))
    (folder / "etc/master.cf").write_text(_MASTER_SERVICES.format(port=port))
    checked = subprocess.run(
        ["/usr/sbin/postfix", "-c", folder / "etc", "check"], check=False, capture_output=True, text=True
    )
    if checked.returncode:
        raise PeerUnavailable(f"Postfix does not take its configuration: {checked.stderr.strip()}")


def _wait_until_it_listens(port: int, master: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while master.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = log.read_text().splitlines()[-3:] if log.exists() else []
    raise PeerUnavailable(f"Postfix did not start: {' / '.join(said)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
