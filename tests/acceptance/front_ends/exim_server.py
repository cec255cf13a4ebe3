"""Debian's Exim as a front end: its binary from a package that was unpacked, its queue in its own folder.

The package conflicts with Postfix's and is not installed, so that its account does not exist: bubblewrap
shows Exim one, in a user namespace, and needs no rights for that. Where there are no user namespaces, as
below `chroot`, root gives its rights away instead. The daemon is our child and is ended by its process id.
"""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from postfix_server import free_port
from unpacked import unpacked, with_its_libraries

_PATIENCE = 60.0
_USER = 104
_BWRAP = ("bwrap", "--die-with-parent", "--unshare-pid", "--dev-bind", "/", "/")
_IN_NAMESPACE = ("--unshare-user", "--uid", str(_USER), "--gid", str(_USER))
_IN_TRUTH = ("setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups")

_CONFIG = """\
exim_path = {exim}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%s
primary_hostname = mail.example.com
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
deliver_drop_privilege = true
keep_environment = LD_LIBRARY_PATH
tls_advertise_hosts =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = rcpt
{main}
begin acl

rcpt:
{acl}
  accept domains = fax.example.com
  accept authenticated = *
  deny

begin routers

{routers}

elsewhere:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = elsewhere

begin transports

{transports}

elsewhere:
  driver = smtp
  port = {sink_port}

begin retry

* * F,1h,1s

begin authenticators

plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = true
  server_set_id = $auth2
"""


@dataclass(kw_only=True)
class EximServer:
    """A running daemon."""

    folder: Path
    port: int

    def log(self) -> str:
        log = self.folder / "log/main"
        return log.read_text() if log.exists() else ""

    def queue(self) -> list[str]:
        """The ids of the mails that it has not delivered."""
        return [file.name.removesuffix("-H") for file in (self.folder / "spool/input").rglob("*-H")]


@contextlib.contextmanager
def exim_server(
    *, sink_port: int, routers: str, transports: str, main: str = "", acl: str = "", script: str = ""
) -> Iterator[EximServer]:
    """Run Exim.

    Args:
        sink_port: where it hands over what is for others than the fax domain.
        routers: those for the fax domain.
        transports: theirs; `{folder}` stands for the folder of the script.
        main: more of the main section.
        acl: what comes first when a recipient is looked at.
        script: kept as `lmtp-for-exim` in the folder.
    """
    exim = unpacked("exim4")
    folder = Path(tempfile.mkdtemp(prefix="postfax-exim-"))
    server = EximServer(folder=folder, port=free_port())
    for name in ("spool", "log"):
        (folder / name).mkdir()
    if script:
        (folder / "lmtp-for-exim").write_text(script)
        (folder / "lmtp-for-exim").chmod(0o755)
    (folder / "passwd").write_text(f"Debian-exim:x:{_USER}:{_USER}::/:/usr/sbin/nologin\n")
    (folder / "group").write_text(f"Debian-exim:x:{_USER}:\n")
    (folder / "config").write_text(
        _CONFIG.format(
            exim=exim,
            folder=folder,
            port=server.port,
            sink_port=sink_port,
            main=main,
            acl=acl,
            routers=routers,
            transports=transports.replace("{folder}", str(folder)),
        )
    )
    (folder / "config").chmod(0o644)
    namespace = _namespaces()
    if not namespace:
        for path in (folder, folder / "spool", folder / "log"):
            shutil.chown(path, _USER, _USER)
    daemon = subprocess.Popen(
        [
            *(*_BWRAP, *(_IN_NAMESPACE if namespace else ())),
            *("--ro-bind", folder / "passwd", "/etc/passwd", "--ro-bind", folder / "group", "/etc/group"),
            *(*(() if namespace else _IN_TRUTH), exim, "-C", folder / "config", "-bdf", "-q1s"),
        ],
        env=with_its_libraries(),
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_listens(server, daemon)
        yield server
    finally:
        daemon.terminate()
        daemon.wait(_PATIENCE)
        shutil.rmtree(folder)


def _namespaces() -> bool:
    """Whether there are user namespaces."""
    return subprocess.run([*_BWRAP, *_IN_NAMESPACE, "true"], check=False, capture_output=True).returncode == 0


def _wait_until_it_listens(server: EximServer, daemon: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while daemon.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", server.port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"Exim did not start: {server.log()[-1000:]}")
