"""Causes to statuses: the one place where what a network, a far end or our engine said becomes a status.

Pure. Each verdict keeps its cause in the words of the protocol that it came from, for the log and for
`postfax show`; what people read is the status's own sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from store.status import Status
from transmit.engine.completion import Completion
from transmit.engine.events import EngineResult, Hearing, Signal

SPEECH_SECONDS = 1.0
"""Shorter sounds are clicks and the end of a ringing tone, not a voice."""

SIP_CODES: dict[int, Status] = {
    **dict.fromkeys((486, 600), Status.BUSY),
    # No path: the service or a gateway behind it is out of order, or the routing goes in circles.
    **dict.fromkeys((482, 483, 502, 503, 504), Status.FAST_BUSY),
    **dict.fromkeys((408, 480), Status.NO_ANSWER),
    # The number is not in use, has moved for good (not followed), is incomplete or ambiguous.
    **dict.fromkeys((301, 404, 410, 484, 485, 604), Status.OPERATOR_MESSAGE),
    **dict.fromkeys((415, 488, 606), Status.NEGOTIATION_FAILED),
}
"""Final responses to INVITE (RFC 3261 §21); any other is a General Error."""

Q850_CAUSES: dict[int, Status] = {
    17: Status.BUSY,  # user busy
    # No route to the transit network or the destination, exchange routing error, destination out of order;
    # no circuit available, network out of order, temporary failure, equipment congestion, no such channel,
    # resources unavailable.
    **dict.fromkeys((2, 3, 25, 27, 34, 38, 41, 42, 44, 47), Status.FAST_BUSY),
    **dict.fromkeys((18, 19, 20), Status.NO_ANSWER),  # no user responding, no answer, subscriber absent
    # Unallocated, special information tone, misdialled prefix, number changed, invalid or incomplete number.
    **dict.fromkeys((1, 4, 5, 22, 28), Status.OPERATOR_MESSAGE),
    **dict.fromkeys((65, 88), Status.NEGOTIATION_FAILED),  # bearer not implemented, incompatible destination
}
"""Causes of a Reason field (ITU-T Q.850, RFC 3326): nearer to the truth than the SIP code beside them. Any
other, such as 16 (normal) or 31 (unspecified), leaves it to that code."""

SIGNALS: dict[Signal, Status] = {
    Signal.BUSY: Status.BUSY,
    Signal.REORDER: Status.FAST_BUSY,
    # Of a kind that does not say why, or: changed, not in service, not in use.
    **dict.fromkeys((Signal.SIT, Signal.SIT_INTERCEPT, Signal.SIT_VACANT), Status.OPERATOR_MESSAGE),
    # The announcements behind these are "all circuits are busy" and its like.
    **dict.fromkeys((Signal.SIT_REORDER, Signal.SIT_NO_CIRCUIT), Status.FAST_BUSY),
}
"""Tones of a network that say that the call will not come about (ITU-T E.180, Telcordia SR-2275)."""

_EXACT_SIGNALS = frozenset(
    {Signal.SIT_INTERCEPT, Signal.SIT_VACANT, Signal.SIT_REORDER, Signal.SIT_NO_CIRCUIT}
)
"""Tones that are more exact than a SIP code. The others only fill in where the code says little."""
_VAGUE = frozenset({Status.NO_ANSWER, Status.GENERAL_ERROR})
_FAST_IS_BUSY = ("+34", "+45", "+46", "+52", "+55", "+57")
"""Where the fast rhythm is the busy tone (E.180 Supplement 2): Spain, Denmark, Sweden, Mexico, Brazil,
Colombia."""

T30_CODES: dict[Completion, Status] = {
    **dict.fromkeys((Completion.TX_GOTDCN, Completion.TX_NODIS), Status.NOT_A_FAX_MACHINE),
    **dict.fromkeys(
        (
            Completion.CANNOT_TRAIN,
            Completion.INCOMPATIBLE,
            Completion.RX_INCAPABLE,
            Completion.TX_INCAPABLE,
            Completion.NORESSUPPORT,
            Completion.NOSIZESUPPORT,
            Completion.TX_BADDCS,
            Completion.TX_PHBDEAD,
        ),
        Status.NEGOTIATION_FAILED,
    ),
    **dict.fromkeys((Completion.TX_ECMPHD, Completion.TX_T5EXP), Status.EXCEEDED_ECM_RETRANSMIT),
    **dict.fromkeys(
        (
            Completion.HDLC_CARRIER,
            Completion.UNEXPECTED,
            Completion.TX_BADPG,
            Completion.TX_INVALRSP,
            Completion.TX_PHDDEAD,
        ),
        Status.TRANSMISSION_FAILED,
    ),
}
"""Completion codes, with what they mean where they belong; some come in other phases too (`_in_its_phase`).
OK, T0 and T1 expiry, RETRYDCN and CALLDROPPED need more facts."""

_OURS = range(Completion.FILEERROR, Completion.NOMEM + 1)
"""Completion codes of our own document or machine."""

_SILENT = frozenset({Completion.CEDTONE, Completion.T0_EXPIRED, Completion.T1_EXPIRED})


@dataclass(frozen=True, kw_only=True, slots=True)
class CallFacts:
    """All that is known of a call that is over."""

    pages_asked: int
    cancelled: bool = False
    """The job was cancelled, and the call hung up for it."""
    rang_out: bool = False
    """We gave up because nobody answered in time."""
    sip_code: int | None = None
    """The final response that refused the call; None if it was answered, or if nothing came at all."""
    q850_cause: int | None = None
    answered: bool = False
    fault: str = ""
    """What went wrong on our side or between the two ends, in our own words; empty for nothing."""
    number: str = ""
    """That was called, in E.164: what a tone means depends on the country a little."""
    heard: Hearing = field(default_factory=Hearing)
    """What was heard in the call, early media included."""
    no_common_media: bool = False
    """The two ends could not agree on T.38 or G.711."""
    left_at_t38: bool = False
    """The far end hung up when we offered T.38."""
    engine: EngineResult | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A status and what it rests on."""

    status: Status
    cause: str


