"""What every group of settings with a log-in holds to."""

from pathlib import Path
from typing import Protocol, TypeVar

from config.values import incomplete


class _WithLogin(Protocol):
    @property
    def username(self) -> str: ...

    @property
    def password_file(self) -> Path | None: ...


LogIn = TypeVar("LogIn", bound=_WithLogin)


def password_has_username(section: LogIn) -> LogIn:
    """Refuse a password of nobody.

    Raises:
        PydanticCustomError: there is a password_file and no username.
    """
    if section.password_file and not section.username:
        raise incomplete("has a password_file but no username")
    return section
