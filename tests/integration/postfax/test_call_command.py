"""`postfax call trace`: what went over the wire in the calls of a fax, in one file."""

import stat
from pathlib import Path

import pytest
from command_line import SETTINGS, CommandLine
from recorded_faxes import RecordedFaxes

from config.values import HostPort
from postfax.failures import ExitCode
from postfax.person import person
from store.audit_entry import AuditAction, AuditFilter
from store.status import Status
from transmit.packet_trace import PacketTrace, file_header, trace_name

PEER = HostPort("192.0.2.1", 5060)


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def fax(postfax: CommandLine, tmp_path: Path) -> RecordedFaxes:
    return RecordedFaxes(postfax=postfax, folder=tmp_path)


def keep_traces(postfax: CommandLine) -> Path:
    postfax.settings_file.write_text(SETTINGS.replace("main: {", "main: {trace: traces, "))
    return postfax.settings_file.parent / "traces"


def trace(folder: Path, attempt: str, payload: bytes) -> None:
    made = PacketTrace.create(folder / trace_name(attempt))
    made.add(payload, PEER, PEER)
    made.close()


def test_all_calls_of_a_fax_are_one_file_and_who_took_it_is_kept(
    postfax: CommandLine, fax: RecordedFaxes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = keep_traces(postfax)
    job = fax(Status.BUSY, Status.SUCCESS)
    trace(folder, f"{job.id}#1", b"INVITE first")
    trace(folder, f"{job.id}#2", b"INVITE second")
    monkeypatch.chdir(tmp_path)
    said = postfax("call", "trace", job.id.lower())
    assert said.out.startswith(f"{job.id}.pcap  2 calls, ")
    octets = (tmp_path / f"{job.id}.pcap").read_bytes()
    assert octets.startswith(file_header())
    assert octets.index(b"first") < octets.index(b"second")
    assert stat.S_IMODE((tmp_path / f"{job.id}.pcap").stat().st_mode) == 0o600
    entries = postfax.of_book(lambda book: book.audit(AuditFilter(actions=frozenset({AuditAction.DOWNLOAD}))))
    assert [(entry.subject, entry.by, entry.detail) for entry in entries] == [
        (job.id, person(), "trace of 2 calls")
    ]
    assert "is there already" in postfax("call", "trace", job.id).failure
    told = postfax("call", "trace", job.id, "-o", "other.pcap", "--json").json
    assert (told["id"], told["file"], told["calls"]) == (job.id, "other.pcap", 2)


def test_without_traces_it_is_told_how_to_have_some(postfax: CommandLine, fax: RecordedFaxes) -> None:
    job = fax(Status.BUSY)
    said = postfax("call", "trace", job.id)
    assert said.code == ExitCode.NOT_FOUND
    assert "Set lines.main.trace" in said.failure
    keep_traces(postfax)
    said = postfax("call", "trace", job.id)
    assert said.code == ExitCode.NOT_FOUND
    assert f"{job.id} has no trace" in said.failure


def test_a_fax_that_there_is_not(postfax: CommandLine) -> None:
    assert postfax("call", "trace", "ZZZZ-Z9").code == ExitCode.NOT_FOUND
