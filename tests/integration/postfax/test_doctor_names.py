"""What the doctor says of names, asked of a real name server on loopback."""

from pathlib import Path

import dns.message
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from doctor_site import DOMAIN, ELSEWHERE, OWN, SmallHost, make_site, names, only, states

from config.values import HostPort
from notify.signing import read_key
from postfax.demonstration.dns_stub import Fault, Zone
from postfax.doctor.dkim import dkim
from postfax.doctor.domain import addresses, mx
from postfax.doctor.finding import State
from postfax.doctor.host import Host
from postfax.doctor.outgoing import dmarc, reverse_name, spf
from postfax.doctor.resolver import resolver

REVERSE = "25.114.0.203.in-addr.arpa"


class Inventive(Zone):
    """Answers for every name below a domain, as some providers' resolvers do below the root."""

    def __init__(self, below: str) -> None:
        super().__init__()
        self._below = dns.name.from_text(below)

    def answer(self, query: dns.message.Message) -> dns.message.Message | None:
        response = super().answer(query)
        name = query.question[0].name
        if response and name.is_subdomain(self._below) and query.question[0].rdtype == dns.rdatatype.A:
            response.set_rcode(dns.rcode.NOERROR)
            response.answer.append(dns.rrset.from_text(name, 0, "IN", "A", "198.51.100.80"))
        return response


async def test_a_resolver_that_answers_is_good(tmp_path: Path) -> None:
    async with names(Zone()) as dns_settings:
        finding = only(await resolver(make_site(tmp_path, dns=dns_settings)))
    assert finding.state is State.OK
    assert "answers in" in finding.found


async def test_each_resolver_is_asked_by_itself(tmp_path: Path) -> None:
    async with names(Zone()) as dns_settings:
        silent = HostPort("127.0.0.1", 9)
        settings = dns_settings | {"nameservers": (*dns_settings["nameservers"], silent)}
        findings = await resolver(make_site(tmp_path, dns=settings))
    assert states(findings) == [State.OK, State.FAILURE]
    assert findings[1].subject == "127.0.0.1:9"


async def test_the_systems_resolvers_are_asked_where_none_is_set(tmp_path: Path) -> None:
    async with names(Zone()) as dns_settings:
        host = SmallHost(resolvers=dns_settings["nameservers"])
        site = make_site(tmp_path, host=host)
        assert only(await resolver(site)).state is State.OK
    assert only(await resolver(make_site(tmp_path))).state is State.FAILURE


async def test_a_resolver_that_invents_names_is_a_failure(tmp_path: Path) -> None:
    async with names(Inventive(".")) as dns_settings:
        finding = only(await resolver(make_site(tmp_path, dns=dns_settings)))
    assert finding.state is State.FAILURE
    assert "198.51.100.80 for a name that does not exist" in finding.found


async def test_a_search_domain_with_a_wildcard_is_told(tmp_path: Path) -> None:
    host = SmallHost(search=("quiet.example", "evil.example"))
    async with names(Inventive("evil.example.")) as dns_settings:
        findings = await resolver(make_site(tmp_path, dns=dns_settings, host=host))
    assert states(findings) == [State.OK, State.WARNING]
    assert findings[1].subject == "search domain evil.example"


@pytest.mark.parametrize(
    ("records", "state", "found"),
    [
        ([(DOMAIN, "MX", "10 mx"), ("mx", "A", OWN)], State.OK, "leads here"),
        ([(DOMAIN, "A", OWN)], State.OK, "leads here"),
        ([(DOMAIN, "MX", "10 mx"), ("mx", "A", "192.0.2.7")], State.OK, "leads to a front end"),
        ([(DOMAIN, "MX", "10 mx"), ("mx", "A", ELSEWHERE)], State.WARNING, "no address of this host"),
        ([(DOMAIN, "MX", "10 mx")], State.FAILURE, "has no address"),
        ([(DOMAIN, "MX", "0 .")], State.FAILURE, "takes no mail"),
        ([], State.FAILURE, "neither MX nor address"),
    ],
)
async def test_where_mail_for_the_domain_goes(
    tmp_path: Path, records: list[tuple[str, str, str]], state: State, found: str
) -> None:
    zone = Zone()
    for record in records:
        zone.add(*record)
    async with names(zone) as dns_settings:
        site = make_site(tmp_path, dns=dns_settings, mail={"front_ends": ["192.0.2.0/24"]})
        finding = only(await mx(site))
    assert (finding.state, found in f"{finding.subject}: {finding.found}") == (state, True), finding


async def test_each_mail_domain_is_looked_at(tmp_path: Path) -> None:
    zone = Zone()
    zone.add(DOMAIN, "A", OWN)
    async with names(zone) as dns_settings:
        findings = await mx(make_site(tmp_path, dns=dns_settings, other_domains=["fax.example.org"]))
    assert states(findings) == [State.OK, State.FAILURE]
    assert "fax.example.org has neither MX nor address" in findings[1].found


