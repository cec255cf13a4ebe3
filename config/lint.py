"""A closer look at a policy than `config.cautions` takes: what is allowed, and odd all the same.

Every user is looked at, which takes seconds for 50,000: for `postfax policy lint`, not for each load.
"""

import stat
from collections.abc import Iterable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

from config.cautions import caution
from config.inheritance import SettingPath, inheritance_of
from config.levels import BETWEEN, Level
from config.mistakes import Caution, path_text
from config.policy import Policy
from config.policy_tree import User, address_key
from config.section import Section
from config.settings import Settings
from config.written import leaves, written

SHORT_RETENTION_HOURS = 24


def lint(
    policy: Policy, *, lines: Iterable[str] = (), settings_file: Path = Path(), server: Section | None = None
) -> list[Caution]:
    """All cautions, in the order of the files.

    Args:
        policy: The policy.
        lines: The names of the lines that the server has.
        settings_file: The server's settings, where their lines and secrets stand.
        server: What those say.
    """
    found = list(policy.cautions)
    for level in _levels(policy):
        for check in (_says_again, _premium_everywhere, _without_effect, _kept_for_copies, _secrets):
            found += check(level)
    found += _unused_templates(policy)
    found += _empty_departments(policy)
    found += _swallowed(policy)
    found += _unused_lines(policy, lines, settings_file)
    found += [_readable(file, settings_file, name) for name, file in _secret_files(server)]
    return sorted(found, key=lambda one: (str(one.file), one.line, one.column))


def _levels(policy: Policy) -> Iterator[Level]:
    """Every level that says something."""
    yield policy.company_level
    yield from policy.departments.values()
    yield from (user.level for user in policy.accounts.values() if user.entry.own_settings)


def _says_again(level: Level) -> Iterator[Caution]:
    if level.above is None:
        return
    for setting in sorted(level.said):
        if inheritance_of(Settings, setting[0]) or _adds_up(setting):
            continue
        inherited = _at(level.above.effective, setting)
        if inherited == _at(level.own, setting) and inherited is not None:
            remark = f"says what applies anyway: {written(inherited)}"
            yield caution(
                level, setting, remark, "Take it out, unless it is meant to stay when the above changes."
            )


def _adds_up(setting: SettingPath) -> bool:
    section: Any = reduce(_member, setting[:-1], Settings())
    return isinstance(section, Section) and bool(inheritance_of(type(section), setting[-1]))


def _member(value: Any, name: str) -> Any:
    return getattr(value, name, None)


def _at(settings: Any, setting: SettingPath) -> Any:
    for name in setting:
        settings = settings.get(name) if isinstance(settings, dict) else getattr(settings, name)
        if settings is None:
            return None
    return settings


def _premium_everywhere(level: Level) -> Iterator[Caution]:
    setting = ("fax", "premium_numbers")
    fax = level.effective.fax
    if setting in level.said and fax.premium_numbers and not fax.allowed_countries:
        yield caution(
            level,
            setting,
            "lets premium-rate numbers of all countries be faxed",
            "Name the countries in fax.allowed_countries, or leave it off.",
        )


def _without_effect(level: Level) -> Iterator[Caution]:
    notices = level.effective.notifications
    if not notices.phi_free:
        return
    for name, asks in (("attach", notices.attach != "none"), ("thumbnail", notices.thumbnail)):
        if asks and ("notifications", name) in level.said:
            yield caution(
                level,
                ("notifications", name),
                "has no effect: phi_free leaves the pages out of notices",
                "Take one of the two out.",
            )


def _kept_for_copies(level: Level) -> Iterator[Caution]:
    setting = ("retention", "documents")
    kept = level.effective.retention.documents
    if setting in level.said and level.archives and kept.total_seconds() < SHORT_RETENTION_HOURS * 3600:
        yield caution(
            level,
            setting,
            f"is {written(kept)}, which a copy for the archive may not have been delivered in",
            "They are kept until it is. Keep them for a day or more if the archive may be down that long.",
        )


