"""A Dovecot of our own: its mailboxes in a folder of its own, on loopback, ended by its process id."""

import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

DOVECOT = "/usr/sbin/dovecot"
USER = "fax@hospital.example"
PASSWORD = 'a "quoted\\ pass word'

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail
maildir_stat_dirs = no
mail_fsync = never
auth_failure_delay = 0
auth_mechanisms = {mechanisms}
disable_plaintext_auth = no
ssl = {ssl}
{certificate}
{capability}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = {implicit}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
passdb {{
{passdb}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""
_PASSWORDS = """  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/passwd"""
_TOKENS = """  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf"""
_OAUTH2 = """introspection_url = {url}
introspection_mode = post
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass
class Dovecot:
    """One server; may be killed and started again on the same ports."""

    folder: Path
    port: int
    tls_port: int
    config: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def inbox(self) -> Path:
        return self.folder / "mail" / "new"

    def start(self) -> None:
        account = _account()
        (self.folder / "dovecot.conf").write_text(
            _CONFIG.format(
                folder=self.folder,
                port=self.port,
                tls_port=self.tls_port,
                user=account.pw_name,
                group=_group_of(account),
                **self.config,
            )
        )
        as_root = os.geteuid() == 0
        self.process = subprocess.Popen(
            [DOVECOT, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            user=account.pw_uid if as_root else None,
            group=account.pw_gid if as_root else None,
            extra_groups=[] if as_root else None,
        )
        self._wait_until_it_answers()

    def kill(self) -> None:
        """End the server and all its processes at once, as a power failure would."""
        if self.process is None:
            return
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.signal_all(signal.SIGKILL)
        self.process.wait()
        self.process = None
        while any(_lives(pid) for pid in children):
            time.sleep(0.005)
        shutil.rmtree(self.folder / "run", ignore_errors=True)

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to all its processes: it has a process group of its own."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def deliver(self, message: bytes, name: str) -> None:
        """Put a mail into the mailbox, as a delivery agent does."""
        for folder in ("tmp", "new", "cur"):
            self._own(self.folder / "mail" / folder)
        draft = self.folder / "mail" / "tmp" / name
        draft.write_bytes(message.replace(b"\r\n", b"\n"))
        self._give(draft)
        draft.rename(self.inbox / name)

    def mails_in(self, folder: str = "") -> list[bytes]:
        """What is in a folder, INBOX by default."""
        base = self.folder / "mail" / (f".{folder}" if folder else "")
        files = [file for part in ("new", "cur") for file in (base / part).glob("*")]
        return [file.read_bytes() for file in sorted(files)]

    def marked_as_deleted(self) -> int:
        return sum("T" in file.name.rpartition(",")[2] for file in (self.folder / "mail" / "cur").glob("*"))

    def forget_uids(self) -> None:
        """Lose the list of UIDs: the mailbox has another UIDVALIDITY from now on."""
        for pattern in ("dovecot-uidlist", "dovecot.index*"):
            for file in (self.folder / "mail").glob(pattern):
                file.unlink()

    def deliver_again(self, name: str, folder: str) -> None:
        """Put a mail back that was moved to a folder, as it is."""
        (moved,) = (
            file for part in ("new", "cur") for file in (self.folder / "mail" / f".{folder}" / part).glob("*")
        )
        moved.rename(self.inbox / name)

    def remove_folder(self, folder: str) -> None:
        shutil.rmtree(self.folder / "mail" / f".{folder}")

    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 10) as client,
            ):
                client.settimeout(30)
                if client.recv(100).startswith(b"* OK"):
                    return
            time.sleep(0.05)
        raise AssertionError(f"Dovecot does not answer: {self.log()}")

    def _own(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for one in (folder.parent, folder):
            self._give(one)

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, _account().pw_uid, _account().pw_gid)


@contextlib.contextmanager
def dovecot(
    *,
    capability: str = "",
    ssl: str = "no",
    certificate: tuple[Path, Path] | None = None,
    introspection_url: str = "",
) -> Iterator[Dovecot]:
    """A running server with the mailbox of `USER`."""
    # Not below pytest's own folder: Dovecot's account may not look in there.
    folder = Path(tempfile.mkdtemp(prefix="postfax-dovecot-"))
    server = Dovecot(folder, _free_port(), _free_port())
    server._give(folder)
    (folder / "passwd").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    (folder / "oauth2.conf").write_text(_OAUTH2.format(url=introspection_url))
    paths = [shutil.copy(path, folder) for path in certificate or ()]
    for path in paths:
        server._give(Path(path))
    server.config = {
        "mechanisms": "xoauth2" if introspection_url else "plain login",
        "passdb": (_TOKENS if introspection_url else _PASSWORDS).format(folder=folder),
        "capability": f"imap_capability = {capability}" if capability else "",
        "ssl": ssl,
        "implicit": "no" if ssl == "no" else "yes",
        "certificate": f"ssl_cert = <{paths[0]}\nssl_key = <{paths[1]}" if paths else "",
    }
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


def _lives(pid: str) -> bool:
    """Whether a process may still do something: one that nobody has waited for yet cannot."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _account() -> pwd.struct_passwd:
    """Who the server runs as: whoever runs the tests, but never root, whom Dovecot gives no mailbox."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _group_of(account: pwd.struct_passwd) -> str:
    return grp.getgrgid(account.pw_gid).gr_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
