"""One session with an FTP server, over TLS unless the policy says otherwise (RFC 959, RFC 4217).

Made of the standard library's client, which is synchronous: it runs in a thread, where every wait has an end
and the whole session has one as well. What it adds to the library:

- Connections for files resume the TLS session of the control connection. Servers ask for that (vsftpd's
  require_ssl_reuse, ProFTPD without NoSessionReuseRequired), for it shows that both come from one client.
- A certificate can be the one that the policy names, whoever signed it.
- A file's connection is closed as TLS wants it, and a server that does not answer to that costs nothing: that
  the file is whole is told by the reply on the control connection, and by its size.
- TLS from the first octet (port 990), which no RFC describes and older servers want.
"""

import contextlib
import ftplib
import hashlib
import hmac
import socket
import ssl
import time
from ftplib import FTP_TLS

from config.archive import FtpsTarget

_WAIT_SECONDS = 30
"""The longest silence of a server that is borne."""
_BLOCK = 64 << 10
_IMPLICIT_PORT = 990
_GOODBYE_SECONDS = 5
_TAKEN_SECONDS = 300
"""So long a server may take over what was sent already, which on its way fills the buffers of both hosts."""


class NoTls(Exception):  # noqa: N818 - named as what happened
    """The server does not offer TLS; nothing was sent, the password neither."""


class OtherCertificate(Exception):  # noqa: N818 - named as what happened
    """The server's certificate is not the one that the policy names."""


class CutShort(ftplib.Error):
    """The server has less of a file than was sent."""


