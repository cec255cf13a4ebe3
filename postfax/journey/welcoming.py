"""What a welcome message has to know, gathered when it is sent: the policy as it is then."""

from collections.abc import Callable
from datetime import datetime

from config.mail import Listener
from config.policy import Policy
from config.policy_tree import address_key
from config.server import ServerSettings
from config.settings import UserPolicy
from config.values import HostPort
from notify.facts import LoginDoor, WelcomeFacts
from postfax.opening import Clock
from store.book import Book
from store.outbox import Notice

_SUBMISSION = (465, 587)
"""Where mail programs look by themselves, the better first (RFC 8314 §3.3)."""


class NotWelcome(Exception):  # noqa: N818 - named as what happened
    """The message has no sense any more; the text says why."""


class Welcoming:
    """Gathers the facts of welcome messages."""

    def __init__(
        self, book: Book, policy: Callable[[], Policy], settings: ServerSettings, *, clock: Clock
    ) -> None:
        """`policy` gives the one that is in force."""
        self._book = book
        self._policy = policy
        self._settings = settings
        self._clock = clock

    async def facts_of(self, notice: Notice) -> WelcomeFacts:
        """The facts of one message.

        Raises:
            NotWelcome: The user has left the policy, or the code was used or has run out.
            BookUnavailable: The book cannot be asked.
        """
        policy = self._policy()
        user = policy.user(notice.topic)
        if user is None:
            raise NotWelcome("the user is not in the policy any more")
        until = await self._code_good_until(notice, user)
        addresses = sending_addresses(policy, user)
        return welcome_facts(notice, user, self._settings, addresses=addresses, code_good_until=until)

    async def _code_good_until(self, notice: Notice, user: UserPolicy) -> datetime | None:
        if not notice.remark:
            return None
        setup = await self._book.setup_code(user.email, self._clock())
        if setup is None:
            raise NotWelcome("its set-up code was used or has run out")
        return setup.expires_at


def sending_addresses(policy: Policy, user: UserPolicy) -> tuple[str, ...]:
    """The addresses that a user may send from without logging in."""
    account = policy.accounts.get(address_key(user.email))
    return account.sending_emails if account else ()


def welcome_facts(
    notice: Notice,
    user: UserPolicy,
    settings: ServerSettings,
    *,
    addresses: tuple[str, ...],
    code_good_until: datetime | None,
) -> WelcomeFacts:
    """The facts of a message to a user, as the settings are."""
    return WelcomeFacts(
        notice=notice,
        user=user,
        domain=settings.domain,
        addresses=addresses,
        ask=user.settings.notifications.ask or settings.mail.postmaster,
        login=login_door(settings),
        code=notice.remark,
        code_good_until=code_good_until,
    )


def login_door(settings: ServerSettings) -> LoginDoor | None:
    """Where users log in to send; None where nobody can."""
    mail = settings.mail
    if mail.tls is None:
        return None
    doors = [
        (listener.smtp, listener) for listener in mail.listen if listener.smtp and listener.auth != "off"
    ]
    doors.sort(key=_preference)
    if not doors:
        return None
    address, listener = doors[0]
    return LoginDoor(
        host=mail.hostname or settings.domain,
        port=address.port,
        implicit_tls=listener.tls == "implicit",
    )


def _preference(door: tuple[HostPort, Listener]) -> tuple[int, bool]:
    address, listener = door
    known = _SUBMISSION.index(address.port) if address.port in _SUBMISSION else len(_SUBMISSION)
    return known, listener.auth != "required"
