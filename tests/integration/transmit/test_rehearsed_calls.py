"""The table of docs/admin/calls.md: what a call to each behaviour of the station comes to, by real calls."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import SystemRandom

import pytest
import pytest_asyncio
from fax_tiff import make_fax

from config.lines import SipLine as SipLineSettings
from config.retry import RetrySettings
from config.values import HostPort
from store.job import Outcome
from store.status import Status
from transmit.engine.pool import EnginePool
from transmit.line import CallOrder
from transmit.retry import decide
from transmit.sip_line import SipLine
from transmit.station.behaviour import Answer, Behaviour
from transmit.station.record import CallRecord
from transmit.station.station import Station

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).resolve().parents[3]
LOOPBACK = HostPort("127.0.0.1", 0)
EARLY, HEARD, AUDIO, FAX = 2, 6, 5, 8
"""How many times as fast as real the calls of a group are: those that hear early media, that go by the clock;
those in which a sound answers; a fax over G.711; and those by T.38, or without media."""
AT_ONCE = 6
TRIES = 4
"""Of a fax over G.711: modems do not bear what a busy machine does to ticks of 4 ms."""
_ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    behaviour: str
    status: str
    again: str
    number: str


def _rows() -> list[Row]:
    section = (ROOT / "docs" / "admin" / "calls.md").read_text().partition("## Rehearsing each of them")[2]
    found = _ROW.findall(section.partition("\n## ")[0])
    return [
        Row(behaviour=behaviour, status=status, again=again, number=f"+1206555{at:04}")
        for at, (behaviour, status, again) in enumerate(found)
    ]


ROWS = _rows()


@dataclass(frozen=True)
class Call:
    """A call that is over, as both ends saw it."""

    outcome: Outcome
    record: CallRecord


class Rehearsal:
    """Stations and lines of one clock, and calls over them."""

    def __init__(self, folder: Path, callers: EnginePool, receivers: EnginePool, clock: int) -> None:
        longest_first = sorted(ROWS, key=lambda row: not row.again.startswith("once"))
        self.rows = [row for row in longest_first if _clock(row) == clock]
        self._folder = folder / str(clock)
        self._callers = callers
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        behaviours = {row.number: row.behaviour for row in self.rows}
        self._station = Station(
            LOOPBACK, self._folder, receivers, behaviours=behaviours, clock=clock, random=_Impatient()
        )

    async def run(self) -> dict[str, Call]:
        """Call each number once."""
        address = await self._station.start()
        patient, hasty = [
            SipLine(
                "main",
                SipLineSettings(
                    sip=f"sip:{address}", listen=LOOPBACK, media_clock=self._clock,
                    answer_timeout=timedelta(seconds=seconds),
                ),
                self._callers,
            )
            for seconds in (120, 1)
        ]  # fmt: skip
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._station.stop)
            for line in (patient, hasty):
                await line.start()
                stack.push_async_callback(line.stop)
            outcomes = await asyncio.gather(
                *(self._call(row, hasty if row.behaviour == "no-answer" else patient) for row in self.rows)
            )
            while self._station.active:
                await asyncio.sleep(0.05)
        records = {record.number: record for record in self._station.calls}
        return {
            row.behaviour: Call(outcome=outcome, record=records[row.number])
            for row, outcome in zip(self.rows, outcomes, strict=True)
        }

    async def _call(self, row: Row, line: SipLine) -> Outcome:
        pages = 2 if "drop" in row.behaviour else 1
        document = make_fax(self._folder / f"{row.number}.tif", pages=pages)
        order = CallOrder(
            job_id=row.number, attempt_id=f"{row.number}#1", number=row.number, document=document, pages=pages
        )
        async with self._turns:
            for _ in range(TRIES if self._clock == AUDIO and row.status == "Success" else 1):
                outcome = await asyncio.wait_for(line.send(order, lambda _: None), 300)
                if outcome.status is Status.SUCCESS:
                    break
        return outcome


class _Impatient(SystemRandom):
    """Waits as little as is allowed after a glare."""

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        del stop, step
        return start


def _clock(row: Row) -> int:
    behaviour = Behaviour.parse(row.behaviour)
    if behaviour.answer is Answer.REFUSE_T38:
        return AUDIO
    if behaviour.answer is Answer.EARLY:
        return EARLY
    return HEARD if behaviour.sound else FAX


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Call]]:
    """One call to each behaviour, many at one time."""
    folder = tmp_path_factory.mktemp("rehearsal")
    callers, receivers = EnginePool(workers=1), EnginePool(workers=1)
    await asyncio.gather(callers.start(), receivers.start())
    made: dict[str, Call] = {}
    for clocks in ((FAX,), (HEARD, EARLY), (AUDIO,)):
        together = [Rehearsal(folder, callers, receivers, clock) for clock in clocks]
        for group in await asyncio.gather(*(rehearsal.run() for rehearsal in together)):
            made |= group
    await asyncio.gather(callers.stop(), receivers.stop())
    yield made


def _again(outcome: Outcome) -> str:
    """When the number is called again by the default policy, in the table's words."""
    decision = decide(outcome, 1, RetrySettings(), outcome.ended_at, earlier=())
    if outcome.status is Status.SUCCESS or decision.at is None:
        return "–" if outcome.status is Status.SUCCESS else "no"
    minutes = round((decision.at - outcome.ended_at).total_seconds() / 60)
    once = not decide(outcome, 2, RetrySettings(), outcome.ended_at, earlier=(outcome.status,)).retry
    return f"{'once, ' if once else ''}after {minutes} minutes"


