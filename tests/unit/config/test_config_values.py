from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from config.fax_values import (
    CertificateFingerprint,
    FileName,
    KnownHost,
    LineName,
    NumberPattern,
    Region,
    StationIdentity,
    StationNumber,
)
from config.mail_values import Domain, EmailAddress, SendingAddress
from config.retry import RETRYABLE_STATUSES
from config.values import (
    Address,
    ByteSize,
    DateFormat,
    Duration,
    HostPort,
    Nameserver,
    SipUri,
    TimeFormat,
    TimeZone,
    Toggle,
    did_you_mean,
    duration_text,
)
from store.status import Status

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSkqGhJFVrSXXQQT1DI6gB1nXw8ZpFvM2S9cR8NQX"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Duration, "30 s", timedelta(seconds=30)),
        (Duration, "5min", timedelta(minutes=5)),
        (Duration, "1.5 h", timedelta(minutes=90)),
        (Duration, "7 days", timedelta(days=7)),
        (ByteSize, "50 MB", 50_000_000),
        (ByteSize, "1 GiB", 1 << 30),
        (Toggle, "true", True),
        (Toggle, "FALSE", False),
        (Address, "0.0.0.0:25", HostPort("0.0.0.0", 25)),  # noqa: S104 - only read
        (Address, "[::1]:25", HostPort("::1", 25)),
        (Nameserver, "127.0.0.1", HostPort("127.0.0.1", 53)),
        (Nameserver, "[::1]:5353", HostPort("::1", 5353)),
        (SipUri, "sip:trunk.example.net", "sip:trunk.example.net"),
        (Domain, "Fax.Example.COM", "fax.example.com"),
        (EmailAddress, " Ana@Hospital.Example", "Ana@hospital.example"),
        (SendingAddress, "*@Hospital.Example", "*@hospital.example"),
        (TimeZone, "America/Los_Angeles", "America/Los_Angeles"),
        (DateFormat, "MM/DD/YYYY", "MM/DD/YYYY"),
        (TimeFormat, "hh:mm a", "hh:mm a"),
        (Region, "NO", "NO"),
        (NumberPattern, "+1 (900)*", "+1900*"),
        (StationNumber, "+1 206 555-0100", "+1 206 555-0100"),
        (StationIdentity, "GENERAL HOSPITAL", "GENERAL HOSPITAL"),
        (KnownHost, f"{KEY} archive@example", KEY),
        (FileName, "{date:%Y/%m}/{job_id}_{number}", "{date:%Y/%m}/{job_id}_{number}"),
        (CertificateFingerprint, f"sha256 Fingerprint={':'.join(['9F'] * 32)}", "9f" * 32),
        (CertificateFingerprint, "9f" * 32, "9f" * 32),
    ],
)
def test_a_value_is_read_from_its_text(kind: Any, text: str, value: object) -> None:
    assert TypeAdapter(kind).validate_python(text) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(
            (Duration, value)
            for value in ("5", "5 weeks", "-5 s", "", "9" * 400 + " s", "999999999 days", 5, ["5 s"])
        ),
        *((ByteSize, value) for value in ("0", "1.5 MB", "lots", "9" * 20, True)),
        *((Toggle, value) for value in ("yes", "no", "on", "1", "", "tRuE", 1, None)),
        *((Address, value) for value in ("127.0.0.1", "a b:25", "127.0.0.1:70000", ":25", ["a", "b"], None)),
        *((Nameserver, value) for value in ("dns.example.com", "", "127.0.0.1:", ["::1"])),
        *((SipUri, value) for value in ("trunk.example.net", "sip:", "sips:a", "sip:a b")),
        *((Domain, value) for value in ("localhost", "-a.example", "a..b", "a.example/")),
        *(
            (EmailAddress, value)
            for value in ("ana@hospital", "ana", "a b@c.example", "*@c.example", ["a@b.example"])
        ),
        *((SendingAddress, value) for value in ("*@", "*", "*@hospital", "a*@b.example")),
        *(
            (TimeZone, value)
            for value in ("Berlin", "", "../etc/passwd", "America", "/etc/localtime", None, ["UTC"])
        ),
        *((DateFormat, value) for value in ("dd.mm.yyyy", "", "%Y")),
        *((TimeFormat, value) for value in ("HH:MM", "hh:mm pm")),
        *((Region, value) for value in ("UK", "us", "USA", "", "001", None, ["US"])),
        *((NumberPattern, value) for value in ("2065551234", "+", "+*", "+1*900", "+12065551234567890", "*")),
        *((StationNumber, value) for value in ("+", "fax", "12a", "206-555", "+1234567890123456")),
        *((StationIdentity, value) for value in ("A" * 21, "Krankenhaus Süd")),
        *(
            (KnownHost, value)
            for value in ("ssh-rsa", "ssh-ed25519 AAAA", KEY.replace("ssh-ed25519", "ssh-rsa"))
        ),
        *(
            (FileName, value)
            for value in ("{dat}", "{job_id.x}", "{0}", "{}", "{job_id!r}", "{number:>9}", "{", "../a")
        ),
        *((FileName, value) for value in ("/a/{job_id}", "{date:{job_id}}", "", "a/../{job_id}")),
        (LineName, ["main"]),
    ],
)
def test_everything_else_is_a_mistake_that_says_what_was_expected(kind: Any, value: object) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(kind).validate_python(value)
    [detail] = raised.value.errors()
    assert detail["type"] == "not_expected"
    assert detail["ctx"]["expected"]


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=36525 * 86_400_000))
def test_a_duration_is_read_as_it_is_written(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    adapter = TypeAdapter(Duration)
    assert adapter.validate_python(duration_text(value)) == value
    assert adapter.validate_json(adapter.dump_json(value)) == value


def test_a_host_and_port_survive_json() -> None:
    adapter = TypeAdapter(Address)
    assert adapter.validate_json(adapter.dump_json(HostPort("::1", 25))) == HostPort("::1", 25)
    assert str(HostPort("::1", 25)) == "[::1]:25"


def test_the_nearest_choice_is_offered_in_its_own_spelling() -> None:
    assert did_you_mean("busyy", ["BUSY", "Fast Busy"]) == "did you mean BUSY?"
    assert did_you_mean("quite different", ["BUSY"]) == ""


def test_the_statuses_that_are_retried_are_statuses() -> None:
    assert set(RETRYABLE_STATUSES) < {status.value for status in Status}
    assert not {Status.SUCCESS, Status.BLOCKED, Status.INVALID_FAX_NUMBER, Status.OPERATOR_MESSAGE} & set(
        RETRYABLE_STATUSES
    )
