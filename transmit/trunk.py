"""A SIP trunk: found by the DNS, kept informed of where we are, asked whether it is there, and called.

trunk = Trunk("main", settings)
await trunk.start()                     # LineError: a sentence for the administrator
way = await trunk.way()                 # OSError: it cannot be found now
call = trunk.call("+12065551234", "", offer, way)
await trunk.stop()
"""

import asyncio
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from random import Random, SystemRandom
from typing import Any

import structlog

from config.lines import SipLine
from config.values import HostPort
from transmit.line import LineError
from transmit.sip.addresses import place_of
from transmit.sip.digest import Credentials
from transmit.sip.locating import Locator, NoRecords, Records
from transmit.sip.message import SipError
from transmit.sip.options import OptionsAnswer, ask_options
from transmit.sip.outgoing import OutgoingCall
from transmit.sip.reach import Reach
from transmit.sip.registration import Account, Registered, Registration
from transmit.sip.transaction import SipTimers
from transmit.sip.transport import OpenTransport, TransportKind
from transmit.sip.user_agent import UserAgent
from transmit.trunk_address import TrunkAddress
from transmit.trunk_health import HealthRecord, TrunkHealth
from transmit.trunk_secrets import credentials_of, reason_of, tls_context_of

log = structlog.get_logger(__name__)

