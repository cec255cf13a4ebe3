"""Telephone lines through a HylaFAX server, as `lines:` in `postfax.yaml` names them."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from config.file_values import ReadableFile
from config.forms import Form
from config.login import password_has_username
from config.telephone_line import TelephoneLine
from config.values import Duration, HostPort, Toggle, host_with_port, incomplete

PORT = 4559
"""Of the client protocol (hfaxd)."""
_WHAT = "a HylaFAX server such as fax.example.net or fax.example.net:4559"


def _server(value: Any) -> HostPort:
    return host_with_port(value, PORT, _WHAT)


Server = Annotated[
    HostPort,
    BeforeValidator(_server),
    Form(words=_WHAT, pattern=r"[^\s:]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", example="fax.example.net"),
]


class HylafaxLine(TelephoneLine):
    """A telephone line: a HylaFAX server whose modems call."""

    hylafax: Server
    """The server: `fax.example.net`, with a port where hfaxd's is not 4559. It talks without encryption: let
    it be this host, or reach it through a tunnel."""
    username: str = "postfax"
    """Who logs in; its jobs are this user's."""
    password_file: ReadableFile | None = None
    """A file whose first line is the password; by default none is given."""
    modem: str = "any"
    """The modem, or the class of modems, that calls."""
    plus: Toggle = True
    """Whether numbers are told with their plus sign, which HylaFAX's dial rules take away."""
    keep_for: Duration = timedelta(hours=1)
    """How long HylaFAX may keep a fax while its modems are busy; then it is tried again
    later."""
    ask_every: Duration = timedelta(seconds=5)
    """How often HylaFAX is asked how a fax goes."""

    @property
    def goes_to(self) -> str:
        """The server."""
        return f"hylafax:{self.hylafax}"

    @model_validator(mode="after")
    def _login(self) -> Self:
        return password_has_username(self)

    @model_validator(mode="after")
    def _whole_minutes(self) -> Self:
        if not timedelta(minutes=1) <= self.keep_for < timedelta(days=100):
            raise incomplete("has a keep_for that HylaFAX does not take: from 1 min to 99 days")
        if not self.ask_every:
            raise incomplete("has an ask_every of 0 s, which would ask without end")
        return self
