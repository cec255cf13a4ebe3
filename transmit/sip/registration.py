"""Registration (RFC 3261 §10): a registrar told where we are, before it forgets, and goodbye at the end.

Whatever goes wrong is told as its state and tried again, sooner at first.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sipmessage import Response

from config.values import HostPort
from transmit.sip.addresses import uri_of
from transmit.sip.message import Fields, SipError, is_success, number_in, route_fields
from transmit.sip.requesting import NoResponse, Requesting
from transmit.sip.user_agent import UserAgent

log = structlog.get_logger(__name__)

_TOO_BRIEF = 423
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 300.0
_EXPIRES = ";expires="


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Who is registered, and where."""

    registrar: str
    """The Request-URI: a domain."""
    address: str
    """The address of record, as From and To have it: `<sip:USER@DOMAIN>`."""
    user: str
    """The user part of Contact."""
    seconds: int
    """How long a registration is asked to last."""
    route: tuple[str, ...] = ()
    """Route values: an outbound proxy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """What the registrar said last."""

    until: float | None = None
    """By the event loop's clock: when the registration ends; None if there is none."""
    code: int | None = None
    """The status code; None if it did not answer."""
    reason: str = ""


Locate = Callable[[], Awaitable[tuple[HostPort, ...]]]
"""The registrar's servers; raises OSError where they cannot be found."""


class Registration:
    """One account at one registrar."""

    def __init__(
        self, agent: UserAgent, account: Account, locate: Locate, on_change: Callable[[Registered], None]
    ) -> None:
        """Makes it; nothing is sent.

        Args:
            agent: started.
            account: who.
            locate: finds the servers, each time anew.
            on_change: told after every try.
        """
        self._agent = agent
        self._account = account
        self._locate = locate
        self._on_change = on_change
        self._seconds = account.seconds
        self._requests: Requesting | None = None
        self._contact = ""
        self._pause = _FIRST_PAUSE
        self._is_registered = False

    async def run(self) -> None:
        """Registers, and again, for ever."""
        while True:
            pause = await self.register()
            await asyncio.sleep(pause)

    async def register(self) -> float:
        """Registers once, and gives the seconds until it is due again."""
        try:
            answer = await self._ask(self._seconds)
        except (OSError, SipError, NoResponse) as fault:
            self._requests = None  # the next time the servers are looked up anew
            return self._failed(Registered(reason=str(fault)))
        if answer.code == _TOO_BRIEF and self._takes_longer(answer):
            return await self.register()
        if not is_success(answer):
            return self._failed(Registered(code=answer.code, reason=answer.phrase))
        return self._succeeded(answer)

    async def unregister(self) -> None:
        """Says goodbye to a registrar that knows us."""
        if not self._is_registered:
            return
        self._is_registered = False
        try:
            await self._ask(0)
        except (OSError, SipError, NoResponse) as fault:
            log.info("sip_goodbye_unanswered", registrar=self._account.registrar, reason=str(fault))

    async def _ask(self, seconds: int) -> Response:
        if self._requests is None:
            self._requests = self._begin(await self._locate())
        extra: Fields = (("Contact", f"{self._contact}{_EXPIRES}{seconds}"), ("Expires", str(seconds)))
        return await self._requests.ask("REGISTER", extra=extra)

    def _begin(self, servers: tuple[HostPort, ...]) -> Requesting:
        """§10.2: all registrations of one user agent have one Call-ID, and numbers that grow."""
        account = self._account
        dialog = self._agent.dialog(
            uri=account.registrar,
            local=account.address,
            remote=account.address,
            user=account.user,
            destination=servers[0],
        )
        dialog.route_set = account.route
        self._contact = dialog.contact
        return Requesting(self._agent, dialog, servers)

    def _takes_longer(self, answer: Response) -> bool:
        """§10.2.8: the registrar wants to hear from us less often."""
        least = number_in(answer, "Min-Expires") or 0
        longer = least > self._seconds
        self._seconds = max(self._seconds, least)
        return longer

    def _failed(self, state: Registered) -> float:
        log.warning(
            "sip_registration_failed",
            registrar=self._account.registrar,
            sip_code=state.code,
            reason=state.reason,
        )
        self._on_change(state)
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        return pause

    def _succeeded(self, answer: Response) -> float:
        self._pause = _FIRST_PAUSE
        self._is_registered = True
        granted = _granted(answer, self._contact, self._seconds)
        until = asyncio.get_running_loop().time() + granted
        log.info("sip_registered", registrar=self._account.registrar, seconds=granted)
        self._on_change(Registered(until=until, code=answer.code, reason=answer.phrase))
        return max(granted * 0.8 if granted > 60 else granted / 2, 1.0)  # noqa: PLR2004 - before it is forgotten


def _granted(answer: Response, contact: str, asked: int) -> int:
    """Seconds of our binding: `expires` of our Contact, else Expires, else what was asked (§10.2.4)."""
    for value in route_fields(answer, "Contact"):
        seconds = value.lower().rpartition(_EXPIRES)[2].partition(";")[0].strip()
        if uri_of(value) == uri_of(contact) and seconds.isdecimal():
            return int(seconds[:9])
    stated = number_in(answer, "Expires")
    return asked if stated is None else stated
