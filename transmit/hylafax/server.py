"""What is asked of a HylaFAX server: submit a fax, find it again, read how it goes, kill it.

async with logged_in(address, "postfax", password) as server:
    job_id = await server.find("K7Q2-M9#1") or await server.submit(parameters, document)
    job = await server.read(job_id)
"""

import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import PurePosixPath

from config.values import HostPort
from transmit.hylafax.control import ConnectionLost, ControlConnection, HylafaxRefusal, Reply
from transmit.hylafax.job import HylafaxJob, job_of
from transmit.hylafax.submission import quoted

_QUEUES = ("sendq", "doneq")
_LOOKS = 3
"""A job moves from one queue to the other in between two looks; not again and again."""


class HylafaxServer:
    """One connection, logged in."""

    def __init__(self, connection: ControlConnection, user: str) -> None:
        self._connection = connection
        self._user = user

    async def find(self, tag: str) -> str | None:
        """The job of this user that has our tag, whatever has become of it; the latest if there are several.

        Raises:
            ConnectionLost, HylafaxRefusal: the queues cannot be seen.
        """
        await self._connection.ask(f"JOBFMT {quoted('%j|%o|%J')}")
        found = []
        for queue in _QUEUES:
            for line in (await self._text(f"LIST {queue}")).splitlines():
                job_id, _, rest = line.partition("|")
                owner, _, its_tag = rest.partition("|")
                if (owner, its_tag) == (self._user, tag) and job_id.isdigit():
                    found.append(int(job_id))
        return str(max(found)) if found else None

    async def submit(self, parameters: Callable[[str], Iterable[str]], document: bytes) -> str:
        """Hand over a fax; the job's id.

        Args:
            parameters: what is said after JPARM, made of the document's name at the server.
            document: the TIFF.

        Raises:
            HylafaxRefusal: the server does not take it, and will not send it.
            ConnectionLost: whether it was taken is not known; ask `find` over a new connection.
        """
        await self._connection.ask("TYPE I")
        await self._connection.ask("FORM TIFF")
        stored = await self._connection.store("STOT", document)
        file = _named(stored, r"FILE: (/?[\w./-]+)")
        job_id = _named(await self._connection.ask("JNEW"), r"jobid: (\d+)")
        try:
            for parameter in parameters(str(PurePosixPath(file))):
                await self._connection.ask(f"JPARM {parameter}")
            await self._connection.ask(f"JSUBM {job_id}")
        except HylafaxRefusal:
            await self._take_away(job_id)
            raise
        return job_id

    async def _take_away(self, job_id: str) -> None:
        """A job that was written down and not submitted would be sent when the scheduler is started."""
        with contextlib.suppress(HylafaxRefusal):
            await self._connection.ask(f"JDELE {job_id}")

    async def read(self, job_id: str) -> HylafaxJob | None:
        """How a job goes; None where the server does not know it."""
        for _ in range(_LOOKS):
            for queue in _QUEUES:
                with contextlib.suppress(HylafaxRefusal, ValueError):
                    return job_of(await self._text(f"RETR {queue}/q{job_id}"))
        return None

    async def _text(self, command: str) -> str:
        return (await self._connection.fetch(command)).decode("utf-8", "replace")

    async def resume(self, job_id: str) -> None:
        """Submit a job that was written down when the connection broke."""
        await self._connection.ask(f"JSUBM {job_id}")

    async def kill(self, job_id: str) -> None:
        """End a job; one that is over stays as it is."""
        with contextlib.suppress(HylafaxRefusal):
            await self._connection.ask(f"JKILL {job_id}")

    async def product(self) -> str:
        """What it says that it is."""
        return (await self._connection.ask("SYST")).text


@contextlib.asynccontextmanager
async def logged_in(address: HostPort, user: str, password: str) -> AsyncIterator[HylafaxServer]:
    """A server to be asked.

    Raises:
        OSError: it cannot be reached.
        HylafaxRefusal: it does not let us in.
    """
    connection = await ControlConnection.open(address)
    try:
        reply = await connection.ask(f"USER {user}", wanted=(2, 3))
        if reply.code // 100 == 3:  # noqa: PLR2004 - more is needed
            await connection.ask(f"PASS {password}")
        yield HylafaxServer(connection, user)
    finally:
        connection.close()


def _named(reply: Reply, pattern: str) -> str:
    if found := re.search(pattern, reply.text):
        return found[1]
    raise ConnectionLost(f"no {pattern.partition(':')[0]} in: {reply.text[:60]}")
