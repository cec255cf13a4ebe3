import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submission.address import Addressee, UnknownOption, display_name, local_part_of, read_addressee
from submission.number import FaxNumber, Unreadable, read_number


@pytest.mark.parametrize(
    ("local_part", "number", "subaddress"),
    [
        ("+12065551234", "+12065551234", ""),
        ("206-555-1234", "+12065551234", ""),
        ("FAX=+12065551234", "+12065551234", ""),
        ("fax=+1-206-555.1234", "+12065551234", ""),
        ("FAX=+12065551234/T33S=6377", "+12065551234", "6377"),
        ("Fax=+12065551234/t33s=01234567890123456789", "+12065551234", "01234567890123456789"),
        ("/FAX=+12065551234/T33S=6377/", "+12065551234", "6377"),
    ],
)
def test_plain_numbers_and_rfc_3192_name_a_recipient(local_part: str, number: str, subaddress: str) -> None:
    addressee = read_addressee(local_part, "US")
    assert isinstance(addressee, Addressee)
    assert (addressee.number.e164, addressee.subaddress) == (number, subaddress)


@pytest.mark.parametrize(
    ("local_part", "explanation"),
    [
        ("FAX=+12065551234/T33S=", "The subaddress '' in 'FAX=+12065551234/T33S=' is not 1 to 20 digits."),
        (
            "FAX=+12065551234/T33S=63x",
            "The subaddress '63x' in 'FAX=+12065551234/T33S=63x' is not 1 to 20 digits.",
        ),
        ("FAX=+12065551234/T33S=" + "1" * 21, "is not 1 to 20 digits."),
        ("FAX=", "'' holds no number."),
        ("VOICE=+12065551234", "holds 'VOICE=', which is no part of a number."),
        ("+12065551234;ext=5", "holds ';ext=', which is no part of a number."),
        ("John_Doe 12065551234", "holds 'John_Doe', which is no part of a number."),
        ("John_Doe.12065551", "'12065551' is not a complete, valid number of the region US."),
        ("FAX=John_Doe.12065551234", "holds 'John_Doe', which is no part of a number."),
        ("+12065551234/T33S=1/T33S=2", "has more than one subaddress"),
        ("FAX=12065551", "'12065551' is not a complete, valid number of the region US."),
        ("", "'' holds no number."),
        # What a person may have meant for an extension is no number to call, and none is passed over.
        ("+12065551234 ext. 5", "'+12065551234 ext. 5' holds 'ext', which is no part of a number."),
        ("+12065551234_or.2065559999", "holds two numbers, +12065551234 and +12065559999."),
        ("Case_(206)555-1234.2065559999", "holds two numbers, +12065551234 and +12065559999."),
        ("206/555-1234", "'206/555-1234' has a slash within the number"),
    ],
)
def test_what_is_not_understood_is_quoted_and_refused(local_part: str, explanation: str) -> None:
    problem = read_addressee(local_part, "US")
    assert isinstance(problem, Unreadable)
    assert explanation in problem.explanation


def test_a_number_with_a_slash_is_told_and_not_guessed() -> None:
    problem = read_addressee("030/123 456", "DE")
    assert isinstance(problem, Unreadable)
    assert problem.advice == "If you mean +4930123456, write it so."


@pytest.mark.parametrize(
    ("local_part", "name"),
    [
        ("Ward_12.2065551234", "Ward 12"),
        ("Unit_4711-0815.2065551234", "Unit 4711-0815"),
        (" 3rd_Floor.2065551234 ", "3rd Floor"),
    ],
)
def test_digits_of_a_name_are_no_number(local_part: str, name: str) -> None:
    addressee = read_addressee(local_part, "US")
    assert isinstance(addressee, Addressee)
    assert [one.value for one in addressee.directives] == [name]


