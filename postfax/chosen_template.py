"""The cover template that somebody means on the command line: by its name in the policy, or as a file."""

from collections.abc import Iterable
from pathlib import Path

from config.coverpage import BUILT_IN_TEMPLATES, TEMPLATE_ENDINGS
from config.mistakes import ConfigError
from config.policy import Policy, read_policy
from config.settings import UserPolicy
from config.values import did_you_mean
from convert.cover_tokens import spelling
from postfax.cover_templates import placed_templates
from postfax.failures import ExitCode, Failure
from postfax.opening import settings_in
from postfax.sample_fax import sample_user


def chosen(settings_file: str, template: str, user: str | None) -> tuple[str, Path | None, UserPolicy]:
    """The name and the file of a template, and the user that it is shown for."""
    somebody = user_in(policy_in(settings_file), user) if user else sample_user()
    if template.lower() in BUILT_IN_TEMPLATES:
        return template.lower(), None, somebody
    if _is_file(template):
        return Path(template).stem, Path(template).absolute(), somebody
    if user:
        cover = somebody.settings.coverpage
        name = cover.template_named(template)
        if name is None:
            raise Failure(
                f"{user} has no cover page {template}; {_known(template, cover.known_templates)}",
                ExitCode.NOT_FOUND,
            )
        return name, cover.templates[name], somebody
    file = file_of(settings_file, template)
    return template, file, somebody


def file_of(settings_file: str, template: str) -> Path:
    """The file of an own template, by its name in the policy or as a file."""
    if _is_file(template):
        return Path(template).absolute()
    if template.lower() in BUILT_IN_TEMPLATES:
        raise Failure(f"{template} is built in, and good.")
    wanted = " ".join(template.replace("_", " ").split()).casefold()
    placed = [each for each in placed_templates(policy_in(settings_file)) if each.file]
    found = {
        each.file: each for each in placed
        if each.file and " ".join(each.name.replace("_", " ").split()).casefold() == wanted
    }  # fmt: skip
    if not found:
        known = _known(template, [each.name for each in placed])
        raise Failure(f"there is no cover page {template} in the policy; {known}", ExitCode.NOT_FOUND)
    if len(found) > 1:
        levels = ", ".join(each.level for each in found.values())
        raise Failure(f"{template} is named at several levels ({levels}): say --user, or name the file.")
    (file,) = found
    return file


def _known(template: str, names: Iterable[str]) -> str:
    """What somebody may have meant who named a template that is not there."""
    known = list(dict.fromkeys((*BUILT_IN_TEMPLATES, *names)))
    return did_you_mean(template, known) or f"there are {', '.join(known)}."


def _is_file(template: str) -> bool:
    return Path(template).suffix.lower() in TEMPLATE_ENDINGS


def own_files(settings_file: str) -> list[Path]:
    """The files of all own templates in the policy."""
    templates = placed_templates(policy_in(settings_file))
    return list(dict.fromkeys(each.file for each in templates if each.file))


def custom_fields_in(settings_file: str) -> frozenset[str] | None:
    """The custom fields that anybody has; None without a policy to ask."""
    try:
        policy = policy_in(settings_file)
    except ConfigError:
        return None
    return frozenset(spelling(name) for user in policy.users for name in user.settings.custom_fields)


def policy_in(settings_file: str) -> Policy:
    """The policy that the settings name.

    Raises:
        ConfigError: Settings or policy have mistakes.
    """
    settings = settings_in(settings_file)
    return read_policy(settings.policy, lines=settings.lines)


def user_in(policy: Policy, address: str) -> UserPolicy:
    """The user with an address, or a failure that says there is none."""
    somebody = policy.account(address)
    if somebody is None:
        raise Failure(f"there is no user {address} in the policy.", ExitCode.NOT_FOUND)
    return somebody
