"""What all kinds of telephone lines have in common."""

from typing import Annotated

from pydantic import Field

from config.fax_values import NumberPattern
from config.section import Section


class TelephoneLine(Section):
    """A way to place calls."""

    channels: Annotated[int, Field(ge=1, le=500)] = 4
    """Calls at one time."""
    numbers: tuple[NumberPattern, ...] = ()
    """The numbers that it carries, such as +1* or +49*; by default all."""
    cost: Annotated[int, Field(ge=0, le=1000)] = 0
    """Of lines that carry a number the cheapest is called first, and the next one when that is busy, held or
    down; where the policy names lines, its order counts."""
    caller: str = ""
    """The caller id of users without a sender number."""

    @property
    def goes_to(self) -> str:
        """Where its calls go, in a few words."""
        raise NotImplementedError
