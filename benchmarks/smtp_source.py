"""Mails over SMTP from Postfix's own test client, `smtp-source`, in C: it leaves the cores to the server.

Connections are kept for many mails, each command waits for the reply to the last one, and each mail has its
own Message-ID. A mail that is not accepted ends it.
"""

import subprocess
import time
from pathlib import Path

from postfax.demonstration.world import DOMAIN, SENDER

SMTP_SOURCE = Path("/usr/sbin/smtp-source")
WARM_UP_MAILS = 300


def rate(port: int, *, connections: int, size: int, seconds: float, number: str) -> tuple[float, int]:
    """Mails a second, and how many were accepted in all.

    Args:
        port: of a server on this host.
        connections: at one time.
        size: octets of a mail's body.
        seconds: about how long to send, after a warm-up.
        number: to which fax number.

    Raises:
        subprocess.CalledProcessError: a mail was not accepted.
    """
    send = _Sender(port, connections, size, f"{number}@{DOMAIN}")
    warm_up = max(2 * connections, WARM_UP_MAILS if size < 50_000 else 20)
    mails = max(warm_up, round(warm_up / send(warm_up) * seconds))
    return mails / send(mails), warm_up + mails


class _Sender:
    def __init__(self, port: int, connections: int, size: int, recipient: str) -> None:
        self._arguments = [
            *(str(SMTP_SOURCE), "-d", "-s", str(connections), "-l", str(size)),
            *("-f", SENDER, "-t", recipient),
        ]
        self._server = f"inet:127.0.0.1:{port}"

    def __call__(self, mails: int) -> float:
        """Send so many; the seconds it took."""
        begun = time.perf_counter()
        subprocess.run([*self._arguments, "-m", str(mails), self._server], check=True)
        return time.perf_counter() - begun
