"""The part of a notice that programs read: `message/delivery-status` (RFC 3464). Pure.

It has a group of fields for the mail and one for each address of which something final is to be told. An
address is named as the client named it in RCPT, and beside it as the first sender did (ORCPT). Everything is
printable ASCII on lines that no value can end: what others wrote has passed `_printable` or `one_line`.

With `phi_free` an address is told only if it can name nobody; otherwise the number stands in its place.
"""

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from config.number_text import E164
from notify.recipients import is_nameless
from notify.status_code import status_code
from notify.wording import advice, one_line, reason, unexplained
from store.job import FaxJob, Outcome
from store.lifecycle import JobState
from store.mail import Envelope, ReceivedMail
from store.owed_notices import asks_to_be_told, request_for
from store.status import Status

_COLUMNS = 76
_LINE = 900
"""Octets of an address, which no blank divides, on a line, of which SMTP allows 998 (RFC 5321 §4.5.3.1.6);
beyond ASCII each character takes eight of them."""
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_NOT_XTEXT = re.compile(r"[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportingMta:
    """Who reports, and for which mail domain."""

    hostname: str
    """As in our greeting."""
    domain: str
    """The domain whose addresses are fax numbers."""
    sender_name: str = "Postfax"
    """The name beside the From address."""


def delivery_status(mail: ReceivedMail, jobs: Sequence[FaxJob], *, mta: ReportingMta, phi_free: bool) -> str:
    """The part's content, lines ending in CRLF; empty if there is nothing to tell a program.

    `jobs` are those of which this notice is the last word: sent, failed, cancelled, or refused.
    """
    recipients = [
        _recipient(job, address, mail.envelope, mta.domain, phi_free=phi_free)
        for job in jobs
        for address in _told_addresses(job, mail.envelope)
    ]
    if not recipients:
        return ""
    groups = [_message(mail, mta), *recipients]
    return "\r\n".join("".join(f"{line}\r\n" for line in group) for group in groups)


def _told_addresses(job: FaxJob, envelope: Envelope) -> Iterator[str]:
    """The addresses of a job whose last word is wanted; an empty text where they are not known."""
    success = job.state is JobState.SENT
    for address in job.addresses or ("",):
        if asks_to_be_told(request_for(envelope, address), success=success, otherwise=True):
            yield address


def _message(mail: ReceivedMail, mta: ReportingMta) -> list[str]:
    """The fields for the mail as a whole (RFC 3464 §2.2)."""
    envelope_id = _printable(mail.envelope.envelope_id)
    return [
        f"Reporting-MTA: dns; {mta.hostname}",
        *([f"Original-Envelope-Id: {envelope_id}"] if envelope_id else []),
        f"Arrival-Date: {_date(mail.received_at)}",
    ]


def _recipient(job: FaxJob, address: str, envelope: Envelope, domain: str, *, phi_free: bool) -> list[str]:
    """The fields for one address (RFC 3464 §2.3)."""
    status = job.status or Status.GENERAL_ERROR
    delivered = job.state is JobState.SENT
    original = request_for(envelope, address).original_recipient
    last = job.attempts[-1] if job.attempts else None
    lines = [
        f"Final-Recipient: {_typed(_final(job, address, domain, phi_free=phi_free))}",
        f"Action: {'delivered' if delivered else 'failed'}",
        f"Status: {status_code(status)}",
    ]
    if original and (not phi_free or is_nameless(original.partition(";")[2].rpartition("@")[0])):
        told = _original(original)
        # Without it (it is optional) a line that is too long would cost the whole notice.
        lines[:0] = [f"Original-Recipient: {told}"] if len(told) <= _LINE else []
    if not delivered:
        lines.append(f"Diagnostic-Code: X-Fax; {_diagnosis(status, last.outcome if last else None)}")
    if last:
        ended_at = last.outcome.ended_at if last.outcome else last.started_at
        lines.append(f"Last-Attempt-Date: {_date(ended_at)}")
    lines.append(f"Final-Log-ID: {job.id}")
    if not delivered:
        lines += _supplement(job, status, phi_free=phi_free)
    return lines


def _final(job: FaxJob, address: str, domain: str, *, phi_free: bool) -> str:
    """The address as the client gave it; the number where that is unknown, too long, or may not be told."""
    hidden = phi_free and not is_nameless(address.rpartition("@")[0])
    if address and not hidden and len(_typed(address)) <= _LINE:
        return address
    number = job.recipient.number
    if E164.fullmatch(number):
        return f"{number}@{domain}"
    return f"{''.join(re.findall(r'[0-9]+', number)) or f'recipient-{job.position + 1}'}@{domain}"


def _typed(address: str) -> str:
    """An address with its type: `rfc822`, or beyond ASCII `utf-8` in the form for 7 bits (RFC 6533 §3)."""
    if address.isascii():
        return f"rfc822; {_printable(address)}"
    return "utf-8; " + _NOT_XTEXT.sub(lambda found: f"\\x{{{ord(found[0]):X}}}", address)


def _original(original: str) -> str:
    kind, separator, address = original.partition(";")
    if separator and kind.lower() in {"rfc822", "utf-8"}:
        return _typed(address.strip())
    return _printable(original)


def _diagnosis(status: Status, outcome: Outcome | None) -> str:
    """Our status, and the codes of the last call that stand behind it."""
    if outcome is None or outcome.status is not status:
        return status.value
    codes = (
        f"{kind} {code}"
        for kind, code in (
            ("SIP", outcome.sip_code),
            ("Q.850", outcome.q850_cause),
            ("T.30", outcome.t30_code),
        )
        if code
    )
    behind = ", ".join(codes)
    return f"{status.value} ({behind})" if behind else status.value


def _supplement(job: FaxJob, status: Status, *, phi_free: bool) -> list[str]:
    """What went wrong, in a sentence: Exchange shows this field of its own where it draws a report itself."""
    hidden = unexplained(job, phi_free=phi_free)
    why = reason(status, job.explanation, phi_free=hidden)
    said = f"{why[:1].upper()}{why[1:]} {advice(status, job.advice, phi_free=hidden)}"
    plain = unicodedata.normalize("NFKC", one_line(said, 800)).encode("ascii", "replace").decode()
    return textwrap.wrap(
        f"X-Supplementary-Info: {plain}",
        _COLUMNS,
        subsequent_indent=" ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _printable(text: str) -> str:
    """The text with everything but printable ASCII written as in xtext (RFC 3461 §4)."""
    return _UNPRINTABLE.sub(
        lambda found: "".join(f"+{octet:02X}" for octet in found[0].encode("utf-8", "replace")), text.strip()
    )


def _date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))
