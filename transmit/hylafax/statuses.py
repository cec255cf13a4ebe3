"""What a HylaFAX job came to, as a status: the one place where HylaFAX's codes and words become ours.

Pure. HylaFAX numbers what ends a call (`STATUSCODE`), but a job that may not be called again ends with the
number for that and keeps only the words of what ended its call. So the words count where the number says
nothing; HylaFAX+ puts the number into the words (`{E001}`).
"""

import re

from store.status import Status
from transmit.causes import Verdict
from transmit.hylafax.job import HylafaxJob, JobStage

_NO_MORE_CALLS = frozenset({0, 333, 334, 999})
"""Codes that say nothing of the call: none, too many dials, too many tries, unknown."""

CODES: dict[int, Status] = {
    1: Status.BUSY,
    # The modem cannot tell a voice, silence or an endless ringing from each other: nobody is called often.
    2: Status.NOT_A_FAX_MACHINE,
    **dict.fromkeys((3, 215, 216), Status.NO_ANSWER),
    # No dial tone, or a call came in on the modem's line at that moment: no way out.
    **dict.fromkeys((4, 9, 12, 212, 214), Status.FAST_BUSY),
    # A data modem; nobody who speaks T.30 within T1.
    **dict.fromkeys((8, 126, 217, 218), Status.NOT_A_FAX_MACHINE),
    7: Status.NEGOTIATION_FAILED,
    # Phase B: no capability, invalid frames, no training; what the far end does not take of our pages.
    **dict.fromkeys((105, *range(122, 126), 136, 137), Status.NEGOTIATION_FAILED),
    **dict.fromkeys((*range(219, 228), *range(259, 262), 264), Status.NEGOTIATION_FAILED),
    **dict.fromkeys((*range(400, 402), *range(403, 420)), Status.NEGOTIATION_FAILED),
    # ECM: the receiver is never ready, or a block is never clean.
    **dict.fromkeys((*range(138, 141), *range(143, 146)), Status.EXCEEDED_ECM_RETRANSMIT),
    # Phase C and D.
    **dict.fromkeys((*range(100, 105), *range(106, 122)), Status.TRANSMISSION_FAILED),
    **dict.fromkeys((*range(127, 136), 141, 142, *range(146, 156)), Status.TRANSMISSION_FAILED),
    **dict.fromkeys((*range(228, 245), *range(280, 289)), Status.TRANSMISSION_FAILED),
    **dict.fromkeys((213, 344, 345, 352), Status.JOB_CANCELLED),
    327: Status.INVALID_FAX_NUMBER,
}
"""By `STATUSCODE`; any other is a General Error: of the server, the modem, the document's preparation."""

WORDS: tuple[tuple[str, int], ...] = (
    ("Busy signal detected", 1),
    ("No carrier detected", 2),
    ("No answer from remote", 3),
    ("No local dialtone", 4),
    ("Carrier established, but Phase A failure", 7),
    ("Data connection established", 8),
    ("Glare", 9),
    ("Ring detected", 12),
    ("Ringback detected", 215),
    ("No answer (T.30 T1 timeout)", 218),
    ("No receiver protocol", 126),
    ("Remote has no T.4 receiver capability", 122),
    ("DTC received when expecting DIS", 123),
    ("COMREC error in transmit Phase B", 124),
    ("COMREC invalid command received", 125),
    ("DIS/DTC received 3 times", 136),
    ("Failure to train", 137),
    ("DCS sent 3 times", 224),
    ("Receiver flow control exceeded timer", 138),
    ("No response to RR", 139),
    ("COMREC invalid response received to RR", 140),
    ("Failure to transmit clean ECM image data", 143),
    ("No response to EOR", 144),
    ("COMREC invalid response received to EOR", 145),
    ("Remote fax disconnected prematurely", 128),
    ("Unable to transmit page", 131),
    ("RSPREC", 103),
    ("COMREC", 110),
    ("No response to", 150),
    ("Fax protocol error", 134),
    ("Communication failure during Phase", 287),
    ("Unspecified Transmit Phase B", 219),
    ("Unspecified Transmit Phase", 228),
    ("Stop and wait failure", 127),
    ("Unable to establish message carrier", 148),
    ("Call aborted by user", 345),
    # After a call that showed that the far end takes other pages, it would be made anew and called again.
    ("REJECT: Too many attempts to dial", 418),
)
"""How the words begin, and the code that they belong to."""

_CODE_IN_WORDS = re.compile(r"\{E(\d{3})\}")


def judge_job(job: HylafaxJob, *, pages_asked: int, cancelled: bool) -> Verdict:
    """The status of a job that HylaFAX is done with.

    Args:
        job: as it ended.
        pages_asked: those that were to be sent.
        cancelled: whether we asked HylaFAX to end it.
    """
    confirmed = f"{job.pages_sent} of {pages_asked} pages confirmed"
    cause = "; ".join(filter(None, (f"HylaFAX {job.status_code} {job.status}".strip(), confirmed)))
    if job.stage is JobStage.DONE:
        if job.pages_sent == pages_asked > 0:
            return Verdict(status=Status.SUCCESS, cause=confirmed)
        return Verdict(status=Status.TRANSMISSION_FAILED, cause=f"HylaFAX is content, and yet {confirmed}")
    if cancelled:
        return Verdict(status=Status.JOB_CANCELLED, cause=f"ended because the job was cancelled; {cause}")
    return Verdict(status=_status(job), cause=cause)


def code_of(job: HylafaxJob) -> int:
    """What ended the call, by HylaFAX's numbers; 0 if that is not known."""
    if job.status_code not in _NO_MORE_CALLS:
        return job.status_code
    if told := _CODE_IN_WORDS.search(job.status):
        return int(told[1])
    return next((code for words, code in WORDS if job.status.startswith(words)), 0)


def _status(job: HylafaxJob) -> Status:
    code = code_of(job)
    if code == _DROPPED and job.bit_rate is None:
        return Status.NEGOTIATION_FAILED
    return CODES.get(code, Status.GENERAL_ERROR)


_DROPPED = 128
"""The far end left: in the middle of a page, or before there was one."""
