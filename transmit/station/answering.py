"""The course of one call at the station: answered as the number's behaviour says, followed to its end."""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto

import structlog

from transmit.engine.events import Ended, EngineEvent, EngineResult, Negotiated, PageReceived
from transmit.engine.order import SessionOrder
from transmit.engine.pool import EngineCall, EnginePool, EngineUnavailable
from transmit.media_orders import back_to_audio, listen, start_audio, switch_to_t38
from transmit.sip import sdp
from transmit.sip.call import NoResponse, OfferRefused
from transmit.sip.call_events import Acknowledged, CallEvent, HungUp, Offered
from transmit.sip.incoming import IncomingCall
from transmit.sip.message import SipError
from transmit.sip.sdp import LocalSession, SessionDescription, T38Parameters
from transmit.station.behaviour import Answer, Behaviour

log = structlog.get_logger(__name__)

RINGING_LIMIT = 180.0
"""Seconds that it rings at most: a caller that vanished is forgotten then (RFC 3261 §16.6, timer C)."""
EARLY = 12.0
"""Seconds of early media before a refusal."""
T38_DELAY = 1.0
"""Seconds of media between our answer and our wish for T.38."""
BEGINNING_LIMIT = 180.0
"""Seconds of media in which a fax has to begin."""
SOUND_LIMIT = 1200.0
"""Seconds of media that a voice, a silence or a tone lasts, if the caller does not hang up before."""
PAGE_LIMIT = 1800.0
"""Seconds of media that a page may take."""
GOODBYE = 5.0
"""Seconds of media that the caller has to hang up after the end of the fax."""
MID_PAGE = 2.0
"""Seconds of media after training, or after a page: the next one is under way."""
DRAIN = 0.5
"""Seconds of media to go on listening when the caller hangs up."""

_MACHINES = {
    *(Answer.FAX, Answer.STANDARD_ONLY, Answer.NO_ECM, Answer.SLOW, Answer.HANG_UP, Answer.DROP_AFTER),
    *(Answer.DROP_AT, Answer.LOSSY, Answer.GARBLED),
}
"""Behaviours that wish for T.38 themselves."""
_T38_ANSWERS = _MACHINES | {Answer.PASSIVE, Answer.GLARE}
"""Behaviours that take T.38 when the caller wishes for it."""


class Due(Enum):
    """What is to happen on our side."""

    T38 = auto()
    HANG_UP = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """What became of a call."""

    reason: str
    engine: EngineResult | None = None
    """None where the call was not answered."""


