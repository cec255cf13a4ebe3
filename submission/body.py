"""Whether a mail has body text: something that a person would see."""

from store.mail import MailContent
from submission.mail_lines import html_lines, is_visible


def has_body_text(content: MailContent) -> bool:
    """Whether there is a visible character in the plain text or in the HTML."""
    return is_visible(content.text) or bool(html_lines(content.html)[0])
