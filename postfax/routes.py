"""The routes of the settings' lines, as a decision over a mail needs them."""

from collections.abc import Mapping

from config.line_kinds import LineSettings
from submission.allowance import Blocks
from submission.routing import Route, Routing


def routing_of(lines: Mapping[str, LineSettings]) -> Routing:
    """Which numbers each line carries, and at which cost."""
    return Routing(
        routes={name: Route(numbers=Blocks(line.numbers), cost=line.cost) for name, line in lines.items()}
    )
