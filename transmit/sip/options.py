"""Asking a peer for its capabilities (OPTIONS, RFC 3261 §11): the way to see whether it answers at all.

Any final answer shows that the peer is reachable; one that refuses OPTIONS may take calls all the same.
"""

import asyncio
from dataclasses import dataclass

from config.values import HostPort
from transmit.sip.message import SDP, Fields, field, seen_from
from transmit.sip.requesting import NoResponse, Requesting
from transmit.sip.user_agent import UserAgent


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionsAnswer:
    """What a peer said."""

    code: int
    reason: str
    product: str
    """What the peer calls itself (Server or User-Agent); empty where it does not say."""
    seconds: float
    """From our first datagram to the answer."""
    seen_from: HostPort | None = None
    """Our address as the peer saw it; None where it does not say."""


async def ask_options(
    agent: UserAgent, uri: str, server: HostPort, *, local: str = "", route: tuple[str, ...] = ()
) -> OptionsAnswer:
    """Asks one server.

    Args:
        agent: started.
        uri: who is asked, such as `sip:trunk.example.net`.
        server: its address.
        local: the From value; by default an address of ours.
        route: Route values: an outbound proxy.

    Raises:
        SipError: a value would break the message apart.
        TimeoutError: no answer within the time of the agent's timers (RFC 3261 §17.1.2.2, timer F).
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    own = local or f"<sip:postfax@{HostPort(agent.own_host(server), agent.address.port)}>"
    dialog = agent.dialog(uri=uri, local=own, user="postfax", destination=server)
    dialog.route_set = route
    extra: Fields = (("Contact", dialog.contact), ("Accept", SDP))
    try:
        answer = await Requesting(agent, dialog, (server,)).ask("OPTIONS", extra=extra)
    except NoResponse as silence:
        raise TimeoutError(str(silence)) from silence
    return OptionsAnswer(
        code=answer.code,
        reason=answer.phrase,
        product=field(answer, "Server") or field(answer, "User-Agent"),
        seconds=loop.time() - began,
        seen_from=seen_from(answer),
    )