@pytest.mark.parametrize(
    ("address", "state"), [(OWN, State.OK), (ELSEWHERE, State.WARNING), (None, State.WARNING)]
)
async def test_the_name_in_our_greeting(tmp_path: Path, address: str | None, state: State) -> None:
    zone = Zone()
    if address:
        zone.add("mail.example.com", "A", address)
    async with names(zone) as dns_settings:
        site = make_site(tmp_path, dns=dns_settings, mail={"hostname": "mail.example.com"})
        assert only(await addresses(site)).state is state


async def test_the_reverse_name_is_confirmed_forward(tmp_path: Path) -> None:
    zone = Zone()
    async with names(zone) as dns_settings:

        async def state() -> State:
            return only(await reverse_name(make_site(tmp_path, dns=dns_settings))).state

        assert await state() is State.WARNING
        zone.add(REVERSE, "PTR", "mail.example.com.")
        assert await state() is State.WARNING
        zone.add("mail.example.com", "A", OWN)
        assert await state() is State.OK


async def test_behind_a_nat_nothing_is_said_of_the_reverse_name_and_of_spf(tmp_path: Path) -> None:
    zone = Zone()
    zone.add_text(DOMAIN, "v=spf1 mx -all")
    async with names(zone) as dns_settings:
        site = make_site(tmp_path, dns=dns_settings, host=SmallHost(outward=("10.0.0.7",)))
        assert only(await reverse_name(site)).state is State.NOT_CHECKED
        assert only(await spf(site)).state is State.NOT_CHECKED


@pytest.mark.parametrize(
    ("record", "state", "found"),
    [
        (f"v=spf1 ip4:{OWN} -all", State.OK, f"lets {OWN} send"),
        ("v=spf1 -all", State.WARNING, "fail"),
        ("v=spf1 nonsense:x -all", State.FAILURE, "mistake"),
        ("v=spf10 +all", State.WARNING, "no SPF record"),
    ],
)
async def test_spf_of_the_domain_of_notices(tmp_path: Path, record: str, state: State, found: str) -> None:
    zone = Zone()
    zone.add_text("notices.example", record)
    async with names(zone) as dns_settings:
        site = make_site(tmp_path, dns=dns_settings, mail={"sender": "fax@notices.example"})
        finding = only(await spf(site))
    assert (finding.state, finding.subject) == (state, "notices.example")
    assert found in finding.found


@pytest.mark.parametrize(
    ("records", "state", "found"),
    [
        (["v=DMARC1; p=none"], State.OK, "p=none"),
        (["v=DMARC1; p=reject"], State.WARNING, "asks to reject"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], State.WARNING, "more than one"),
        ([], State.WARNING, "no DMARC record"),
    ],
)
async def test_dmarc_of_the_domain_of_notices(
    tmp_path: Path, records: list[str], state: State, found: str
) -> None:
    zone = Zone()
    for record in records:
        zone.add_text(f"_dmarc.{DOMAIN}", record)
    async with names(zone) as dns_settings:
        finding = only(await dmarc(make_site(tmp_path, dns=dns_settings)))
    assert finding.state is state
    assert found in finding.found


async def test_trouble_with_one_name_is_no_verdict_on_it(tmp_path: Path) -> None:
    zone = Zone()
    zone.fail(f"_dmarc.{DOMAIN}", Fault.SERVFAIL)
    async with names(zone) as dns_settings:
        assert only(await dmarc(make_site(tmp_path, dns=dns_settings))).state is State.NOT_CHECKED


def test_this_host_owns_its_loopback_and_not_a_documentation_address() -> None:
    assert Host().owns("127.0.0.1")
    assert not Host().owns("192.0.2.1")


@pytest.mark.parametrize(
    ("published", "state", "found"),
    [
        ("own", State.OK, "signs with the key that is published (RSA, 2048 bits)"),
        ("v=DKIM1; k=rsa; p=AAAA", State.FAILURE, "another key is published"),
        ("", State.FAILURE, "the public key is not published"),
    ],
)
async def test_dkim_key_of_notices(tmp_path: Path, published: str, state: State, found: str) -> None:
    file = tmp_path / "dkim.pem"
    private = rsa.generate_private_key(65537, 2048)
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    zone = Zone()
    if published:
        zone.add_text(
            f"fax2026._domainkey.{DOMAIN}", read_key(file).record if published == "own" else published
        )
    async with names(zone) as dns_settings:
        mail = {"dkim": [{"selector": "fax2026", "key_file": file}]}
        finding = only(await dkim(make_site(tmp_path, dns=dns_settings, mail=mail)))
    assert (finding.state, finding.subject) == (state, f"fax2026._domainkey.{DOMAIN}")
    assert found in finding.found
    assert (read_key(file).record in (finding.advice or "")) is (state is State.FAILURE)


async def test_dmarc_is_no_reminder_where_notices_are_signed(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    file.touch()
    zone = Zone()
    zone.add_text(f"_dmarc.{DOMAIN}", "v=DMARC1; p=reject")
    mail = {"dkim": [{"selector": "fax2026", "key_file": file}]}
    async with names(zone) as dns_settings:
        finding = only(await dmarc(make_site(tmp_path, dns=dns_settings, mail=mail)))
    assert finding.state is State.OK
    assert "notices are signed" in finding.found
