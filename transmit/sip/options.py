"""Asking a peer for its capabilities (OPTIONS, RFC 3261 §11): the way to see whether it answers at all.

Any final answer shows that the peer is reachable; one that refuses OPTIONS may take calls all the same.
"""

import asyncio
from dataclasses import dataclass

from sipmessage import Request, Response

from config.values import HostPort
from transmit.sip.message import SDP, USER_AGENT, field, request
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


async def ask_options(agent: UserAgent, trunk: HostPort) -> OptionsAnswer:
    """Ask a peer; it is resolved first.

    Args:
        agent: started.
        trunk: host and port; the host stands in the request as it is written here.

    Raises:
        OSError: its name has no address, or there is no route to it.
        SipError: its name would break the message apart.
        TimeoutError: no answer within the time of the agent's timers (RFC 3261 §17.1.2.2, timer F).
    """
    destination = await agent.resolve(trunk)
    loop = asyncio.get_running_loop()
    inbox: asyncio.Queue[Response | None] = asyncio.Queue()
    began = loop.time()
    agent.request(
        _question(agent, trunk, destination), destination, inbox.put_nowait, lambda: inbox.put_nowait(None)
    )
    response = await inbox.get()
    if response is None:
        raise TimeoutError("no answer to OPTIONS")
    return OptionsAnswer(
        code=response.code,
        reason=response.phrase,
        product=field(response, "Server") or field(response, "User-Agent"),
        seconds=loop.time() - began,
    )


def _question(agent: UserAgent, trunk: HostPort, destination: HostPort) -> Request:
    own = HostPort(agent.media_host(destination), agent.address.port)
    return request(
        "OPTIONS",
        f"sip:{trunk}",
        fields=[
            ("Via", agent.via(destination)),
            ("Max-Forwards", "70"),
            ("From", f"<sip:postfax@{own}>;tag={agent.random.getrandbits(64):016x}"),
            ("To", f"<sip:{trunk}>"),
            ("Call-ID", f"{agent.random.getrandbits(96):024x}@{own.host}"),
            ("CSeq", "1 OPTIONS"),
            ("Contact", f"<sip:postfax@{own}>"),
            ("Accept", SDP),
            ("User-Agent", USER_AGENT),
        ],
    )