def _secrets(level: Level) -> Iterator[Caution]:
    for setting, value in leaves(level.own.archive, ("archive",)):
        secret = setting[-1].endswith("_file") and setting[-1] != "ca_file"
        if isinstance(value, Path) and secret and _open_to_all(value):
            yield caution(
                level, setting, f"{value} may be read by everybody on this host", f"chmod o= {value}"
            )


def _open_to_all(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _secret_files(server: Section | None) -> Iterator[tuple[str, Path]]:
    for setting, value in _every_leaf(server, ()):
        if isinstance(value, Path) and setting[-1].endswith(("_file", "key")) and _open_to_all(value):
            yield path_text(setting), value


def _every_leaf(value: Any, above: SettingPath) -> Iterator[tuple[SettingPath, Any]]:
    for setting, leaf in leaves(value, above):
        if isinstance(leaf, tuple) and not hasattr(leaf, "_fields"):
            for position, item in enumerate(leaf):
                yield from _every_leaf(item, (*setting[:-1], f"{setting[-1]}[{position}]"))
        else:
            yield setting, leaf


def _readable(file: Path, settings_file: Path, name: str) -> Caution:
    remark = f"{file} may be read by everybody on this host"
    return Caution(file=settings_file, line=0, column=0, path=name, remark=remark, advice=f"chmod o= {file}")


def _unused_templates(policy: Policy) -> Iterator[Caution]:
    levels = list(_levels(policy))
    for level in levels:
        for name in level.own.coverpage.templates:
            below = [one for one in levels if level in one.chain]
            if not any(_may_use(one, name) for one in below):
                remark = (
                    f"'{name}' is used by nobody: it is assigned to none, and nobody may choose a cover page"
                )
                yield caution(level, ("coverpage", "templates", name), remark, "Assign it, or take it out.")


def _may_use(level: Level, template: str) -> bool:
    cover = level.effective.coverpage
    may_choose = not cover.restrict_to_assigned and "cover" in level.effective.fax.directives
    return may_choose or cover.template_named(cover.template) == template


def _empty_departments(policy: Policy) -> Iterator[Caution]:
    peopled = {
        BETWEEN.join(user.departments[:depth])
        for user in policy.accounts.values()
        for depth in range(1, len(user.departments) + 1)
    }
    for name, level in policy.departments.items():
        if name not in peopled:
            source = level.sources[0]
            place = source.document.name_place(source.steps[:-1])
            yield Caution(
                file=place.file,
                line=place.line,
                column=place.column,
                path=path_text(source.steps[:-1]),
                remark="has no users",
                advice="Give it some, or take it out.",
            )


def _swallowed(policy: Policy) -> Iterator[Caution]:
    for user in policy.accounts.values():
        for position, address in enumerate(user.entry.sending_emails or ()):
            if address.startswith("*@") and (others := _lost_to(policy, user, address_key(address)[2:])):
                named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")  # noqa: PLR2004 - as many as are named
                place = user.source.place("sending_emails", position)
                yield Caution(
                    file=place.file,
                    line=place.line,
                    column=place.column,
                    path=path_text((*user.source.steps, "sending_emails", position)),
                    remark=f"{address} takes the mails of {named} for {user.entry.name}'s",
                    advice="Let those name their addresses in sending_emails.",
                )


def _lost_to(policy: Policy, holder: User, domain: str) -> list[str]:
    return [
        user.entry.email
        for key, user in policy.accounts.items()
        if user is not holder and key.endswith(f"@{domain}") and policy.sender_of(key) is holder
    ]


def _unused_lines(policy: Policy, lines: Iterable[str], settings_file: Path) -> Iterator[Caution]:
    used: set[str] = set()
    for user in policy.accounts.values():
        named = user.level.effective.lines if user.entry.settings else user.above.effective.lines
        if not named:
            return
        used.update(named)
    for line in lines:
        if line not in used and len(policy):
            remark = "no user may call over this line: all of them name others"
            advice = "Name it in the lines: of the policy, or take it out."
            yield Caution(
                file=settings_file, line=0, column=0, path=f"lines.{line}", remark=remark, advice=advice
            )