@pytest.mark.parametrize("row", ROWS, ids=[row.behaviour for row in ROWS])
async def test_a_behaviour_has_its_status_and_its_retries(calls: dict[str, Call], row: Row) -> None:
    outcome = calls[row.behaviour].outcome
    assert (outcome.status.value, _again(outcome)) == (row.status, row.again), outcome.cause
    confirmed = outcome.status is Status.SUCCESS or row.behaviour == "drop-after 1"
    assert outcome.pages_confirmed == int(confirmed)


async def test_the_table_has_every_behaviour_and_every_status_that_a_call_can_end_in() -> None:
    rehearsed = {Behaviour.parse(row.behaviour).answer for row in ROWS}
    assert rehearsed == set(Answer)
    assert {row.status for row in ROWS} == {
        "Success", "BUSY", "Fast Busy", "No Answer", "Voice Answer", "Not a Fax Machine",
        "Sit-Tone / Operator Msg", "Negotiation Failed", "Exceeded ECM Retransmit", "Transmission Failed",
        "General Error",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("busy-tone", "hung up on the busy tone"),
        ("early busy-tone", "hung up on the busy tone; heard busy tone"),
        ("early sit", "hung up after the announcement; heard special information tone"),
        ("early sit-vacant 480", "heard special information tone (vacant code)"),
        ("early voice 480", "SIP 480"),
        ("modem", "ANSam, data modem"),
        ("ring-tone", "ringing tone"),
        ("endless", "of CED"),
    ],
)
async def test_the_cause_says_what_was_heard(calls: dict[str, Call], behaviour: str, words: str) -> None:
    assert words in calls[behaviour].outcome.cause


@pytest.mark.parametrize("behaviour", ["busy-tone", "reorder-tone", "sit", "sit-intercept", "sit-no-circuit"])
async def test_a_tone_ends_the_call_long_before_the_wait_for_a_fax_machine(
    calls: dict[str, Call], behaviour: str
) -> None:
    outcome = calls[behaviour].outcome
    assert outcome.t30_code != 2  # T0 expired
    assert calls[behaviour].record.ending.startswith("BYE")


async def test_early_media_are_no_answer(calls: dict[str, Call]) -> None:
    early = [call.outcome for behaviour, call in calls.items() if behaviour.startswith("early")]
    assert len(early) > 5
    assert {outcome.answered_at for outcome in early} == {None}
    assert {outcome.transport for outcome in early} == {""}
    assert calls["early busy-tone"].record.ending == "CANCEL"
    assert calls["early sit 503"].outcome.sip_code == 503


async def test_glare_is_waited_out_and_t38_comes_about(calls: dict[str, Call]) -> None:
    assert calls["glare"].outcome.transport == "T.38"
