"""What went over the wire in one call, in a file that Wireshark reads (pcap, link type RAW: IP packets).

SIP and media are written by two processes into one file: each packet is one write at its end. SIP that came
by TCP or TLS stands in it as UDP datagrams with the same addresses, so that it can be read although it was
encrypted. IP and UDP headers are made up from the addresses.

A trace must never hurt its call: what cannot be written is left out, and said once in the log.
"""

import os
import struct
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import structlog

from config.values import HostPort

log = structlog.get_logger(__name__)

SUFFIX = ".pcap"
KEPT = 100
"""Traces of one folder; older ones make room."""
_MAGIC = 0xA1B2C3D4
_FILE_HEADER = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_RAW = 101  # LINKTYPE_RAW
_SNAP = 65535
_UDP = 17
_HOPS = 64
_MILLION = 1_000_000


class PacketTrace:
    """A trace that packets are added to."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._failed = False

    @classmethod
    def create(cls, path: Path) -> "PacketTrace":
        """Begins a trace, readable by its owner alone; makes its folder, and room in it.

        Raises:
            OSError: It cannot be written.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_room(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.write(descriptor, file_header())
        return cls(path, descriptor)

    @classmethod
    def go_on(cls, path: Path) -> "PacketTrace":
        """Adds to a trace that another process began.

        Raises:
            OSError: It cannot be written.
        """
        return cls(path, os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC))

    def add(self, payload: bytes, source: HostPort, destination: HostPort) -> None:
        """Adds a datagram, as of now."""
        try:
            os.write(self._descriptor, record(payload, source, destination, time.time()))
        except (OSError, ValueError, struct.error) as fault:
            if not self._failed:
                log.warning("trace_incomplete", file=str(self.path), cause=str(fault))
            self._failed = True

    def close(self) -> None:
        """Frees the file."""
        os.close(self._descriptor)


def trace_name(attempt_id: str) -> str:
    """The file name of an attempt's trace."""
    return attempt_id.replace("#", "-").replace("/", "-") + SUFFIX


def traces_of(folder: Path, job_id: str) -> list[Path]:
    """The traces of a job's attempts, the first attempt first."""
    found = folder.glob(f"{job_id}-*{SUFFIX}")
    return sorted(found, key=lambda path: (len(path.name), path.name))


def joined(traces: Sequence[Path]) -> bytes:
    """Several traces as one, in the order of time; what is cut off at a file's end is left out.

    Raises:
        OSError: One cannot be read.
    """
    records = [each for path in traces for each in _records(path.read_bytes())]
    return file_header() + b"".join(octets for _, octets in sorted(records, key=lambda each: each[0]))


def file_header() -> bytes:
    """What stands before the first packet."""
    return _FILE_HEADER.pack(_MAGIC, 2, 4, 0, 0, _SNAP, _RAW)


def record(payload: bytes, source: HostPort, destination: HostPort, at: float) -> bytes:
    """One datagram with its time.

    Raises:
        ValueError: An address is none, or they are of two families.
        struct.error: It is longer than any datagram.
    """
    packet = _ip_packet(payload, source, destination)
    whole = int(at)
    return _RECORD.pack(whole, int((at - whole) * _MILLION), len(packet), len(packet)) + packet


def _ip_packet(payload: bytes, source: HostPort, destination: HostPort) -> bytes:
    ours, theirs = ip_address(source.host), ip_address(destination.host)
    if ours.version != theirs.version:
        raise ValueError(f"{source} and {destination} are of two families")
    length = 8 + len(payload)
    addresses = ours.packed + theirs.packed
    header = struct.pack("!HHHH", source.port, destination.port, length, 0)
    pseudo = addresses + struct.pack("!IBBBB", length, 0, 0, 0, _UDP)
    datagram = header[:6] + struct.pack("!H", _checksum(pseudo + header + payload) or 0xFFFF) + payload
    if ours.version == 6:  # noqa: PLR2004 - IPv6
        return struct.pack("!IHBB", 6 << 28, length, _UDP, _HOPS) + addresses + datagram
    first = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, _HOPS, _UDP, 0)
    checksum = struct.pack("!H", _checksum(first + addresses))
    return first[:10] + checksum + addresses + datagram


def _checksum(octets: bytes) -> int:
    """RFC 1071."""
    padded = octets + b"\0" * (len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _records(octets: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Each packet with its time, from a file of ours."""
    place = _FILE_HEADER.size
    while place + _RECORD.size <= len(octets):
        seconds, microseconds, length, _ = _RECORD.unpack_from(octets, place)
        end = place + _RECORD.size + length
        if end > len(octets):
            return
        yield (seconds, microseconds), octets[place:end]
        place = end


def _make_room(folder: Path) -> None:
    traces = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
    for path in traces[: max(0, len(traces) - KEPT + 1)]:
        path.unlink(missing_ok=True)
