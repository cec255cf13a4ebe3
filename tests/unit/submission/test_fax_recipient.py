import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submission.number import Unreadable
from submission.recipient import Addressee, display_name, local_part_of, read_addressee


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
        ("FAX=", "'FAX=' holds no number."),
        ("FAX=+12065551234/T33S=1/X=2", "'/T33S=1/X=2' in 'FAX=+12065551234/T33S=1/X=2' is not understood."),
        ("VOICE=+12065551234", "holds 'VOICE=', which is no part of a number."),
        ("+12065551234;ext=5", "holds ';ext=', which is no part of a number."),
        ("12065551234/to=John_Doe/co=Acme", "'/to=John_Doe/co=Acme' in"),
        ("12065551234^NOCOVER", "'^NOCOVER' in '12065551234^NOCOVER' is not understood."),
        ("John_Doe.12065551234", "holds 'John_Doe', which is no part of a number."),
        ("FAX=12065551", "'12065551' is not a complete, valid number of the region US."),
        ("", "'' holds no number."),
    ],
)
def test_what_is_not_understood_is_quoted_and_refused(local_part: str, explanation: str) -> None:
    problem = read_addressee(local_part, "US")
    assert isinstance(problem, Unreadable)
    assert explanation in problem.explanation


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
    assert isinstance(read_addressee(local_part_of(f"{local_part}@x"), "US"), Addressee | Unreadable)


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