def judge(facts: CallFacts) -> Verdict:
    """The status of a call."""
    engine = facts.engine
    if engine is not None and _all_pages(facts, engine):
        return Verdict(status=Status.SUCCESS, cause=_success_cause(engine))
    if facts.cancelled:
        return Verdict(status=Status.JOB_CANCELLED, cause="hung up because the job was cancelled")
    if facts.no_common_media:
        return Verdict(status=Status.NEGOTIATION_FAILED, cause=facts.fault or "no common media")
    if facts.answered and engine is not None:
        return _judge_session(engine, facts)
    return _judge_refusal(facts)


def _success_cause(engine: EngineResult) -> str:
    """What came after the last confirmation, such as a second MCF, takes no page back from the recipient."""
    words = f"{engine.pages_confirmed} of {engine.pages_confirmed} pages confirmed"
    if engine.t30_code in (Completion.OK, None):
        return words
    return f"{words}; after them T.30 {engine.t30_code} {engine.t30_result}".rstrip()


def _all_pages(facts: CallFacts, engine: EngineResult) -> bool:
    return engine.pages_confirmed == facts.pages_asked > 0


def _judge_refusal(facts: CallFacts) -> Verdict:
    verdict = _judge_word(facts)
    signals = facts.heard.signals
    if not signals:
        return verdict
    signal = _telling(signals)
    status = verdict.status
    if signal in _EXACT_SIGNALS or (signal is not None and status in _VAGUE):
        status = _status_of_signal(signal, facts.number)
    return Verdict(status=status, cause=f"{verdict.cause}; heard {', '.join(signals)}")


def _judge_word(facts: CallFacts) -> Verdict:
    """What was said by SIP, or not said."""
    if facts.rang_out:
        return Verdict(status=Status.NO_ANSWER, cause="no answer in time; CANCEL sent")
    if facts.q850_cause in Q850_CAUSES:
        return Verdict(status=Q850_CAUSES[facts.q850_cause], cause=_sip_cause(facts))
    if facts.sip_code is not None:
        return Verdict(status=SIP_CODES.get(facts.sip_code, Status.GENERAL_ERROR), cause=_sip_cause(facts))
    return Verdict(status=Status.GENERAL_ERROR, cause=facts.fault or "the call ended for no known reason")


def _telling(signals: Sequence[Signal]) -> Signal | None:
    """The signal that says most: an exact one, else the first that says anything."""
    exact = [signal for signal in signals if signal in _EXACT_SIGNALS]
    return next((signal for signal in (*exact, *signals) if signal in SIGNALS), None)


def _status_of_signal(signal: Signal, number: str) -> Status:
    if signal is Signal.REORDER and number.startswith(_FAST_IS_BUSY):
        return Status.BUSY
    return SIGNALS[signal]


def _sip_cause(facts: CallFacts) -> str:
    q850 = "" if facts.q850_cause is None else f", Q.850 {facts.q850_cause}"
    words = f" ({facts.fault})" if facts.fault else ""
    return f"SIP {facts.sip_code}{q850}{words}"


def _judge_session(engine: EngineResult, facts: CallFacts) -> Verdict:
    words = _session_cause(engine, facts)
    if engine.crashed:
        return Verdict(status=Status.GENERAL_ERROR, cause=f"the fax engine crashed; {words}")
    return Verdict(status=_status_of_session(engine, facts), cause=words)


