"""Traces: a packet is an IP packet with right checksums, and several traces are one in the order of time."""

import os
import struct
from pathlib import Path

import pytest

from config.values import HostPort
from transmit import packet_trace
from transmit.packet_trace import PacketTrace, file_header, joined, record, trace_name, traces_of

OURS = HostPort("192.0.2.1", 5060)
THEIRS = HostPort("192.0.2.9", 5070)


def ones_complement_sum(octets: bytes) -> int:
    padded = octets + b"\0" * (len(octets) % 2)
    total = sum(int.from_bytes(padded[place : place + 2], "big") for place in range(0, len(padded), 2))
    while total > 0xFFFF:
        total = total % 0x10000 + total // 0x10000
    return total


@pytest.mark.parametrize("payload", [b"", b"odd", b"even", b"\xff" * 1200])
def test_a_packet_of_ipv4_is_whole(payload: bytes) -> None:
    written = record(payload, OURS, THEIRS, 1_800_000_000.25)
    seconds, microseconds, kept, length = struct.unpack_from("<IIII", written)
    packet = written[16:]
    assert (seconds, microseconds, kept, length) == (1_800_000_000, 250_000, len(packet), len(packet))
    assert packet[:2] == b"\x45\x00"
    assert int.from_bytes(packet[2:4], "big") == len(packet)
    assert ones_complement_sum(packet[:20]) == 0xFFFF
    assert (packet[12:16], packet[16:20]) == (bytes([192, 0, 2, 1]), bytes([192, 0, 2, 9]))
    udp = packet[20:]
    assert struct.unpack_from("!HHH", udp) == (5060, 5070, len(udp))
    assert ones_complement_sum(packet[12:20] + bytes([0, 17]) + udp[4:6] + udp) == 0xFFFF
    assert udp[8:] == payload


def test_a_packet_of_ipv6_is_whole() -> None:
    packet = record(b"hello", HostPort("2001:db8::1", 1), HostPort("2001:db8::2", 2), 0.0)[16:]
    assert packet[0] >> 4 == 6
    assert packet[6] == 17
    udp = packet[40:]
    assert int.from_bytes(packet[4:6], "big") == len(udp) == 13
    pseudo = packet[8:40] + len(udp).to_bytes(4, "big") + bytes([0, 0, 0, 17])
    assert ones_complement_sum(pseudo + udp) == 0xFFFF


def test_two_writers_of_one_trace_and_what_cannot_be_written_hurts_nobody(tmp_path: Path) -> None:
    path = tmp_path / "new" / trace_name("K7Q2-M9#1")
    service = PacketTrace.create(path)
    worker = PacketTrace.go_on(path)
    service.add(b"INVITE", OURS, THEIRS)
    worker.add(b"media", OURS, THEIRS)
    worker.add(b"x" * 70_000, OURS, THEIRS)
    worker.add(b"x", OURS, HostPort("gw.example", 1))
    worker.add(b"x", OURS, HostPort("2001:db8::1", 1))
    service.add(b"BYE", OURS, THEIRS)
    service.close()
    worker.close()
    service.add(b"after the end", OURS, THEIRS)
    octets = path.read_bytes()
    assert octets.startswith(file_header())
    assert [octets.count(word) for word in (b"INVITE", b"media", b"BYE", b"after")] == [1, 1, 1, 0]
    assert len(octets) == len(file_header()) + 3 * (16 + 28) + len(b"INVITEmediaBYE")
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_traces_of_a_fax_are_joined_in_the_order_of_time(tmp_path: Path) -> None:
    first, second = tmp_path / trace_name("K7Q2-M9#2"), tmp_path / trace_name("K7Q2-M9#10")
    (tmp_path / trace_name("K7Q2-M91#1")).write_bytes(b"another fax")
    second.write_bytes(file_header() + record(b"late", OURS, THEIRS, 20.0) + b"cut off")
    first.write_bytes(
        file_header() + record(b"last", OURS, THEIRS, 20.5) + record(b"soon", OURS, THEIRS, 10.0)
    )
    assert traces_of(tmp_path, "K7Q2-M9") == [first, second]
    octets = joined([first, second])
    assert octets.startswith(file_header())
    assert sorted((b"soon", b"late", b"last"), key=octets.index) == [b"soon", b"late", b"last"]
    assert b"cut off" not in octets


def test_old_traces_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_trace, "KEPT", 3)
    for number in range(5):
        path = tmp_path / f"J-{number}.pcap"
        PacketTrace.create(path).close()
        os.utime(path, (number, number))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["J-2.pcap", "J-3.pcap", "J-4.pcap"]
