"""Mails that are submitted on this host: given whole, or made of documents; taken on like those by SMTP.

The sender must be registered like any other. That they are who they say is taken from the system: only who
may write the book can submit here.
"""

import mimetypes
import re
import secrets
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, make_msgid, parseaddr
from pathlib import Path

from config.domain_name import ascii_domain
from config.policy import Policy
from mta.dedupe import dedupe_key, digest_of
from mta.header_scan import HeaderTooLarge, scan_header
from mta.proof.verdict import address_of, single_author
from postfax.failures import ExitCode, Failure
from postfax.opening import now
from store.mail import Envelope, NewMail, ProofMethod, SenderProof

_LOCALLY = SenderProof(
    method=ProofMethod.LOCAL, client_address="", helo="", spf_result="", spf_domain="", aligned=True
)


def mail_of_documents(
    files: Sequence[Path], *, sender: str, recipients: Sequence[str], subject: str, text: str
) -> bytes:
    """A mail with the files as its attachments.

    Raises:
        Failure: A file cannot be read, or the sender, a recipient or the subject cannot stand in a header.
    """
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = sender
        mail["To"] = ", ".join(recipients)
        mail["Subject"] = subject
    except ValueError as problem:
        raise Failure(f"no mail can be made of this: {problem}.", ExitCode.USAGE) from problem
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
    mail.set_content(text)
    for file in files:
        kind, _, subkind = (mimetypes.guess_type(file.name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(octets_of(file), maintype=kind, subtype=subkind, filename=file.name)
    return mail.as_bytes()


def octets_of(file: Path) -> bytes:
    """What is in a file.

    Raises:
        Failure: It cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as problem:
        raise Failure(f"{file} cannot be read: {problem.strerror}.", ExitCode.NOT_FOUND) from problem


def with_crlf(mail: bytes) -> bytes:
    """A mail with the line ends that it has on its way (RFC 5322 §2.1), whatever it was saved with."""
    return re.sub(rb"\r\n|\r|\n", b"\r\n", mail)


def address_of_number(number: str, domain: str) -> str:
    """The mail address that names a number, as a sender would write it."""
    if "@" in number:
        return number
    return re.sub(r"[\s()/.-]", "", number) + f"@{domain}"


def recipients_named_in(mail: bytes, domains: Sequence[str]) -> list[str]:
    """The fax addresses in To, Cc and Bcc, which a mail has that was saved before it was sent."""
    from email import message_from_bytes
    from email.policy import default

    header = message_from_bytes(mail.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", policy=default)
    fields = [str(field) for name in ("To", "Cc", "Bcc") for field in header.get_all(name, [])]
    named = [address for _, address in getaddresses(fields)]
    return [address for address in named if ascii_domain(address.rpartition("@")[2]) in domains]


def local_mail(mail: bytes, recipients: Sequence[str], policy: Policy) -> NewMail:
    """The mail as the book takes it.

    Raises:
        Failure: Its From field does not name one registered sender.
    """
    try:
        header = scan_header(mail)
    except HeaderTooLarge as problem:
        raise Failure("the header of this mail is too large.") from problem
    author = single_author(header)
    if author is None:
        raise Failure("the mail must have exactly one From field with one address.")
    sender = address_of(author)
    user = policy.sender(sender)
    if user is None:
        raise Failure(f"{sender} is not registered: Unauthorized Sending Address. Add it to the policy.")
    envelope = Envelope(return_path=sender, recipients=tuple(dict.fromkeys(recipients)))
    return NewMail(
        envelope=envelope,
        header_from=sender,
        user_email=user.email,
        proof=_LOCALLY,
        message_id=header.message_id,
        dedupe_key=dedupe_key(
            envelope=envelope, header=header, content=digest_of(mail), nonce=secrets.token_hex(16)
        ),
        body=mail,
    )