class FtpSession(FTP_TLS):
    """A session that was not opened yet; ended by `quit` or `close`."""

    def __init__(self, target: FtpsTarget, *, seconds: float) -> None:
        """`seconds`: how long all of it may take.

        Raises:
            OSError: the policy's `ca_file` cannot be read.
        """
        super().__init__(context=_context(target), timeout=_WAIT_SECONDS, encoding="utf-8")
        self._target = target
        self._ends = time.monotonic() + seconds
        self._protected = target.tls != "insecure-none"
        self._of_file: socket.socket | None = None

    def open(self, password: str) -> None:
        """Connect, see to it that the server is the one that is meant, and log in.

        Raises:
            NoTls: it offers none.
            OtherCertificate: it has another certificate.
            ssl.SSLCertVerificationError: nobody who is trusted vouches for its certificate.
            ftplib.Error: it refused something.
            OSError: it is not there, or not in time.
        """
        target = self._target
        implicit = target.tls == "implicit"
        port = target.port or (_IMPLICIT_PORT if implicit else ftplib.FTP_PORT)
        self.host, self.timeout = target.host, self._wait()
        self.sock = socket.create_connection((target.host, port), self.timeout)
        self.af = self.sock.family
        if implicit:
            self.sock = self._checked(self._wrapped(self.sock))
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        if self._protected and not implicit:
            self._begin_tls()
        self.login(target.user, password, secure=False)
        if self._protected:
            # RFC 4217 §9: protection of the files' connections, whose buffer size TLS has no use for.
            self.voidcmd("PBSZ 0")
            self.voidcmd("PROT P")
            self._prot_p = True
        self.voidcmd("TYPE I")

    def _begin_tls(self) -> None:
        try:
            self.voidcmd("AUTH TLS")
        except ftplib.error_perm as refusal:
            raise NoTls(str(refusal)) from refusal
        self.sock = self._checked(self._wrapped(self.sock))
        # Whatever was said before, in the clear, is forgotten (RFC 4217 §15.1 names the danger).
        self.file = self.sock.makefile("r", encoding=self.encoding)

    def _wrapped(
        self, connection: socket.socket | None, session: ssl.SSLSession | None = None
    ) -> ssl.SSLSocket:
        assert connection is not None  # noqa: S101 - typeshed lets `sock` be None before the connection
        connection.settimeout(self._wait())
        return self.context.wrap_socket(connection, server_hostname=self.host, session=session)

    def _checked(self, connection: ssl.SSLSocket) -> ssl.SSLSocket:
        wanted = self._target.fingerprint
        shown = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
        if wanted and not hmac.compare_digest(wanted, shown):
            connection.close()
            raise OtherCertificate(f"it shows {shown}")
        return connection

    def _wait(self, longest: float = _WAIT_SECONDS) -> float:
        """How long the next step may wait.

        Raises:
            TimeoutError: all of the time is spent.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the transfer took too long")
        return min(left, longest)

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """Open the connection for a file; as the library's, but in the same TLS session."""
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - TLS is put around it below
        if not self._protected:
            return connection, size
        try:
            session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
            return self._checked(self._wrapped(connection, session)), size
        except BaseException:
            connection.close()
            raise

    def store(self, name: str, octets: bytes) -> None:
        """Write a file, and see that it is whole.

        Raises:
            ftplib.Error: the server refused it, or has less of it than was sent.
            OSError: the connection broke, or the time is over.
        """
        try:
            self._send(name, octets)
        except OSError as broken:
            self._hear_why(broken)
            raise
        self._tighten(_TAKEN_SECONDS)
        self.voidresp()
        self._tighten()
        self._check_size(name, len(octets))

    def _send(self, name: str, octets: bytes) -> None:
        with self.transfercmd(f"STOR {name}") as connection:
            self._of_file = connection
            for begin in range(0, len(octets), _BLOCK):
                connection.settimeout(self._wait())
                connection.sendall(octets[begin : begin + _BLOCK])
            self._say_goodbye(connection)
        self._of_file = None

    def _hear_why(self, broken: OSError) -> None:
        """A server that will have no more of a file closes its connection, and says why on the other one.

        Raises:
            ftplib.Error: what it says.
        """
        if isinstance(broken, TimeoutError):
            return
        with contextlib.suppress(OSError, EOFError):
            self._tighten(_GOODBYE_SECONDS)
            self.voidresp()

    def _check_size(self, name: str, octets: int) -> None:
        """Ask for the file's size, of servers that know how to tell (RFC 3659 §4)."""
        try:
            size = self.size(name)
        except ftplib.error_perm:
            return
        if size is not None and size != octets:
            raise CutShort(f"of {octets} octets the server has {size}")

    def enter(self, folder: str) -> None:
        """Go into a folder below the present one, or below the root if it begins with `/`.

        What is missing of it is made.

        Raises:
            ftplib.Error: it cannot be made.
        """
        if folder.startswith("/"):
            self.cwd("/")
        for segment in folder.split("/"):
            if segment in {"", "."}:
                continue
            self._tighten()
            try:
                self.cwd(segment)
            except ftplib.error_perm:
                # Another transfer may make it at this moment: what counts is whether it can be entered.
                with contextlib.suppress(ftplib.error_perm):
                    self.mkd(segment)
                self.cwd(segment)

    def rename_over(self, name: str, final: str) -> None:
        """Give a file another name, in place of one that has it."""
        try:
            self.rename(name, final)
        except ftplib.error_perm:
            # Some servers do not rename to a name that is taken.
            self.delete(final)
            self.rename(name, final)

    def hang_up(self) -> None:
        """End the connection from another thread, at once: whatever the session waits for fails."""
        self._ends = 0.0
        for connection in filter(None, (self._of_file, self.sock)):
            with contextlib.suppress(OSError):
                # The socket below TLS: a goodbye would wait for its turn.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def _tighten(self, longest: float = _WAIT_SECONDS) -> None:
        if self.sock is not None:
            self.sock.settimeout(self._wait(longest))

    def _say_goodbye(self, connection: socket.socket) -> None:
        """Tell the other end of a file's connection that this was all (RFC 8446 §6.1: close_notify)."""
        if not isinstance(connection, ssl.SSLSocket):
            return
        connection.settimeout(self._wait(_GOODBYE_SECONDS))
        # Some servers close without an answer, or not before the reply on the control connection.
        with contextlib.suppress(OSError):
            connection.unwrap()


def _context(target: FtpsTarget) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(target.ca_file) if target.ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if target.fingerprint or target.tls == "insecure-none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
