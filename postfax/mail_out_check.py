"""What `postfax check` tells of outgoing mails: keys that cannot sign, own templates that are no Jinja."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from config.mistakes import Caution, Mistake
from config.notifications import NoticeTemplates
from config.policy import Policy
from config.server import ServerSettings
from notify.rendering import OwnTemplateTrouble, check_template
from notify.signing import Signer, SigningTrouble, read_key
from postfax.journey.own_notice_templates import read_templates

_ADVICE = "The built-in one takes its place until then."


def unusable_keys(settings: ServerSettings, file: Path) -> Iterator[Mistake]:
    """The keys of `mail.dkim` with which the service would not start; `file` is where they are named."""
    for place, signature in enumerate(Signer(settings.mail.dkim, settings.sender).signatures):
        try:
            read_key(signature.key_file)
        except SigningTrouble as problem:
            yield Mistake(file=file, path=f"mail.dkim[{place}].key_file", problem=str(problem).rstrip("."))


def failing_templates(policy: Policy) -> Iterator[Caution]:
    """The own templates of notices that cannot be used, each once."""
    for templates in _templates_in(policy):
        try:
            for name, source in asyncio.run(read_templates(templates)).items():
                check_template(name, source)
        except OwnTemplateTrouble as problem:
            yield Caution(
                file=_first(templates),
                line=0,
                column=0,
                path="notifications.templates",
                remark=str(problem),
                advice=_ADVICE,
            )


def _templates_in(policy: Policy) -> Iterator[NoticeTemplates]:
    """What the levels and users name, each once."""
    own = (user.level for user in policy.accounts.values() if user.entry.sets("notifications"))
    seen: set[NoticeTemplates] = set()
    for level in (policy.company_level, *policy.departments.values(), *own):
        templates = level.effective.notifications.templates
        if templates not in seen and templates != NoticeTemplates():
            seen.add(templates)
            yield templates


def _first(templates: NoticeTemplates) -> Path:
    """A file to name: the only one, as a rule."""
    return next(path for path in (templates.subject, templates.text, templates.html) if path)
