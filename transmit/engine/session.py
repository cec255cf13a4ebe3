"""One fax session from answer to hang-up: audio, the switch to T.38, the events, and the result.

No socket and no clock: `receive` takes what the media port got, `tick` is called every 20 ms of media and
gives what it is to send. So whole calls also run in simulated time.

    [listen(…)] → start_audio(…) → [switch_to_t38(…)] → tick, receive … → hang_up(0.5) → tick … → released
"""

import random
from collections.abc import Callable
from dataclasses import replace

from transmit.engine.audio_leg import AudioLeg, Playback, Speaker, mute
from transmit.engine.audio_terminal import AudioTerminal
from transmit.engine.completion import Completion
from transmit.engine.events import Ended, EngineEvent, EngineResult, Heard, SignalHeard
from transmit.engine.order import FULL_RATE, AnswerWith, Codec, MediaAddress, Role, SessionOrder
from transmit.engine.t30 import Ears, T30Session
from transmit.engine.t38_leg import T38Leg
from transmit.media import rtp
from transmit.media.far_end import FarEnd
from transmit.media.g711 import Samples
from transmit.media.listening import Listener
from transmit.media.sound import SPECIAL_INFORMATION, Sound
from transmit.media.sounds import signal_sound
from transmit.media.speech import made_up_speech, read_wav
from transmit.media.udptl import UdptlEncoder

TICKS_A_SECOND = 50
TICK_SECONDS = 1 / TICKS_A_SECOND


