"""From a job and what is known of its number to the order for one call, with the document that it sends."""

from dataclasses import dataclass, replace
from pathlib import Path

from config.fax import FaxSettings
from config.retry import Resume
from convert.attempt_document import AttemptPages, write_attempt
from postfax.journey.wording import continuation_notice, header_text
from store.job import Attempt, FaxJob, Outcome
from submission.number import FaxNumber, read_number
from transmit.call_settings import CallSettings
from transmit.caller_id import told
from transmit.line import CallOrder


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderedCall:
    """A call that is ready to be placed."""

    order: CallOrder
    notices: int
    """Pages of its document that are none of the fax: the one that says that it is continued."""

    def of_the_fax(self, outcome: Outcome) -> Outcome:
        """The outcome with the pages counted that are the fax's own."""
        return replace(outcome, pages_confirmed=max(0, outcome.pages_confirmed - self.notices))


def ordered_call(
    job: FaxJob, attempt: Attempt, settings: CallSettings, source: Path, folder: Path
) -> OrderedCall:
    """Write the document of an attempt into the folder, and say how it is to be sent. Blocks.

    Raises:
        fax_tiff.NotAFaxTiff: The source is no document of ours.
        ConverterUnavailable: A library or every font is missing.
        OSError: A file cannot be read or written.
    """
    notice = continuation_notice(job, attempt.first_page) if _begins_with_notice(job, attempt) else ()
    pages = AttemptPages(
        header=header_text(job, attempt.started_at, continued=attempt.first_page > 0),
        resolution=settings.resolution,
        first_page=attempt.first_page,
        notice=notice,
    )
    target = folder / "stamped.tif"
    count = write_attempt(source, target, pages)
    return OrderedCall(order=_order(job, attempt, settings, target, count), notices=count - job.pages)


def order_to_follow(job: FaxJob, attempt: Attempt, settings: CallSettings, trouble: str) -> OrderedCall:
    """The order of a call that its line may have placed already, and whose document is not to be had again.

    `trouble` says why, in words that follow an "and".
    """
    notices = int(_begins_with_notice(job, attempt))
    order = _order(job, attempt, settings, Path(), job.pages + notices)
    return OrderedCall(order=replace(order, no_document=trouble), notices=notices)


def _begins_with_notice(job: FaxJob, attempt: Attempt) -> bool:
    """Whether a page that says that the fax is continued goes before its pages."""
    return attempt.first_page > 0 and job.user.settings.retry.resume is Resume.COVER


def _order(job: FaxJob, attempt: Attempt, settings: CallSettings, document: Path, pages: int) -> CallOrder:
    fax = job.user.settings.fax
    return CallOrder(
        job_id=job.id,
        attempt_id=attempt.id,
        number=attempt.called,
        subaddress=job.recipient.subaddress,
        document=document,
        pages=pages,
        first_page=attempt.first_page,
        max_rate=settings.max_rate,
        transport=settings.transport,
        caller=_caller(fax),
        station_id=fax.csid or _caller(fax),
    )


def _caller(fax: FaxSettings) -> str:
    """The sender's number in E.164, however the policy writes it: networks take no other for a caller id."""
    if not fax.sender_number:
        return ""
    number = read_number(fax.sender_number, fax.default_region)
    return number.e164 if isinstance(number, FaxNumber) else told(fax.sender_number)
