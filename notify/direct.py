"""Mails out without a smarthost: to the mail servers of the recipient's domain (RFC 5321 §5.1).

They are tried in the order of their preference, until one takes the mail or refuses it for good. TLS is used
where a server offers it, whoever's certificate it has (RFC 7435); a domain with an MTA-STS policy gets its
mails only as the policy says. A domain that takes no mail (RFC 7505), or does not exist, is a permanent
failure; everything that may be mended is temporary.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from email.message import EmailMessage

import structlog

from config.domain_name import ascii_domain
from config.mail import Smarthost
from notify.mail_names import Exchange, MailNames, NamesUnknown
from notify.mailer import (
    Mailer,
    MailPermanent,
    MailTemporary,
    MailTrouble,
    Rehearsal,
    TlsFailed,
    as_octets,
    sign,
)
from notify.mta_sts import StsPolicies, StsPolicy
from notify.signing import Signer

_PORT = 25
_MOST_SERVERS = 5
_BEGIN_WITHIN = 120.0
"""Seconds after which no further server is begun with: all must end before the claim on a notice does."""

Work = Callable[[Mailer], Awaitable[None]]
_log = structlog.get_logger(__name__)


class DirectMailer:
    """Hands mails to the mail servers of their recipients."""

    def __init__(
        self,
        names: MailNames,
        hostname: str,
        *,
        signer: Signer | None = None,
        policies: StsPolicies | None = None,
        port: int = _PORT,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """`hostname` is the name in our EHLO; `trust` makes what certificates are checked against."""
        self._names = names
        self._hostname = hostname
        self._signer = signer or Signer((), "")
        self._policies = policies or StsPolicies(names.texts)
        self._port = port
        self._trust = trust

    async def send(self, message: EmailMessage | bytes, recipient: str) -> None:
        """Hand over one mail.

        Raises:
            MailTemporary: try again later.
            MailPermanent: trying again is of no use.
        """
        octets = await sign(self._signer, as_octets(message))
        await self._with_each_server(recipient, lambda mailer: mailer.send(octets, recipient))

    async def rehearse(self, recipient: str = "") -> Rehearsal:
        """Do what `send` does up to the recipient, and stop there: no mail is sent.

        Raises:
            MailTemporary: as of `send`; also where there is no recipient, so that nobody can be asked.
            MailPermanent: as of `send`.
        """
        if not recipient:
            raise MailTemporary("Without a smarthost nobody is asked without a recipient.")
        rehearsed: list[Rehearsal] = []

        async def rehearse(mailer: Mailer) -> None:
            rehearsed.append(await mailer.rehearse(recipient))

        await self._with_each_server(recipient, rehearse)
        return rehearsed[-1]

    async def _with_each_server(self, recipient: str, work: Work) -> None:
        """Work with one server after the other, until one has done it or refused for good."""
        domain = _domain_of(recipient)
        policy = await self._policies.enforced(domain)
        hosts = await self._hosts(domain, policy)
        began = asyncio.get_running_loop().time()
        trouble: MailTrouble | None = None
        for host in hosts[:_MOST_SERVERS]:
            if trouble and asyncio.get_running_loop().time() - began > _BEGIN_WITHIN:
                break
            try:
                await self._with(host, policy, work)
            except MailTemporary as problem:
                _log.warning("mail_server_passed_over", server=host, cause=problem.detail)
                trouble = problem
            else:
                return
        raise trouble or MailTemporary(f"{domain} has no mail server that may be used.")

    async def _with(self, host: str, policy: StsPolicy | None, work: Work) -> None:
        if policy:
            await work(self._mailer(host, tls="starttls", context=self._trust()))
            return
        try:
            await work(self._mailer(host, tls="starttls", context=_no_questions(), optional=True))
        except TlsFailed:
            # RFC 7435 §3: what would go in the clear without STARTTLS goes so where STARTTLS fails.
            await work(self._mailer(host, tls="none", context=None))

    def _mailer(
        self, host: str, *, tls: str, context: ssl.SSLContext | None, optional: bool = False
    ) -> Mailer:
        door = Smarthost.model_validate({"host": host, "port": self._port, "tls": tls})
        return Mailer(door, self._hostname, tls_context=context, tls_optional=optional)

    async def _hosts(self, domain: str, policy: StsPolicy | None) -> list[str]:
        """The servers of a domain, the preferred first.

        Raises:
            MailTemporary: They are not known at present, or the policy allows none of them.
            MailPermanent: The domain takes no mail.
        """
        try:
            exchanges = list(await self._names.exchanges(domain))
            if not exchanges and await self._names.has_address(domain):
                exchanges = [Exchange(host=domain, preference=0)]
        except NamesUnknown as problem:
            raise MailTemporary(f"The mail servers of {domain} are not known: {problem}.") from problem
        if not exchanges:
            raise MailPermanent(f"{domain} has neither a mail server nor an address.")
        hosts = [exchange.host for exchange in _in_order(exchanges) if exchange.host]
        if not hosts:
            raise MailPermanent(f"{domain} takes no mail (RFC 7505).")
        allowed = [host for host in hosts if policy is None or policy.allows(host)]
        if not allowed:
            raise MailTemporary(f"The MTA-STS policy of {domain} names none of its servers ({hosts[0]}, …).")
        return allowed


def _in_order(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """By preference; those that are alike in random order (RFC 5321 §5.1)."""
    return sorted(exchanges, key=lambda exchange: (exchange.preference, random.random()))  # noqa: S311 - to spread load


def _domain_of(recipient: str) -> str:
    domain = ascii_domain(recipient.rpartition("@")[2])
    if domain is None:
        raise MailPermanent(f"{recipient!r} is not an address that SMTP can carry.")
    return domain


def _no_questions() -> ssl.SSLContext:
    """For opportunistic TLS: better than none, whoever's certificate it is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
