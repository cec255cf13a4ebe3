"""From a mail's first octet to the INVITE at the far end: how long a sender's fax waits before it is dialled.

    python benchmarks/first_invite.py [--mails 50] [--cover] [--folder DIR]

One mail at a time, each a page of text as PDF to a number of its own, over a connection of its own; the next
one when the call is over and its notices are out. Ten mails before warm everything. The clock starts with
EHLO and ends when the station has the INVITE; in between the service's log tells the steps:

    250        mail_accepted: proven by SPF and on the disk
    decided    submission_decided: taken apart in the sandbox, made into a job by the policy
    document   document_made: converted in the sandbox, on the disk
    dialling   call_dialling: header line drawn, an engine ready
    INVITE     at the station

There is no peer to compare with: nothing else goes this way.
"""

import argparse
import asyncio
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from figures import percentile, print_heading, print_table
from sample_pdfs import letter
from smtp_load import Connection, mail_with

from postfax.demonstration.serve_process import Event, ServeProcess
from postfax.demonstration.world import World
from postfax.logging import silence

_WARM_UP_MAILS = 10
_FIRST_NUMBER = 12_062_000_000
_CALL_SECONDS = 60
_OFFICE_SECONDS = 60
_STEPS = {
    "250": "mail_accepted",
    "decided": "submission_decided",
    "document": "document_made",
    "dialling": "call_dialling",
}
"""What the service logs when a step is done."""
_POLICY = """\
company: General Hospital
settings:
  fax: {{{{default_region: US, sender_number: "+12065550100"}}}}
  coverpage: {{{{mode: {mode}}}}}
users: [{{{{name: Ana Ruiz, email: {{sender}}}}}}]
"""

Journey = dict[str, float]
"""Milliseconds since the first octet at which each step was done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A world with a running service, and what is mailed to it."""

    world: World
    service: ServeProcess
    pdf: bytes
    numbers: Iterator[int]

    async def fax(self) -> Journey:
        """Mail once, and wait until everything that comes of it is over."""
        number = f"+{next(self.numbers)}"
        logged = len(self.service.events)
        connection = await Connection.open(self.service.smtp_port)
        begun_at = datetime.now(UTC)
        await connection.greet()
        await connection.send(mail_with(self.pdf, number=number))
        await connection.close()
        await self.service.wait_for("notice_sent", seconds=_CALL_SECONDS, after=logged, kind="delivery")
        times = {step: self._logged_at(event, logged) for step, event in _STEPS.items()}
        times["INVITE"] = await self._called_at(number)
        return {step: (time - begun_at).total_seconds() * 1000 for step, time in times.items()}

    def _logged_at(self, name: str, after: int) -> datetime:
        event: Event = next(event for event in self.service.events[after:] if event["event"] == name)
        return datetime.fromisoformat(event["timestamp"])

    async def _called_at(self, number: str) -> datetime:
        async with asyncio.timeout(_CALL_SECONDS):
            while True:
                for call in reversed(self.world.station.calls):
                    if call.number == number:
                        return call.started_at
                await asyncio.sleep(0.05)


async def journeys(folder: Path, mails: int, mode: str) -> list[Journey]:
    """Measure in an empty folder."""
    policy = _POLICY.format(mode=mode)
    async with World(folder=folder, processes=2, clock=10, channels=8, policy=policy) as world:
        service = ServeProcess(world.settings_file)
        await service.start()
        try:
            await service.wait_for("office_started", seconds=_OFFICE_SECONDS)
            scene = Scene(
                world=world, service=service, pdf=letter(pages=1), numbers=itertools.count(_FIRST_NUMBER)
            )
            for _ in range(_WARM_UP_MAILS):
                await scene.fax()
            return [await scene.fax() for _ in range(mails)]
        finally:
            await service.stop()


def rows_of(measured: Sequence[Journey]) -> list[list[str]]:
    """How long each step took by itself, and the whole."""
    rows = []
    previous = dict.fromkeys(range(len(measured)), 0.0)
    for step in measured[0]:
        took = [journey[step] - previous[number] for number, journey in enumerate(measured)]
        previous = {number: journey[step] for number, journey in enumerate(measured)}
        rows.append([step, *_shown(took)])
    return [*rows, ["first octet to INVITE", *_shown(list(previous.values()))]]


def _shown(milliseconds: Sequence[float]) -> list[str]:
    return [f"{percentile(milliseconds, percent):.1f}" for percent in (50, 99)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        prog="first_invite", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=50)
    parser.add_argument("--cover", action="store_true", help="each fax gets a cover page")
    parser.add_argument("--folder", type=Path, help="where the book is; on the disk that matters")
    options = parser.parse_args(arguments)
    silence()
    kind = "a cover page and a page" if options.cover else "a page"
    print_heading(f"From the first octet of a mail to the INVITE, {options.mails} mails with {kind}")
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="postfax-first-invite-") as folder:
        mode = "automatic" if options.cover else "none"
        measured = asyncio.run(journeys(Path(folder), options.mails, mode))
    print_table(("step", "p50 ms", "p99 ms"), rows_of(measured))


if __name__ == "__main__":
    main()
