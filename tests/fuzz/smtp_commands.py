"""Fuzz target: command lines of an SMTP session, and the transaction that they build up.

The input is a dialogue, a command on each line; a line without CR before its LF is one with a bare LF.
"""

from mta.reply import Reply
from mta.smtp.chunking import parse_chunk
from mta.smtp.command import Mailbox, parse_mail_argument, parse_mailbox
from mta.smtp.command_line import parse_command_line
from mta.smtp.transaction import Transaction, TransactionRules

USUAL = 4096
LARGEST = 8192

WORDS = (
    b"MAIL FROM:<", b"RCPT TO:<", b"RSET\r\n", b"DATA\r\n", b"BDAT ", b" LAST", b"\r\n", b"fax.example.com",
    b" SIZE=", b" BODY=8BITMIME", b" SMTPUTF8", b" RET=FULL", b" ENVID=", b" NOTIFY=NEVER",
    b" ORCPT=utf-8;\\x{2B}", b" AUTH=<>", b"[IPv6:::1]", b"[127.0.0.1]", b"@a.example:", b"postmaster",
    b"xn--", b"+2B", b"\xc3\xb6",
)  # fmt: skip

_DOMAIN = "fax.example.com"
_RULES = TransactionRules(domain=_DOMAIN, max_size=10_000, max_recipients=3, contact="admin@hospital.example")


def check(octets: bytes) -> None:
    """Replies are one line of ASCII, and an envelope holds what can be said again."""
    transaction = Transaction(_RULES)
    for line in _lines(octets):
        parsed = parse_command_line(line)
        if isinstance(parsed, Reply):
            _check_reply(parsed)
            continue
        verb, argument = parsed
        if verb == "MAIL":
            _check_reply(reply := transaction.mail(argument))
            if reply.accepted:
                _check_return_path(argument, transaction.envelope.return_path)
        elif verb == "RCPT":
            _check_reply(transaction.rcpt(argument))
        elif verb == "RSET":
            transaction = Transaction(_RULES)
        elif verb == "BDAT":
            chunk = parse_chunk(argument)
            assert chunk is None or chunk.size >= 0
        elif refusal := transaction.out_of_order():
            _check_reply(refusal)
        _check_envelope(transaction)


def _lines(octets: bytes) -> list[bytes]:
    return [line + b"\n" for line in octets.split(b"\n")]


def _check_reply(reply: Reply) -> None:
    assert 200 <= reply.code < 600
    assert reply.enhanced.startswith(f"{reply.code // 100}.")
    assert len(reply.octets) <= 512
    assert reply.octets.endswith(b"\r\n")
    assert all(0x20 <= octet < 0x7F for octet in reply.octets[:-2])


def _check_return_path(argument: str, return_path: str) -> None:
    mailbox = parse_mail_argument(argument).mailbox
    assert return_path == ("" if mailbox is None else str(mailbox))
    assert parse_mail_argument(f"FROM:<{return_path}>").mailbox == mailbox
    if mailbox is not None:
        _check_mailbox(mailbox)


def _check_mailbox(mailbox: Mailbox) -> None:
    text = str(mailbox)
    assert parse_mailbox(text) == mailbox
    assert text.isprintable()
    text.encode()


def _check_envelope(transaction: Transaction) -> None:
    envelope = transaction.envelope
    assert len(set(envelope.recipients)) == len(envelope.recipients) <= _RULES.max_recipients
    assert bool(envelope.recipients) == (transaction.out_of_order() is None)
    assert envelope.notice_requests.keys() <= set(envelope.recipients)
    assert envelope.envelope_id.isprintable()
    for recipient in envelope.recipients:
        mailbox = parse_mailbox(recipient)
        assert mailbox is not None
        assert _RULES.is_ours(mailbox.domain)
        _check_mailbox(mailbox)
