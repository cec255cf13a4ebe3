"""`postfax quarantine`: automatic mail, which is neither faxed nor answered, for a person to look at."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from config.policy import Policy, read_policy
from postfax.commands.list import Moment
from postfax.failures import ExitCode, Failure
from postfax.opening import make_book, now, open_book, run, settings_in
from postfax.person import person
from postfax.quarantined_header import ShownFields, shown_fields, subject_among
from postfax.terminal import age, octets_for_people, print_facts, print_json, print_table
from store.book import Book
from store.errors import BodyMissing, NotInBook
from store.quarantine import Quarantined


@click.group("quarantine")
def command() -> None:
    """See to automatic mail, which is neither faxed nor answered.

    MAIL is an id such as K7Q2-M9; case and the dash do not matter.
    """


@command.command("list")
@click.option("--since", type=Moment(), help="Only since: today, 30min, 2h, 3d, or 2026-11-23.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_command(settings_file: str, since: datetime | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """List the mails in quarantine, newest first."""
    mails = run(_mails(settings_file, since, limit))
    if as_json:
        print_json([_plain(mail) for mail in mails])
    elif mails:
        moment = now()
        print_table(
            ("MAIL", "AGE", "FROM", "TO", "AUTOMATIC BY", "SIZE", "SUBJECT"),
            (
                (
                    mail.id,
                    age(mail.at, moment),
                    mail.header_from or f"<{mail.envelope.return_path}>",
                    _recipient_words(mail.envelope.recipients),
                    mail.mark,
                    octets_for_people(mail.size),
                    mail.subject,
                )
                for mail in mails
            ),
            folding=("FROM", "TO", "AUTOMATIC BY"),
            shortening=("SUBJECT",),
        )
    else:
        click.echo("nothing is in quarantine")


async def _mails(settings_file: str, since: datetime | None, limit: int) -> list[Quarantined]:
    async with open_book(settings_file) as book:
        return [await _with_subject(book, mail) for mail in await book.quarantined(since=since, limit=limit)]


async def _with_subject(book: Book, mail: Quarantined) -> Quarantined:
    if mail.subject:
        return mail
    try:
        return replace(mail, subject=subject_among(await shown_fields(book, mail)))
    except BodyMissing:  # one that is damaged must not hide the others; `show` tells of it
        return mail


@command.command("show")
@click.argument("mail_id", metavar="MAIL")
@click.option("--eml", metavar="FILE", help="Write the whole message to a file; - is standard output.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show_command(settings_file: str, mail_id: str, eml: str | None, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """Show the envelope and the header of a mail in quarantine, never its text."""
    if eml is not None:
        _write(eml, run(_message(settings_file, mail_id)))
        return
    mail, fields = run(_header(settings_file, mail_id))
    if as_json:
        print_json({**_plain(mail), "fields": fields})
    else:
        _print(mail, fields)


async def _message(settings_file: str, mail_id: str) -> bytes:
    async with open_book(settings_file) as book:
        return await book.body((await _find(book, mail_id)).body)


async def _header(settings_file: str, mail_id: str) -> tuple[Quarantined, ShownFields]:
    async with open_book(settings_file) as book:
        mail = await _find(book, mail_id)
        fields = await shown_fields(book, mail)
        return replace(mail, subject=mail.subject or subject_among(fields)), fields


async def _find(book: Book, mail_id: str) -> Quarantined:
    mail = await book.quarantined_mail(mail_id)
    if mail is None:
        raise Failure(
            f"there is no mail {mail_id} in quarantine. `postfax quarantine list` shows what there is.",
            ExitCode.NOT_FOUND,
        )
    return mail


def _write(target: str, message: bytes) -> None:
    if target == "-":
        sys.stdout.buffer.write(message)
    else:
        Path(target).write_bytes(message)


def _print(mail: Quarantined, fields: ShownFields) -> None:
    envelope = mail.envelope
    print_facts(
        (
            ("mail", mail.id),
            ("automatic by", mail.mark),
            ("received", f"{mail.at.astimezone():%Y-%m-%d %H:%M:%S}, {octets_for_people(mail.size)}"),
            ("client", f"{mail.client_address} ({mail.helo})" if mail.helo else mail.client_address),
            ("return path", envelope.return_path or "<>"),
            ("recipients", "\n".join(envelope.recipients)),
            ("ENVID", envelope.envelope_id),
            ("user", mail.user_email),
        )
    )
    click.echo()
    print_facts(fields)


def _recipient_words(recipients: tuple[str, ...]) -> str:
    more = f" and {len(recipients) - 1} more" if len(recipients) > 1 else ""
    return f"{recipients[0]}{more}" if recipients else ""


def _plain(mail: Quarantined) -> dict[str, Any]:
    return {name: value for name, value in asdict(mail).items() if name != "body"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Result:
    """What became of one mail."""

    done: bool
    words: str
    found: bool = True
    mail_id: str = ""
    """The mail that a released one is now."""


_NOT_THERE = _Result(done=False, found=False, words="is not in quarantine")


@command.command("release")
@click.argument("mail_ids", metavar="MAIL…", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def release_command(settings_file: str, mail_ids: tuple[str, ...], as_json: bool) -> int:  # noqa: FBT001 - passed by name
    """Have mails in quarantine faxed after all, like any other mail of their sender.

    Exit code 0 if all were released, 1 if only some were, 3 if one is not there, 4 if none could be.
    """
    return _tell(run(_release(settings_file, mail_ids)), as_json=as_json)


async def _release(settings_file: str, mail_ids: Iterable[str]) -> dict[str, _Result]:
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    async with make_book(settings) as book:
        return {mail_id: await _release_one(book, policy, mail_id) for mail_id in mail_ids}


async def _release_one(book: Book, policy: Policy, mail_id: str) -> _Result:
    mail = await book.quarantined_mail(mail_id)
    if mail is None:
        return _NOT_THERE
    user = policy.sender(mail.header_from)
    if user is None:
        return _Result(done=False, words=_no_user_words(mail.header_from))
    if lock := await book.lock_of(user.email):
        return _Result(done=False, words=f"was not released: {user.email} is locked, by {lock.by}")
    if not mail.envelope.recipients:
        return _Result(done=False, words="was not released: it names no fax number")
    try:
        released = await book.release_quarantined(mail.id, user_email=user.email, by=person())
    except NotInBook:  # somebody else was quicker
        return _NOT_THERE
    name = "" if released == mail.id else f" as {released}"
    return _Result(done=True, words=f"released{name}, to be faxed for {user.email}", mail_id=released)


def _no_user_words(header_from: str) -> str:
    if not header_from:
        return "was not released: it does not have exactly one author, so that no user can answer for it"
    return (
        f"was not released: no user of the policy has the From address {header_from}; add it to the "
        "sending_emails of one"
    )


@command.command("delete")
@click.argument("mail_ids", metavar="MAIL…", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def delete_command(settings_file: str, mail_ids: tuple[str, ...], as_json: bool) -> int:  # noqa: FBT001 - passed by name
    """Remove mails in quarantine for good.

    Exit code 0 if all were removed, 1 if only some were, 3 if none is there.
    """
    return _tell(run(_delete(settings_file, mail_ids)), as_json=as_json)


async def _delete(settings_file: str, mail_ids: Iterable[str]) -> dict[str, _Result]:
    results = {}
    async with open_book(settings_file) as book:
        for mail_id in mail_ids:
            try:
                await book.delete_quarantined(mail_id, by=person())
            except NotInBook:
                results[mail_id] = _NOT_THERE
            else:
                results[mail_id] = _Result(done=True, words="deleted")
    return results


def _tell(results: Mapping[str, _Result], *, as_json: bool) -> ExitCode:
    if as_json:
        print_json({mail_id: asdict(result) for mail_id, result in results.items()})
    else:
        for mail_id, result in results.items():
            click.echo(f"{mail_id}  {result.words}")
    done = sum(result.done for result in results.values())
    if done == len(results):
        return ExitCode.DONE
    if done:
        return ExitCode.PARTLY
    return ExitCode.REFUSED if all(result.found for result in results.values()) else ExitCode.NOT_FOUND
