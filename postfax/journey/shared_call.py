"""Several faxes to one number in one call: which go together, and what each of them came to. Pure.

The far end gets one document, the pages of one fax behind those of the other, each with its own cover page
and header lines. It confirms page by page, so each fax is a success exactly where all its own pages are
confirmed, whatever became of the call after them.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from store.job import FaxJob, Outcome
from store.status import Status

OTHER_CANCELLED = "another fax of the call was cancelled, and the call with it"


def begins_batch(job: FaxJob) -> bool:
    """Whether others may go along with a fax: its policy says so, and it begins at its first page."""
    return job.user.settings.fax.batch_pages > job.pages and job.pages_confirmed == 0


def goes_along(taken: Sequence[FaxJob], job: FaxJob) -> bool:
    """Whether a fax to the same number may go behind these in one call.

    The far end hears of one sender and one document: company, department, identity, caller id, subaddress and
    resolution must be the same, and there is room for so many pages as both their policies allow.
    """
    lead = taken[0]
    pages = sum(one.pages for one in taken) + job.pages
    most = min(one.user.settings.fax.batch_pages for one in (lead, job))
    return pages <= most and begins_batch(job) and _sender(lead) == _sender(job)


def _sender(job: FaxJob) -> tuple[object, ...]:
    fax = job.user.settings.fax
    return (
        job.user.company,
        job.user.departments,
        fax.csid,
        fax.sender_number,
        job.recipient.subaddress,
        job.document and job.document.resolution,
    )


def outcomes_of(call: Outcome, pages: Sequence[int]) -> list[Outcome]:
    """What each fax of a call came to.

    Args:
        call: what the call as a whole came to.
        pages: of each fax, in their order.
    """
    before = [0, *accumulate(pages)]
    return [
        _outcome(call, begin, count, faxes=len(pages)) for begin, count in zip(before, pages, strict=False)
    ]


def _outcome(call: Outcome, begin: int, pages: int, *, faxes: int) -> Outcome:
    confirmed = max(0, min(pages, call.pages_confirmed - begin))
    said = f"{confirmed} of {pages} pages confirmed, in a call of {faxes} faxes"
    if confirmed == pages:
        # What broke the call off afterwards is told with the fax that it broke.
        return replace(
            call, status=Status.SUCCESS, cause=said, pages_confirmed=pages, t30_code=0, t30_result="OK"
        )
    # No call with all its pages confirmed is short of a page of one of its faxes.
    status = Status.TRANSMISSION_FAILED if call.status is Status.SUCCESS else call.status
    return replace(call, status=status, cause=f"{call.cause}; {said}", pages_confirmed=confirmed)
