"""`postfax send`: a fax from the command line, the same way as a mail."""

from pathlib import Path

import click

from config.number_text import international
from config.policy import read_policy
from config.server import ServerSettings
from notify.wording import count
from postfax.failures import ExitCode, Failure
from postfax.opening import open_book, run, settings_in
from postfax.submitting import (
    address_of_number,
    local_mail,
    mail_of_documents,
    octets_of,
    recipients_named_in,
    with_crlf,
)
from postfax.terminal import print_json, printable
from store.book import Book
from store.job import FaxJob
from store.mail import NewMail
from store.status import Status

_LOOK_AGAIN = 5.0


@click.command("send")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "numbers", metavar="NUMBER", multiple=True, help="Whom to fax; may be repeated.")
@click.option("--from", "sender", metavar="ADDRESS", help="The registered sender. Not for a mail file.")
@click.option("--subject", default="", help="The subject. Not for a mail file.")
@click.option("--text", default="", help="The text of the cover page. Not for a mail file.")
@click.option("--wait", is_flag=True, help="Wait until every fax is finished, and tell its way.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(
    settings_file: str,
    files: tuple[Path, ...],
    numbers: tuple[str, ...],
    sender: str | None,
    subject: str,
    text: str,
    wait: bool,  # noqa: FBT001 - as above
    as_json: bool,  # noqa: FBT001 - as above
) -> int:
    """Fax a mail file (.eml), or documents to a number.

    It goes the way of every mail: policy, cover page, queue, notices, copies. The service does the work; if
    it is not running, the fax waits for it.
    """
    settings = settings_in(settings_file)
    if len(files) == 1 and files[0].suffix == ".eml":
        mail = with_crlf(octets_of(files[0]))
        recipients = [address_of_number(number, settings.domain) for number in numbers]
        recipients = recipients or recipients_named_in(mail, settings.domains)
    else:
        recipients = [address_of_number(number, settings.domain) for number in numbers]
        mail = _of_documents(files, sender, recipients, subject, text)
    if not recipients:
        raise Failure(
            f"no number: give --to, or name an address at {settings.domain} in the mail.", ExitCode.USAGE
        )
    return run(_submit(settings_file, settings, mail, recipients, wait=wait, as_json=as_json))


def _of_documents(
    files: tuple[Path, ...], sender: str | None, recipients: list[str], subject: str, text: str
) -> bytes:
    if sender is None:
        raise Failure("no sender: give --from with an address that the policy knows.", ExitCode.USAGE)
    return mail_of_documents(files, sender=sender, recipients=recipients, subject=subject, text=text)


async def _submit(
    settings_file: str,
    settings: ServerSettings,
    mail: bytes,
    recipients: list[str],
    *,
    wait: bool,
    as_json: bool,
) -> int:
    new: NewMail = local_mail(mail, recipients, read_policy(settings.policy, lines=settings.lines))
    async with open_book(settings_file) as book:
        if lock := await book.lock_of(new.user_email):
            raise Failure(f"{new.user_email} is locked, by {lock.by}. `postfax user show` tells more.")
        accepted = await book.accept_mail(new)
        if not as_json:
            again = " (it was here before; nothing is sent twice)" if accepted.duplicate else ""
            click.echo(f"accepted as {accepted.mail_id}{again}")
        jobs = await _follow(book, accepted.mail_id, quiet=as_json) if wait else ()
    if as_json:
        print_json(
            {"mail_id": accepted.mail_id, "duplicate": accepted.duplicate, "jobs": [_plain(j) for j in jobs]}
        )
    return _exit_code(jobs)


async def _follow(book: Book, mail_id: str, *, quiet: bool) -> tuple[FaxJob, ...]:
    """Tell each change of the mail's jobs until all are finished."""
    told: dict[str, str] = {}
    while True:
        generation = book.generation
        jobs = await book.group(mail_id)
        for job in jobs:
            words = _words(job)
            if told.get(job.id) != words and not quiet:
                click.echo(printable(f"{job.id}  {international(job.recipient.number)}  {words}"))
            told[job.id] = words
        if jobs and all(job.state.final for job in jobs):
            return jobs
        await book.wait_for_change(_LOOK_AGAIN, since=generation)


def _words(job: FaxJob) -> str:
    pages = f", {job.pages_confirmed} of {count(job.pages, 'page')} confirmed" if job.tries else ""
    status = f": {job.status.value}" if job.status else ""
    return f"{job.state.value}{status}{pages}{f'. {job.explanation}' if job.explanation else ''}"


def _plain(job: FaxJob) -> dict[str, object]:
    return {"id": job.id, "number": job.recipient.number, "status": job.status, "pages": job.pages_confirmed}


def _exit_code(jobs: tuple[FaxJob, ...]) -> ExitCode:
    sent = sum(job.status is Status.SUCCESS for job in jobs)
    if sent == len(jobs):
        return ExitCode.DONE
    return ExitCode.PARTLY if sent else ExitCode.REFUSED
