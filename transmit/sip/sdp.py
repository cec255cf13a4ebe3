"""Session descriptions (RFC 8866) and the offer/answer model (RFC 3264), as far as a fax call needs them.

Two kinds of media are spoken: audio in G.711 (RFC 3551), and T.38 over UDPTL (T.38 Annex D, RFC 3362).
Reading forgives what real peers write, attribute names in any case, parameters left out; only a description
without usable structure raises `SdpError`.
"""

import re
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from config.values import HostPort
from transmit.sip.addresses import HIGHEST_PORT

MAX_DATAGRAM = 400
"""T38FaxMaxDatagram that we announce, and assume where a peer announces none, in octets."""
_LARGEST_DATAGRAM = 1400
"""More than this would be cut up on its way."""
FASTEST = 14_400
"""T38MaxBitRate that we announce, and assume where a peer announces none, in bit/s: that of V.17."""
_REDUNDANCY = 3
"""Earlier packets repeated in each datagram: with 3, a loss of 10 % cost no time."""


class SdpError(Exception):
    """A session description that cannot be read."""


class MediaKind(StrEnum):
    """What a media line carries."""

    AUDIO = "audio"
    IMAGE = "image"


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
"""A host name (RFC 1123 §2.1)."""
_PLAIN_RTP = frozenset({"RTP/AVP", "RTP/AVPF"})
"""RFC 3551, RFC 4585. Not those of SRTP, which is not spoken."""
_DIRECTIONS = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
"""What a media line may say of who sends, and what its answer says then (RFC 3264 §6.1)."""


class PayloadType(IntEnum):
    """The static RTP payload types of G.711 (RFC 3551 §6)."""

    PCMU = 0
    PCMA = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaDescription:
    """One `m=` line with what belongs to it."""

    kind: str
    port: int
    """0 where the media is refused or given up."""
    protocol: str
    formats: tuple[str, ...]
    host: str
    """The connection address that applies to it: a literal in its shortest form, or a name; empty where
    it is neither."""
    attributes: tuple[tuple[str, str], ...] = ()

    def attribute(self, name: str) -> str | None:
        """An attribute's value, whatever the case of its name; None if it is not there."""
        return next((value for key, value in self.attributes if key.lower() == name.lower()), None)

    @property
    def address(self) -> HostPort:
        """Where it is to be sent."""
        return HostPort(self.host, self.port)

    @property
    def payload_type(self) -> PayloadType | None:
        """The first G.711 payload type of usable audio, else None."""
        return self._g711 if self._reachable else None

    @property
    def is_held(self) -> bool:
        """Whether it is G.711 on hold: nothing is to be sent to an address of zeros (RFC 3264 §8.4)."""
        return self.port > 0 and self._g711 is not None and _is_unspecified(self.host)

    @property
    def _g711(self) -> PayloadType | None:
        if self.kind != MediaKind.AUDIO or self.protocol.upper() not in _PLAIN_RTP:
            return None
        known = {str(kind.value): kind for kind in PayloadType}
        return next((known[name] for name in self.formats if name in known), None)

    @property
    def direction(self) -> str:
        """Who sends: `sendrecv`, `sendonly`, `recvonly` or `inactive`, as its writer sees it."""
        return next((key.lower() for key, _ in self.attributes if key.lower() in _DIRECTIONS), "sendrecv")

    def as_in(self, offered: "MediaDescription") -> "MediaDescription":
        """The same as the answer to an offer: by its protocol, with its formats of those that we have."""
        formats = tuple(name for name in offered.formats if name.lower() in self.formats)
        dropped = {name for name in self.formats if name not in formats}
        attributes = tuple(
            (key, value)
            for key, value in self.attributes
            if key != "rtpmap" or value.partition(" ")[0] not in dropped
        )
        return replace(self, protocol=offered.protocol, formats=formats, attributes=attributes)

    def directed(self, direction: str) -> "MediaDescription":
        """The same in another direction; what has none, such as T.38, stays without."""
        attributes = tuple(
            (direction, "") if key in _DIRECTIONS else (key, value) for key, value in self.attributes
        )
        return replace(self, attributes=attributes)

    @property
    def is_t38(self) -> bool:
        """Whether it is usable T.38 over UDPTL."""
        formats = {name.lower() for name in self.formats}
        return (
            self.kind == MediaKind.IMAGE
            and self._reachable
            and self.protocol.lower() == "udptl"
            and "t38" in formats
        )

    @property
    def _reachable(self) -> bool:
        return self.port > 0 and bool(self.host) and not _is_unspecified(self.host)


