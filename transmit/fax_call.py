"""The course of one outgoing fax call: SIP and the fax engine brought together.

Audio is offered first, because some peers refuse audio and image in one INVITE. Once answered, the engine
calls (CNG) over G.711; the callee's re-INVITE to T.38 is accepted, or after a while T.38 is offered by us;
where that is refused, the fax goes over G.711. Early media are listened to and never taken for an answer. A
call that hears that it cannot come about (busy or reorder tone, SIT) is hung up then. Everything that
happens, whoever tells it, comes through one queue, so nothing overtakes anything.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any, Literal

import structlog

from config.lines import SipLine as SipLineSettings
from transmit.causes import SIGNALS, CallFacts
from transmit.engine.events import (
    Ended,
    EngineEvent,
    EngineResult,
    Negotiated,
    PageConfirmed,
    Signal,
    SignalHeard,
)
from transmit.engine.pool import EngineCall
from transmit.line import CallOrder, CallProgress, ProgressKind, Report
from transmit.media.sound import SPECIAL_INFORMATION
from transmit.media_hosts import Find, located, with_addresses
from transmit.media_orders import back_to_audio, listen, start_audio, switch_to_t38
from transmit.sip import sdp
from transmit.sip.call import OfferRefused
from transmit.sip.call_events import Agreed, Answered, CallEvent, HungUp, Offered, Refused, Ringing
from transmit.sip.outgoing import OutgoingCall
from transmit.sip.sdp import LocalSession, MediaDescription, SessionDescription, T38Parameters

log = structlog.get_logger(__name__)

T38_OFFER_DELAY = 4.0
"""Seconds of media after the answer in which T.38 is the callee's to offer (T.38 Annex D.2.2.4)."""
DRAIN = 0.5
"""Seconds of media to go on listening at the end: a confirmation may be on its way."""

ANNOUNCEMENT = 15.0
"""Seconds of media after a SIT in which the network may still say by SIP what is the matter."""

HOLD = 30.0
"""Seconds of media after an answer on hold in which the callee may say where its media are."""
LEAVING = 2.0
"""Seconds after a refusal of T.38 in which a callee that hangs up does so because of it: some refuse it (487,
488) and leave."""

T38Mode = Literal["on", "off", "only"]


