"""Who runs a command: the name that stands in the record beside what they did."""

import os
import pwd
from collections.abc import Mapping


def person(environment: Mapping[str, str] = os.environ) -> str:
    """The person's account on this machine; behind sudo, that of the one who called it."""
    caller = environment.get("SUDO_UID", "")
    return _name_of(int(caller) if caller.isascii() and caller.isdigit() else os.getuid())


def _name_of(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except (KeyError, OverflowError):  # an account of a container, or of a directory that does not answer
        return f"uid {number}"
