"""Steps while mails and documents cannot be read: nothing loses a try, and what is gone is told in words."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from s3_server import Bucket, Fault, a_bucket
from small_book import ARCHIVE, LEASE, SmallBook, new_mail, policy, small_book, to

from config.settings import UserPolicy
from notify.delivery_status import ReportingMta
from postfax.journey.calling import Calling, CallResult
from postfax.journey.decide import Decide
from postfax.journey.file import File
from postfax.journey.giving_back import PUT_OFF
from postfax.journey.make import Make
from postfax.journey.tell import Tell
from store.bodies import ROW_LIMIT
from store.errors import BodiesUnavailable
from store.job import Attempt, FaxJob
from store.mail import MailState
from store.outbox import DeliveryState
from store.status import Status

NOBODY = cast("Any", None)
"""A part that a step does not come to."""


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with a_bucket() as made:
        yield made


def _decide(small: SmallBook) -> Decide:
    facts: dict[str, Any] = {"domain": "fax.example.com", "lines": {}, "folder": small.folder}
    return Decide(small.book, NOBODY, NOBODY, clock=small.clock, **facts)


def _make(small: SmallBook) -> Make:
    return Make(small.book, NOBODY, NOBODY, settings=NOBODY, folder=small.folder, clock=small.clock)


@pytest.mark.parametrize("state", [MailState.RECEIVED, MailState.SUBMITTED])
async def test_a_mail_is_given_back_as_it_was(tmp_path: Path, bucket: Bucket, state: MailState) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        if state is MailState.RECEIVED:
            await small.book.accept_mail(new_mail())
        else:
            await small.submitted(to("+12065550100"))
        step = _decide(small).step if state is MailState.RECEIVED else _make(small).step
        bucket.always = Fault.UNAVAILABLE
        with pytest.raises(BodiesUnavailable):
            await step()
        bucket.always = None
        small.book._bodies.check = lambda: None  # type: ignore[method-assign] # it is known to be back
        small.clock.set_on(PUT_OFF)
        claim = await small.book.claim_mail(state, LEASE)
        assert claim is not None
        assert (claim.tries, claim.last_error) == (0, "")


async def test_a_mail_that_is_gone_is_tried_again_and_said_to_be_missing(
    tmp_path: Path, bucket: Bucket
) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        await small.book.accept_mail(new_mail())
        [name] = bucket.bodies()
        bucket.remove(name)
        assert await _decide(small).step()
        small.clock.set_on(timedelta(minutes=1))
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        assert claim.tries == 1
        assert claim.last_error.endswith("was removed from outside. Restore it from a backup.")


async def _ended(small: SmallBook, user: UserPolicy) -> str:
    [job] = await small.queued("+12065550100", user=user)
    _, attempt = await small.call()
    await small.book.record_outcome(attempt.id, small.outcome(), None)
    return job.id


async def test_a_copy_waits_and_keeps_its_tries(tmp_path: Path, bucket: Bucket) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        job_id = await _ended(small, policy(archives=[ARCHIVE]))
        bucket.always = Fault.UNAVAILABLE
        step = File(small.book, NOBODY, sender="fax@example.com", folder=tmp_path, clock=small.clock)
        assert await step.step()
        [copy] = await small.book.copies_of(job_id)
        assert (copy.state, copy.tries) == (DeliveryState.PENDING, 0)
        assert copy.due_at == small.clock() + PUT_OFF


async def test_a_notice_with_pages_waits_and_keeps_its_tries(tmp_path: Path, bucket: Bucket) -> None:
    user = policy()
    wanted = user.settings.notifications.model_copy(update={"attach": "pdf"})
    user = user.model_copy(update={"settings": user.settings.model_copy(update={"notifications": wanted})})
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        job_id = await _ended(small, user)
        job = await small.book.job(job_id)
        assert job is not None
        bucket.always = Fault.UNAVAILABLE
        step = Tell(
            small.book,
            *(NOBODY, NOBODY, NOBODY),
            welcome=NOBODY,
            sender="fax@example.com",
            mta=ReportingMta(hostname="mx.example.com", domain="example.com"),
            folder=tmp_path,
            clock=small.clock,
        )
        while await step.step():
            pass
        notices = await small.book.notices_of(job.mail_id)
        [waiting] = [notice for notice in notices if notice.job_id == job_id]
        assert (waiting.state, waiting.tries) == (DeliveryState.PENDING, 0)
        assert waiting.due_at == small.clock() + PUT_OFF


async def _called(small: SmallBook, job: FaxJob, attempt: Attempt) -> CallResult:
    """What comes of a call for which there is no line."""
    calling = Calling(
        small.book,
        {"main": NOBODY},
        cast("Any", SimpleNamespace(current=SimpleNamespace(user=lambda _: job.user))),
        folder=small.folder,
        clock=small.clock,
        lease=LEASE,
        leases=NOBODY,
    )
    return await calling.result(job, attempt, taken_up=False)


async def test_a_document_that_is_gone_is_no_blank_page(tmp_path: Path, bucket: Bucket) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        await small.queued("+12065550100")
        job, attempt = await small.call()
        assert job.document is not None
        bucket.remove(job.document.body.removeprefix("s3:"))
        result = await _called(small, job, attempt)
        assert result.outcome.status is Status.GENERAL_ERROR
        assert "is missing: it was removed from outside" in result.outcome.cause


async def test_a_document_that_is_not_whole_is_not_faxed_in_part(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id, (made,) = await small.submitted(to("+12065550100"))
        await small.book.record_documents(mail_id, {made.id: small.document(b"II*\0" + bytes(ROW_LIMIT))})
        job, attempt = await small.call()
        [file] = [path for path in (tmp_path / "documents").rglob("*") if path.is_file()]
        file.write_bytes(file.read_bytes()[:ROW_LIMIT])
        result = await _called(small, job, attempt)
        assert (result.outcome.status, result.outcome.pages_confirmed) == (Status.GENERAL_ERROR, 0)
        assert "it has 65,536 octets and not 65,540. It was altered from outside, or" in result.outcome.cause
