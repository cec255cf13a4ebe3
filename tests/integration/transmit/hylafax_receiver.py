"""HylaFAX that receives: its faxgetty behind a class 1 modem of software, whose telephone line is RTP.

Calls come by SIP: a gateway of a few lines answers them with G.711 at the modem's port, and lets it ring.
HylaFAX's T.30 and the modems of libspandsp's T.31 are nobody's that sends; SIP here is as little as a
gateway can do.
"""

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

from hylafax_site import DEBIAN, LIBRARIES, HylafaxSite

from config.values import HostPort

_SOURCE = Path(__file__).with_name("soft_modem.c")
_RECEIVING = """\
CountryCode: 1
AreaCode: 206
FAXNumber: +1.206.555.0177
LocalIdentifier: "HYLAFAX"
LongDistancePrefix: 1
InternationalPrefix: 011
DialStringRules: etc/dialrules
DeviceMode: 0666
SpeakerVolume: off
ServerTracing: 0x01
SessionTracing: 0x0f
RecvFileMode: 0644
ModemType: Class1
RingsBeforeAnswer: 1
ModemResetDelay: 0
ModemDTRDropDelay: 0
ModemReadyDelay: 0
Class1TMConnectDelay: 400
Class1ECMSupport: {ecm}
MaxRecvPages: 99
FaxRcvdCmd: bin/noted
"""
_NOTED = """\
#!/bin/sh
echo "$1" >> noted
"""
_ANSWER = """\
v=0
o=gateway 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {port} RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""


def build_modem(folder: Path) -> Path:
    """The modem's program."""
    program = folder / "soft-modem"
    subprocess.run(["gcc", "-O2", "-o", program, _SOURCE, "-lspandsp", "-ltiff"], check=True)
    return program


class Receiver:
    """One modem of a HylaFAX, and the gateway that its calls come through."""

    def __init__(self, site: HylafaxSite, gateway: "_Gateway", address: HostPort) -> None:
        self._site = site
        self._gateway = gateway
        self.address = address
        """Where its calls go, by SIP."""

    async def received(self) -> Path:
        """The fax that came, once HylaFAX says that it is all there."""
        noted = self._site.spool / "noted"
        async with asyncio.timeout(120):
            while not noted.exists():
                await asyncio.sleep(0.05)
        [name] = noted.read_text().split()
        return self._site.spool / name

    @property
    def refused(self) -> list[str]:
        """What was offered within the call and not taken."""
        return self._gateway.refused


@contextlib.asynccontextmanager
async def receiver(site: HylafaxSite, program: Path, *, ecm: bool) -> AsyncIterator[Receiver]:
    """A modem that is ready to take a call. The site's faxq does not run."""
    folder = site.spool / "modem"
    folder.mkdir()
    port = _free_port()
    modem = await asyncio.create_subprocess_exec(program, folder, str(port))
    getty = None
    try:
        terminal = await _terminal(folder, modem)
        (site.spool / f"etc/config.{terminal.replace('/', '_')}").write_text(
            _RECEIVING.format(ecm="yes" if ecm else "no")
        )
        (site.spool / "bin/noted").write_text(_NOTED)
        (site.spool / "bin/noted").chmod(0o755)
        for path in (site.spool / "bin/noted", site.spool / "etc"):
            shutil.chown(path, "uucp", "uucp")
        getty = await asyncio.create_subprocess_exec(
            DEBIAN / "usr/sbin/faxgetty", "-p", "-q", str(site.spool), terminal,
            cwd=site.spool, env={"LD_LIBRARY_PATH": str(LIBRARIES), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        await _ready(site, terminal, getty)
        loop = asyncio.get_running_loop()
        transport, gateway = await loop.create_datagram_endpoint(
            lambda: _Gateway(port), local_addr=("127.0.0.1", 0)
        )
        try:
            yield Receiver(site, gateway, HostPort(*transport.get_extra_info("sockname")))
        finally:
            transport.close()
    finally:
        for process in filter(None, (getty, modem)):
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _terminal(folder: Path, modem: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(60):
        while not (folder / "tty").exists():
            assert modem.returncode is None
            await asyncio.sleep(0.02)
    return (folder / "tty").read_text().removeprefix("/dev/")


async def _ready(site: HylafaxSite, terminal: str, getty: asyncio.subprocess.Process) -> None:
    """Until HylaFAX waits for calls."""
    status = site.spool / "status" / terminal.replace("/", "_")
    async with asyncio.timeout(120):
        while not (status.exists() and "idle" in status.read_text()):
            assert getty.returncode is None
            await asyncio.sleep(0.05)


class _Gateway(asyncio.DatagramProtocol):
    """Answers every call with the modem's audio, and refuses everything else that is offered in it."""

    def __init__(self, modem: int) -> None:
        self._modem = modem
        self._calls: set[str] = set()
        self.refused: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = data.decode()
        method, call = message.split(" ", 1)[0], _field(message, "Call-ID")
        if method == "INVITE" and "m=image" in message:
            self.refused.append("T.38")
            self._answer(message, addr, "488 Not Acceptable Here")
        elif method == "INVITE":
            if call not in self._calls:
                self._calls.add(call)
                self._tell_modem("RING")
            self._answer(message, addr, "200 OK", _ANSWER.format(port=self._modem))
        elif method == "BYE":
            self._tell_modem("HANG UP")
            self._answer(message, addr, "200 OK")
        elif method != "ACK":
            self._answer(message, addr, "200 OK")

    def _tell_modem(self, words: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
            there.sendto(words.encode(), ("127.0.0.1", self._modem))

    def _answer(self, message: str, to: tuple[str, int], status: str, body: str = "") -> None:
        octets = body.replace("\n", "\r\n")
        vias = re.findall(r"(?im)^via:.*$", message)
        receiver = _field(message, "To")
        tagged = receiver if ";tag=" in receiver else f"{receiver};tag=modem"
        host, port = self._transport.get_extra_info("sockname")
        lines = [
            f"SIP/2.0 {status}", *(via.strip() for via in vias), f"From: {_field(message, 'From')}",
            f"To: {tagged}", f"Call-ID: {_field(message, 'Call-ID')}", f"CSeq: {_field(message, 'CSeq')}",
            f"Contact: <sip:gateway@{host}:{port}>",
            *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(octets)}",
            "", octets,
        ]  # fmt: skip
        self._transport.sendto("\r\n".join(lines).encode(), to)


def _field(message: str, name: str) -> str:
    found = re.search(rf"(?im)^{name}:\s*(.*?)\s*$", message)
    assert found, f"no {name} in {message}"
    return found[1]


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
