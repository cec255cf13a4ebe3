"""Envelopes come back from the book as they were, and fetched mails are taken on once."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_book import LEASE, new_mail, small_book

from store.mail import Envelope, MailState, NoticeRequest, NotifyOn, ReturnContent
from store.pickup import PickupKey

KEY = PickupKey(account="imap://fax@mail.example", mailbox="INBOX", uidvalidity=4_000_000_000, uid=7)
NOTIFY = st.one_of(
    st.none(),
    st.just(frozenset({NotifyOn.NEVER})),
    st.frozensets(st.sampled_from([NotifyOn.SUCCESS, NotifyOn.FAILURE, NotifyOn.DELAY]), min_size=1),
)
REQUESTS = st.dictionaries(
    st.text(max_size=30), st.builds(NoticeRequest, notify=NOTIFY, original_recipient=st.text(max_size=50))
)
ENVELOPES = st.builds(
    Envelope,
    return_path=st.text(max_size=30),
    recipients=st.lists(st.text(max_size=30), min_size=1).map(tuple),
    envelope_id=st.text(max_size=100),
    return_content=st.sampled_from([None, *ReturnContent]),
    notice_requests=REQUESTS,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(envelopes=st.lists(ENVELOPES, min_size=1, max_size=5))
async def test_an_envelope_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, envelopes: list[Envelope]
) -> None:
    async with small_book(tmp_path_factory.mktemp("book")) as small:
        for number, envelope in enumerate(envelopes):
            accepted = await small.book.accept_mail(replace(new_mail(number), envelope=envelope))
            found = await small.book.mail(accepted.mail_id)
            assert found is not None
            assert found.envelope == envelope
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        assert claim.mail.envelope in envelopes


async def test_a_fetched_mail_is_known_by_its_key(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        assert not await small.book.pickup_known(KEY)
        accepted = await small.book.accept_mail(new_mail(), pickup=KEY)
        assert not accepted.duplicate
        assert await small.book.pickup_known(KEY)
        for other in (
            replace(KEY, uid=8),
            replace(KEY, uidvalidity=1),
            replace(KEY, mailbox="Fax"),
            replace(KEY, account="imap://other@mail.example"),
        ):
            assert not await small.book.pickup_known(other)


async def test_a_key_is_taken_once_whatever_the_mail_says(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        first = await small.book.accept_mail(new_mail(1), pickup=KEY)
        again = await small.book.accept_mail(new_mail(2), pickup=KEY)
        assert (again.mail_id, again.duplicate) == (first.mail_id, True)
        assert (await small.book.counts()).mails[MailState.RECEIVED] == 1


async def test_a_mail_that_came_before_is_known_by_its_new_key_too(tmp_path: Path) -> None:
    """As when the mailbox was made anew, and its messages have other UIDs."""
    async with small_book(tmp_path) as small:
        first = await small.book.accept_mail(new_mail(), pickup=KEY)
        renumbered = replace(KEY, uidvalidity=4_000_000_001)
        again = await small.book.accept_mail(new_mail(), pickup=renumbered)
        assert (again.mail_id, again.duplicate) == (first.mail_id, True)
        assert await small.book.pickup_known(renumbered)
