"""The configurations that docs/admin/front-ends.md tells administrators to use: the tests run them."""

import json
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PAGE = Path(__file__).resolve().parents[3] / "docs/admin/front-ends.md"


def block(title: str, **replaced: str) -> str:
    """The block of the page whose first line is a comment with this title, its values put to use here.

    Args:
        title: without the comment sign.
        replaced: by the name of its value in `STANDING_FOR`, what to put there.
    """
    found = re.findall(
        rf"^```\w*\n# {re.escape(title)}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert len(found) == 1, f"{title}: {len(found)} blocks"
    text: str = found[0]
    for name, value in replaced.items():
        assert STANDING_FOR[name] in text, f"{title} has no {STANDING_FOR[name]}"
        text = text.replace(STANDING_FOR[name], value)
    return text


STANDING_FOR = {
    "smtp_address": "127.0.0.1:2525",
    "smtp_port": "2525",
    "lmtp_port": "2624",
    "service_address": "192.0.2.25:25",
    "refusals": "/etc/postfix/fax-refusals",
    "socket": "/var/spool/postfix/postfax/lmtp",
    "own_address": "192.0.2.25",
    "script": "/usr/local/bin/lmtp-for-exim",
}
"""What the page writes for what is different on every machine."""


def settings(title: str, **replaced: str) -> tuple[str, str]:
    """`mail.listen` and the other mail settings of a block of postfax.yaml, as `World` takes them."""
    mail: dict[str, Any] = YAML(typ="safe").load(block(f"/etc/postfax/postfax.yaml, {title}", **replaced))[
        "mail"
    ]
    listen = json.dumps(mail.pop("listen"))
    return listen, "".join(f"  {name}: {json.dumps(value)}\n" for name, value in mail.items())
