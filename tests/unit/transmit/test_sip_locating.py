"""A domain's servers in the order of RFC 3263 and RFC 2782."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from config.values import HostPort
from transmit.sip.locating import Located, Locator, Naptr, NoRecords, Srv, in_order
from transmit.sip.transport import TransportKind

HOSTS = {"a.example": "192.0.2.1", "b.example": "192.0.2.2", "trunk.example": "192.0.2.9"}


class _Zone:
    def __init__(self, naptr: Sequence[Naptr] = (), srv: dict[str, Sequence[Srv]] | None = None) -> None:
        self._naptr = naptr
        self._srv = srv or {}
        self.asked: list[str] = []

    async def naptr(self, name: str) -> Sequence[Naptr]:
        self.asked.append(f"NAPTR {name}")
        return self._naptr

    async def srv(self, name: str) -> Sequence[Srv]:
        self.asked.append(f"SRV {name}")
        return self._srv.get(name, ())


async def _addresses(place: HostPort) -> tuple[HostPort, ...]:
    if place.host.startswith("192.0.2."):
        return (place,)
    if place.host not in HOSTS:
        raise OSError(f"no address of {place.host}")
    return (HostPort(HOSTS[place.host], place.port),)


def _locator(zone: _Zone | NoRecords) -> Locator:
    return Locator(zone, _addresses, Random(1))  # noqa: S311 - repeatable on purpose


def _srv(target: str, *, priority: int = 1, weight: int = 0, port: int = 5060) -> Srv:
    return Srv(priority=priority, weight=weight, port=port, target=target)


@pytest.mark.parametrize(
    ("host", "port", "kind", "expected"),
    [
        ("192.0.2.1", None, None, ("UDP", "192.0.2.1:5060")),
        ("192.0.2.1", None, TransportKind.TLS, ("TLS", "192.0.2.1:5061")),
        ("trunk.example", 5090, None, ("UDP", "192.0.2.9:5090")),
        ("trunk.example", 5090, TransportKind.TCP, ("TCP", "192.0.2.9:5090")),
    ],
)
async def test_an_address_or_a_port_leaves_nothing_for_the_dns_to_say(
    host: str, port: int | None, kind: TransportKind | None, expected: tuple[str, str]
) -> None:
    zone = _Zone()
    located = await _locator(zone).locate(host, port, kind)
    assert (located.kind, *map(str, located.servers)) == expected
    assert zone.asked == []


async def test_naptr_chooses_the_transport_and_srv_the_servers() -> None:
    naptr = [
        Naptr(order=1, preference=2, flags="S", service="sip+d2u", replacement="_sip._udp.x.example"),
        Naptr(order=1, preference=1, flags="s", service="SIPS+D2T", replacement="_sips._tcp.x.example"),
        Naptr(order=0, preference=0, flags="u", service="E2U+sip", replacement=""),
    ]
    records = [_srv("b.example", priority=2), _srv("gone.example"), _srv("a.example", port=5071)]
    zone = _Zone(naptr, {"_sips._tcp.x.example": records})
    assert await _locator(zone).locate("trunk.example", None, None) == Located(
        kind=TransportKind.TLS, servers=(HostPort("192.0.2.1", 5071), HostPort("192.0.2.2", 5060))
    )


async def test_without_naptr_every_transport_of_ours_is_asked_for_and_then_the_address() -> None:
    zone = _Zone(srv={"_sip._tcp.trunk.example": [_srv("a.example")]})
    assert (await _locator(zone).locate("trunk.example", None, None)).kind is TransportKind.TCP
    assert zone.asked == ["NAPTR trunk.example", "SRV _sip._udp.trunk.example", "SRV _sip._tcp.trunk.example"]
    assert await _locator(NoRecords()).locate("trunk.example", None, None) == Located(
        kind=TransportKind.UDP, servers=(HostPort("192.0.2.9", 5060),)
    )


async def test_a_transport_that_is_set_is_kept() -> None:
    zone = _Zone(srv={"_sip._udp.trunk.example": [_srv("a.example")]})
    located = await _locator(zone).locate("trunk.example", None, TransportKind.TLS)
    assert located == Located(kind=TransportKind.TLS, servers=(HostPort("192.0.2.9", 5061),))
    assert zone.asked == ["SRV _sips._tcp.trunk.example"]


@pytest.mark.parametrize("targets", [["gone.example"], [""]])
async def test_servers_without_addresses_are_no_servers(targets: list[str]) -> None:
    zone = _Zone(srv={"_sip._udp.trunk.example": [_srv(target) for target in targets]})
    with pytest.raises(OSError, match="no server"):
        await _locator(zone).locate("trunk.example", None, None)


def test_equals_are_drawn_by_weight_and_each_comes_once() -> None:
    random = Random(3)  # noqa: S311 - repeatable on purpose
    records = [
        _srv("light", weight=1),
        _srv("heavy", weight=9),
        _srv("last", priority=5, weight=99),
        _srv("zero"),
    ]
    orders = [[each.target for each in in_order(records, random)] for _ in range(1000)]
    assert all(sorted(order) == ["heavy", "last", "light", "zero"] for order in orders)
    assert {order[-1] for order in orders} == {"last"}
    first = Counter(order[0] for order in orders)
    assert first["heavy"] > 700
    assert first["light"] > 30
    assert 0 < first["zero"] < 200