def _status_of_session(engine: EngineResult, facts: CallFacts) -> Status:
    code = Completion(engine.t30_code) if engine.t30_code is not None else None
    if code in T30_CODES:
        return _in_its_phase(T30_CODES[code], engine)
    if code in _SILENT or code is Completion.CALLDROPPED or code is None:
        unfinished = _status_of_unfinished(engine, facts, dropped=code not in _SILENT)
        return unfinished if engine.bit_rate is None else _broken(engine)
    if code is Completion.RETRYDCN:
        exceeded = Status.EXCEEDED_ECM_RETRANSMIT if engine.ecm else Status.TRANSMISSION_FAILED
        return _in_its_phase(exceeded, engine)
    if code is Completion.OK:
        return Status.TRANSMISSION_FAILED  # T.30 was content, and yet not every page was confirmed
    if engine.bit_rate is not None and code not in _OURS:
        return _broken(engine)  # such as by DCN in answer to MPS or RR
    return Status.GENERAL_ERROR


def _in_its_phase(status: Status, engine: EngineResult) -> Status:
    """The same code may come before the first page (instead of CFR) and after one (in training anew)."""
    if engine.bit_rate is not None and status is not Status.EXCEEDED_ECM_RETRANSMIT:
        return _broken(engine)
    if engine.bit_rate is None and status is Status.TRANSMISSION_FAILED and engine.heard.v21_heard:
        return Status.NEGOTIATION_FAILED
    return status


def _broken(engine: EngineResult) -> Status:
    """A fax that began and broke; with EOR we had given up to mend a page (T.30 annex A.4.3)."""
    return Status.EXCEEDED_ECM_RETRANSMIT if _sent(engine, "EOR") else Status.TRANSMISSION_FAILED


def _sent(engine: EngineResult, name: str) -> bool:
    return any(not frame.received and frame.name == name for frame in engine.frames)


def _status_of_unfinished(engine: EngineResult, facts: CallFacts, *, dropped: bool) -> Status:
    """No image was begun: what was heard decides."""
    heard = engine.heard
    if heard.v21_heard or _sent(engine, "DCS"):
        # One that leaves after our DCS leaves the training; before it, nobody knows what it wanted.
        in_training = not dropped or _sent(engine, "DCS") or facts.left_at_t38
        return Status.NEGOTIATION_FAILED if in_training else Status.GENERAL_ERROR
    if (signal := _telling(heard.signals)) is not None:
        return _status_of_signal(signal, facts.number)
    if is_voice(heard):
        return Status.VOICE_ANSWER
    return _status_of_silence(facts, heard, dropped=dropped)


def _status_of_silence(facts: CallFacts, heard: Hearing, *, dropped: bool) -> Status:
    """Nothing telling was heard, or a ringing tone."""
    if facts.q850_cause in Q850_CAUSES:
        return Q850_CAUSES[facts.q850_cause]  # a gateway answered before it knew
    if Signal.RINGING in heard.signals and not heard.ced_heard:
        return Status.NO_ANSWER  # a gateway answered, and the telephone behind it rang on
    if dropped:
        return Status.NEGOTIATION_FAILED if facts.left_at_t38 else Status.GENERAL_ERROR
    return Status.NOT_A_FAX_MACHINE


def is_voice(heard: Hearing) -> bool:
    """Whether somebody spoke, and no fax machine was heard."""
    return heard.speech_seconds >= SPEECH_SECONDS and not heard.ced_heard and not heard.v21_heard


def _session_cause(engine: EngineResult, facts: CallFacts) -> str:
    parts = [f"T.30 {engine.t30_code} {engine.t30_result}".strip()] if engine.t30_code is not None else []
    if facts.fault:
        parts.append(facts.fault)
    if facts.q850_cause is not None:
        parts.append(f"Q.850 {facts.q850_cause}")
    parts.append(f"{engine.pages_confirmed} of {facts.pages_asked} pages confirmed")
    if engine.last_page_unconfirmed:
        parts.append("last page unconfirmed")
    if engine.bit_rate is None:
        parts.append(_heard_words(engine.heard))
    return "; ".join(parts)


def _heard_words(heard: Hearing) -> str:
    sounds = [
        ("silence", heard.silence_seconds),
        ("speech", heard.speech_seconds),
        ("tones", heard.tone_seconds),
        ("CED", heard.ced_seconds),
    ]
    words = [f"{seconds:.1f} s of {name}" for name, seconds in sounds if seconds > 0]
    if heard.v21_heard:
        words.append("V.21")
    words += [signal.value for signal in heard.signals if signal is not Signal.CED]
    return "heard " + (", ".join(words) or "nothing")
