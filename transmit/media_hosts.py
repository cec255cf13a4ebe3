"""Where the media of a session description go to: names in it are looked up, as RFC 8866 §5.7 allows them.

What has no address in our own address family is as good as refused: nothing could be sent there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from config.values import HostPort
from transmit.sip.call_events import Answered, Offered, Ringing
from transmit.sip.sdp import MediaDescription, SessionDescription

log = structlog.get_logger(__name__)

Find = Callable[[HostPort], Awaitable[tuple[HostPort, ...]]]
"""The addresses of a host in our address family, a literal's itself; raises OSError where there are none."""

_PATIENCE = 5.0
"""Seconds that the DNS has: the call waits for it."""


async def with_addresses(session: SessionDescription, find: Find) -> SessionDescription:
    """The session with literals of our address family in the place of names; empty where there is none."""
    return replace(session, media=tuple([await _located(media, find) for media in session.media]))


async def located(event: Ringing | Answered | Offered, find: Find) -> Ringing | Answered | Offered:
    """The event with addresses in its session."""
    if isinstance(event, Offered):
        return replace(event, offer=await with_addresses(event.offer, find))
    if event.session is None:
        return event
    return replace(event, session=await with_addresses(event.session, find))


async def _located(media: MediaDescription, find: Find) -> MediaDescription:
    if not media.port or not media.host:
        return media
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await find(media.address)
    except (OSError, UnicodeError, TimeoutError) as fault:
        log.info("media_host_not_found", host=media.host, reason=str(fault) or "timeout")
        return replace(media, host="")
    return replace(media, host=found[0].host)
