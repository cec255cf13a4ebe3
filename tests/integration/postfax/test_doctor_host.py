"""What the doctor says of the record, the tools, the clock and the trunk of a host."""

import asyncio
import os
import socket
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from doctor_site import make_site, only, states

from config.values import HostPort
from convert.typesetting_parts import MissingPart
from postfax.doctor.clock import clock
from postfax.doctor.finding import State
from postfax.doctor.policy import policy, settings
from postfax.doctor.record import book, disk
from postfax.doctor.tools import fax_engine, landlock, office, office_parts, seccomp, typesetting
from postfax.doctor.trunk import trunk
from postfax.opening import make_book as service_book
from postfax.opening import uptime
from store.book import Book
from store.mail import Envelope
from store.owner import this_host
from store.sqlite import BookLock
from transmit.sip.message import parse, response
from transmit.sip.transaction import SipTimers
from transmit.sip.user_agent import UserAgent

QUICK = SipTimers(t1=0.01, t2=0.04, t4=0.05)


# --- The record -------------------------------------------------------------------------------------------


async def make_book(folder: Path, *, refused: int = 0) -> Path:
    url = f"sqlite:{folder}/book.db"
    await Book.migrate(url)
    async with Book(url, folder / "documents", clock=lambda: datetime.now(UTC)) as opened:
        for _ in range(refused):
            await opened.record_refused(
                client_address="192.0.2.1",
                helo="x",
                envelope=Envelope(return_path="x@y.example", recipients=("z@fax.example.com",)),
                header_from="x" * 2000,
                reason="550 no",
            )
    return folder / "book.db"


async def test_a_good_book(tmp_path: Path) -> None:
    await make_book(tmp_path)
    finding = only(await book(make_site(tmp_path)))
    assert finding.state is State.OK
    assert finding.found.endswith("whole")


async def test_a_book_that_is_not_there_yet(tmp_path: Path) -> None:
    assert only(await book(make_site(tmp_path))).state is State.NOT_CHECKED
    assert not (tmp_path / "book.db").exists()


async def test_a_writer_is_neither_waited_for_nor_held_up(tmp_path: Path) -> None:
    path = await make_book(tmp_path)
    lock = BookLock(path)
    lock.open()
    with lock.held():
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        finding = only(await asyncio.wait_for(book(make_site(tmp_path)), 60))
        writer.execute("COMMIT")
        writer.close()
    lock.close()
    assert finding.state is State.OK