@pytest.mark.parametrize(
    ("local_part", "name"),
    [
        ("IMCEAFAX-+2B12065551234", ""),
        ("imceafax-+2b1+20+28206+29+20555-1234", ""),
        ("IMCEAFAX-2065551234", ""),
        ("IMCEAFAX-John+20Smith+40+2B1+20+28206+29+20555-1234", "John Smith"),
        ("IMCEAFAX-St+2E+20Mary+27s+40+2B12065551234", "St. Mary's"),
    ],
)
def test_a_fax_contact_of_outlook_is_read_as_it_was_typed(local_part: str, name: str) -> None:
    addressee = read_addressee(local_part, "US")
    assert isinstance(addressee, Addressee)
    assert addressee.number.e164 == "+12065551234"
    assert [(one.name, one.value) for one in addressee.directives] == ([("to", name)] if name else [])


@pytest.mark.parametrize("local_part", ["IMCEAFAX-", "IMCEAFAX-+", "IMCEAFAX-John+40", "IMCEAFAX-100%41"])
def test_an_outlook_contact_without_a_number_is_refused(local_part: str) -> None:
    assert isinstance(read_addressee(local_part, "US"), Unreadable)


@pytest.mark.parametrize(
    ("address", "local_part"),
    [
        ("+1206@fax.example.com", "+1206"),
        ('"(206) 555-1234"@fax.example.com', "(206) 555-1234"),
        (r'"206\ 555"@fax.example.com', "206 555"),
        ('"a@b"@fax.example.com', "a@b"),
        ('"@fax.example.com', '"'),
        ("fax.example.com", ""),
    ],
)
def test_a_quoted_local_part_is_what_stands_in_the_quotes(address: str, local_part: str) -> None:
    assert local_part_of(address) == local_part


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_address_whatever_raises(local_part: str) -> None:
    assert isinstance(
        read_addressee(local_part_of(f"{local_part}@x"), "US"), Addressee | Unreadable | UnknownOption
    )


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("John  Doe", "John Doe"),
        ("'John Doe'", "John Doe"),
        ("Приёмная 2", "Приёмная 2"),
        ("+1 206 555 1234", ""),
        ("+12065551234@fax.example.com", ""),
        ("'+12065551234@FAX.example.com'", ""),
        ("", ""),
    ],
)
def test_a_display_name_that_is_only_the_number_again_is_none(given_name: str, name: str) -> None:
    address = "+12065551234@Fax.example.com"
    assert display_name(address, {"+12065551234@fax.example.com": given_name}) == name


def test_a_display_name_is_found_for_a_quoted_address() -> None:
    names = {"(206) 555-1234@fax.example.com": "John Doe"}
    assert display_name('"(206) 555-1234"@fax.example.com', names) == "John Doe"
    assert display_name("+1425@fax.example.com", names) == ""


@pytest.mark.parametrize(
    ("local_part", "asked"),
    [
        ("12065551234/to=John_Doe/co=Acme", {"to": "John Doe", "company": "Acme"}),
        ("12065551234/fr=Jane_Doe/cover=off/ref=4711",
         {"from": "Jane Doe", "cover": "off", "reference": "4711"}),
        ("12065551234/CP=off/", {"cover": "off"}),
        ("12065551234^COMPANY=Acme^NOCOVER^RETRIES=3^BILLING=17",
         {"company": "Acme", "cover": "none", "retries": "3", "billing": "17"}),
        ("12065551234^FINE^A4", {"resolution": "fine", "paper": "A4"}),
        ("FAX=+12065551234/T33S=6377/to=X^NOCOVER", {"to": "X", "cover": "none"}),
        ("John_Doe.12065551234", {"to": "John Doe"}),
        ("J.R._Smith.206.555.1234/ref=1", {"to": "J.R. Smith", "reference": "1"}),
        ("+12065551234/at=2026-11-27T0800", {"at": "2026-11-27T0800"}),
        ("+12065551234/retry_interval=10_min", {"retry-interval": "10 min"}),
    ],
)  # fmt: skip
def test_options_and_names_are_directives(local_part: str, asked: dict[str, str]) -> None:
    addressee = read_addressee(local_part, "US")
    assert isinstance(addressee, Addressee)
    assert addressee.number.e164 == "+12065551234"
    assert {one.name: one.value for one in addressee.directives} == asked


