"""What a provider's fax came to, as a status: the one place where its errors become ours. Pure."""

from store.status import Status
from transmit.causes import Verdict
from transmit.provider.fax import FaxStage, ProviderFax

_CALL, _FAX, _LINE = "CALL_ERROR", "FAX_ERROR", "LINE_ERROR"

CODES: dict[tuple[str, int], Status] = {
    (_CALL, 11): Status.TRANSMISSION_FAILED,  # the call dropped
    (_CALL, 15): Status.FAST_BUSY,
    (_CALL, 16): Status.NO_ANSWER,
    (_CALL, 17): Status.BUSY,
    (_CALL, 30): Status.NOT_A_FAX_MACHINE,
    (_CALL, 32): Status.NEGOTIATION_FAILED,  # incompatible destination
    (_CALL, 34): Status.OPERATOR_MESSAGE,  # not operational
    (_CALL, 43): Status.FAST_BUSY,  # no connection
    (_CALL, 49): Status.OPERATOR_MESSAGE,  # not active
    # Nothing of a fax machine, or one that left before a page.
    **dict.fromkeys(((_FAX, code) for code in (13, 14, 26, 41, 80, 132)), Status.NOT_A_FAX_MACHINE),
    # Size, resolution, training, incompatible; no answer to DCS.
    **dict.fromkeys(
        ((_FAX, code) for code in (7, 12, 22, 25, 28, 31, 38, 48, 68)), Status.NEGOTIATION_FAILED
    ),
    (_FAX, 77): Status.EXCEEDED_ECM_RETRANSMIT,  # never ready in error correction
    **dict.fromkeys(
        ((_FAX, code) for code in (6, 8, 10, 18, 20, 21, 29, 53, 60, 63, 82, 84, 117, 131)),
        Status.TRANSMISSION_FAILED,
    ),
    (_FAX, 75): Status.JOB_CANCELLED,  # by somebody at the provider's own pages
}
"""By type and code; any other is a General Error: of the provider, its conversion, the account."""


def judge_fax(fax: ProviderFax, *, pages_asked: int, cancelled: bool) -> Verdict:
    """The status of a fax that the provider is done with.

    Args:
        fax: as it ended.
        pages_asked: those that were to be sent.
        cancelled: whether the job was cancelled meanwhile: the provider has no way to call a fax back.
    """
    sent = confirmed_pages(fax)
    confirmed = f"{sent} of {pages_asked} pages confirmed"
    if fax.stage is FaxStage.COMPLETED:
        if sent == pages_asked > 0:
            return Verdict(status=Status.SUCCESS, cause=confirmed)
        return Verdict(
            status=Status.TRANSMISSION_FAILED, cause=f"the provider is content, and yet {confirmed}"
        )
    error = " ".join(filter(None, (fax.error_type, str(fax.error_code), fax.error)))
    cause = f"{error}; {confirmed}"
    if cancelled:
        return Verdict(status=Status.JOB_CANCELLED, cause=f"the job was cancelled; {cause}")
    return Verdict(status=_status(fax), cause=cause)


def confirmed_pages(fax: ProviderFax) -> int:
    """Pages that the far end has. A completed fax is sent as a whole, where its pages sent are not told."""
    if fax.pages_sent is not None:
        return fax.pages_sent
    return fax.pages or 0 if fax.stage is FaxStage.COMPLETED else 0


def _status(fax: ProviderFax) -> Status:
    if fax.error_type == _LINE:
        return Status.FAST_BUSY
    return CODES.get((fax.error_type, fax.error_code), Status.GENERAL_ERROR)
