"""The service's handle for one fax session in a worker."""

import asyncio
from dataclasses import replace
from typing import Protocol

from transmit.engine.control import (
    BackToAudio,
    Body,
    HangUp,
    Listen,
    Open,
    Opened,
    Ready,
    Refused,
    Released,
    Report,
    StartAudio,
    SwitchToT38,
)
from transmit.engine.events import Ended, EngineEvent, EngineResult, Negotiated, PageConfirmed, PageReceived
from transmit.engine.order import FULL_RATE, Codec, MediaAddress, SessionOrder

_ANSWER_SECONDS = 10.0
"""A worker that needs longer for an order hangs, and is ended."""


class WorkerLink(Protocol):
    """What a call needs of its worker."""

    def enter(self, number: int, call: "EngineCall") -> None:
        """From now on the reports of this number go to `call.take`."""

    def leave(self, number: int) -> None:
        """No more."""

    def send(self, number: int, body: Body) -> None:
        """Send an order."""

    def kill(self) -> None:
        """End the worker and all its calls."""


class EngineUnavailable(Exception):  # noqa: N818 - it names the state, as its sentence does
    """The fax engine cannot run here; the text says what to do."""


class EngineCall:
    """One fax session in a worker. The orders return at once; what they cause comes as events."""

    def __init__(self, number: int, worker: WorkerLink) -> None:
        """A session that is not opened yet; `EnginePool.open` makes it."""
        self.media_port = 0
        """The local UDP port of all media of this call: RTP first, UDPTL after the switch."""
        self.events: asyncio.Queue[EngineEvent] = asyncio.Queue()
        """What happens; `Ended` is always the last one."""
        self._number = number
        self._worker = worker
        loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[Opened | Refused] = loop.create_future()
        self._released: asyncio.Future[EngineResult] = loop.create_future()
        self._so_far = EngineResult()
        self._ended = False

    async def open(self, order: SessionOrder) -> None:
        """Take the media port; `EnginePool.open` calls this.

        Raises:
            EngineUnavailable: The worker died.
            OSError: It refused.
        """
        self._worker.enter(self._number, self)
        self._worker.send(self._number, Open(order=order))
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await asyncio.shield(self._opened)
        except TimeoutError:
            self._worker.kill()
            answer = await self._opened
        except asyncio.CancelledError:
            self._worker.send(self._number, HangUp(drain=0))
            raise
        if isinstance(answer, Refused):
            self._worker.leave(self._number)
            raise OSError(answer.errno, answer.reason)
        self.media_port = answer.port

    def listen(self, remote: MediaAddress, codec: Codec) -> None:
        """Take early media: a caller listens to them, an answerer that is no fax machine is heard in them.

        The fax session does not begin before `start_audio` or `switch_to_t38`.
        """
        self._worker.send(self._number, Listen(remote=remote, codec=codec))

    def start_audio(self, remote: MediaAddress, codec: Codec) -> None:
        """Begin RTP with the far end, and with it the fax session (or the voice) over G.711.

        Given again, it only changes the far end's address and codec (a re-INVITE that stays on audio).
        """
        self._worker.send(self._number, StartAudio(remote=remote, codec=codec))

    def switch_to_t38(
        self,
        remote: MediaAddress,
        *,
        max_datagram: int,
        redundancy: int = 3,
        fec: bool = False,
        max_rate: int = FULL_RATE,
    ) -> None:
        """Go on by T.38: a new T.30 session over UDPTL; the one over audio is given up.

        Given again, it only changes the far end's address and limits.

        Args:
            remote: From the far end's SDP.
            max_datagram: The far end's T38FaxMaxDatagram, in octets.
            redundancy: How many earlier packets each datagram repeats, or how many parities it carries.
            fec: Whether it carries parities.
            max_rate: The far end's T38MaxBitRate, in bit/s; it holds from the beginning of the session.
        """
        order = SwitchToT38(
            remote=remote, max_datagram=max_datagram, redundancy=redundancy, fec=fec, max_rate=max_rate
        )
        self._worker.send(self._number, order)

    def back_to_audio(self, remote: MediaAddress, codec: Codec) -> None:
        """Leave T.38 because the far end asks for audio.

        A session that is over, or past its negotiation (it then ends with CALLDROPPED), is followed by
        silence; an earlier one starts again over audio.
        """
        self._worker.send(self._number, BackToAudio(remote=remote, codec=codec))

    async def hang_up(self, *, drain: float = 0.5) -> EngineResult:
        """End the session, free the media port, and tell what it came to.

        Args:
            drain: Seconds of media to go on listening first: a confirmation may be on its way.
        """
        if not self._released.done():
            self._worker.send(self._number, HangUp(drain=drain))
        try:
            async with asyncio.timeout(drain + _ANSWER_SECONDS):
                return await asyncio.shield(self._released)
        except TimeoutError:
            self._worker.kill()
            return await self._released

    def take(self, report: Report) -> None:
        """A report of the worker."""
        if isinstance(report, Opened | Refused):
            if not self._opened.done():
                self._opened.set_result(report)
        elif isinstance(report, Released):
            self._release(report.result)
        elif not isinstance(report, Ready) and not self._ended:
            self._note(report)

    def lose(self) -> None:
        """The worker died: a session that was not over ends as crashed, with what was known of it."""
        if not self._opened.done():
            self._opened.set_exception(EngineUnavailable("The fax engine's worker process died."))
        self._release(self._so_far if self._ended else replace(self._so_far, crashed=True))

    def _release(self, result: EngineResult) -> None:
        self._worker.leave(self._number)
        if not self._ended:
            self._note(Ended(at=0.0, result=result))
        if not self._released.done():
            self._released.set_result(result)

    def _note(self, event: EngineEvent) -> None:
        match event:
            case Negotiated():
                self._so_far = replace(
                    self._so_far,
                    bit_rate=event.bit_rate,
                    ecm=event.ecm,
                    compression=event.compression,
                    width=event.width,
                    resolution=event.resolution,
                    remote_csid=event.remote_csid,
                )
            case PageConfirmed():
                self._so_far = replace(self._so_far, pages_confirmed=event.pages)
            case PageReceived():
                self._so_far = replace(self._so_far, pages_received=event.pages)
            case Ended():
                self._so_far, self._ended = event.result, True
        self.events.put_nowait(event)
