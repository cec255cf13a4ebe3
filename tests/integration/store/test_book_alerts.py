"""Alerts to those who are called: the same cause once an hour, and what happened meanwhile is told next."""

from datetime import timedelta
from pathlib import Path

from small_book import LEASE, SmallBook, policy, small_book, to

from config.upkeep import RetentionSettings
from store.outbox import DeliveryState, Notice, NoticeKind

DUTY = ("duty@hospital.example", "it@hospital.example")
TOPIC = "the policy was not reloaded"


async def owed(small: SmallBook) -> list[Notice]:
    found = []
    while notice := await small.book.claim_notice(LEASE):
        found.append(notice)
    return found


async def test_each_contact_gets_a_mail_of_its_own(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        assert await small.book.alert(TOPIC, "It has 2 mistakes.", DUTY) == DUTY
        alerts = await owed(small)
        assert {alert.address for alert in alerts} == set(DUTY)
        assert len({alert.id for alert in alerts}) == 2
        for alert in alerts:
            assert (alert.kind, alert.topic, alert.remark) == (NoticeKind.ALERT, TOPIC, "It has 2 mistakes.")
            assert (alert.mail_id, alert.job_id, alert.to_sender) == ("", "", False)


async def test_the_same_within_the_hour_is_counted_and_told_next(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.alert(TOPIC, "First.", DUTY[:1])
        for _ in range(12):
            small.clock.set_on(timedelta(minutes=4))
            assert await small.book.alert(TOPIC, "Again.", DUTY[:1]) == ()
        assert await small.book.alert("copies given up", "Another cause.", DUTY[:1]) == DUTY[:1]
        small.clock.set_on(timedelta(minutes=12))
        assert await small.book.alert(TOPIC, "Still.", DUTY[:1]) == DUTY[:1]
        small.clock.set_on(timedelta(hours=2))
        assert await small.book.alert(TOPIC, "Still.", DUTY[:1]) == DUTY[:1]
        said = [alert.remark for alert in await owed(small)]
        assert said == [
            "First.",
            "Another cause.",
            "Still. Since the last mail about it, it also happened 12 times more.",
            "Still.",
        ]


async def test_without_contacts_nobody_is_told(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        assert await small.book.alert(TOPIC, "It has mistakes.", ()) == ()
        assert await owed(small) == []


async def test_an_alert_about_a_mail_stands_with_its_notices(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, (job,) = await small.submitted(to("+12065550100"), policy())
        await small.book.alert("a template failed", "x.html", DUTY[:1], mail_id=mail_id, job_id=job.id)
        await small.book.alert("a notice was given up", "x", DUTY[:1], mail_id="ZZZZ-ZZ")
        [alert] = await small.book.notices_of(mail_id)
        assert (alert.kind, alert.job_id) == (NoticeKind.ALERT, job.id)
        assert [notice.mail_id for notice in await owed(small)] == [mail_id, ""]


async def test_old_alerts_go_and_those_that_are_not_sent_stay(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.alert(TOPIC, "Sent.", DUTY[:1])
        [alert] = await owed(small)
        await small.book.notice_delivered(alert.id)
        await small.book.alert("another", "Not sent.", DUTY[:1])
        small.clock.set_on(timedelta(days=91))
        purged = await small.book.purge_faxes(lambda _: None, RetentionSettings())
        assert purged.alerts == 1
        assert (await small.book.counts()).notices[DeliveryState.PENDING] == 1
