"""The telephones that are called: what each does is drawn with its number.

What they received is their own record, against which the service's words are held.
"""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulation.documents import named_pages
from store.job import Outcome
from store.status import Status
from transmit.line import CallOrder, CallProgress, ProgressKind, Report

if TYPE_CHECKING:
    from simulation.node import Node

_PAGE_SECONDS = 20.0
_RING_SECONDS = 8.0
_REFUSALS = (Status.BUSY, Status.FAST_BUSY, Status.NO_ANSWER, Status.VOICE_ANSWER, Status.OPERATOR_MESSAGE,
             Status.NEGOTIATION_FAILED, Status.NOT_A_FAX_MACHINE)  # fmt: skip


@dataclass(kw_only=True)
class FarEnd:
    """One number."""

    number: str
    bad_calls: list[Status]
    """What its first calls come to, before it takes a fax."""
    last_confirmation_lost: bool
    """Whether it receives the last page of its first good call, and its MCF does not arrive."""
    calls: int = 0
    in_call: "Node | None" = None
    received: dict[str, set[int]] = field(default_factory=dict)
    """Pages of the document that arrived whole, by job."""
    whole: dict[str, int] = field(default_factory=dict)
    """How often the last page of a job arrived."""

    @property
    def is_in_call(self) -> bool:
        """Whether somebody talks to it who goes on with it."""
        return self.in_call is not None and not self.in_call.dead and not self.in_call.paused


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedCall:
    """One call, as the far ends saw it."""

    attempt_id: str
    """Of the fax that leads."""
    number: str
    began: float
    faxes: tuple[str, ...]
    """The jobs whose pages it had to carry."""


class Telephones:
    """All numbers."""

    def __init__(self) -> None:
        self.ends: dict[str, FarEnd] = {}
        self.calls: list[PlacedCall] = []
        self.wrong: list[str] = []
        """What no telephone should have seen."""

    def called(self, node: "Node", order: CallOrder, *, now: float) -> FarEnd:
        """Somebody calls."""
        end = self.ends.get(order.number) or self._new(node, order.number)
        faxes = tuple(dict(named_pages(order.document)))
        self.calls.append(
            PlacedCall(attempt_id=order.attempt_id, number=order.number, began=now, faxes=faxes)
        )
        if end.is_in_call:
            self.wrong.append(f"{order.number} is called by {order.attempt_id} while it is in another call")
        end.in_call = node
        calls = sum(one.is_in_call for one in self.ends.values())
        if calls > node.world.channels:
            self.wrong.append(f"{order.attempt_id} is call {calls} on {node.world.channels} channels")
        end.calls += 1
        return end

    def _new(self, node: "Node", number: str) -> FarEnd:
        dice = node.chance.of(f"far end {number}")
        bad = [dice.choice(_REFUSALS) for _ in range(dice.choice([0, 0, 0, 1, 2, 9]))]
        end = FarEnd(number=number, bad_calls=bad, last_confirmation_lost=dice.random() < 0.1)
        self.ends[number] = end
        return end


class _CallEnded(Exception):  # noqa: N818 - named as what happened
    """A call has come to an end before its last page was confirmed."""

    def __init__(self, status: Status, cause: str) -> None:
        self.status = status
        self.cause = cause
        super().__init__(cause)


class SimulatedLine:
    """A node's way to the telephones: `transmit.line.Line`."""

    name = "main"
    down = ""
    keeps_calls = False

    def __init__(self, node: "Node", telephones: Telephones) -> None:
        self.channels = node.world.channels
        self._node = node
        self._telephones = telephones

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def send(self, order: CallOrder, report: Report) -> Outcome:
        """Place one call."""
        await self._node.outside(seconds=0.1)
        await order.fence()
        end = self._telephones.called(self._node, order, now=asyncio.get_running_loop().time())
        try:
            return await self._call(end, order, report)
        finally:
            if end.in_call is self._node:
                end.in_call = None

    async def _call(self, end: FarEnd, order: CallOrder, report: Report) -> Outcome:
        confirmed = 0
        try:
            await self._ring(end)
            report(CallProgress(kind=ProgressKind.ANSWERED, attempt_id=order.attempt_id))
            pages = named_pages(order.document)
            last = dict(pages)
            for job_id, page in pages[order.first_page :]:
                await self._page(end, order, job_id, page, last=page == last[job_id])
                confirmed += 1
                report(
                    CallProgress(
                        kind=ProgressKind.PAGE_CONFIRMED,
                        attempt_id=order.attempt_id,
                        pages_confirmed=order.first_page + confirmed,
                        pages=order.pages,
                    )
                )
        except _CallEnded as ended:
            return self._outcome(ended.status, ended.cause, confirmed)
        return self._outcome(Status.SUCCESS, "", confirmed)

    async def _ring(self, end: FarEnd) -> None:
        """Returns when a fax machine has answered."""
        await self._wait(_RING_SECONDS, _CallEnded(Status.NO_ANSWER, "nobody was there to hear it"))
        if end.bad_calls:
            raise _CallEnded(end.bad_calls.pop(0), "as the far end has it")

    async def _page(self, end: FarEnd, order: CallOrder, job_id: str, page: int, *, last: bool) -> None:
        """Send a page, maybe the last one of a fax; returns when it is confirmed."""
        if order.hang_up.is_set():
            raise _CallEnded(Status.JOB_CANCELLED, "cancelled")
        if self._node.in_storm("line", self._node.chance.odds.call_cut):
            raise _CallEnded(Status.TRANSMISSION_FAILED, "the call was cut off")
        await self._wait(_PAGE_SECONDS, _CallEnded(Status.TRANSMISSION_FAILED, "the far end has hung up"))
        end.received.setdefault(job_id, set()).add(page)
        if last:
            end.whole[job_id] = end.whole.get(job_id, 0) + 1
            if end.last_confirmation_lost:
                end.last_confirmation_lost = False
                raise _CallEnded(Status.TRANSMISSION_FAILED, "no confirmation")
        await self._node.outside(seconds=1.0)

    async def _wait(self, seconds: float, if_away: "_CallEnded") -> None:
        """Let the call go on; a far end does not wait for a host that stands still."""
        pauses = self._node.pauses
        await self._node.outside(seconds=seconds)
        if self._node.pauses > pauses:
            raise if_away

    def _outcome(self, status: Status, cause: str, confirmed: int = 0) -> Outcome:
        now = self._node.clock()
        return Outcome(
            status=status,
            cause=cause,
            ended_at=now,
            answered_at=now if confirmed else None,
            pages_confirmed=confirmed,
        )
