"""With which settings a number is called: pure, from what earlier calls to it came to.

A call that failed in the fax itself is not repeated as it was. Each such failure takes the next one a rung
down:

    1. the rate falls to that of V.29, 9,600 bit/s;
    2. the other transport is taken, G.711 for T.38 or T.38 for G.711;
    3. the rate falls to that of V.27ter, 4,800 bit/s.

Where the two ends found no common media, or agreed on T.38 and nothing came by it (a firewall that knows RTP
alone), the transport is changed at once. Error correction stays on: without
it rows that were lost are confirmed like good ones. What got through in the end is remembered with the number
(`Destination`), and so is the finest resolution that its machine takes; the next fax begins there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from store.destination import Destination
from store.job import Outcome
from store.status import Status

FULL_RATE, V29_RATE, V27TER_RATE = 14_400, 9_600, 4_800
"""bit/s."""
FAX_FAILURES = frozenset(
    {Status.NEGOTIATION_FAILED, Status.EXCEEDED_ECM_RETRANSMIT, Status.TRANSMISSION_FAILED}
)
"""What other settings may mend."""
_SILENT = FAX_FAILURES | {Status.NOT_A_FAX_MACHINE, Status.GENERAL_ERROR}
T38, G711 = "T.38", "G.711"

_OTHER = {T38: G711, G711: T38}
_FINENESS = ("standard", "fine", "superfine")


@dataclass(frozen=True, kw_only=True, slots=True)
class CallSettings:
    """How one call is placed, as far as it is not the line's to say."""

    max_rate: int = FULL_RATE
    """bit/s."""
    transport: str = ""
    """`T.38` or `G.711` alone; empty for what the line does."""
    resolution: str
    """At which the pages are sent: coarser than the document where the far end takes no finer ones."""


def call_settings(
    destination: Destination | None, earlier: Sequence[Outcome], *, resolution: str
) -> CallSettings:
    """The settings of the next call.

    Args:
        destination: what is known of the number; None for nothing.
        resolution: of the document.
        earlier: what the job's calls so far came to, the first one first; not those that were cut off.
    """
    settings = _remembered(destination, resolution)
    begun_with = settings.transport
    for outcome in earlier:
        if outcome.status in FAX_FAILURES or _was_deaf(outcome):
            settings = _one_rung_down(settings, outcome, begun_with)
    return settings


def learned(
    destination: Destination | None, number: str, settings: CallSettings, outcome: Outcome
) -> Destination | None:
    """What is known of a number after a call; None where the call taught nothing.

    A success with other settings than the line's makes them the number's; one with the line's own settings
    shows that no others are needed. A failure only tells the resolutions of the machine, if one was there.
    """
    if outcome.status is not Status.SUCCESS and not outcome.remote_finest:
        return None
    known = destination or Destination(number=number, learned_at=outcome.ended_at)
    known = replace(known, finest=outcome.remote_finest or known.finest, learned_at=outcome.ended_at)
    if outcome.status is not Status.SUCCESS:
        return known
    max_rate = settings.max_rate if settings.max_rate < FULL_RATE else None
    return replace(known, max_rate=max_rate, transport=settings.transport)


def _remembered(destination: Destination | None, resolution: str) -> CallSettings:
    if destination is None:
        return CallSettings(resolution=resolution)
    return CallSettings(
        resolution=_coarser(resolution, destination.finest),
        max_rate=destination.max_rate or FULL_RATE,
        transport=destination.transport,
    )


def _one_rung_down(settings: CallSettings, outcome: Outcome, begun_with: str) -> CallSettings:
    resolution = _coarser(settings.resolution, outcome.remote_finest)
    if resolution != settings.resolution:  # no page so fine is taken there: reason enough for the failure
        return replace(settings, resolution=resolution)
    if not outcome.transport or _was_deaf(outcome):  # no common media were found, or they were of no use
        return replace(settings, transport=_OTHER.get(settings.transport, G711))
    if settings.max_rate > V29_RATE:
        return replace(settings, max_rate=V29_RATE)
    if settings.transport == begun_with and outcome.transport in _OTHER:  # a modem has no other
        return replace(settings, transport=_OTHER[outcome.transport])
    return replace(settings, max_rate=V27TER_RATE)


def _was_deaf(outcome: Outcome) -> bool:
    """Whether a call went over to T.38 and heard nothing of a fax machine there until one end gave up."""
    heard_nothing = not outcome.remote_finest and " < " not in outcome.transcript
    return outcome.status in _SILENT and outcome.transport == T38 and heard_nothing


def _coarser(one: str, other: str) -> str:
    """The coarser of two resolutions, of which the other may not be known."""
    return min(one, other or one, key=_FINENESS.index)