class FaxSession:
    """A call's media and the fax in it."""

    def __init__(
        self, order: SessionOrder, tell: Callable[[EngineEvent], None], *, chance: random.Random
    ) -> None:
        """A session without media yet.

        Args:
            order: What is to be done.
            tell: Takes the events, from within `tick`, `receive` and the orders.
            chance: Where RTP's numbers begin.

        Raises:
            ValueError, OSError: The voice file cannot be played.
        """
        self._order = order
        self._tell = tell
        self._chance = chance
        self._ears = Ears(now=lambda: self._now, tell=tell)
        self._ticks = 0
        self._leg: AudioLeg | T38Leg | None = None
        self._leg_began = 0.0
        self._last_received = 0.0
        self._transport = ""
        self._t30: T30Session | None = None
        self._far_end: FarEnd | None = None
        self._listener = Listener()
        self._told: dict[Sound, int] = {}
        self._result: EngineResult | None = None
        self._hang_up_at: float | None = None
        self._mute_ticks = 0
        """In which nothing came by now; once something comes, its timestamps tell how long it was silent."""
        self._is_early = False
        self._voice = _voice(order)

    @property
    def _now(self) -> float:
        """Seconds of media since the session was made."""
        return self._ticks / TICKS_A_SECOND

    @property
    def far_end(self) -> MediaAddress | None:
        """Where what `tick` gives is to be sent."""
        return self._far_end.address if self._far_end else None

    @property
    def released(self) -> EngineResult | None:
        """What the session came to, once it is hung up and freed; None before."""
        return self._result if self._leg is None and self._hang_up_at is not None else None

    def listen(self, remote: MediaAddress, codec: Codec) -> None:
        """Take early media, from before the answer: nothing but what can be heard in them counts."""
        self._announce(remote)
        if isinstance(self._leg, AudioLeg):
            self._leg.codec = codec
        elif self._leg is None:
            self._leg = AudioLeg(self._voice, codec, self._chance, clock=self._order.clock)
            self._leg_began = self._now
            self._is_early = True

    def start_audio(self, remote: MediaAddress, codec: Codec) -> None:
        """Begin over G.711; in a call that is on audio, only the far end's address and codec change."""
        self._announce(remote)
        self._leave_early_media()
        if isinstance(self._leg, AudioLeg):
            self._leg.codec = codec
        elif self._leg is None:
            self._begin_audio(codec)

    def switch_to_t38(
        self,
        remote: MediaAddress,
        *,
        max_datagram: int,
        redundancy: int = 3,
        fec: bool = False,
        max_rate: int = FULL_RATE,
    ) -> None:
        """Begin anew over T.38; in a call that is on T.38, only the far end's address and limits change.

        A session that is over stays over, and an answerer that is no fax machine stays on audio.
        """
        self._announce(remote)
        self._leave_early_media()
        encoder = UdptlEncoder(max_datagram=max_datagram, redundancy=redundancy, fec=fec)
        if isinstance(self._leg, T38Leg):
            self._leg.limit(encoder)
        elif self._result is None and self._order.answer_with is AnswerWith.FAX:
            self._close_leg()
            order = replace(self._order, max_rate=min(self._order.max_rate, max_rate))
            self._leg = T38Leg(order, self._ears, encoder)
            self._t30 = self._leg.terminal.t30
            self._transport = "T.38"
            self._leg_began = self._now

    def back_to_audio(self, remote: MediaAddress, codec: Codec) -> None:
        """Leave T.38. A session past its negotiation ends there; an earlier one begins anew over G.711."""
        self._announce(remote)
        if isinstance(self._leg, T38Leg):
            if self._t30 is not None and self._t30.negotiated:
                self._end(Completion.CALLDROPPED)
            self._close_leg()
            self._begin_audio(codec)

    def receive(self, datagram: bytes, source: MediaAddress) -> None:
        """Take a datagram that came to the media port; those of strangers are dropped."""
        if isinstance(self._leg, T38Leg) and self._leg.is_late_rtp(datagram):
            return  # nor is its port that of T.38
        if self._leg is None or self._far_end is None or not self._far_end.accepts(source):
            return
        if not self._is_lost():
            self._last_received = self._now
            self._leg.receive(datagram)

    def tick(self) -> list[bytes]:
        """20 ms of media pass.

        Returns:
            The datagrams to send to `far_end`.
        """
        self._ticks += 1
        outgoing: list[bytes] = []
        if isinstance(self._leg, T38Leg):
            outgoing = self._leg.tick()
        elif self._leg is not None:
            outgoing.append(self._leg.tick())
            self._listen(self._leg.take_heard())
        self._watch()
        if self._hang_up_at is not None and (self._now >= self._hang_up_at or self._leg is None):
            self._release()
        return [datagram for datagram in outgoing if not self._is_lost()] if self._order.loss else outgoing

    def _is_lost(self) -> bool:
        return self._order.loss > 0 and self._chance.random() < self._order.loss

    def hang_up(self, drain: float) -> None:
        """The call is down: what comes within `drain` seconds counts, then `released` has the result."""
        if self._hang_up_at is None:
            self._hang_up_at = self._now + drain

    def _announce(self, remote: MediaAddress) -> None:
        if self._far_end is None:
            self._far_end = FarEnd(remote)
        else:
            self._far_end.announce(remote)

    def _leave_early_media(self) -> None:
        """The call was answered: what was heard before says nothing of who answered, except for a SIT."""
        if self._is_early:
            self._is_early = False
            self._close_leg()
            heard = self._listener.heard.signals
            self._listener = Listener(tuple(signal for signal in heard if signal in SPECIAL_INFORMATION))
            self._mute_ticks = 0
            self._told.clear()

    def _begin_audio(self, codec: Codec) -> None:
        speaker: Speaker
        if self._result is not None:
            speaker = mute()
        elif self._order.answer_with is not AnswerWith.FAX:
            speaker = self._voice
        else:
            speaker = AudioTerminal(self._order, self._ears)
            self._t30 = speaker.t30
        if self._result is None:
            self._transport = "G.711"
        self._leg = AudioLeg(speaker, codec, self._chance, clock=self._order.clock)
        self._leg_began = self._now

    def _listen(self, samples: Samples) -> None:
        """A caller listens until it knows that a fax machine answered."""
        if self._order.role is Role.ANSWERER or Sound.V21 in self._told or self._result is not None:
            return
        self._mute_ticks = 0 if len(samples) else self._mute_ticks + 1
        for begin in range(0, len(samples), rtp.FRAME):
            found = self._listener.hear(samples[begin : begin + rtp.FRAME])
            if found is not None:
                self._tell_sound(*found)
        for signal in self._listener.take_signals():
            self._tell(SignalHeard(at=self._now, signal=signal))

    def _tell_sound(self, sound: Sound, seconds: float) -> None:
        if int(seconds) > self._told.get(sound, -1):
            self._told[sound] = int(seconds)
            self._tell(Heard(at=self._now, sound=sound, seconds=seconds))

    def _watch(self) -> None:
        """Look whether the far end showed itself as a fax machine, and whether the session is over."""
        if self._result is None and self._far_end_vanished:
            self._end(None if self._t30 is None else Completion.CALLDROPPED)
        if self._t30 is None or self._result is not None:
            return
        if self._t30.heard_far_end and Sound.V21 not in self._told:
            self._tell_sound(Sound.V21, 0.0)
        if self._t30.completion is not None:
            self._end(self._t30.completion)
        elif (
            self._order.role is Role.CALLER
            and Sound.V21 not in self._told
            and self._now - self._leg_began >= self._order.no_fax_timeout
        ):
            self._end(Completion.T0_EXPIRED)

    @property
    def _far_end_vanished(self) -> bool:
        limit = self._order.media_timeout
        silent_since = max(self._leg_began, self._last_received)
        return limit is not None and self._leg is not None and self._now - silent_since >= limit

    def _end(self, completion: Completion | None) -> None:
        """The T.30 session is over, or given up with `completion`."""
        if self._result is not None:
            return
        result = EngineResult() if self._t30 is None else self._t30.result(completion)
        heard = self._listener.heard
        silence = heard.silence_seconds + self._mute_ticks * TICK_SECONDS
        heard = replace(heard, silence_seconds=silence, v21_heard=Sound.V21 in self._told)
        self._result = replace(result, transport=self._transport, heard=heard)
        if self._t30 is not None:
            self._t30.terminate()
        self._tell(Ended(at=self._now, result=self._result))

    def _release(self) -> None:
        if self._result is None:
            completion = None
            if self._t30 is not None:
                # OK if nothing but DCN was missing.
                self._t30.terminate()
                completion = self._t30.completion
                completion = Completion.CALLDROPPED if completion is None else completion
            self._end(completion)
        self._close_leg()

    def _close_leg(self) -> None:
        if self._leg is not None:
            self._leg.close()
        self._leg = self._t30 = None


def _voice(order: SessionOrder) -> Playback:
    """What an answerer that is no fax machine says; the others are mute where they have nothing to say."""
    if order.answer_with is AnswerWith.VOICE:
        return Playback(made_up_speech() if order.voice_file is None else read_wav(order.voice_file))
    if order.answer_with is AnswerWith.SIGNAL and order.signal is not None:
        return Playback(signal_sound(order.signal))
    return mute()
