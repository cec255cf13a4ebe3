"""A self-signed certificate for the fax domain."""

from pathlib import Path

from self_signed import self_signed
from smtp_house import DOMAIN


def make_certificate(folder: Path) -> dict[str, str]:
    """The settings of `mail.tls`."""
    made = self_signed(folder, DOMAIN, files="fax")
    return {"certificate": str(made.certificate), "key": str(made.key)}
