"""How many attachments a mail may have, and how large they may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from submission_facts import a_mail

from config.attachments import AttachmentSettings
from config.size_text import size_text
from store.mail import MailContent, MailPart
from store.status import Status
from submission.attachments import refuse_attachments


def mail_with(*sizes: int) -> MailContent:
    parts = [
        MailPart(name=f"{number}.pdf", media_type="application/pdf", path="x", size=size)
        for number, size in enumerate(sizes)
    ]
    mail = a_mail(attachments=0)
    return MailContent(
        **{field: getattr(mail, field) for field in mail.__slots__ if field != "attachments"},
        attachments=tuple(parts),
    )


def settings(**values: object) -> AttachmentSettings:
    return AttachmentSettings.model_validate(values)


def test_what_the_policy_allows_is_not_refused() -> None:
    assert refuse_attachments(mail_with(), settings(most=1)) is None
    assert refuse_attachments(mail_with(5, 1000), settings(most=2, largest="1 kB")) is None


def test_too_many_are_told_with_both_numbers() -> None:
    refusal = refuse_attachments(mail_with(1, 1, 1), settings(most=2))
    assert refusal is not None
    assert refusal.status is Status.INVALID_ATTACHMENT
    assert refusal.explanation == (
        "The mail has 3 attachments, those inside forwarded mails included, and your policy allows 2."
    )
    assert refusal.advice == "Nothing was faxed. Send the attachments in several mails."


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ((5, 2_500_000), '"1.pdf" (2.5 MB) is'),
        ((2_000_000, 1, 3_000_000), '"0.pdf" (2 MB) and "2.pdf" (3 MB) are'),
        ((2_000_000,) * 5, '"0.pdf" (2 MB), "1.pdf" (2 MB), "2.pdf" (2 MB) and 2 more are'),
    ],
)
def test_what_is_too_large_is_named(sizes: tuple[int, ...], named: str) -> None:
    refusal = refuse_attachments(mail_with(*sizes), settings(largest="1 MB"))
    assert refusal is not None
    assert refusal.explanation == f"{named} larger than the 1 MB that your policy allows."


def test_a_larger_size_of_one_type_waits_until_the_type_is_known() -> None:
    rules = settings(largest="1 MB", largest_of={"tiff": "20 MB"})
    assert refuse_attachments(mail_with(15_000_000), rules) is None
    assert refuse_attachments(mail_with(20_000_001), rules) is not None


@given(st.lists(st.integers(0, 10_000), max_size=8), st.integers(1, 8), st.integers(1, 10_000))
def test_nothing_else_is_refused(sizes: list[int], most: int, largest: int) -> None:
    refusal = refuse_attachments(mail_with(*sizes), settings(most=most, largest=largest))
    assert (refusal is None) == (len(sizes) <= most and all(size <= largest for size in sizes))


def test_sizes_as_people_read_them() -> None:
    texts = [size_text(octets) for octets in (0, 999, 1000, 1234, 1_000_000, 12_340_000, 2_000_000_000)]
    assert texts == ["0 bytes", "999 bytes", "1 kB", "1.2 kB", "1 MB", "12.3 MB", "2 GB"]
