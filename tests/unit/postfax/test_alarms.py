"""Which conditions need an administrator, and in which words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from postfax.clock_doubt import what_is_doubted
from postfax.doctor.record import COMFORTABLE
from postfax.watching.alarms import alarms
from postfax.watching.condition import Condition, LineCondition
from store.gauges import Gauges, Waiting
from store.mail import MailState
from store.reckoning import Reading, Reckoned

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
STUCK = timedelta(minutes=30)
NOTHING = Waiting(count=0, since=None)
LINE = LineCondition(name="main", channels=4, calls=1, held=False, down="")
WELL = Condition(
    at=NOW,
    gauges=Gauges(jobs={}, mails={MailState.RECEIVED: NOTHING}, due=NOTHING, notices=NOTHING, copies=NOTHING),
    lines=(LINE,),
    free={"/var/lib/postfax": 2 * COMFORTABLE},
    certificate_expires=NOW + timedelta(days=60),
)


def found(condition: Condition) -> dict[str, str]:
    return {alarm.topic: alarm.sentence for alarm in alarms(condition, stuck_after=STUCK)}


def waiting(minutes: float) -> Waiting:
    return Waiting(count=3, since=NOW - timedelta(minutes=minutes))


def test_a_service_that_is_well_raises_none() -> None:
    assert found(WELL) == {}
    assert found(replace(WELL, certificate_expires=None)) == {}


def test_a_store_that_is_away_and_hosts_that_are_lost_are_told_with_what_to_do() -> None:
    away = found(replace(WELL, bodies_away="The object store s3://faxes cannot be used now (no connection)."))
    assert away["the object store is away"].startswith("The object store s3://faxes cannot be used now")
    lost = found(replace(WELL, lost_hosts=("fax2", "fax3")))
    assert "of fax2, fax3;" in lost["a host is lost"]
    assert "postfax nodes forget" in lost["a host is lost"]


def doubt(ahead: timedelta, doubted_for: timedelta | None) -> str:
    read = Reading(clock=NOW + ahead, uptime=timedelta(days=9))
    return what_is_doubted("fax1", Reckoned(time=NOW, read=read, doubted_for=doubted_for))


def test_a_clock_that_is_ahead_is_told_with_what_follows_until_when_and_what_to_do() -> None:
    told = found(replace(WELL, clock_doubt=doubt(timedelta(days=1), timedelta(hours=6))))
    assert told["the clock is ahead"] == (
        "The clock of fax1 shows 2026-11-27 12:00 UTC, 24 h more than is known to have passed; so that "
        "nothing is removed before its time, age is reckoned by 2026-11-26 12:00 UTC until it shows "
        "2026-11-28 06:00 UTC. If it is wrong, set it (`timedatectl`, chrony): faxes that wait go by it, and "
        "are called or end too early. If it is right, for the host was off or its clock had been behind, do "
        "nothing."
    )
    assert "800 days more" in doubt(timedelta(days=800), timedelta())
    assert doubt(timedelta(), None) == ""


def with_gauge(name: str, shown: Waiting) -> Condition:
    return replace(WELL, gauges=replace(WELL.gauges, **{name: shown}))  # type: ignore[arg-type]  # as named


@pytest.mark.parametrize(
    ("gauge", "topic"),
    [
        ("due", "faxes are waiting"),
        ("notices", "notices are not delivered"),
        ("copies", "copies are not filed"),
    ],
)
def test_what_is_overdue_is_told_with_its_number_its_age_and_where_to_look(gauge: str, topic: str) -> None:
    soon, late = (with_gauge(gauge, waiting(at)) for at in (29, 83))
    assert found(soon) == {}
    assert list(found(late)) == [topic]
    assert found(late)[topic].startswith("3 wait, the first for 83 min. ")


def test_mails_that_nobody_works_on_are_told() -> None:
    mails = {MailState.RECEIVED: waiting(5), MailState.SUBMITTED: waiting(45)}
    assert list(found(replace(WELL, gauges=replace(WELL.gauges, mails=mails)))) == ["mails are not worked on"]


def test_a_line_that_is_down_is_told_with_what_becomes_of_its_faxes() -> None:
    down = replace(LINE, name="near", down="OPTIONS answered with 503")
    both = found(replace(WELL, lines=(down, LINE)))
    assert both["line near is down"].startswith("OPTIONS answered with 503. Its faxes take the other lines")
    alone = found(replace(WELL, lines=(down, replace(LINE, held=True))))
    assert "No fax can be sent." in alone["line near is down"]


def test_a_line_that_somebody_holds_is_no_alarm() -> None:
    assert found(replace(WELL, lines=(replace(LINE, held=True),))) == {}


def test_little_room_is_told() -> None:
    told = found(replace(WELL, free={"/var/lib/postfax": COMFORTABLE - 1}))
    assert "are left for /var/lib/postfax" in told["the disk is nearly full"]


@pytest.mark.parametrize(("days", "words"), [(20, "expires in 20 days"), (-1, "has expired")])
def test_a_certificate_is_told_of_while_it_can_still_be_renewed(days: int, words: str) -> None:
    told = found(replace(WELL, certificate_expires=NOW + timedelta(days=days)))
    assert words in told["the certificate expires"]
