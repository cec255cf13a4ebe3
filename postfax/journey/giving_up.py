"""What could not be delivered for days is given up: administrators are told, as nobody else will be."""

import structlog

from config.settings import UserPolicy
from store.book import Book
from store.job import FaxJob
from store.outbox import Copy, Notice, NoticeKind

log = structlog.get_logger()

_METHODS = {"email": "by mail", "sftp": "by SFTP", "ftps": "by FTPS", "folder": "in its folder"}


async def tell_of_notice(book: Book, notice: Notice, user: UserPolicy | None) -> None:
    """A notice was given up. Of an alert that was given up there is none: it would go the same way."""
    if notice.kind is NoticeKind.ALERT or user is None:
        return
    if notice.kind is NoticeKind.WELCOME:
        sentence = (
            f"The welcome message to {notice.topic} did not get there, and is not tried again. {_look('')}"
        )
        topic = "a welcome message could not be delivered"
        await _tell(book, user, topic, f"{sentence} tells what went wrong.", mail_id="", job_id="")
        return
    whom = "its sender" if notice.to_sender else "one who was to know"
    about = f"job {notice.job_id}" if notice.job_id else f"mail {notice.mail_id}"
    await _tell(
        book,
        user,
        "a notice could not be delivered",
        f"The notice about {about} did not reach {whom}, and is not tried again. "
        f"{_look(notice.job_id)} tells what went wrong.",
        mail_id=notice.mail_id,
        job_id=notice.job_id,
    )


async def tell_of_copy(book: Book, copy: Copy, job: FaxJob) -> None:
    """A copy for an archive was given up."""
    await _tell(
        book,
        job.user,
        f"a copy could not be filed {_METHODS[copy.archive.method]}",
        f"The archive has no copy of job {job.id}, and it is not tried again by itself. "
        f"{_look(job.id)} tells what went wrong; when that is mended, `postfax archive retry {job.id}` files "
        "it. `postfax archive status` tells whether there are more.",
        mail_id=job.mail_id,
        job_id=job.id,
    )


def _look(job_id: str) -> str:
    # What a server answered, and where a file should have gone, may name a patient: it stays out of the mail.
    return f"`postfax show {job_id}`" if job_id else "The log of the service"


async def _tell(
    book: Book, user: UserPolicy, topic: str, sentence: str, *, mail_id: str, job_id: str
) -> None:
    contacts = user.settings.alerts.contacts
    told = await book.alert(topic, sentence, contacts, mail_id=mail_id, job_id=job_id)
    log.info("alert", topic=topic, contacts=len(contacts), told=len(told), job=job_id, mail=mail_id)