_LOCATE_AGAIN = 30.0
"""Seconds until a trunk that cannot be found is looked for again."""
_GOODBYE = 2.0
"""Seconds that the registrar has for our goodbye."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How the trunk is reached just now."""

    agent: UserAgent
    servers: tuple[HostPort, ...]
    """The first choice first; never empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerAnswer:
    """What one server said to OPTIONS."""

    server: HostPort
    kind: TransportKind
    own: str
    """Our address as we tell it to the server."""
    answer: OptionsAnswer | None
    """None if it said nothing."""
    fault: str = ""
    """Why it said nothing."""


class Trunk:
    """One trunk."""

    def __init__(
        self,
        name: str,
        settings: SipLine,
        *,
        records: Records | None = None,
        timers: SipTimers | None = None,
        open_transport: OpenTransport | None = None,
        random: Random | None = None,
    ) -> None:
        """Makes it; nothing is opened before `start`.

        Args:
            name: the line's, in the settings.
            settings: what the administrator wrote.
            records: the DNS; without it names have addresses alone.
            timers: of SIP; by default those of the RFC.
            open_transport: binds the socket.
            random: makes tags, branches and Call-IDs.
        """
        self._name = name
        self._settings = settings
        self._records = records or NoRecords()
        self._timers = timers or SipTimers()
        self._open_transport = open_transport
        self._random: Random = random or SystemRandom()
        self._agents: dict[TransportKind, UserAgent] = {}
        self._opening = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._registration: Registration | None = None
        self._record = HealthRecord(registers=bool(settings.register_for))
        self._credentials: Credentials | None = None
        self._tls: ssl.SSLContext | None = None

    async def open(self) -> None:
        """Reads the secrets and opens the SIP port; sends nothing.

        Raises:
            LineError: a setting does not work here.
        """
        self._address = TrunkAddress(self._name, self._settings)
        self._credentials = credentials_of(self._name, self._settings)
        self._tls = tls_context_of(self._name, self._settings)
        try:
            agent = await self._agent(self._address.kind or TransportKind.UDP)
        except OSError as fault:
            raise LineError(
                f"line {self._name}: {self._settings.listen} cannot be opened for SIP: {reason_of(fault)}. "
                f"Give another address or port: lines.{self._name}.listen."
            ) from fault
        log.info("trunk_opened", line=self._name, address=str(agent.address), trunk=self._settings.sip)

    async def start(self) -> None:
        """Opens it, registers where that is asked for, and asks now and then whether it is there.

        Raises:
            LineError: a setting does not work here.
        """
        await self.open()
        if self._settings.register_for:
            self._keep(self._stay_registered())
        if self._settings.keep_alive:
            self._keep(self._ask_now_and_then())

    async def stop(self) -> None:
        """Says goodbye to the registrar, and closes the SIP port."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._registration is not None:
            try:
                async with asyncio.timeout(_GOODBYE):
                    await self._registration.unregister()
            except TimeoutError:
                log.info("sip_goodbye_unanswered", line=self._name)
            self._registration = None
        for agent in self._agents.values():
            await agent.stop()
        self._agents.clear()

    @property
    def health(self) -> TrunkHealth:
        """Whether it can take calls, as far as it told."""
        return self._record.health(asyncio.get_running_loop().time())

    async def way(self) -> Way:
        """How it is reached now; servers that did not answer last time stand last.

        Raises:
            OSError: it cannot be found, or our port for it cannot be opened.
        """
        first = self._address.first
        located = await self._locator().locate(first.host, first.port, self._address.kind)
        servers = sorted(located.servers, key=lambda server: server in self._record.silent)
        return Way(agent=await self._agent(located.kind), servers=tuple(servers))

    def uri(self, number: str) -> str:
        """The Request-URI of a number."""
        return self._address.called(number)

    def call(self, number: str, caller: str, offer: bytes, way: Way) -> OutgoingCall:
        """Places a call.

        Args:
            number: E.164 with its plus sign.
            caller: the caller id; empty for the line's own.
            offer: the session description.
            way: how the trunk is reached.

        Raises:
            SipError: a value would break the message apart.
        """
        shown = self._address.caller(caller)
        return way.agent.call(
            uri=self.uri(number),
            caller=shown.user,
            called=number,
            domain=shown.domain,
            destination=way.servers[0],
            alternates=way.servers[1:],
            offer=offer,
            route=self._address.route(way.agent.reach.kind),
            contact_user=self._address.contact_user,
            fields=shown.fields,
            redirect=lambda uri: self._redirected(uri, number, way),
        )

    async def ask(self, patience: float | None = None) -> list[ServerAnswer]:
        """Asks every server whether it is there, and keeps what that says of the trunk's health.

        Args:
            patience: seconds that each has; by default as long as a call waits for its first word.

        Raises:
            OSError: the trunk cannot be found.
        """
        try:
            way = await self.way()
        except OSError as fault:
            self._record.unanswered(reason_of(fault))
            raise
        patience = patience or self._timers.fail_over
        said = await asyncio.gather(
            *(self._ask_server(way.agent, server, patience) for server in way.servers)
        )
        self._record.silent = frozenset(each.server for each in said if each.answer is None)
        heard = next((each.answer for each in said if each.answer is not None), None)
        if heard is None:
            self._record.unanswered(said[0].fault)
        else:
            self._record.answered(heard.code, heard.reason)
        return said

    async def _ask_server(self, agent: UserAgent, server: HostPort, patience: float) -> ServerAnswer:
        kind, own = agent.reach.kind, agent.own_host(server)
        try:
            async with asyncio.timeout(patience):
                answer = await ask_options(
                    agent,
                    f"sip:{self._address.trunk}",
                    server,
                    local=self._address.account,
                    route=self._address.route(kind),
                )
        except (TimeoutError, SipError) as fault:
            reason = str(fault) or "no answer"
            return ServerAnswer(server=server, kind=kind, own=own, answer=None, fault=reason)
        return ServerAnswer(server=server, kind=kind, own=own, answer=answer)

    def _keep(self, course: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(course, name=f"line {self._name}"))

    async def _ask_now_and_then(self) -> None:
        before = None
        while True:
            try:
                await self.ask()
            except OSError as fault:
                log.warning("trunk_not_found", line=self._name, reason=reason_of(fault))
            health = self.health
            if health.state is not before:
                log.info("trunk_health", line=self._name, state=health.state.value, reason=health.reason)
            before = health.state
            await asyncio.sleep(self._settings.keep_alive.total_seconds())

    async def _stay_registered(self) -> None:
        while True:
            try:
                way = await self.way()
            except OSError as fault:
                self._registered(Registered(reason=reason_of(fault)))
                await asyncio.sleep(_LOCATE_AGAIN)
                continue
            self._registration = Registration(
                way.agent, self._account(way.agent.reach.kind), self._servers, self._registered
            )
            await self._registration.run()

    def _account(self, kind: TransportKind) -> Account:
        return Account(
            registrar=self._address.registrar,
            address=self._address.account,
            user=self._address.contact_user,
            seconds=int(self._settings.register_for.total_seconds()),
            route=self._address.route(kind),
        )

    async def _servers(self) -> tuple[HostPort, ...]:
        return (await self.way()).servers

    def _registered(self, said: Registered) -> None:
        """A registration holds until its end, even if it could not be renewed meanwhile."""
        known = self._record.registered
        until = said.until if said.until is not None or known is None else known.until
        self._record.registered = replace(said, until=until)

    async def _redirected(self, uri: str, number: str, way: Way) -> tuple[HostPort, ...]:
        if not self._address.is_followed(uri, number):
            return ()
        if self._address.proxy is not None:
            return way.servers
        place = place_of(uri)
        if place is None:
            return ()
        located = await self._locator(way.agent).locate(*place, way.agent.reach.kind)
        return located.servers

    def _locator(self, agent: UserAgent | None = None) -> Locator:
        known = agent or next(iter(self._agents.values()))
        return Locator(self._records, known.resolve, self._random)

    async def _agent(self, kind: TransportKind) -> UserAgent:
        """The user agent of a kind, started when it is first needed."""
        async with self._opening:
            if kind not in self._agents:
                made = UserAgent(
                    credentials=self._credentials,
                    timers=self._timers,
                    open_transport=self._open_transport,
                    reach=self._reach(kind),
                    random=self._random,
                )
                await made.start(self._settings.listen)
                self._agents[kind] = made
            return self._agents[kind]

    def _reach(self, kind: TransportKind) -> Reach:
        is_tls = kind is TransportKind.TLS
        return Reach(
            kind=kind,
            public_address=self._settings.public_address,
            tls=self._tls if is_tls else None,
            peer_name=self._address.tls_name if is_tls else "",
        )
