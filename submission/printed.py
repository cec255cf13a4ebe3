"""What of a mail is printed: its subject and body without the directives, and without what the policy trims.

The same mail and policy always give the same, so that what was decided over is what is faxed.
"""

from dataclasses import dataclass, replace

from config.coverpage import CoverpageSettings
from store.mail import MailContent
from submission.body_lines import BodyLines, misplaced_html_lines, misplaced_lines, split_html, split_text
from submission.quotation import is_forward
from submission.subject_tags import split_subject
from submission.trimming import trimmed
from submission.written import Written, header_directives


@dataclass(frozen=True, kw_only=True, slots=True)
class Printed:
    """A mail's content as it is faxed, and what was taken out of it."""

    content: MailContent
    """With subject and body as they are printed."""
    original_subject: str
    directives: tuple[Written, ...]
    """Of header, body and subject."""
    unknown: tuple[str, ...]
    """Quotations of what looks like a directive and is none."""


def printed(content: MailContent, settings: CoverpageSettings) -> Printed:
    """Split a mail into what is printed and what is asked for.

    Args:
        content: The mail taken apart.
        settings: The sender's.
    """
    subject, tags = split_subject(content.subject)
    fields, unknown_fields = header_directives(content.fields)
    text, html = split_text(content.text), split_html(content.html)
    directives, unknown = _said(text, html)
    quotes = settings.trim_quotes and not is_forward(subject)
    body = trimmed(text.rest, html.rest, quotes=quotes, signature=settings.trim_signature)
    return Printed(
        content=replace(content, subject=subject, text=body[0], html=body[1]),
        original_subject=content.subject,
        directives=(*fields, *directives, *tags),
        unknown=(*unknown_fields, *unknown, *_misplaced(text.rest, html.rest)),
    )


def _said(text: BodyLines, html: BodyLines) -> tuple[list[Written], list[str]]:
    """What the `#fax` lines say: those of the text, and those that its HTML alone has."""
    # A mail program that writes both writes the same twice, and may wrap a long line of the text.
    known = {one.name for one in text.directives}
    more = [one for one in html.directives if one.name not in known]
    return [*text.directives, *more], text.unknown or html.unknown


def _misplaced(text: str, html: str) -> list[str]:
    """The `#fax` lines below other text, but not those in a mail that is quoted at the end."""
    if "fax" not in f"{text}{html}".lower():
        return []
    own_text, own_html = trimmed(text, html, quotes=True, signature=True)
    return misplaced_lines(own_text) or misplaced_html_lines(own_html)
