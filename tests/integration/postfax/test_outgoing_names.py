"""What mails without a smarthost need of the DNS, asked of a name server on loopback; and the way out."""

from datetime import timedelta
from pathlib import Path

import pytest
from doctor_site import DOMAIN, make_site, names, only

from config.server import DnsSettings
from notify.direct import DirectMailer
from notify.mail_names import Exchange, NamesUnknown
from notify.mailer import Mailer
from postfax.demonstration.dns_stub import Fault, Zone
from postfax.doctor.finding import State
from postfax.doctor.smarthost import smarthost
from postfax.mail_carrier import make_mail_carrier
from postfax.outgoing_names import OutgoingNames


async def test_servers_addresses_and_texts_of_a_domain() -> None:
    zone = Zone()
    zone.add("hospital.example", "MX", "10 mx1.hospital.example.")
    zone.add("hospital.example", "MX", "20 mx2.hospital.example.")
    zone.add("nomail.example", "MX", "0 .")
    zone.add("old.example", "AAAA", "2001:db8::1")
    zone.add_text("_mta-sts.hospital.example", "v=STSv1; ", "id=1;")
    async with names(zone) as settings:
        found = OutgoingNames(DnsSettings.model_validate(settings))
        assert list(await found.exchanges("hospital.example")) == [
            Exchange(host="mx1.hospital.example", preference=10),
            Exchange(host="mx2.hospital.example", preference=20),
        ]
        assert list(await found.exchanges("nomail.example")) == [Exchange(host="", preference=0)]
        assert list(await found.exchanges("old.example")) == []
        assert await found.has_address("old.example")
        assert not await found.has_address("nothing.example")
        assert await found.texts("_mta-sts.hospital.example") == ("v=STSv1; id=1;",)


async def test_a_name_server_in_trouble_says_nothing_of_the_domain() -> None:
    zone = Zone()
    zone.fail("hospital.example", Fault.SERVFAIL)
    async with names(zone) as settings:
        with pytest.raises(NamesUnknown):
            await OutgoingNames(DnsSettings.model_validate(settings)).exchanges("hospital.example")


def test_the_settings_choose_the_way_out(tmp_path: Path) -> None:
    direct = make_site(tmp_path, mail={"smarthost": {"direct": True}})
    assert isinstance(make_mail_carrier(direct.settings), DirectMailer)
    assert isinstance(make_mail_carrier(make_site(tmp_path).settings), Mailer)


async def test_the_doctor_asks_the_mail_server_of_the_first_user(tmp_path: Path) -> None:
    zone = Zone()
    zone.add("hospital.example", "MX", "0 .")
    async with names(zone) as settings:
        dns = settings | {"timeout": timedelta(seconds=5)}
        finding = only(await smarthost(make_site(tmp_path, dns=dns, mail={"smarthost": {"direct": True}})))
    assert (finding.state, finding.subject) == (State.FAILURE, "the mail servers of hospital.example")
    assert "hospital.example takes no mail" in finding.found
    assert DOMAIN not in finding.found
