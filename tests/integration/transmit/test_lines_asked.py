"""What `postfax doctor` and `postfax line test` find of lines that others carry."""

import socket
from pathlib import Path

from provider_site import KEY, PROJECT, SECRET, provider_site

from config.hylafax_line import HylafaxLine
from config.provider_line import ProviderLine
from postfax.doctor.other_lines import other_line


def provider(url: str, secret: Path) -> ProviderLine:
    return ProviderLine(provider="sinch", project=PROJECT, username=KEY, password_file=secret, url=url)


async def test_a_provider_that_lets_us_in_is_well_and_a_wrong_secret_is_told(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    async with provider_site() as site:
        well = await other_line("cloud", provider(site.url, secret))
        secret.write_text("wrong")
        ill = await other_line("cloud", provider(site.url, secret))
    assert (well.state, ill.state) == ("ok", "failure")
    assert "let us in" in well.found
    assert "Check project, username and password_file of lines.cloud" in ill.advice


async def test_a_server_that_is_not_there_is_a_failure_with_its_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        found = await other_line("modems", HylafaxLine(hylafax=f"127.0.0.1:{port}"))
    assert (found.state, found.subject) == ("failure", "modems")
    assert f"HylaFAX at 127.0.0.1:{port} cannot be used" in found.found