class Answering:
    """One incoming call."""

    def __init__(
        self,
        *,
        call: IncomingCall,
        behaviour: Behaviour,
        pool: EnginePool,
        order: SessionOrder,
        session: LocalSession,
    ) -> None:
        """Takes a call that is trying.

        Args:
            call: the SIP call.
            behaviour: what to do with it.
            pool: fax engines.
            order: for the engine, if one is needed.
            session: our side of the session descriptions.
        """
        self._call = call
        self._behaviour = behaviour
        self._pool = pool
        self._order = order
        self._session = session
        self._inbox: asyncio.Queue[CallEvent | EngineEvent | Due] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._deadline = 0.0
        self._ending = ""
        self._on_t38 = False
        self._wishes_t38 = behaviour.answer in _MACHINES
        self._clashes = behaviour.answer is Answer.GLARE

    async def run(self) -> Ending:
        """Takes the call as its behaviour says, to its end."""
        if self._behaviour.answer is Answer.EARLY:
            return await self._say_early()
        code = self._behaviour.sip_code
        if code is not None:
            return self._refuse(code)
        if self._behaviour.answer is Answer.NO_ANSWER:
            self._call.ring()
            return await self._await_cancel(RINGING_LIMIT) or self._refuse(480)
        return await self._answer()

    def _refuse(self, code: int) -> Ending:
        self._call.refuse(code, q850=self._behaviour.q850_cause)
        return Ending(reason=f"refused with {code}")

    async def _await_cancel(self, seconds: float) -> Ending | None:
        """What became of a call that is not answered; None if it is still there after so long."""
        try:
            async with asyncio.timeout(seconds):
                while not isinstance(event := await self._call.events.get(), HungUp):
                    log.debug("station_call_event", kind=type(event).__name__)
        except TimeoutError:
            return None
        return Ending(reason=event.reason)

    async def _say_early(self) -> Ending:
        """Early media, and then a refusal, or nothing ever."""
        offer = self._call.read_offer()
        if offer is None or offer.audio is None:
            return self._refuse(488)
        try:
            engine = await self._pool.open(self._order)
        except (OSError, EngineUnavailable):
            return self._refuse(500)
        code = self._behaviour.sip_code
        try:
            self._call.progress(self._session.answer(offer, offer.audio, sdp.audio(engine.media_port)))
            listen(engine, offer.audio)
            limit = RINGING_LIMIT if code is None else EARLY / self._order.clock
            return await self._await_cancel(limit) or self._refuse(code or 480)
        finally:
            await engine.hang_up(drain=0.0)

    async def _answer(self) -> Ending:
        offer = self._call.read_offer()
        if offer is None or (offer.audio is None and offer.image is None):
            self._call.refuse(488)
            return Ending(reason="refused with 488: no media in common")
        try:
            engine = await self._pool.open(self._order)
        except (OSError, EngineUnavailable) as fault:
            self._call.refuse(500)
            return Ending(reason=f"refused with 500: {fault}")
        try:
            self._begin(engine, offer)
            await self._follow(engine)
        finally:
            result = await self._hang_up(engine)
        return Ending(reason=self._ending, engine=result)

    def _begin(self, engine: EngineCall, offer: SessionDescription) -> None:
        self._call.ring()
        if offer.audio is not None:
            self._call.answer(self._session.answer(offer, offer.audio, sdp.audio(engine.media_port)))
            start_audio(engine, offer.audio)
        elif offer.image is not None:
            ours = sdp.image(engine.media_port, fec=T38Parameters.of(offer.image).fec)
            self._call.answer(self._session.answer(offer, offer.image, ours))
            switch_to_t38(engine, offer.image)
            self._on_t38 = True

    async def _follow(self, engine: EngineCall) -> None:
        self._tasks = [
            asyncio.create_task(self._forward(self._call.events)),
            asyncio.create_task(self._forward(engine.events)),
        ]
        self._allow(SOUND_LIMIT if self._behaviour.sound else BEGINNING_LIMIT)
        if self._behaviour.seconds is not None:
            self._after(self._behaviour.seconds, Due.HANG_UP)
        while not self._ending:
            try:
                async with asyncio.timeout_at(self._deadline):
                    happening = await self._inbox.get()
            except TimeoutError:
                self._ending = "the caller did not hang up"
            else:
                self._take(happening, engine)

    async def _forward(self, source: asyncio.Queue[CallEvent] | asyncio.Queue[EngineEvent]) -> None:
        while True:
            self._inbox.put_nowait(await source.get())

    def _take(self, happening: CallEvent | EngineEvent | Due, engine: EngineCall) -> None:
        match happening:
            case Acknowledged() if self._wishes_t38:
                self._wishes_t38 = False
                self._after(T38_DELAY, Due.T38)
            case Due.T38 if not self._on_t38:
                self._tasks.append(asyncio.create_task(self._offer_t38(engine)))
            case Offered():
                self._on_offered(happening, engine)
            case Negotiated() if self._behaviour.answer is Answer.HANG_UP:
                self._after(MID_PAGE, Due.HANG_UP)
            case PageReceived(pages=pages) if pages == self._behaviour.pages:
                self._after(MID_PAGE, Due.HANG_UP)
            case Negotiated() | PageReceived():
                self._allow(PAGE_LIMIT)
            case Ended():
                self._allow(GOODBYE)
            case Due.HANG_UP:
                self._ending = "hung up as its behaviour says"
            case HungUp():
                self._ending = happening.reason

    def _on_offered(self, offered: Offered, engine: EngineCall) -> None:
        image, audio = offered.offer.image, offered.offer.audio
        if self._clashes:
            self._clashes = False
            self._tasks.append(asyncio.create_task(self._clash(engine)))
        elif image is not None and self._behaviour.answer in _T38_ANSWERS:
            ours = sdp.image(engine.media_port, fec=T38Parameters.of(image).fec)
            self._call.accept(offered, self._session.answer(offered.offer, image, ours))
            switch_to_t38(engine, image)
            self._on_t38 = True
        elif audio is not None:
            self._call.accept(
                offered, self._session.answer(offered.offer, audio, sdp.audio(engine.media_port))
            )
            (back_to_audio if self._on_t38 else start_audio)(engine, audio)
            self._on_t38 = False
        else:
            self._call.decline(488)

    async def _clash(self, engine: EngineCall) -> None:
        """Offers while the caller waits for our answer to its own offer; each refuses the other's."""
        try:
            answer = await self._call.ask("INVITE", self._session.offer(sdp.image(engine.media_port)))
        except (NoResponse, SipError) as fault:
            log.info("station_glare_unanswered", call=self._call.call_id, reason=str(fault))
            return
        log.info("station_glare", call=self._call.call_id, sip_code=answer.code)
        self._call.decline(491)
        await self._offer_t38(engine)

    async def _offer_t38(self, engine: EngineCall) -> None:
        try:
            answer = await self._call.offer(
                self._session.offer(sdp.image(engine.media_port)), still_wanted=lambda: not self._on_t38
            )
        except OfferRefused as refused:
            log.info("station_t38_refused", call=self._call.call_id, sip_code=refused.code)
            return
        if answer.image is not None:
            switch_to_t38(engine, answer.image)
            self._on_t38 = True

    async def _hang_up(self, engine: EngineCall) -> EngineResult:
        for task in self._tasks:
            task.cancel()
        result = await engine.hang_up(drain=DRAIN if self._call.over else 0.0)
        await self._call.hang_up()
        return result

    def _after(self, seconds: float, due: Due) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(seconds / self._order.clock, self._inbox.put_nowait, due)

    def _allow(self, seconds: float) -> None:
        """The next sign of life may take so long, in seconds of media."""
        self._deadline = asyncio.get_running_loop().time() + seconds / self._order.clock
