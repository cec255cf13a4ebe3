"""The commands of a session (RFC 5321 §4.1), all but those that carry the message.

Each is answered with its enhanced status code (RFC 2034). What a command means is decided elsewhere: by
`Transaction` for MAIL and RCPT, by `Intake` for the message, by `mta.smtp.login` for AUTH.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import ClassVar

import structlog

from mta.intake import Delivery, Intake
from mta.proof.verdict import RefusalReason, Refused
from mta.reply import Reply
from mta.smtp.command import SyntaxRefused
from mta.smtp.connection import SmtpConnection
from mta.smtp.dialogue import Command, Dialogue
from mta.smtp.forwarded_client import XCLIENT_ATTRIBUTES, XFORWARD_ATTRIBUTES, parse_attributes
from mta.smtp.limits import ClientLimits
from mta.smtp.login import (
    MECHANISMS,
    RESPONSE_LIMIT,
    TOO_LONG,
    Claim,
    LoginFailed,
    PasswordCheck,
    claim_of,
)
from mta.smtp.rules import SessionRules
from mta.smtp.transaction import Transaction, TransactionRules

_NAME_LIMIT = 255
_WRONG_PASSWORDS = 3
"""In one session."""

_WHO_ARE_YOU = Reply(501, "5.5.4", "say who you are, as in EHLO mail.example.org")
_GREET_FIRST = Reply(503, "5.5.1", "say EHLO first")
_FORGOTTEN = Reply(250, "2.0.0", "forgotten")
_OK = Reply(250, "2.0.0", "ok")
_GOODBYE = Reply(221, "2.0.0", "goodbye")
_SEND_IT = Reply(252, "2.0.0", "send a mail to find out")
_HELP = Reply(214, "2.0.0", "mail becomes faxes here; the commands are those of RFC 5321")
_NOT_OFFERED = Reply(502, "5.5.1", "this command is not offered here")
_IN_TRANSACTION = Reply(503, "5.5.1", "not within a mail; RSET forgets it")

_INJECTED = Reply(501, "5.5.1", "nothing may follow STARTTLS before TLS is up; closing the connection")
_NO_ARGUMENT = Reply(501, "5.5.4", "STARTTLS has no argument")
_TLS_IS_UP = Reply(503, "5.5.1", "TLS is up already")
_READY_FOR_TLS = b"220 2.0.0 ready for TLS\r\n"

_TLS_FIRST = Reply(538, "5.7.11", "passwords are for TLS alone: STARTTLS first")
_LOGGED_IN_ALREADY = Reply(503, "5.5.1", "you are logged in already")
_LOGIN_NEEDED = Reply(530, "5.7.0", "log in first: AUTH")
_LOGIN_NEEDS_TLS = Reply(530, "5.7.0", "log in first: STARTTLS, then AUTH")
_LOGGED_IN = Reply(235, "2.7.0", "logged in")
_WRONG = Reply(535, "5.7.8", "user name or password is wrong")
_WRONG_TOO_OFTEN = Reply(421, "4.7.0", "user name or password is wrong; closing the connection")

_NOT_TRUSTED = Reply(550, "5.7.1", "this is for mail servers of ours: mail.front_ends")
_TAKEN_NOTE = Reply(250, "2.0.0", "taken note of")

_REPORTED = {"5.1.1": RefusalReason.NO_SUCH_RECIPIENT, "4.5.3": RefusalReason.TOO_MANY_RECIPIENTS}
"""Refused recipients that are more than a slip of syntax, by enhanced code."""

log = structlog.get_logger()


class CommandSession(Dialogue):
    """All commands but those that carry the message: `mta.smtp.session` adds them."""

    def __init__(
        self,
        rules: SessionRules,
        intake: Intake,
        *,
        limits: ClientLimits,
        passwords: PasswordCheck | None,
        ended: Callable[[SmtpConnection], None],
    ) -> None:
        """Wait for the connection.

        Args:
            rules: what holds here.
            intake: takes complete messages and hears of refusals.
            limits: what clients may use, all sessions together.
            passwords: checks who logs in; None where nobody can.
            ended: called when the connection is gone.
        """
        super().__init__(rules, limits, ended=ended)
        self._intake = intake
        self._passwords = passwords
        self._transaction_rules = TransactionRules(
            domain=rules.domain,
            other_domains=rules.other_domains,
            max_size=rules.max_size,
            max_recipients=rules.max_recipients,
            contact=rules.contact,
            room=limits.room_for,
        )
        self._helo = ""
        self._account = ""
        self._wrong_passwords = 0
        self._forwarded: Mapping[str, str] | None = None
        self._transaction = Transaction(self._transaction_rules)

    # --- Greeting -----------------------------------------------------------------------------------------

    def helo(self, hostname: str) -> Reply | bytes:
        """HELO (RFC 5321 §4.1.1.1)."""
        if not self._greeted(hostname):
            return _WHO_ARE_YOU
        return f"250 {self._rules.hostname}\r\n".encode()

    def ehlo(self, hostname: str) -> Reply | bytes:
        """EHLO (RFC 5321 §4.1.1.1), the extensions in one write."""
        if not self._greeted(hostname):
            return _WHO_ARE_YOU
        *lines, last = [self._rules.hostname, *self._extensions()]
        return "".join([*(f"250-{line}\r\n" for line in lines), f"250 {last}\r\n"]).encode()

    def _extensions(self) -> list[str]:
        rules = self._rules
        extensions = ["PIPELINING", f"SIZE {rules.max_size}", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING"]
        extensions.append(f"LIMITS RCPTMAX={rules.max_recipients}")  # RFC 9422
        if rules.tls and not self._over_tls:
            extensions.append("STARTTLS")
        if self._may_log_in():
            extensions.append(f"AUTH {' '.join(MECHANISMS)}")
        if self._trusted:
            extensions += [
                f"XFORWARD {' '.join(XFORWARD_ATTRIBUTES)}",
                f"XCLIENT {' '.join(XCLIENT_ATTRIBUTES)}",
            ]
        return [*extensions, "ENHANCEDSTATUSCODES"]

    def _greeted(self, hostname: str) -> bool:
        if not 0 < len(hostname) <= _NAME_LIMIT:
            return False
        self.forget_transaction()
        self._helo = hostname
        return True

    # --- The envelope -------------------------------------------------------------------------------------

    def mail(self, argument: str) -> Reply:
        """MAIL (RFC 5321 §4.1.1.2)."""
        return self._not_yet() or self._transaction.mail(argument)

    def rcpt(self, argument: str) -> Reply:
        """RCPT (RFC 5321 §4.1.1.3)."""
        if refusal := self._not_yet():
            return refusal
        reply = self._transaction.rcpt(argument)
        if reason := _REPORTED.get(reply.enhanced):
            self.refuse(Refused(reply=reply, reason=reason, detail=argument))
        return reply

    def _not_yet(self) -> Reply | None:
        """Why no mail can begin."""
        if not self._helo:
            return _GREET_FIRST
        if self._rules.auth != "required" or self._account:
            return None
        return _LOGIN_NEEDED if self._over_tls else _LOGIN_NEEDS_TLS

    def delivery(self) -> Delivery:
        """Who delivers what, as far as it is known; what a front end forwards is never mixed with its own."""
        forwarded = self._forwarded
        return Delivery(
            client_address=self._client_address if forwarded is None else forwarded.get("ADDR", ""),
            helo=self._helo if forwarded is None else forwarded.get("HELO", ""),
            envelope=self._transaction.envelope,
            authenticated=self._account,
        )

    def refuse(self, refused: Refused) -> Reply:
        """Have a refusal recorded; its reply."""
        return self._intake.note_refusal(self.delivery(), refused)

    def forget_transaction(self) -> None:
        """Nothing of the mail that was begun counts any more."""
        self._transaction = Transaction(self._transaction_rules)
        self._forwarded = None

    def rset(self, _argument: str) -> Reply:
        """RSET (RFC 5321 §4.1.1.5)."""
        self.forget_transaction()
        return _FORGOTTEN

    # --- TLS and AUTH -------------------------------------------------------------------------------------

    async def starttls(self, argument: str) -> bytes:
        """STARTTLS (RFC 3207)."""
        if refusal := self._starttls_refusal(argument):
            return refusal.octets
        if self.unread():
            log.warning("smtp_starttls_injection", client=self._client_address)
            self.hang_up(_INJECTED)
        # No await between this reply and the change of protocol: what the client sends on it is TLS.
        self._writer.write(_READY_FOR_TLS)
        await self.change_to_tls()
        self._begin_anew()
        return b""

    def _starttls_refusal(self, argument: str) -> Reply | None:
        if self._rules.tls is None:
            return _NOT_OFFERED
        if argument:
            return _NO_ARGUMENT
        return _TLS_IS_UP if self._over_tls else None

    def _begin_anew(self) -> None:
        """RFC 3207 §4.2: what was said before TLS counts for nothing."""
        self.forget_transaction()
        self._helo = self._account = ""

    def _may_log_in(self) -> bool:
        return self._over_tls and self._passwords is not None and self._rules.auth != "off"

    async def auth(self, argument: str) -> bytes:
        """AUTH (RFC 4954)."""
        if refusal := self._auth_refusal():
            return refusal.octets
        try:
            claim = await claim_of(argument, self._ask)
        except LoginFailed as failed:
            return failed.reply.octets
        return (await self._log_in(claim)).octets

    async def _log_in(self, claim: Claim) -> Reply:
        if refusal := self._limits.login_refusal(self._client_address, claim.username):
            return refusal
        self._patience.ours()
        account = await self._passwords.account(claim) if self._passwords else None
        self._patience.command(self.loop.time())
        log.info("login", client=self._client_address, username=claim.username, account=account)
        if account is not None:
            self._account = account
            return _LOGGED_IN
        self._limits.note_failed_login(self._client_address, claim.username)
        self._wrong_passwords += 1
        return _WRONG if self._wrong_passwords < _WRONG_PASSWORDS else self.hang_up(_WRONG_TOO_OFTEN)

    def _auth_refusal(self) -> Reply | None:
        if self._passwords is None or self._rules.auth == "off" or self._rules.tls is None:
            return _NOT_OFFERED
        if not self._over_tls:
            return _TLS_FIRST
        if not self._helo:
            return _GREET_FIRST
        if self._account:
            return _LOGGED_IN_ALREADY
        return _IN_TRANSACTION if self._transaction.begun else None

    async def _ask(self, challenge: str) -> bytes:
        self._writer.write(f"334 {challenge}\r\n".encode())
        try:
            line = await self.next_line()
        except asyncio.LimitOverrunError:
            await self.see_off(TOO_LONG.octets)
        if len(line) > RESPONSE_LIMIT:
            raise LoginFailed(TOO_LONG)
        return line.rstrip(b"\r\n")

    # --- What a front end says of its client --------------------------------------------------------------

    def xforward(self, argument: str) -> Reply:
        """XFORWARD: the client of the next mail; what is not said of it is not known."""
        if refusal := self._forwarding_refusal():
            return refusal
        try:
            attributes = parse_attributes(argument, XFORWARD_ATTRIBUTES)
        except SyntaxRefused as refused:
            return refused.reply
        self._forwarded = {**(self._forwarded or {}), **attributes}
        return _TAKEN_NOTE

    def xclient(self, argument: str) -> Reply | bytes:
        """XCLIENT: the client of this session, which begins anew."""
        if refusal := self._forwarding_refusal():
            return refusal
        try:
            attributes = parse_attributes(argument, XCLIENT_ATTRIBUTES)
        except SyntaxRefused as refused:
            return refused.reply
        self._begin_anew()
        self._client_address = attributes.get("ADDR", self._client_address)
        self._helo = attributes.get("HELO", "")
        self._account = attributes.get("LOGIN", "")
        return self.greeting()

    def _forwarding_refusal(self) -> Reply | None:
        if not self._trusted:
            return _NOT_TRUSTED
        return _IN_TRANSACTION if self._transaction.begun else None

    # --- The rest -----------------------------------------------------------------------------------------

    def noop(self, _argument: str) -> Reply:
        """NOOP (RFC 5321 §4.1.1.9)."""
        return _OK

    def say_goodbye(self, _argument: str) -> Reply:
        """QUIT (RFC 5321 §4.1.1.10)."""
        self.hang_up(_GOODBYE)

    def vrfy(self, _argument: str) -> Reply:
        """VRFY (RFC 5321 §3.5.3): neither confirmed nor denied."""
        return _SEND_IT

    def explain(self, _argument: str) -> Reply:
        """HELP (RFC 5321 §4.1.1.8)."""
        return _HELP

    def expn(self, _argument: str) -> Reply:
        """EXPN (RFC 5321 §3.5.2)."""
        return _NOT_OFFERED

    commands: ClassVar[Mapping[str, Command]] = {
        "EHLO": ehlo,
        "HELO": helo,
        "MAIL": mail,
        "RCPT": rcpt,
        "RSET": rset,
        "NOOP": noop,
        "QUIT": say_goodbye,
        "VRFY": vrfy,
        "EXPN": expn,
        "HELP": explain,
        "STARTTLS": starttls,
        "AUTH": auth,
        "XFORWARD": xforward,
        "XCLIENT": xclient,
    }
