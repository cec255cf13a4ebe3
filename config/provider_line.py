"""Telephone lines of a fax provider with a web interface, as `lines:` in `postfax.yaml` names them."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.file_values import ReadableFile
from config.section import Section
from config.telephone_line import TelephoneLine
from config.values import Address, Duration, HttpUrl, incomplete


class ProviderNews(Section):
    """Where the provider tells at once that a fax is over. Without it Postfax asks from time to time."""

    listen: Address
    """Our own address and port. It speaks HTTP: let a web server with a certificate stand before it."""
    url: HttpUrl
    """The same place as the provider reaches it, such as https://fax.example.com/provider."""


class ProviderLine(TelephoneLine):
    """A telephone line: a fax provider that calls for us. It sees every page."""

    provider: Literal["sinch"]
    """Which one: sinch (Sinch Fax, version 3)."""
    project: Annotated[str, Field(min_length=1)]
    """The project's id."""
    service: str = ""
    """The fax service's id; by default the project's own."""
    username: Annotated[str, Field(min_length=1)]
    """The id of the access key."""
    password_file: ReadableFile
    """A file whose first line is the access key's secret."""
    url: HttpUrl = "https://fax.api.sinch.com"
    """Where the provider is asked."""
    ask_every: Duration = timedelta(seconds=15)
    """How often it is asked how a fax goes."""
    keep_for: Duration = timedelta(hours=2)
    """How long it may take over one fax before its call is given up as lost."""
    news: ProviderNews | None = None
    """Where the provider tells at once that a fax is over. Without it Postfax asks from time to time."""

    @property
    def goes_to(self) -> str:
        """The provider and where it is asked."""
        return f"{self.provider}:{self.url.partition('://')[2]}"

    @model_validator(mode="after")
    def _asks_now_and_then(self) -> Self:
        if not self.ask_every:
            raise incomplete("has an ask_every of 0 s, which would ask without end")
        return self
