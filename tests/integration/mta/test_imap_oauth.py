"""XOAUTH2 with a real Dovecot that asks the token endpoint whether a token is good."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dovecot_server import USER, Dovecot, dovecot
from pickup_house import MailboxHouse, fax_mail, pickup_settings
from pydantic import ValidationError
from structlog.testing import capture_logs
from token_endpoint import TokenEndpoint, token_endpoint
from waiting import until

from config.mail import OAuth
from mta.imap.oauth import TokenSource
from mta.imap.trouble import ConnectionTrouble, LoginRefused, TokenRefused


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    with token_endpoint(USER) as running:
        yield running


@pytest.fixture
def server(endpoint: TokenEndpoint) -> Iterator[Dovecot]:
    with dovecot(introspection_url=f"{endpoint.url}/introspect") as running:
        yield running


def oauth(endpoint: TokenEndpoint, folder: Path, *, refresh: bool = False, **settings: Any) -> OAuth:
    (folder / "secret").write_text(f"{endpoint.client[1]}\n")
    (folder / "refresh").write_text("refresh-0\n")
    secret = (
        {"refresh_token_file": folder / "refresh"} if refresh else {"client_secret_file": folder / "secret"}
    )
    base = {"token_url": f"{endpoint.url}/token", "client_id": "postfax", "scope": "imap .default"}
    return OAuth.model_validate(base | secret | settings)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("grant", ["client_credentials", "refresh_token"])
async def test_mails_are_fetched_with_a_token(
    grant: str, server: Dovecot, endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    house = MailboxHouse(
        server,
        pickup_settings(server, tmp_path, oauth=oauth(endpoint, tmp_path, refresh=grant == "refresh_token")),
    )
    server.deliver(fax_mail(1), "1")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 1)
    (form,) = endpoint.asked
    secret = {
        "client_credentials": {"client_secret": endpoint.client[1]},
        "refresh_token": {"refresh_token": "refresh-0"},
    }
    base = {"client_id": "postfax", "scope": "imap .default", "grant_type": grant}
    assert form == base | secret[grant]
    assert "method=XOAUTH2" in server.log()


async def test_a_token_that_was_withdrawn_is_replaced_at_once(
    server: Dovecot, endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    house = MailboxHouse(server, pickup_settings(server, tmp_path, oauth=oauth(endpoint, tmp_path)))
    server.deliver(fax_mail(1), "1")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 1)
        endpoint.good.clear()
        server.kill()
        server.deliver(fax_mail(2), "2")
        server.start()
        await until(lambda: len(house.taken()) == 2)
    assert len(endpoint.asked) == 2


async def test_a_token_that_the_mailbox_does_not_take(
    server: Dovecot, endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    endpoint.username = "somebody@hospital.example"
    house = MailboxHouse(server, pickup_settings(server, tmp_path, oauth=oauth(endpoint, tmp_path)))
    with capture_logs() as events:
        async with house.fetching():
            await until(lambda: any(event["event"] == "pickup_refused" for event in events))
    refusal = next(event for event in events if event["event"] == "pickup_refused")
    assert "does not take the access token for fax@hospital.example" in refusal["problem"]
    assert '"status":"401"' in refusal["cause"].replace(" ", "")
    assert "access-" not in repr(events)
    assert len(endpoint.asked) == 2


async def test_a_token_is_kept_until_shortly_before_its_end(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    clock = Clock()
    source = TokenSource(oauth(endpoint, tmp_path), monotonic=clock)
    assert await source.token() == "access-1"
    clock.now += 3600 - 121
    assert await source.token() == "access-1"
    clock.now += 2
    assert await source.token() == "access-2"
    source.forget()
    assert await source.token() == "access-3"


@pytest.mark.parametrize(("life", "kept"), [("100", 50.0), (None, 180.0), (-5, 180.0), ("soon", 180.0)])
async def test_short_and_unsaid_lives(
    life: object, kept: float, endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    endpoint.life = life
    clock = Clock()
    source = TokenSource(oauth(endpoint, tmp_path), monotonic=clock)
    await source.token()
    clock.now += kept - 1
    assert await source.token() == "access-1"
    clock.now += 1
    assert await source.token() == "access-2"


async def test_a_new_refresh_token_is_kept_in_its_file(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    endpoint.rotates = True
    settings = oauth(endpoint, tmp_path, refresh=True)
    source = TokenSource(settings, monotonic=Clock())
    for _ in range(2):
        await source.token()
        source.forget()
    assert (tmp_path / "refresh").read_text() == "refresh-2\n"
    assert await TokenSource(settings, monotonic=Clock()).token() == "access-3"


@pytest.mark.parametrize(
    ("settings", "answer", "sentence", "cause"),
    [
        (
            {"client_id": "x"},
            None,
            "correct client_id, or renew the secret",
            "HTTP 401 invalid_client no such",
        ),
        (
            {"refresh": True},
            None,
            "the refresh token is used up",
            "HTTP 400 invalid_grant AADSTS70008: expired",
        ),
        ({}, (200, b"<html>"), "see that token_url is that of a token endpoint", "HTTP 200"),
        ({}, (200, b'{"access_token": "a\\u0001b"}'), "see that token_url", "HTTP 200"),
        ({}, (302, b"[]"), "see that token_url", "HTTP 302"),
    ],
)
async def test_a_refusal_says_what_to_do(
    settings: dict[str, Any],
    answer: tuple[int, bytes] | None,
    sentence: str,
    cause: str,
    endpoint: TokenEndpoint,
    tmp_path: Path,
) -> None:
    endpoint.answer = answer
    endpoint.refresh_tokens.clear()
    with pytest.raises(TokenRefused, match=sentence) as raised:
        await TokenSource(oauth(endpoint, tmp_path, **settings), monotonic=Clock()).token()
    assert raised.value.cause.startswith(cause)
    assert endpoint.client[1] not in str(raised.value) + raised.value.cause


async def test_trouble_of_the_endpoint_passes(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    endpoint.answer = (503, b"")
    source = TokenSource(oauth(endpoint, tmp_path), monotonic=Clock())
    with pytest.raises(ConnectionTrouble, match="has trouble of its own"):
        await source.token()
    endpoint.answer = None
    assert await source.token() == "access-1"


async def test_an_endpoint_that_is_not_there(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    settings = oauth(endpoint, tmp_path, token_url="http://127.0.0.1:1/token")
    with pytest.raises(ConnectionTrouble, match=r"http://127\.0\.0\.1:1/token cannot be asked"):
        await TokenSource(settings, monotonic=Clock()).token()


async def test_a_secret_that_is_not_there(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    settings = oauth(endpoint, tmp_path)
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(LoginRefused, match="secret is empty; its first line must be the secret"):
        await TokenSource(settings, monotonic=Clock()).token()
    (tmp_path / "secret").unlink()
    with pytest.raises(LoginRefused, match="cannot be read; let the service's user read it"):
        await TokenSource(settings, monotonic=Clock()).token()


@pytest.mark.parametrize("url", ["http://login.example/token", "http://127.0.0.1.evil.example/token"])
def test_secrets_go_over_tls_alone(url: str, endpoint: TokenEndpoint, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="without TLS"):
        oauth(endpoint, tmp_path, token_url=url)
