"""What clients may use of this host, all worker processes together: `mail.limits`.

A session is a `Visit`: it counts from `enter` to `leave`, with the octets of its message that is arriving.
Mail servers and load balancers of our own (`mail.front_ends`) and clients on a Unix socket bring many
clients' mail, and are held by the total limits alone.
"""

import ipaddress
import time
from collections.abc import Callable, Sequence

import structlog

from config.mail import MailLimits
from mta.reply import Reply
from mta.smtp.shared_counts import Gauge, SharedCounts, Window

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PREFIX = {4: 24, 6: 64}
"""Of the network that stands for a client, by IP version: what one party usually has."""

_TOO_MANY_SESSIONS = Reply(421, "4.3.2", "too many connections at this time; please try again later")
_TOO_MANY_FROM_THERE = Reply(421, "4.7.0", "too many connections from your network; please try again later")
_TOO_OFTEN_FROM_THERE = Reply(421, "4.7.0", "your network connects too often; please try again later")
_TOO_MANY_MAILS = Reply(451, "4.7.1", "too many mails at this time; please try again in a minute")
_TOO_MANY_OF_THIS_USER = Reply(451, "4.7.1", "too many mails of this sender; please try again in a minute")
_TOO_MANY_THIS_HOUR = Reply(
    451, "4.7.1", "more mails of this sender than your policy allows within an hour; please try again later"
)
_TOO_MANY_FAILED_LOGINS = Reply(454, "4.7.0", "too many failed logins; please try again in an hour")

_ALL = "all"

log = structlog.get_logger()


def network_of(address: str) -> str:
    """The network that stands for a client: `192.0.2.0/24`; empty where the address is not known."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/{_PREFIX[version]}", strict=False))


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an IP address belongs to one of the networks."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


class Visit:
    """What one session uses."""

    def __init__(self, limits: "ClientLimits") -> None:
        self._limits = limits
        self._network_key = 0
        self._octets = 0
        self._left = False

    def come_from(self, address: str) -> Reply | None:
        """Count the session for the network of its client; the reply that turns it away, if there is one."""
        admitted = self._limits.admit_from(network_of(address))
        if isinstance(admitted, Reply):
            return admitted
        self._network_key = admitted
        return None

    def carry(self, octets: int) -> bool:
        """Count octets of a message that is arriving; False, and nothing counted, where there is no room."""
        if not self._limits.room_for(octets):
            return False
        self._octets += octets
        self._limits.counts.add(Gauge.OCTETS, octets)
        return True

    def put_down(self) -> None:
        """The message is stored or given up."""
        if self._octets:
            self._limits.counts.add(Gauge.OCTETS, -self._octets)
            self._octets = 0

    def leave(self) -> None:
        """The session is over. May be called again, to no effect."""
        if self._left:
            return
        self._left = True
        self.put_down()
        self._limits.counts.add(Gauge.SESSIONS, -1)
        if self._network_key:
            self._limits.counts.add_keyed(self._network_key, -1)


class ClientLimits:
    """Says what is too much."""

    def __init__(
        self,
        limits: MailLimits,
        counts: SharedCounts | None = None,
        *,
        front_ends: Sequence[Network] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is counted yet.

        Args:
            limits: as they are set.
            counts: those of all workers; None for a process that is alone.
            front_ends: networks of our own, whose sessions are counted in all only.
            clock: seconds, the same in all workers.
        """
        self._limits = limits
        self.counts = counts or SharedCounts()
        self._front_ends = front_ends
        self._clock = clock

    def enter(self, address: str) -> Visit | Reply:
        """A client connects.

        Args:
            address: its IP address; empty on a Unix socket.

        Returns:
            The session's visit, to be left at its end, or the reply that turns the client away.
        """
        if self.counts.total(Gauge.SESSIONS) >= self._limits.sessions:
            log.warning("smtp_sessions_exhausted", client=address, sessions=self._limits.sessions)
            return _TOO_MANY_SESSIONS
        visit = Visit(self)
        self.counts.add(Gauge.SESSIONS, 1)
        if address and not is_within(address, self._front_ends) and (refusal := visit.come_from(address)):
            visit.leave()
            return refusal
        return visit

    def admit_from(self, network: str) -> int | Reply:
        """Count a session for a network; the key to count it down with, 0 for none, or why it may not be."""
        if not network:
            return 0
        key, now = self.counts.key("sessions", network), self._clock()
        if self._limits.connections_per_minute:
            if self.counts.noted(Window.MINUTE, key, now) >= self._limits.connections_per_minute:
                log.warning("smtp_network_connects_too_often", network=network)
                return _TOO_OFTEN_FROM_THERE
            self.counts.note(Window.MINUTE, key, now)
        if self.counts.total_keyed(key) >= self._limits.sessions_per_network:
            log.warning("smtp_network_sessions_exhausted", network=network)
            return _TOO_MANY_FROM_THERE
        self.counts.add_keyed(key, 1)
        return key

    def room_for(self, octets: int) -> bool:
        """Whether so many octets may come in beside those that are arriving."""
        return self.counts.total(Gauge.OCTETS) + octets <= self._limits.bytes_in_flight

    def mail_refusal(self, user_email: str, mails_per_hour: int = 0) -> Reply | None:
        """Count a mail that is about to be accepted; why it must wait, if it must.

        Asked once the user is known and proven: nobody can use up another's share.

        Args:
            user_email: the account.
            mails_per_hour: what its policy allows; 0 for no limit.
        """
        limits, counts, now = self._limits, self.counts, self._clock()
        if not (limits.mails_per_minute or limits.sender_mails_per_minute or mails_per_hour):
            return None
        everybody, user = counts.key("mails", _ALL), counts.key("mails of", user_email.lower())
        asked = (
            (limits.mails_per_minute, Window.MINUTE, everybody, _TOO_MANY_MAILS),
            (limits.sender_mails_per_minute, Window.MINUTE, user, _TOO_MANY_OF_THIS_USER),
            (mails_per_hour, Window.HOUR, user, _TOO_MANY_THIS_HOUR),
        )
        counted = [one for one in asked if one[0]]
        for most, window, key, reply in counted:
            if most <= counts.noted(window, key, now):
                return reply
        for _, window, key, _ in counted:
            counts.note(window, key, now)
        return None

    def login_refusal(self, address: str, username: str) -> Reply | None:
        """Why no password is looked at, if none is."""
        now, most = self._clock(), self._limits.failed_logins_per_hour
        if any(
            self.counts.noted(Window.HOUR, key, now) >= most for key in self._login_keys(address, username)
        ):
            log.warning("login_refused_unseen", client=address, username=username)
            return _TOO_MANY_FAILED_LOGINS
        return None

    def note_failed_login(self, address: str, username: str) -> None:
        """A password was wrong."""
        for key in self._login_keys(address, username):
            self.counts.note(Window.HOUR, key, self._clock())

    def _login_keys(self, address: str, username: str) -> list[int]:
        keys = [self.counts.key("failed logins of", username.lower())]
        if network := network_of(address):
            keys.append(self.counts.key("failed logins from", network))
        return keys