@pytest.mark.parametrize(
    ("local_part", "quote"),
    [
        ("FAX=+12065551234/T33S=1/X=2", "/X=2"),
        ("12065551234/to=J//co=x", "/"),
        ("12065551234^NOPREFIX", "^NOPREFIX"),
        ("12065551234/john", "/john"),
        ("12065551234/to", "/to"),
        ("+12065551234/" + "x" * 99 + "=1", "/" + "x" * 59),
    ],
)
def test_an_option_that_is_not_understood_is_quoted(local_part: str, quote: str) -> None:
    option = read_addressee(local_part, "US")
    assert isinstance(option, UnknownOption)
    assert option.quote == quote


def test_a_name_that_may_be_part_of_the_number_makes_a_doubt() -> None:
    # Italian numbers keep their zero, and their length varies.
    told = read_addressee("A.06.123456", "IT")
    assert isinstance(told, Addressee | Unreadable)
    if isinstance(told, Addressee):
        assert told.number.e164 == "+3906123456"


@pytest.mark.parametrize(
    ("local_part", "region"),
    [
        ("Smith.49.2065551234", "US"),
        ("Smith.49.06.12345678", "IT"),
        ("Jens.46.33123456", "DK"),
        ("Jo.+.2065551234", "US"),
        ("Jo.9.2065551234", "US"),
    ],
)
def test_digits_between_a_name_and_a_number_make_a_doubt(local_part: str, region: str) -> None:
    told = read_addressee(local_part, region)
    assert isinstance(told, Unreadable)
    assert "may belong to the number" in told.explanation


NUMBERS = st.sampled_from(["+12065551234", "+4930123456", "+3906123456", "+442079460000", "+390612345678"])
WORDS = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=12)


@given(
    NUMBERS,
    st.dictionaries(st.sampled_from(["to", "company", "reference", "billing", "title"]), WORDS, max_size=3),
    st.sampled_from(["/", "^"]),
    st.text("0123456789", max_size=20),
    st.booleans(),
)
@settings(deadline=None)
def test_what_is_written_out_is_read_back(
    number: str,
    asked: dict[str, str],
    mark: str,
    subaddress: str,
    rfc: bool,  # noqa: FBT001 - as hypothesis passes it
) -> None:
    options = "".join(f"{mark}{name}={value}" for name, value in asked.items())
    written = ("FAX=" if rfc else "") + number + (f"/T33S={subaddress}" if subaddress else "") + options
    addressee = read_addressee(written, "US")
    assert isinstance(addressee, Addressee)
    assert (addressee.number.e164, addressee.subaddress) == (number, subaddress)
    assert {one.name: one.value for one in addressee.directives} == asked


PIECES = st.sampled_from(
    [*"0123456789+-.()_/^=", "FAX=", "T33S=", "to=", "(0)", "John", "206", "555", "1234", "+49", "00", "011"]
)


@given(st.lists(PIECES, max_size=14).map("".join), st.sampled_from(["US", "DE", "IT", "AR", "GB"]))
@settings(deadline=None, max_examples=300)
def test_the_number_that_is_dialled_stands_in_the_address(local_part: str, region: str) -> None:
    addressee = read_addressee(local_part, region)
    if not isinstance(addressee, Addressee):
        return
    head = re.split(r"[/^]", local_part.removeprefix("/"))[0]
    national = addressee.number.e164[-7:]
    assert national[-4:] in re.sub(r"[^0-9]", "", head)
    # Digits of options, subaddresses and names never get into the number.
    assert isinstance(read_number(addressee.number.e164, region), FaxNumber)
    bare = re.sub(r"^(?i:FAX=)", "", head)
    candidates = [bare, *(bare[dot.end() :] for dot in re.finditer(r"\.", bare))]
    assert addressee.number in [read_number(one, region) for one in candidates]