class Wanted(Enum):
    """What is due on our side of a call."""

    NO_ANSWER = auto()
    """It rang long enough."""
    T38_OFFER = auto()
    """The callee did not offer T.38: it is our turn."""
    MEDIA = auto()
    """The callee answered with its media on hold, and that long enough."""
    T38_SETTLED = auto()
    """The callee refused T.38, and is still there."""
    ANNOUNCED = auto()
    """A SIT was heard, and the announcement after it went on long enough."""
    TOO_LONG = auto()
    """No fax takes that long."""
    CANCELLED = auto()
    """The job was cancelled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class T38Accepted:
    """The callee accepted our T.38."""

    session: SessionDescription


@dataclass(frozen=True, kw_only=True, slots=True)
class T38Refused:
    """The callee keeps to audio."""

    code: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioAgreed:
    """The callee takes audio again, which had made room for T.38."""

    session: SessionDescription


Happening = CallEvent | EngineEvent | T38Accepted | T38Refused | AudioAgreed | Wanted


class FaxCall:
    """One call, from its INVITE on."""

    def __init__(
        self,
        *,
        order: CallOrder,
        call: OutgoingCall,
        engine: EngineCall,
        session: LocalSession,
        settings: SipLineSettings,
        longest: float,
        report: Report,
        now: Callable[[], datetime],
        find: Find,
    ) -> None:
        """Takes over a call whose INVITE is on its way, and an engine that is open.

        Args:
            order: what is sent.
            call: the SIP call.
            engine: the fax session; it belongs to this object now.
            session: our side of the session descriptions.
            settings: of the line.
            longest: seconds of media that the call may take.
            report: takes each step.
            now: the time of day.
            find: looks up names that stand in the place of media addresses.
        """
        self.answered_at: datetime | None = None
        self._order = order
        self._call = call
        self._engine = engine
        self._session = session
        self._settings = settings
        self._longest = longest
        self._report = report
        self._now = now
        self._find = find
        self._inbox: asyncio.Queue[Happening] = asyncio.Queue()
        self._facts = CallFacts(pages_asked=order.pages - order.first_page, number=order.number)
        self._over = False
        self._t38 = _t38_mode(settings.t38, order.transport)
        self._has_media = False
        self._on_t38 = False
        self._t38_asked = False
        """Whether our offer of T.38 has no answer yet, or was refused a moment ago."""
        self._negotiated = False
        self._tasks: list[asyncio.Task[None]] = []
        self._timers: list[asyncio.TimerHandle] = []

    async def run(self) -> CallFacts:
        """Follows the call to its end, hangs up, and says what is known of it. Cancelling it hangs up too."""
        drain = 0.0
        try:
            self._listen()
            while not self._over:
                self._take(await self._located(await self._inbox.get()))
            if self._facts.answered and not self._facts.cancelled:
                drain = DRAIN
        finally:
            result = await self._hang_up(drain)
        return replace(self._facts, heard=result.heard, engine=result if self._facts.answered else None)

    def _listen(self) -> None:
        """Lets everything that can happen come into one queue."""
        self._tasks = [
            asyncio.create_task(self._forward(self._call.events)),
            asyncio.create_task(self._forward(self._engine.events)),
            asyncio.create_task(self._await_cancellation()),
        ]
        self._after(self._settings.answer_timeout.total_seconds(), Wanted.NO_ANSWER)

    async def _forward(self, source: asyncio.Queue[CallEvent] | asyncio.Queue[EngineEvent]) -> None:
        while True:
            self._inbox.put_nowait(await source.get())

    async def _await_cancellation(self) -> None:
        await self._order.hang_up.wait()
        self._inbox.put_nowait(Wanted.CANCELLED)

    def _after(self, seconds: float, wanted: Wanted) -> None:
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(seconds, self._inbox.put_nowait, wanted))

    async def _located(self, happening: Happening) -> Happening:
        match happening:
            case Ringing() | Answered() | Offered():
                return await located(happening, self._find)
            case T38Accepted(session=session) | AudioAgreed(session=session) | Agreed(session=session):
                return replace(happening, session=await with_addresses(session, self._find))
        return happening

    async def _hang_up(self, drain: float) -> EngineResult:
        for timer in self._timers:
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        result = await self._engine.hang_up(drain=drain)
        await self._call.give_up()
        return result

    def _take(self, happening: Happening) -> None:
        match happening:
            case Ringing(session=session):
                self._on_ringing(session)
            case Answered():
                self._on_answered(happening.session)
            case Refused(code=code, q850=q850, reason=reason):
                self._end(replace(self._facts, sip_code=code, q850_cause=q850, fault=reason))
            case Offered():
                self._on_offered(happening)
            case HungUp(reason=reason, q850=q850):
                fault = f"the far end hung up: {reason}"
                self._end(replace(self._facts, q850_cause=q850, fault=fault, left_at_t38=self._t38_asked))
            case T38Accepted() | T38Refused() | AudioAgreed() | Agreed():
                self._on_answer(happening)
            case Wanted():
                self._on_wanted(happening)
            case SignalHeard() | Negotiated() | PageConfirmed() | Ended():
                self._on_engine(happening)

    def _on_engine(self, event: SignalHeard | Negotiated | PageConfirmed | Ended) -> None:
        match event:
            case SignalHeard(signal=signal):
                self._on_signal(signal)
            case Negotiated():
                self._on_negotiated(event)
            case PageConfirmed():
                confirmed = self._order.first_page + event.pages
                self._tell(ProgressKind.PAGE_CONFIRMED, pages_confirmed=confirmed)
            case Ended():
                self._end(self._facts)  # phase E: it is the caller that hangs up

    def _on_answer(self, answer: T38Accepted | T38Refused | AudioAgreed | Agreed) -> None:
        match answer:
            case T38Accepted(session=session):
                self._on_t38_accepted(session)
            case T38Refused(code=code):
                self._on_t38_refused(code)
            case AudioAgreed(session=session):
                self._on_audio_agreed(session)
            case Agreed(session=session) if self._on_t38 and session.image is not None:
                self._switch_to_t38(session.image)
            case Agreed(session=session):
                self._on_audio_agreed(session)

    def _on_wanted(self, wanted: Wanted) -> None:
        match wanted:
            case Wanted.CANCELLED:
                self._end(replace(self._facts, cancelled=True))
            case Wanted.NO_ANSWER if not self._facts.answered:
                self._end(replace(self._facts, rang_out=True))
            case Wanted.ANNOUNCED if not self._facts.answered:
                self._end(replace(self._facts, fault="hung up after the announcement"))
            case Wanted.T38_OFFER if not self._on_t38 and not self._negotiated:
                self._tasks.append(asyncio.create_task(self._offer_t38()))
            case Wanted.MEDIA if not self._has_media:
                self._no_common_media("the answer is on hold, and nothing followed it")
            case Wanted.T38_SETTLED:
                self._t38_asked = False
            case Wanted.TOO_LONG:
                self._end(replace(self._facts, fault="the call took longer than any fax does"))

    def _on_ringing(self, session: SessionDescription | None) -> None:
        audio = session.audio if session is not None else None
        if audio is not None and not self._facts.answered:
            listen(self._engine, audio)
        self._tell(ProgressKind.RINGING)

    def _on_signal(self, signal: Signal) -> None:
        """The network says with tones that there will be no fax; before the answer, SIP may say more."""
        log.info("signal_heard", attempt=self._order.attempt_id, signal=signal.value)
        if signal not in SIGNALS or self._negotiated:
            return
        if signal in SPECIAL_INFORMATION and not self._facts.answered:
            self._after(self._media(ANNOUNCEMENT), Wanted.ANNOUNCED)
        else:
            self._end(replace(self._facts, fault=f"hung up on the {signal}"))

    def _end(self, facts: CallFacts) -> None:
        self._facts = facts
        self._over = True

    def _on_answered(self, session: SessionDescription | None) -> None:
        self.answered_at = self._now()
        self._facts = replace(self._facts, answered=True)
        self._tell(ProgressKind.ANSWERED)
        audio, held = (session.audio, session.held) if session is not None else (None, None)
        if audio is not None:
            self._has_media = True
            start_audio(self._engine, audio)
        elif held is not None:
            self._after(self._media(HOLD), Wanted.MEDIA)  # RFC 3725 §4: the other end's media come later
        else:
            self._no_common_media("the answer has no usable G.711 audio")
            return
        if self._t38 != "off":
            self._after(0.0 if self._t38 == "only" else self._media(T38_OFFER_DELAY), Wanted.T38_OFFER)
        self._after(self._media(self._longest), Wanted.TOO_LONG)

    def _on_offered(self, offered: Offered) -> None:
        """The callee wants other media, or none for a while."""
        image, audio, held = offered.offer.image, offered.offer.audio, offered.offer.held
        if image is not None and self._takes_t38:
            ours = sdp.image(self._engine.media_port, fec=T38Parameters.of(image).fec)
            self._call.accept(offered, self._session.answer(offered.offer, image, ours))
            self._switch_to_t38(image)
        elif audio is not None and self._t38 != "only":
            self._call.accept(offered, self._session.answer(offered.offer, audio, self._our_audio))
            self._has_media = True
            if self._on_t38:
                self._on_t38 = False
                back_to_audio(self._engine, audio)
            else:
                start_audio(self._engine, audio)
        elif held is not None and not self._on_t38:
            self._call.accept(offered, self._session.answer(offered.offer, held, self._our_audio))
        else:
            self._call.decline(488)

    @property
    def _takes_t38(self) -> bool:
        """Not once the fax runs over audio: it would have to begin again."""
        return self._t38 != "off" and (self._on_t38 or not self._negotiated)

    @property
    def _lacks_t38(self) -> bool:
        """Not, for one, if after a glare the fax began over audio meanwhile."""
        return self._takes_t38 and not self._on_t38

    async def _offer_t38(self) -> None:
        self._t38_asked = True
        try:
            session = await self._call.offer(
                self._session.offer(self._our_image), still_wanted=lambda: self._lacks_t38
            )
        except OfferRefused as refused:
            self._inbox.put_nowait(T38Refused(code=refused.code))
        else:
            self._inbox.put_nowait(T38Accepted(session=session))

    def _on_t38_accepted(self, session: SessionDescription) -> None:
        self._t38_asked = False
        if session.image is not None:
            self._switch_to_t38(session.image)
        elif self._t38 == "only":
            self._no_common_media("T.38 was accepted without an address for it")
        else:
            # RFC 3264 §6: port 0 refuses it. The audio gave its place to it, and has to be agreed on anew.
            log.info("t38_refused", attempt=self._order.attempt_id, sip_code=200)
            self._tasks.append(asyncio.create_task(self._offer_audio()))

    async def _offer_audio(self) -> None:
        try:
            session = await self._call.offer(
                self._session.offer(self._our_audio), still_wanted=lambda: not self._on_t38
            )
        except OfferRefused as refused:
            # Whoever answers so may have kept the audio as it was.
            log.info("audio_not_agreed", attempt=self._order.attempt_id, sip_code=refused.code)
        else:
            self._inbox.put_nowait(AudioAgreed(session=session))

    def _on_audio_agreed(self, session: SessionDescription) -> None:
        if session.audio is not None and not self._on_t38:
            self._has_media = True
            start_audio(self._engine, session.audio)

    def _on_t38_refused(self, code: int | None) -> None:
        self._after(LEAVING, Wanted.T38_SETTLED)
        log.info("t38_refused", attempt=self._order.attempt_id, sip_code=code)
        if self._t38 == "only" and not self._on_t38:
            self._no_common_media(f"the far end refused T.38 ({code or 'no response'})")

    def _on_negotiated(self, negotiated: Negotiated) -> None:
        self._negotiated = True
        self._tell(
            ProgressKind.NEGOTIATED,
            bit_rate=negotiated.bit_rate,
            ecm=negotiated.ecm,
            compression=negotiated.compression,
            remote_csid=negotiated.remote_csid,
        )

    def _no_common_media(self, fault: str) -> None:
        self._end(replace(self._facts, no_common_media=True, fault=fault))

    def _switch_to_t38(self, image: MediaDescription) -> None:
        self._has_media = True
        switch_to_t38(self._engine, image)
        if not self._on_t38:
            self._on_t38 = True
            self._tell(ProgressKind.T38)

    @property
    def _our_audio(self) -> MediaDescription:
        return sdp.audio(self._engine.media_port)

    @property
    def _our_image(self) -> MediaDescription:
        return sdp.image(self._engine.media_port)

    def _media(self, seconds: float) -> float:
        """Seconds of media on the wall clock."""
        return seconds / self._settings.media_clock

    def _tell(self, kind: ProgressKind, **known: Any) -> None:
        self._report(
            CallProgress(kind=kind, attempt_id=self._order.attempt_id, pages=self._order.pages, **known)
        )


def _t38_mode(line: T38Mode, transport: str) -> T38Mode:
    """How a call has T.38: as the line does, unless the order wants one transport that the line has too."""
    if line != "on" or not transport:
        return line
    return "only" if transport == "T.38" else "off"
