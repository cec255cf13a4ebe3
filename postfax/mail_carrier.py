"""The way out for Postfax's own mails: a smarthost, or the mail servers of their recipients."""

from config.server import ServerSettings
from notify.direct import DirectMailer
from notify.mailer import MailCarrier, Mailer
from notify.signing import Signer
from postfax.outgoing_names import OutgoingNames


def make_mail_carrier(settings: ServerSettings, signer: Signer | None = None) -> MailCarrier:
    """The way out as the settings say it; nothing is connected to yet."""
    hostname = settings.mail.hostname or settings.domain
    if settings.mail.smarthost.direct:
        return DirectMailer(OutgoingNames(settings.dns), hostname, signer=signer)
    return Mailer(settings.mail.smarthost, hostname, signer=signer)
