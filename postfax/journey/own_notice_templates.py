"""An organisation's own templates of notices: read for each notice, and passed over where they fail.

A notice is owed whatever becomes of its template: one that cannot be read or filled in makes an alert, and
the notice goes out in the built-in form.
"""

import asyncio
from pathlib import Path

import structlog

from config.notifications import NoticeTemplates
from config.settings import UserPolicy
from notify.rendering import HTML, SUBJECT, TEXT, OwnTemplateTrouble
from store.book import Book
from store.outbox import Notice

_LARGEST = 1_000_000
"""Octets of a template."""

log = structlog.get_logger()


async def read_templates(templates: NoticeTemplates) -> dict[str, str]:
    """The templates of a policy by the names of `notify.rendering`.

    Raises:
        OwnTemplateTrouble: one cannot be read.
    """
    named = {SUBJECT: templates.subject, TEXT: templates.text, HTML: templates.html}
    return {name: await asyncio.to_thread(_read, path) for name, path in named.items() if path}


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise OwnTemplateTrouble(f"{path} is larger than {_LARGEST // 1000} kB")
        return path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise OwnTemplateTrouble(f"{path} cannot be read: {problem.strerror or problem}") from problem
    except UnicodeDecodeError as problem:
        raise OwnTemplateTrouble(f"{path} is not UTF-8 text") from problem


async def tell_of_template(book: Book, notice: Notice, user: UserPolicy, problem: OwnTemplateTrouble) -> None:
    """Tell an administrator that a notice went out in the built-in form."""
    log.error("notice_template_failed", notice=notice.id, cause=str(problem))
    await book.alert(
        "an own template of notices",
        f"It could not be used, and the built-in one took its place: {problem}. "
        "`postfax notice preview` shows what comes of it.",
        user.settings.alerts.contacts,
        mail_id=notice.mail_id,
        job_id=notice.job_id,
    )
