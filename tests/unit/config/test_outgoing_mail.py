"""What `postfax.yaml` says of outgoing mail: keys that can count, and those that cannot."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.server import ServerSettings


def settings(**mail: Any) -> ServerSettings:
    smarthost = {"host": "mail.example.com"}
    return ServerSettings.model_validate(
        {"domain": "fax.example.com", "policy": "/policy", "mail": {"smarthost": smarthost, **mail}}
    )


def key(**values: Any) -> dict[str, Any]:
    return {"selector": "fax2026", "key_file": "/dkim.pem", **values}


@pytest.mark.parametrize("domain", ["fax.example.com", "example.com"])
def test_a_key_of_the_domain_or_one_above_it_signs(domain: str) -> None:
    [read] = settings(dkim=[key(domain=domain)]).mail.dkim
    assert (read.selector, read.key_file, read.domain) == ("fax2026", Path("/dkim.pem"), domain)


@pytest.mark.parametrize("domain", ["example.org", "sub.fax.example.com", "x-fax.example.com"])
def test_a_key_whose_signature_counts_for_nothing_is_a_mistake(domain: str) -> None:
    with pytest.raises(ValidationError, match=r"no signature of fax\.example\.com for DMARC"):
        settings(dkim=[key(domain=domain)])


def test_the_sender_is_what_counts_where_it_is_elsewhere() -> None:
    read = settings(sender="fax@hospital.example", dkim=[key(domain="hospital.example")])
    assert read.sender == "fax@hospital.example"
    with pytest.raises(ValidationError, match=r"no signature of hospital\.example"):
        settings(sender="fax@hospital.example", dkim=[key(domain="fax.example.com")])


@pytest.mark.parametrize("selector", ["", "a b", "-a", "a..b", "_x"])
def test_a_selector_is_a_dns_name(selector: str) -> None:
    with pytest.raises(ValidationError, match="a selector such as"):
        settings(dkim=[key(selector=selector)])
