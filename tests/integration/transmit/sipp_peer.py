"""SIPp (Debian's sip-tester) as the other end: a scenario is a list of steps, written down as its XML."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from config.values import HostPort

TAG = "theirs[call_number]"
CONTACT = "Contact: <sip:gw@[local_ip]:[local_port];transport=[transport]>"
AUDIO = """v=0
o=gw 5 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 6000 RTP/AVP 8
a=rtpmap:8 PCMA/8000
"""
IMAGE = """v=0
o=gw 5 2 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=image 6002 udptl t38
a=T38FaxVersion:0
a=T38FaxMaxDatagram:400
a=T38FaxUdpEC:t38UDPRedundancy
"""
_KEPT = {
    "Via": ".*",
    "CSeq": ".*",
    "From": ".*",
    "To": ".*",
    "Contact": "sip:[^>]*",
}
_PATIENCE = 60


def _checks(expected: Iterable[str]) -> list[str]:
    return [
        f'<ereg regexp={quoteattr(text)} search_in="msg" check_it="true" assign_to="check{number}"/>'
        for number, text in enumerate(expected)
    ]


def _send(lines: list[str], body: str) -> str:
    head = [*lines, *(["Content-Type: application/sdp"] if body else []), "Content-Length: [len]", "", body]
    return f"<send><![CDATA[\n{chr(10).join(head)}\n]]></send>"


def recv(method: str, *expected: str, keep: str = "", auth: tuple[str, str] | None = None) -> str:
    """A request of ours, which contains every regular expression of `expected`.

    Args:
        method: its method.
        expected: what it must contain.
        keep: keeps its addresses under a name: for a later answer `to` it, and for a request of SIPp's.
        auth: the user and the password that it must prove to know.
    """
    kept = [
        f'<ereg regexp="{what}" search_in="hdr" header="{name}:" assign_to="{keep}_{name}"/>'
        for name, what in _KEPT.items()
        if keep
    ]
    proof = []
    if auth is not None:
        proof = [f'<verifyauth assign_to="proven" username="{auth[0]}" password="{auth[1]}"/>']
    inside = "".join([*kept, *_checks(expected), *proof])
    received = f'<recv request="{method}">' + (f"<action>{inside}</action>" if inside else "") + "</recv>"
    return received + (_FORBIDDEN_UNLESS_PROVEN if auth is not None else "")


def recv_response(code: int, *expected: str) -> str:
    """A response of ours to a request of SIPp's."""
    inside = "".join(_checks(expected))
    return f'<recv response="{code}">' + (f"<action>{inside}</action>" if inside else "") + "</recv>"


def reply(code: int, reason: str, *fields: str, body: str = "", to: str = "", tag: str = TAG) -> str:
    """An answer to the last request, or to the one that was kept as `to`."""
    via = f"Via:[${to}_Via]" if to else "[last_Via:]"
    cseq = f"CSeq:[${to}_CSeq]" if to else "[last_CSeq:]"
    first = [
        f"SIP/2.0 {code} {reason}", via, "[last_From:]",
        f"[last_To:];tag={tag}" if tag else "[last_To:]", "[last_Call-ID:]", cseq,
    ]  # fmt: skip
    return _send([*first, *fields], body)


def reply_in_call(code: int, reason: str, *fields: str, body: str = "") -> str:
    """An answer to the last request within the call."""
    return reply(code, reason, *fields, body=body, tag="")


def request(method: str, number: int, *fields: str, body: str = "", of: str = "call") -> str:
    """A request of SIPp's within the call whose INVITE was kept as `of`."""
    return _send(
        [
            f"{method} [${of}_Contact] SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport",
            f"From:[${of}_To];tag={TAG}",
            f"To:[${of}_From]",
            "[last_Call-ID:]",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
            *([CONTACT] if method in {"INVITE", "UPDATE"} else []),
            *fields,
        ],
        body,
    )


_FORBIDDEN_UNLESS_PROVEN = (
    '<nop test="proven" next="honest"/>' + reply(403, "Forbidden") + '<label id="honest"/>'
)


def pause(milliseconds: int) -> str:
    """Nothing for a while."""
    return f'<pause milliseconds="{milliseconds}"/>'


def scenario(*steps: str) -> str:
    """The XML of a scenario."""
    text = "\n".join(steps)
    used = sorted({name for name in _names(text) if name})
    reference = f'<Reference variables="{",".join(used)}"/>' if used else ""
    head = '<?xml version="1.0" encoding="ISO-8859-1" ?>'
    return f'{head}\n<scenario name="peer">\n{text}\n{reference}</scenario>\n'


def _names(text: str) -> Iterable[str]:
    for piece in text.split('assign_to="')[1:]:
        yield piece.partition('"')[0]


@dataclass
class Sipp:
    """A running SIPp."""

    address: HostPort
    process: asyncio.subprocess.Process
    folder: Path

    async def finished(self) -> None:
        """Waits until the scenario came to its end as it was written; else fails with what SIPp says."""
        out, _ = await asyncio.wait_for(self.process.communicate(), _PATIENCE)
        errors = "".join(file.read_text("latin-1") for file in self.folder.glob("*.err"))
        assert self.process.returncode == 0, (
            f"SIPp: {self.process.returncode}\n{errors}\n{out.decode()[-2000:]}"
        )


@asynccontextmanager
async def sipp(*steps: str, tcp: bool = False, calls: int = 1) -> AsyncIterator[Sipp]:
    """SIPp, listening on loopback, for so many calls."""
    address = _free_port(tcp=tcp)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "peer.xml").write_text(scenario(*steps))
        process = await asyncio.create_subprocess_exec(
            "sipp", "-sf", "peer.xml", "-i", address.host, "-p", str(address.port), "-m", str(calls),
            "-nostdin", "-timeout", str(_PATIENCE), "-timeout_error", "-trace_err", "-error_file", "sipp.err",
            "-t", "t1" if tcp else "u1", "-nd", "-recv_timeout", "30000",
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            await _listening(address, process, tcp=tcp)
            yield Sipp(address=address, process=process, folder=folder)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _free_port(*, tcp: bool) -> HostPort:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return HostPort(*probe.getsockname())


async def _listening(address: HostPort, process: asyncio.subprocess.Process, *, tcp: bool) -> None:
    table = Path("/proc/net/tcp" if tcp else "/proc/net/udp")
    wanted = f"0100007F:{address.port:04X}"
    async with asyncio.timeout(30):
        while not any(line.split()[1] == wanted for line in table.read_text().splitlines()[1:]):
            assert process.returncode is None, "SIPp did not start"
            await asyncio.sleep(0.01)