def _is_unspecified(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class T38Parameters:
    """What a peer says of its T.38."""

    max_datagram: int = MAX_DATAGRAM
    """Octets of the largest UDPTL datagram that it takes."""
    redundancy: int = _REDUNDANCY
    """How many earlier packets each datagram should repeat, or how many parities it should carry."""
    fec: bool = False
    """Whether it wants parities (T.38 §9.1.4.2)."""
    max_rate: int = FASTEST
    """bit/s that it carries at most (T38MaxBitRate)."""

    @classmethod
    def of(cls, media: MediaDescription) -> "T38Parameters":
        """Reads the T38Fax… attributes; one that makes no sense counts as left out."""
        announced = media.attribute("T38FaxMaxDatagram") or ""
        octets = _number(announced) or 0
        correction = (media.attribute("T38FaxUdpEC") or "").lower()
        return cls(
            max_datagram=min(octets, _LARGEST_DATAGRAM) or MAX_DATAGRAM,
            redundancy=0 if correction == "t38udpnoec" else _REDUNDANCY,
            fec=correction == "t38udpfec",
            max_rate=min(_number(media.attribute("T38MaxBitRate") or "") or FASTEST, FASTEST),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionDescription:
    """An offer or an answer."""

    origin: str
    """User, session id and address of `o=`, without its version."""
    version: int
    """Grows with each change (RFC 3264 §8)."""
    media: tuple[MediaDescription, ...]

    def is_same_as(self, other: "SessionDescription") -> bool:
        """Whether it describes the same session and media: a refresh, even if its version has grown."""
        return self.origin == other.origin and self.media == other.media

    @property
    def audio(self) -> MediaDescription | None:
        """The first usable G.711 audio."""
        return next((media for media in self.media if media.payload_type is not None), None)

    @property
    def held(self) -> MediaDescription | None:
        """The first audio on hold by an address of zeros."""
        return next((media for media in self.media if media.is_held), None)

    @property
    def image(self) -> MediaDescription | None:
        """The first usable T.38 image."""
        return next((media for media in self.media if media.is_t38), None)


def parse(body: bytes) -> SessionDescription:
    """Reads a session description.

    Raises:
        SdpError: it is none.
    """
    session_host, version, origin, direction = "", 0, "", ""
    media: list[MediaDescription] = []
    attributes: list[list[tuple[str, str]]] = []
    for line in body.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition("=")
        match name.strip():
            case "o":
                origin, version = _parse_origin(value)
            case "c" if media:
                media[-1] = replace(media[-1], host=_parse_connection(value))
            case "c":
                session_host = _parse_connection(value)
            case "m":
                media.append(_parse_media(value, session_host))
                attributes.append([])
            case "a" if media:
                key, _, content = value.strip().partition(":")
                attributes[-1].append((key, content.strip()))
            case "a" if value.strip().lower() in _DIRECTIONS:
                direction = value.strip().lower()  # RFC 8866 §6.7: of all media that say nothing of their own
    if not media:
        raise SdpError("the session description has no media")
    whole = tuple(
        replace(each, attributes=_directed(own, direction))
        for each, own in zip(media, attributes, strict=True)
    )
    return SessionDescription(origin=origin, version=version, media=whole)


def _directed(own: list[tuple[str, str]], direction: str) -> tuple[tuple[str, str], ...]:
    """The attributes of a media line, with the session's direction, if any, where it has none."""
    if not direction or any(key.lower() in _DIRECTIONS for key, _ in own):
        return tuple(own)
    return (*own, (direction, ""))


def _parse_origin(value: str) -> tuple[str, int]:
    words = value.split()
    # RFC 8866 §5.2: six words; some write a user name of several.
    version = _number(words[-4]) if len(words) >= 6 else None  # noqa: PLR2004
    if version is None:
        raise SdpError("o= cannot be read")
    return " ".join([*words[:-4], *words[-3:]]), version


def _parse_connection(value: str) -> str:
    words = value.split()
    if len(words) != 3:  # noqa: PLR2004 - RFC 8866 §5.7
        raise SdpError("c= cannot be read")
    host = words[2].partition("/")[0]
    try:
        return str(ip_address(host))  # in the form in which the kernel names the sources of packets
    except ValueError:
        return host if _NAME.fullmatch(host) else ""


def _parse_media(value: str, host: str) -> MediaDescription:
    words = value.split()
    port = _number(words[1].partition("/")[0]) if len(words) >= 4 else None  # noqa: PLR2004 - RFC 8866 §5.14
    if port is None or port > HIGHEST_PORT:
        raise SdpError("m= cannot be read")
    return MediaDescription(
        kind=words[0].lower(), port=port, protocol=words[2], formats=tuple(words[3:]), host=host
    )


def _number(text: str) -> int | None:
    """Decimal digits, not more of them than any number here has."""
    return int(text) if re.fullmatch(r"[0-9]{1,20}", text) else None


def compose(description: SessionDescription, address: IPv4Address | IPv6Address) -> bytes:
    """Writes a session description; `address` is where all its media are received."""
    user, session, network = description.origin.split(maxsplit=2)
    where = f"IN IP{address.version} {address}"
    lines = ["v=0", f"o={user} {session} {description.version} {network}", "s=-", f"c={where}", "t=0 0"]
    for media in description.media:
        lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
        lines += [f"a={name}:{value}" if value else f"a={name}" for name, value in media.attributes]
    return "\r\n".join([*lines, ""]).encode()


def audio(
    port: int, payload_types: tuple[PayloadType, ...] = (PayloadType.PCMU, PayloadType.PCMA)
) -> MediaDescription:
    """Our G.711 audio, received at a local port."""
    maps = tuple(("rtpmap", f"{kind.value} {kind.name}/8000") for kind in payload_types)
    return MediaDescription(
        kind=MediaKind.AUDIO,
        port=port,
        protocol="RTP/AVP",
        formats=tuple(str(kind.value) for kind in payload_types),
        host="",
        attributes=(*maps, ("ptime", "20"), ("sendrecv", "")),
    )


def image(port: int, *, fec: bool = False) -> MediaDescription:
    """Our T.38, received at a local port (T.38 Annex D.2.3); with `fec` for a peer that offered that."""
    return MediaDescription(
        kind=MediaKind.IMAGE,
        port=port,
        protocol="udptl",
        formats=("t38",),
        host="",
        attributes=(
            ("T38FaxVersion", "0"),
            ("T38MaxBitRate", str(FASTEST)),
            ("T38FaxRateManagement", "transferredTCF"),
            ("T38FaxMaxBuffer", "1800"),
            ("T38FaxMaxDatagram", str(MAX_DATAGRAM)),
            ("T38FaxUdpEC", "t38UDPFEC" if fec else "t38UDPRedundancy"),
        ),
    )


@dataclass(kw_only=True, slots=True)
class LocalSession:
    """Our side of one call's descriptions: the same session, its version growing with each change."""

    address: IPv4Address | IPv6Address
    """Where our media are received."""
    session_id: int
    _version: int = 0
    _media: tuple[MediaDescription, ...] = field(default=())

    def offer(self, media: MediaDescription) -> bytes:
        """An offer of one media."""
        return self._describe((media,))

    def answer(self, offer: SessionDescription, chosen: MediaDescription, ours: MediaDescription) -> bytes:
        """The answer to `offer`: `ours` in the place of `chosen`, all else refused (RFC 3264 §6).

        It has the offer's formats in the offer's order, and where that puts the call on hold, so does it
        (§6.1).
        """
        ours = ours.as_in(chosen).directed("recvonly" if chosen.is_held else _DIRECTIONS[chosen.direction])
        return self._describe(tuple(ours if media is chosen else _refused(media) for media in offer.media))

    def _describe(self, media: tuple[MediaDescription, ...]) -> bytes:
        if media != self._media:
            self._media, self._version = media, self._version + 1
        origin = f"- {self.session_id} IN IP{self.address.version} {self.address}"
        return compose(SessionDescription(origin=origin, version=self._version, media=media), self.address)


def _refused(media: MediaDescription) -> MediaDescription:
    return replace(media, port=0, attributes=())