@pytest.mark.parametrize(("version", "state"), [("9999", State.FAILURE), (None, State.WARNING)])
async def test_a_book_of_another_version(tmp_path: Path, version: str | None, state: State) -> None:
    path = await make_book(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE alembic_version")
    if version:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
    connection.commit()
    connection.close()
    assert only(await book(make_site(tmp_path))).state is state


async def test_a_damaged_book(tmp_path: Path) -> None:
    path = await make_book(tmp_path, refused=60)
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2 :] = os.urandom(len(octets) - len(octets) // 2)
    path.write_bytes(octets)
    finding = only(await book(make_site(tmp_path)))
    assert finding.state is State.FAILURE


async def test_a_large_book_is_not_looked_at_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_book(tmp_path, refused=300)
    monkeypatch.setattr("postfax.doctor.record.CHECK_SECONDS", -1.0)
    monkeypatch.setattr("postfax.doctor.record._INSTRUCTIONS", 1)
    finding = only(await book(make_site(tmp_path)))
    assert finding.state is State.OK
    assert "not looked at to the end" in finding.found


async def test_a_file_that_is_no_book(tmp_path: Path) -> None:
    path = await make_book(tmp_path)
    path.write_text("something else, long enough to be looked at by SQLite as if it were a database" * 50)
    assert only(await book(make_site(tmp_path))).state is State.FAILURE


async def test_a_book_without_its_lock(tmp_path: Path) -> None:
    path = await make_book(tmp_path)
    path.with_suffix(".lock").unlink()
    assert only(await book(make_site(tmp_path))).state is State.FAILURE


@pytest.mark.parametrize(
    ("free", "files", "state"),
    [
        (5 * 1024**3, 0.5, State.OK),
        (500 * 1024**2, 0.5, State.WARNING),
        (5 * 1024**3, 0.01, State.WARNING),
        (10 * 1024**2, 0.5, State.FAILURE),
    ],
)
async def test_room_on_the_disk(tmp_path: Path, free: int, files: float, state: State) -> None:
    def statvfs(_: Path) -> Any:
        return SimpleNamespace(f_bavail=free // 4096, f_frsize=4096, f_files=1000, f_favail=files * 1000)

    findings = await disk(make_site(tmp_path), statvfs=statvfs)
    assert states(findings) == [state, state]
    assert not (tmp_path / "documents").exists()


# --- Settings and policy ----------------------------------------------------------------------------------


async def test_a_policy_without_and_with_mistakes(tmp_path: Path) -> None:
    assert states(await settings(make_site(tmp_path))) == [State.OK]
    assert states(await policy(make_site(tmp_path))) == [State.OK]
    nobody = make_site(tmp_path, policy="company: General Hospital\n")
    assert states(await policy(nobody)) == [State.WARNING]
    cautious = "company: A\nsettings: {notifications: {delivery: {failure: false}}}\nusers: []\n"
    assert states(await policy(make_site(tmp_path, policy=cautious))) == [State.WARNING, State.WARNING]
    wrong = "company: A\n" + "".join(f"unknown{number}: 1\n" for number in range(9))
    findings = await policy(make_site(tmp_path, policy=wrong))
    assert states(findings) == [State.FAILURE] * 5 + [State.WARNING]
    assert findings[0].found.startswith("policy.yaml:2:1")


# --- Tools and clock --------------------------------------------------------------------------------------


async def test_the_tools_of_this_host(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    assert states(await fax_engine(site)) == [State.OK]
    assert states(await office(site)) == [State.OK]


async def test_missing_tools(tmp_path: Path) -> None:
    site = make_site(tmp_path)

    def load() -> object:
        raise ImportError("libspandsp.so.2: cannot open shared object file")

    engine = only(await fax_engine(site, load=load))
    assert (engine.state, "libspandsp" in engine.found) == (State.FAILURE, True)
    assert states(await office(site, which=lambda _: None)) == [State.FAILURE, State.FAILURE]
    refused = only(await office(site, sandbox=lambda: "No permissions to create new namespace"))
    assert (refused.state, "No permissions" in refused.found) == (State.FAILURE, True)


async def test_the_parts_of_libreoffice(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    assert states(await office_parts(site)) == [State.OK]
    assert states(await office_parts(site, which=lambda _: None)) == [State.NOT_CHECKED]
    without_calc = only(await office_parts(site, exists=lambda path: path.name != "libsclo.so"))
    assert without_calc.state is State.FAILURE
    assert "CSV" in without_calc.found
    assert without_calc.advice == "apt-get install libreoffice-calc-nogui"


async def test_the_office_unit(tmp_path: Path) -> None:
    path = tmp_path / "office.sock"
    site = make_site(tmp_path, convert={"office_socket": path})
    assert states(await office(site)) == [State.FAILURE]
    with socket.socket(socket.AF_UNIX) as unit:
        unit.bind(str(path))
        unit.listen()
        assert states(await office(site)) == [State.OK]


async def test_missing_fonts_and_libraries(tmp_path: Path) -> None:
    parts = tuple(
        MissingPart(package=f"package-{essential}", consequence="nothing is drawn", essential=essential)
        for essential in (True, False)
    )
    findings = await typesetting(make_site(tmp_path), missing=lambda: parts)
    assert states(findings) == [State.FAILURE, State.WARNING]
    assert findings[0].advice == "apt-get install package-True"
    assert states(await typesetting(make_site(tmp_path), missing=lambda: ())) == [State.OK]


@pytest.mark.parametrize(("abi", "state"), [(0, State.WARNING), (3, State.WARNING), (4, State.OK)])
async def test_landlock(tmp_path: Path, abi: int, state: State) -> None:
    assert states(await landlock(make_site(tmp_path), version=lambda: abi)) == [state]


async def test_seccomp(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    assert states(await seccomp(site)) == [State.OK]
    (finding,) = await seccomp(
        site, missing=lambda: "libseccomp.so.2 is missing: apt-get install libseccomp2"
    )
    assert finding.state is State.WARNING
    assert "apt-get install libseccomp2" in finding.found


async def test_a_clock_that_the_service_does_not_believe(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    await make_book(tmp_path)
    async with service_book(site.settings) as opened:
        await opened.look_at_clock()
    assert states(await clock(site, largest_error=lambda: 0.02)) == [State.OK]
    ahead = datetime.now(UTC) + timedelta(days=2)
    async with Book(
        site.settings.store, tmp_path / "documents", clock=lambda: ahead, uptime=uptime
    ) as opened:
        await opened.look_at_clock()
    [_, doubt] = await clock(site, largest_error=lambda: 0.02)
    assert doubt.state is State.WARNING
    assert doubt.found.startswith(f"the clock of {this_host()} shows ")
    assert "48 h more than is known to have passed" in doubt.found


async def test_the_clock(tmp_path: Path) -> None:
    def silent() -> float | None:
        raise OSError(1, "Operation not permitted")

    site = make_site(tmp_path)
    assert states(await clock(site, largest_error=lambda: 0.02)) == [State.OK]
    assert states(await clock(site, largest_error=lambda: None)) == [State.WARNING]
    assert states(await clock(site, largest_error=silent)) == [State.NOT_CHECKED]
    assert states(await clock(site)) in ([State.OK], [State.WARNING])


# --- The trunk --------------------------------------------------------------------------------------------


@pytest.fixture
def silent_port() -> Iterator[HostPort]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield HostPort(*silent.getsockname())


def lines(trunk_address: HostPort) -> dict[str, Any]:
    return {"main": {"sip": f"sip:{trunk_address}", "listen": ("127.0.0.1", 0)}}


async def test_a_trunk_that_answers(tmp_path: Path) -> None:
    peer = UserAgent()
    address = await peer.start(HostPort("127.0.0.1", 0))
    finding = only(await trunk(make_site(tmp_path, lines=lines(address))))
    await peer.stop()
    assert finding.state is State.OK
    assert "200 OK" in finding.found


async def test_a_trunk_that_does_not_answer(tmp_path: Path, silent_port: HostPort) -> None:
    finding = only(await trunk(make_site(tmp_path, lines=lines(silent_port)), timers=QUICK))
    assert (finding.state, "does not answer" in finding.found) == (State.FAILURE, True)


async def test_a_trunk_whose_name_has_no_address(tmp_path: Path) -> None:
    line = {"main": {"sip": "sip:nobody.invalid", "listen": ("127.0.0.1", 0)}}
    finding = only(await trunk(make_site(tmp_path, lines=line), timers=QUICK))
    assert finding.state is State.FAILURE


async def test_without_a_line_nothing_can_be_sent(tmp_path: Path) -> None:
    assert only(await trunk(make_site(tmp_path))).state is State.FAILURE


class Answering(asyncio.DatagramProtocol):
    """Answers every request with one code."""

    def __init__(self, code: int) -> None:
        self._code = code
        self.methods: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request: Any = parse(data)
        self.methods.append(request.method)
        answer = response(request, self._code, tag="x", fields=[("Server", "Trunk 1.0")])
        self._transport.sendto(bytes(answer), addr)


@pytest.mark.parametrize(("code", "state"), [(405, State.OK), (403, State.OK), (503, State.WARNING)])
async def test_what_a_trunk_answers(tmp_path: Path, code: int, state: State) -> None:
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(
        lambda: Answering(code), local_addr=("127.0.0.1", 0)
    )
    address = HostPort(*transport.get_extra_info("sockname"))
    finding = only(await trunk(make_site(tmp_path, lines=lines(address))))
    transport.close()
    assert (finding.state, f"by Trunk 1.0: {code}" in finding.found) == (state, True)
    assert peer.methods == ["OPTIONS"]


class Translated(Answering):
    """Answers as one does that sees us through a router."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request: Any = parse(data)
        via = request.headers.get("Via").replace(";rport", ";rport=4711;received=203.0.113.7")
        request.headers.setlist("Via", [via])
        self._transport.sendto(bytes(response(request, 200, tag="x")), addr)


@pytest.mark.parametrize("public_address", [None, "203.0.113.7"])
async def test_a_router_that_translates_addresses_is_found_out(
    tmp_path: Path, public_address: str | None
) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Translated(200), local_addr=("127.0.0.1", 0))
    settings = lines(HostPort(*transport.get_extra_info("sockname")))
    settings["main"]["public_address"] = public_address
    finding = only(await trunk(make_site(tmp_path, lines=settings)))
    transport.close()
    if public_address is None:
        assert finding.state is State.WARNING
        assert "set lines.main.public_address to 203.0.113.7" in finding.advice
    else:
        assert finding.state is State.OK


async def test_a_trunk_by_tcp_where_nobody_listens(tmp_path: Path) -> None:
    settings = {"main": {"sip": "sip:127.0.0.1:9", "listen": ("127.0.0.1", 0), "transport": "tcp"}}
    finding = only(await trunk(make_site(tmp_path, lines=settings)))
    assert finding.state is State.FAILURE
    assert "TCP: no connection to 127.0.0.1:9: Connection refused" in finding.found


async def test_a_key_that_cannot_be_used_is_told_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text("no certificate")
    tls = {"certificate": tmp_path / "own.pem", "key": tmp_path / "own.pem"}
    settings = {"main": {"sip": "sip:127.0.0.1:9", "listen": ("127.0.0.1", 0), "tls": tls}}
    finding = only(await trunk(make_site(tmp_path, lines=settings)))
    assert finding.state is State.FAILURE
    assert "lines.main.tls" in finding.advice
