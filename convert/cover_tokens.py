"""The tokens of cover templates: one table of what a template may say, and of every name that it goes by.

A token is written `{{ recipient.name }}` (Jinja) or `~RecipientName~`, the field's style, where case does not
count. `postfax cover tokens` and docs/admin/cover-pages.md print this table. Pure.
"""

import difflib
import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverToken:
    """One thing that a cover can say."""

    name: str
    """As Jinja has it: `recipient.name`."""
    field: str
    """Between tildes: `RecipientName`."""
    meaning: str
    aliases: tuple[str, ...] = ()
    """Further names between tildes, as templates of other fax systems have them."""


def _token(name: str, field: str, meaning: str, *aliases: str) -> CoverToken:
    return CoverToken(name=name, field=field, meaning=meaning, aliases=aliases)


TOKENS = (
    _token("recipient.name", "RecipientName", "whom the fax is for", "To", "ToName"),
    _token("recipient.company", "RecipientCompany", "the recipient's company", "ToCompany"),
    _token("recipient.title", "RecipientTitle", "the recipient's title", "ToTitle"),
    _token("recipient.number", "RecipientNumber", "the fax number, with its digits in groups",
           "FaxNumber", "RecipientFax", "ToFaxNumber"),
    _token("sender.name", "SenderName", "who sends the fax", "From", "FromName"),
    _token("sender.company", "SenderCompany", "the sender's company", "FromCompany"),
    _token("sender.department", "SenderDepartment", "the sender's department", "FromDepartment"),
    _token("sender.title", "SenderTitle", "the sender's title", "FromTitle"),
    _token("sender.phone", "SenderPhone", "the sender's telephone number", "FromPhone", "FromVoiceNumber"),
    _token("sender.fax", "SenderFax", "the sender's fax number", "FromFaxNumber"),
    _token("sender.email", "SenderEmail", "the sender's address for mail", "FromEmail", "FromMailAddress"),
    _token("sender.address", "SenderAddress", "the sender's postal address; may have several lines",
           "FromLocation"),
    _token("subject", "Subject", "the mail's subject, without directives that stood in it",
           "CoverSubject", "Regarding"),
    _token("original_subject", "OriginalSubject", "the mail's subject as it came"),
    _token("message", "CoverText", "the mail's text, laid out: paragraphs, quotations, lists, tables",
           "Message", "Comments"),
    _token("body_text", "BodyText", "the mail's text, plain"),
    _token("date", "Date", "the day, as the sender's policy writes it", "TodaysDate"),
    _token("time", "Time", "the time of day"),
    _token("zone", "TimeZone", "the time zone's abbreviation", "Zone"),
    _token("date_time", "DateTime", "day, time and zone"),
    _token("pages_total", "TotalPages", "pages of the fax, with the cover",
           "PagesTotal", "Pages", "PageCount"),
    _token("pages_following", "PagesFollowing", "pages after the cover"),
    _token("own_pages", "CoverPages", "pages of the cover itself"),
    _token("job_id", "JobId", "the fax job's name, such as K7Q2-M9", "FullMessageId", "MessageId"),
    _token("reference", "ReferenceId", "the sender's reference", "Reference"),
    _token("billing", "BillingCode", "the sender's billing code", "Billing"),
    _token('custom["cost center"]', "Custom:Cost Center",
           "a custom field by its name; case, blanks and _ do not count; also custom.cost_center"),
    _token("paper", "Paper", "A4, Letter or Legal"),
    _token("language", "Language", "ja, ko or zh where the text has such letters, for <html lang>"),
    _token("running_head", "RunningHead", "recipient and subject in a short line, for further pages"),
    _token("end_of_message", "EndCoverMsg", "nothing: it ends the message in templates of other systems"),
)  # fmt: skip
"""In the order in which people look for them."""

CUSTOM = "custom"
"""The name before a custom field's."""
FREE_FORM = "custom_fields"
"""Another name of `custom`."""
NAMES = frozenset(token.name for token in TOKENS if not token.name.startswith(CUSTOM))
"""What is known by a fixed name."""
GROUPS = frozenset(name.split(".")[0] for name in NAMES if "." in name)
"""`recipient` and `sender`."""
_FIELDS = {
    field.casefold(): token.name
    for token in TOKENS
    for field in (token.field, *token.aliases)
    if token.name in NAMES
}
FIELD = re.compile(r"~(?:custom:(?P<custom>[^~\n]{1,60})|(?P<field>[a-z]{2,40}))~", re.IGNORECASE)
"""Something between tildes that may be a token."""
_NEAR = 0.75
"""How alike two names are, from 0 to 1, before one is thought to be meant by the other."""


def spelling(name: str) -> str:
    """Equal for two spellings of the name of a custom field."""
    return " ".join(re.sub(r"[_\s-]+", " ", name).split()).casefold()


def field_expression(found: re.Match[str]) -> str | None:
    """What `FIELD` found as a Jinja expression; None for what is no token and only text between tildes.

    What looks like a token that somebody mistyped is one: it then fails where it is evaluated.
    """
    if custom := found["custom"]:
        return f"{CUSTOM}[{_quoted(custom.strip())}]"
    field: str = found["field"]
    known = _FIELDS.get(field.casefold())
    if known or not (field[0].isupper() or nearest_field(field)):
        return known  # `li~li~li` is a style sheet's
    return f"fields[{_quoted(field)}]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def nearest_field(field: str) -> str:
    """The name between tildes that may have been meant, or an empty text."""
    shown = {each.casefold(): each for token in TOKENS for each in (token.field, *token.aliases)}
    near = difflib.get_close_matches(field.casefold(), list(shown), n=1, cutoff=_NEAR)
    return f"~{shown[near[0]]}~" if near else ""


def nearest_name(name: str) -> str:
    """The token that may have been meant by a Jinja name, or an empty text."""
    near = difflib.get_close_matches(name.casefold(), sorted(NAMES | GROUPS), n=1, cutoff=0.6)
    if near:
        return near[0]
    known = field_name(name)
    return known or ""


def field_name(field: str) -> str | None:
    """The Jinja name of a token that is known by another one, such as RecipientName."""
    return _FIELDS.get(re.sub(r"[._\s-]", "", field).casefold())


def names_within(group: str) -> list[str]:
    """The tokens of a group: `recipient.name` and the like."""
    return sorted(name for name in NAMES if name.startswith(f"{group}."))
