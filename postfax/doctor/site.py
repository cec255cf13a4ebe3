"""What the checks look at: one installation, as its settings say it is."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from config.server import ServerSettings
from postfax.doctor.host import Host
from postfax.doctor.names import Names


@dataclass(frozen=True, kw_only=True)
class Site:
    """One installation."""

    settings_file: Path
    settings: ServerSettings
    now: datetime
    host: Host = field(default_factory=Host)
    recipient: str = ""
    """Whom the smarthost is asked about; empty for the first user of the policy."""
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        """Make the resolver; nothing is asked yet."""
        object.__setattr__(self, "names", Names(self.settings.dns))

    @property
    def hostname(self) -> str:
        """The name in our greeting and in our EHLO."""
        return self.settings.mail.hostname or self.settings.domain

    @property
    def sender(self) -> str:
        """The From address of notices."""
        return self.settings.sender

    @property
    def sender_domain(self) -> str:
        """The domain that receivers of notices look up."""
        return self.sender.rpartition("@")[2]
