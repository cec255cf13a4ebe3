"""The trunk over TLS: SIPp behind a relay that ends TLS, with certificates that are believed and others."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from self_signed import self_signed
from sipp_peer import AUDIO, CONTACT, recv, reply, reply_in_call, sipp

from config.lines import SipLine
from config.values import HostPort
from transmit.line import LineError
from transmit.sip import sdp
from transmit.sip.call_events import Answered, Refused
from transmit.sip.sdp import LocalSession
from transmit.trunk import Trunk

NAME = "trunk.example"
LOOPBACK = HostPort("127.0.0.1", 0)


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for a name, and its key."""
    made = self_signed(folder, name, files=name)
    return made.certificate, made.key


@asynccontextmanager
async def relay(to: HostPort, context: ssl.SSLContext) -> AsyncIterator[HostPort]:
    """Takes TLS connections and hands their octets on by plain TCP."""
    pumps: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while octets := await source.read(65536):
                sink.write(octets)
        sink.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(*to)
        pumps.add(asyncio.create_task(pump(reader, inner_writer)))
        pumps.add(asyncio.create_task(pump(inner_reader, writer)))

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context)
    try:
        yield HostPort(*server.sockets[0].getsockname())
    finally:
        server.close()
        for task in pumps:
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


def server_context(certificate: Path, key: Path, *, asks_for: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    if asks_for is not None:
        context.load_verify_locations(asks_for)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def settings_of(address: HostPort, tls: dict[str, object]) -> SipLine:
    return SipLine.model_validate(
        {"sip": f"sip:{address}", "listen": LOOPBACK, "keep_alive": "0 s", "transport": "tls", "tls": tls}
    )


async def outcome_of_a_call(settings: SipLine) -> Answered | Refused:
    trunk = Trunk("main", settings)
    await trunk.start()
    offer = LocalSession(address=ip_address("127.0.0.1"), session_id=1).offer(sdp.audio(4000))
    call = trunk.call("+12065551234", "", offer, await trunk.way())
    event = await asyncio.wait_for(call.events.get(), 60)
    assert isinstance(event, Answered | Refused)
    await call.hang_up()
    await trunk.stop()
    return event


@pytest.mark.parametrize("mutual", [False, True])
async def test_a_call_over_one_connection(tmp_path: Path, mutual: bool) -> None:  # noqa: FBT001 - a parameter
    certificate, key = make_certificate(tmp_path, NAME)
    ours = make_certificate(tmp_path, "us.example")
    tls: dict[str, object] = {"name": NAME, "ca": certificate}
    if mutual:
        tls |= {"certificate": ours[0], "key": ours[1]}
    context = server_context(certificate, key, asks_for=ours[0] if mutual else None)
    async with (
        sipp(
            recv("INVITE", "Via: SIP/2.0/TLS ", "Contact: <sip:.*;transport=tls>"),
            reply(200, "OK", CONTACT, body=AUDIO),
            recv("ACK"),
            recv("BYE"),
            reply_in_call(200, "OK"),
            tcp=True,
        ) as peer,
        relay(peer.address, context) as address,
    ):
        assert isinstance(await outcome_of_a_call(settings_of(address, tls)), Answered)
        await peer.finished()


@pytest.mark.parametrize("wrong", ["name", "authority"])
async def test_a_certificate_that_is_not_the_trunks_is_not_believed(tmp_path: Path, wrong: str) -> None:
    certificate, key = make_certificate(tmp_path, NAME)
    other, _ = make_certificate(tmp_path, "other.example")
    tls: dict[str, object] = {"name": NAME, "ca": certificate}
    tls |= {"name": "else.example"} if wrong == "name" else {"ca": other}
    async with relay(HostPort("127.0.0.1", 9), server_context(certificate, key)) as address:
        refused = await outcome_of_a_call(settings_of(address, tls))
    assert isinstance(refused, Refused)
    assert refused.code is None
    assert f"no connection to {address}: its certificate is not accepted" in refused.reason


async def test_a_key_that_is_not_the_certificates_is_told_at_the_start(tmp_path: Path) -> None:
    certificate, _ = make_certificate(tmp_path, NAME)
    _, key = make_certificate(tmp_path, "other.example")
    trunk = Trunk("main", settings_of(LOOPBACK._replace(port=5061), {"certificate": certificate, "key": key}))
    with pytest.raises(LineError, match="cannot be used") as error:
        await trunk.start()
    assert "lines.main.tls" in str(error.value)
