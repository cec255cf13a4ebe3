"""What is too much, and who is counted together."""

import pytest

from config.mail import MailLimits
from mta.reply import Reply
from mta.smtp.limits import ClientLimits, Visit, network_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Clock | None = None, **settings: int) -> ClientLimits:
    return ClientLimits(MailLimits.model_validate(settings), clock=clock or Clock())


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("", ""),
        ("somewhere", ""),
    ],
)
def test_a_network_stands_for_its_clients(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_visit_counts_until_it_is_left_and_once() -> None:
    all_of_them = limits(sessions=2, sessions_per_network=1)
    first = all_of_them.enter("192.0.2.1")
    assert isinstance(first, Visit)
    assert str(all_of_them.enter("192.0.2.2")).startswith("421 4.7.0 ")
    assert isinstance(all_of_them.enter("198.51.100.1"), Visit)
    assert str(all_of_them.enter("203.0.113.1")).startswith("421 4.3.2 ")
    first.leave()
    first.leave()
    assert isinstance(all_of_them.enter("192.0.2.2"), Visit)
    assert isinstance(all_of_them.enter(""), Reply)


def test_octets_are_put_down_with_the_visit() -> None:
    all_of_them = limits(bytes_in_flight=100)
    visit = all_of_them.enter("192.0.2.1")
    assert isinstance(visit, Visit)
    assert visit.carry(60)
    assert not visit.carry(41)
    assert not all_of_them.room_for(41)
    visit.put_down()
    assert visit.carry(100)
    visit.leave()
    assert all_of_them.room_for(100)


def test_mails_a_minute_of_one_user_and_of_all() -> None:
    clock = Clock()
    all_of_them = limits(clock, mails_per_minute=3, sender_mails_per_minute=2)
    assert all_of_them.mail_refusal("Ana@hospital.example") is None
    assert all_of_them.mail_refusal("ana@hospital.example") is None
    assert str(all_of_them.mail_refusal("ana@hospital.example")).startswith("451 4.7.1 ")
    assert all_of_them.mail_refusal("bo@hospital.example") is None
    assert str(all_of_them.mail_refusal("cy@hospital.example")).startswith("451 4.7.1 ")
    clock.now += 61
    assert all_of_them.mail_refusal("ana@hospital.example") is None
    assert all(limits().mail_refusal("ana@hospital.example") is None for _ in range(1000))


def test_mails_an_hour_of_one_user_as_the_policy_allows() -> None:
    clock = Clock()
    all_of_them = limits(clock)
    assert [all_of_them.mail_refusal("ana@hospital.example", 2) for _ in range(2)] == [None, None]
    assert "within an hour" in str(all_of_them.mail_refusal("Ana@hospital.example", 2))
    assert all_of_them.mail_refusal("bo@hospital.example", 2) is None
    clock.now += 3601
    assert all_of_them.mail_refusal("ana@hospital.example", 2) is None


def test_failed_logins_of_a_user_and_from_a_network() -> None:
    clock = Clock()
    all_of_them = limits(clock, failed_logins_per_hour=2)
    for address in ("192.0.2.1", "192.0.2.2"):
        assert all_of_them.login_refusal(address, "ana") is None
        all_of_them.note_failed_login(address, "ana")
    assert str(all_of_them.login_refusal("198.51.100.1", "Ana")).startswith("454 4.7.0 ")
    assert str(all_of_them.login_refusal("192.0.2.3", "bo")).startswith("454 4.7.0 ")
    assert all_of_them.login_refusal("198.51.100.1", "bo") is None
    clock.now += 3601
    assert all_of_them.login_refusal("192.0.2.3", "ana") is None
