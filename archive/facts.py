"""All that an archived copy tells of its fax."""

from dataclasses import dataclass

from store.job import FaxJob
from store.mail import ReceivedMail


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxFacts:
    """A finished fax and the mail that it came in."""

    mail: ReceivedMail
    job: FaxJob
    """In its final state, with its attempts."""
