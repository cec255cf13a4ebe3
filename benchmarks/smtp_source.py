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
    warm_up = max(2 * connections, WARM_UP_MAILS if size < 50_000 else 20)
    took = send(port, mails=warm_up, size=size, connections=connections, number=number)
    mails = max(warm_up, round(warm_up / took * seconds))
    return mails / send(port, mails=mails, size=size, connections=connections, number=number), warm_up + mails


def send(port: int, *, mails: int, size: int, connections: int = 0, number: str = "+12065551234") -> float:
    """Send so many mails, over one connection each unless said otherwise; the seconds it took.

    Raises:
        subprocess.CalledProcessError: a mail was not accepted.
    """
    arguments = [
        *(str(SMTP_SOURCE), "-d", "-s", str(connections or mails), "-m", str(mails), "-l", str(size)),
        *("-f", SENDER, "-t", f"{number}@{DOMAIN}", f"inet:127.0.0.1:{port}"),
    ]
    begun = time.perf_counter()
    subprocess.run(arguments, check=True)
    return time.perf_counter() - begun
