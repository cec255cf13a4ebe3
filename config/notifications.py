"""What a sender is told by mail."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from config.file_values import ReadableFile
from config.mail_values import EmailAddress
from config.section import Section
from config.values import Toggle

Language: TypeAlias = Literal["en", "de", "es", "fr"]
WelcomeKind: TypeAlias = Literal["none", "welcome", "welcome_with_credentials"]


class NoticeSwitches(Section):
    """Which of two notices are sent."""

    success: Toggle = True
    """Whether a success is told."""
    failure: Toggle = True
    """Whether a failure is told. With it off a sender does not learn that a fax did not arrive."""


class NoticeTemplates(Section):
    """Templates of your own for notices: Jinja, each in place of a built-in one."""

    subject: ReadableFile | None = None
    """The subject, on one line."""
    text: ReadableFile | None = None
    """The plain text; it may extend built-in/notice.txt."""
    html: ReadableFile | None = None
    """The HTML; it may extend built-in/notice.html, and use the macros of frame.html."""


class NotificationSettings(Section):
    """What a sender is told by mail."""

    initial: NoticeSwitches = NoticeSwitches()
    """When a mail was taken on, or refused."""
    delivery: NoticeSwitches = NoticeSwitches()
    """When a fax reached its final state."""
    summary: Toggle = False
    """Whether a mail with more than ten recipients has one delivery notice about all of them when the last
    fax has come to its end, instead of one for each."""
    language: Language = "en"
    """The language of notices: en, de, es or fr. The words of a status stay as they are in reports, with
    their translation beside them."""
    phi_free: Toggle = False
    """Leaves out subject, names and pictures, and references and billing codes that are more than digits."""
    failures_an_hour: Annotated[int, Field(ge=1, le=1000)] = 30
    """Notices of refused mails that go to one address within an hour, at most; further ones are withheld and
    stay in the record. Never without a limit: it ends the exchange with a program that answers each notice
    with another faulty mail. Notices of faxes that were called do not count."""
    extra_recipients: tuple[EmailAddress, ...] = ()
    """Who gets every delivery notice too."""
    attach: Literal["none", "pdf", "tiff"] = "none"
    """Whether the faxed pages are attached to the delivery notice of the sender; never with phi_free."""
    thumbnail: Toggle = False
    """Whether the delivery notice shows the first page; never with phi_free."""
    report: Toggle = False
    """Whether the sender's delivery notice has a transmission report attached: a PDF to keep, with the first
    page as it was faxed, every call and what was confirmed; with phi_free without picture and names."""
    templates: NoticeTemplates = NoticeTemplates()
    """Templates of your own, in place of the built-in ones."""
    welcome: WelcomeKind = "none"
    """What `postfax welcome` sends where it is not told: none, welcome, or welcome_with_credentials (a code
    with which the user sets up a password)."""
    ask: str = ""
    """Whom users ask for help, such as an address or a telephone number: stands in the welcome message. By
    default mail.postmaster."""
