"""What a sender is told by mail."""

from typing import Literal

from config.mail_values import EmailAddress
from config.section import Section
from config.values import Toggle


class NoticeSwitches(Section):
    """Which of two notices are sent."""

    success: Toggle = True
    """Whether a success is told."""
    failure: Toggle = True
    """Whether a failure is told. With it off a sender does not learn that a fax did not arrive."""


class NotificationSettings(Section):
    """What a sender is told by mail."""

    initial: NoticeSwitches = NoticeSwitches()
    """When a mail was taken on, or refused."""
    delivery: NoticeSwitches = NoticeSwitches()
    """When a fax reached its final state."""
    phi_free: Toggle = False
    """Leaves out subject, names and pictures."""
    extra_recipients: tuple[EmailAddress, ...] = ()
    """Who gets every delivery notice too."""
    attach: Literal["none", "pdf", "tiff"] = "none"
    """Whether the faxed pages are attached to the delivery notice of the sender; never with phi_free."""
    thumbnail: Toggle = False
    """Whether the delivery notice shows the first page; never with phi_free."""
