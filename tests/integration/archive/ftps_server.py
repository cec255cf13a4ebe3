"""Debian's vsftpd for the tests: on loopback, as whoever runs them, with a certificate of its own.

Its folder is written by anonymous users, who are the only ones that vsftpd knows without the host's accounts.
It asks that connections for files resume the TLS session of the control connection.
"""

import contextlib
import os
import pwd
import resource
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from self_signed import self_signed

from config.archive import FtpsTarget

USER = "anonymous"
_PROGRAM = Path(sys.prefix) / "debian/usr/sbin/vsftpd"
_ALWAYS = """\
listen=YES
background=NO
listen_address=127.0.0.1
run_as_launching_user=YES
anonymous_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
anon_umask=077
allow_writeable_chroot=YES
write_enable=YES
no_anon_password=YES
allow_anon_ssl=YES
force_anon_logins_ssl={protected}
force_anon_data_ssl={protected}
require_ssl_reuse=YES
ssl_ciphers=HIGH
seccomp_sandbox=NO
xferlog_enable=NO
"""


class FtpsServer:
    """A server that is started by `with`; what it is told is in `folder`."""

    def __init__(self, place: Path, **options: str) -> None:
        """`options` are vsftpd's own, over those that it always has."""
        self.place = place
        self.folder = place / "archive"
        self.certificate = place / "certificate.pem"
        self.port = 0
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.place / "empty").mkdir(exist_ok=True)
        if not self.certificate.exists():
            make_certificate(self.place)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, on the port that it had if it had one."""
        self.port = self.port or _free_port()
        settings = self.place / "vsftpd.conf"
        settings.write_text(self._settings(), encoding="utf-8")
        # A file that outgrows its limit is an error for whoever writes it, not the end of the process.
        command = ("sh", "-c", 'trap "" XFSZ; exec "$0" "$1"', str(_PROGRAM), str(settings))
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        _wait_for(self.port)

    def stop(self) -> None:
        """End it, and every session."""
        if self._process is None:
            return
        self.end_sessions()
        self._process.terminate()
        self._process.wait()
        self._process = None

    def sessions(self) -> list[int]:
        """The processes of its sessions."""
        assert self._process is not None
        found = [self._process.pid]
        for process in found:
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
                found += map(int, children.split())
        return found[1:]

    def end_sessions(self) -> None:
        """Kill every session where it stands."""
        for process in self.sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def fill(self, octets: int) -> None:
        """From the next session on no file may have more octets."""
        self._limit(octets)

    def free(self) -> None:
        """Undo `fill`."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, octets: int) -> None:
        assert self._process is not None
        _, most = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (octets, most))

    def _settings(self) -> str:
        ssl = self._options.get("ssl_enable", "YES")
        settings = dict(
            line.split("=", 1) for line in _ALWAYS.format(protected=ssl).splitlines()
        ) | {
            "listen_port": str(self.port),
            "anon_root": str(self.folder),
            "secure_chroot_dir": str(self.place / "empty"),
            "ftp_username": pwd.getpwuid(os.getuid()).pw_name,
            "ssl_enable": "YES",
            "rsa_cert_file": str(self.certificate),
            "rsa_private_key_file": str(self.place / "certificate.key"),
            **self._options,
        }  # fmt: skip
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def target(self, **changes: Any) -> FtpsTarget:
        """The server as a policy names it."""
        password = self.place / "password"
        password.write_text("open sesame\n", encoding="utf-8")
        known: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "password_file": password,
        }
        if not {"fingerprint", "tls"} & changes.keys() or changes.get("tls") == "implicit":
            known["ca_file"] = self.certificate
        return FtpsTarget.model_validate(known | changes)

    def kept(self) -> dict[str, bytes]:
        """All files and what is in them."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}


def make_certificate(folder: Path, *, address: str = "127.0.0.1", ends: timedelta = timedelta(days=1)) -> str:
    """Write `certificate.pem` and `certificate.key`, signed by nobody; its fingerprint."""
    return self_signed(folder, address, ends=ends).fingerprint


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.02)
    raise AssertionError("vsftpd does not listen")
