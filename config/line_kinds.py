"""The kinds of telephone lines that `lines:` in `postfax.yaml` can name: the one place that lists them."""

from typing import Annotated

from config.hylafax_line import HylafaxLine
from config.lines import SipLine
from config.one_of import OneOf
from config.provider_line import ProviderLine

LINE_KINDS = OneOf(what="a telephone line", kinds=(SipLine, HylafaxLine, ProviderLine))
LineSettings = Annotated[SipLine | HylafaxLine | ProviderLine, LINE_KINDS]
