"""Delivery to a mailbox: one mail with the document and its sidecars attached.

Its Authentication-Results field (RFC 8601) is the one of the mail that the fax came in.

The mail is the same whenever it is made again: its Message-ID comes from the copy's id and its Date from
the copy's time of creation, so a repetition after a crash is recognised by the receiving side.
"""

import re
from collections.abc import Awaitable, Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from archive.facts import FaxFacts
from archive.filing import ArchiveFile
from config.archive import EmailTarget
from config.domain_name import carried_address
from store.outbox import LOOP_FIELD, Copy

SendMail = Callable[[EmailMessage, str], Awaitable[None]]
"""Hands a mail over for one recipient; what it raises passes through."""


async def put_by_mail(
    target: EmailTarget,
    copy: Copy,
    facts: FaxFacts,
    files: tuple[ArchiveFile, ...],
    *,
    sender: str,
    send_mail: SendMail,
) -> str:
    """Send the files and return the address that they went to."""
    await send_mail(_mail(target, copy, facts, files, sender), target.to)
    return target.to


def _mail(
    target: EmailTarget, copy: Copy, facts: FaxFacts, files: tuple[ArchiveFile, ...], sender: str
) -> EmailMessage:
    identity = re.sub(r"[^A-Za-z0-9-]+", ".", copy.id)
    domain = sender.rpartition("@")[2]
    # Only an address outside ASCII needs SMTPUTF8 (RFC 6531).
    address = carried_address(target.to)
    mail = EmailMessage(SMTP.clone(cte_type="7bit", utf8=not address.isascii()))
    mail["From"] = Address(display_name="Postfax", addr_spec=carried_address(sender))
    mail["To"] = address
    mail["Subject"] = _subject(facts)
    mail["Date"] = copy.created_at
    mail["Message-ID"] = f"<{identity}.copy@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail[LOOP_FIELD] = domain
    if facts.mail.proof.results:
        mail["Authentication-Results"] = facts.mail.proof.results
    mail.set_content(_body(files), cte="quoted-printable")
    for file in files:
        kind, _, subkind = file.media_type.partition("/")
        mail.add_attachment(file.octets, maintype=kind, subtype=subkind, filename=file.name)
    mail.set_boundary(f"=_{identity}_=")
    return mail


def _subject(facts: FaxFacts) -> str:
    job = facts.job
    number = " ".join(job.recipient.number.split())[:60]
    return f"Fax {job.id} to {number}: {job.status.value if job.status else job.state.value}"


def _body(files: tuple[ArchiveFile, ...]) -> str:
    return "The copy of a fax for the archive:\n\n" + "".join(f"  {file.path}\n" for file in files)
