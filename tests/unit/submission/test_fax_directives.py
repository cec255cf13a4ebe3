import pytest

from store.job import Refusal
from store.status import Status
from submission.directives import CoverWish, Directives, read_directives


@pytest.mark.parametrize(
    ("value", "wish", "template"),
    [
        ("yes", CoverWish.YES, ""),
        ("YES", CoverWish.YES, ""),
        ("none", CoverWish.NO, ""),
        ("Off", CoverWish.NO, ""),
        ("no", CoverWish.NO, ""),
        (" healthcare ", CoverWish.YES, "healthcare"),
        ("Healthcare", CoverWish.YES, "healthcare"),
    ],
)
def test_a_cover_page_is_asked_for(value: str, wish: CoverWish, template: str) -> None:
    directives = read_directives({"x-fax-cover": value})
    assert isinstance(directives, Directives)
    assert (directives.cover, directives.template) == (wish, template)


def test_names_and_references_are_taken_as_one_line() -> None:
    fields = {
        "x-fax-to": "John\n Doe",
        "x-fax-company": "Acme",
        "x-fax-reference": "47-11",
        "x-fax-billing": "R 17",
    }
    directives = read_directives(fields)
    assert directives == Directives(to="John Doe", company="Acme", reference="47-11", billing="R 17")


def test_a_mail_without_fields_asks_for_nothing() -> None:
    assert read_directives({}) == Directives()


def test_an_unknown_field_is_quoted_with_those_that_are_known() -> None:
    refusal = read_directives({"x-fax-cover": "yes", "x-fax-retries": "3", "x-fax-covr": "none"})
    assert refusal == Refusal(
        status=Status.GENERAL_ERROR,
        explanation="'X-Fax-Retries: 3' and 'X-Fax-Covr: none' are not understood.",
        advice=(
            "Known are X-Fax-Cover, X-Fax-To, X-Fax-Company, X-Fax-Reference, X-Fax-Billing. "
            "Take the other away and send the mail again."
        ),
    )


def test_an_empty_wish_is_refused() -> None:
    refusal = read_directives({"x-fax-cover": "  "})
    assert isinstance(refusal, Refusal)
    assert refusal.explanation == "X-Fax-Cover is empty."
