"""The policy: a company, its departments to any depth, its users, and what applies to each of them.

`read_policy` takes a file, or a folder whose `*.yaml` files together make one company, and gives a `Policy`
that is right as a whole, or raises `ConfigError` with all mistakes. A policy does not change; what applies to
a user is put together when it is asked for, and kept for a while.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from config.cautions import CAUTIONED, cautions_of
from config.levels import Level
from config.mistakes import Caution, ConfigError, Mistake
from config.places import Place
from config.policy_file import PolicyFile
from config.policy_tree import PolicyTree, User, address_key
from config.reading import Document, read_yaml
from config.settings import Settings, UserPolicy
from config.validating import validate

MOST_KEPT = 4096
"""Of how many users it is kept what applies to them: a few kB each."""


class Policy:
    """Who may fax, and how."""

    def __init__(self, tree: PolicyTree) -> None:
        self._tree = tree
        self._kept: dict[str, UserPolicy] = {}
        own_levels = (user.level for user in tree.users if user.entry.sets(*CAUTIONED))
        levels = chain(tree.levels, own_levels)
        self.company = tree.company
        """The company's name."""
        self.cautions: tuple[Caution, ...] = tuple(chain.from_iterable(map(cautions_of, levels)))
        """What is allowed and may not be meant."""

    def __len__(self) -> int:
        """The number of users."""
        return len(self._tree.users)

    @property
    def settings(self) -> Settings:
        """What applies at the company's level."""
        return self._tree.levels[0].effective if self._tree.levels else Settings()

    @property
    def users(self) -> Iterator[UserPolicy]:
        """Every user, in the order of the files."""
        return (user.policy for user in self._tree.users)

    @property
    def accounts(self) -> Mapping[str, User]:
        """The users by `address_key` of their account, where they stand in the policy."""
        return self._tree.accounts

    @property
    def senders(self) -> Mapping[str, User]:
        """The same by each sending address; `*@domain` for a whole domain."""
        return self._tree.senders

    @cached_property
    def departments(self) -> Mapping[str, Level]:
        """The levels of the departments, by their names from the top down, ` › ` between."""
        return {level.name: level for level in self._tree.levels[1:]}

    @property
    def company_level(self) -> Level:
        """The company's own level."""
        return self._tree.levels[0]

    def user(self, email: str) -> UserPolicy | None:
        """The user with an account address."""
        user = self._tree.accounts.get(address_key(email))
        return self._policy_of(user) if user else None

    def sender(self, address: str) -> UserPolicy | None:
        """The user whose mails come from an address: exactly, or as one of a whole domain."""
        user = self._sender(address)
        return self._policy_of(user) if user else None

    def sender_of(self, address: str) -> User | None:
        """The same, where they stand in the policy."""
        return self._sender(address)

    def account(self, username: str) -> UserPolicy | None:
        """The user whom somebody means who logs in: by the account address, or by a sending address."""
        return self.user(username) or self.sender(username)

    def password_hash(self, email: str) -> str | None:
        """The hash of a password that the policy gives the user with an account address.

        It is kept apart from `UserPolicy`, which goes into the record of every fax.
        """
        user = self._tree.accounts.get(address_key(email))
        return user.entry.password_hash if user else None

    def password_place(self, email: str) -> Place | None:
        """Where that hash is written."""
        user = self._tree.accounts.get(address_key(email))
        return user.source.place("password_hash") if user and user.entry.password_hash else None

    def level(self, address: str) -> Level | None:
        """The level of the user with an account address, or with a sending address."""
        user = self._tree.accounts.get(address_key(address)) or self._sender(address)
        return user.level if user else None

    def _policy_of(self, user: User) -> UserPolicy:
        """What applies to a user; of those who were asked for lately it is kept."""
        kept = self._kept.get(user.entry.email)
        if kept is None:
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            kept = self._kept[user.entry.email] = user.policy
        return kept

    def __getstate__(self) -> dict[str, Any]:
        """For another process: without what was kept, and without places (`Document.__getstate__`)."""
        return {**self.__dict__, "_kept": {}}

    def _sender(self, address: str) -> User | None:
        key = address_key(address)
        local_part, at, domain = key.rpartition("@")
        if not local_part or not at:
            return None
        return self._tree.senders.get(key) or self._tree.senders.get(f"*@{domain}")


def read_policy(
    path: Path, *, lines: Iterable[str] | None = None, instead: Mapping[Path, Document] | None = None
) -> Policy:
    """The policy in a file, or in the `*.yaml` files of a folder.

    Args:
        path: The file or the folder.
        lines: The names of the lines that the server has; without them `lines` of the policy are not checked.
        instead: What is taken in place of what is in these files.

    Raises:
        ConfigError: Something cannot be read or has mistakes; all of them.
    """
    mistakes: list[Mistake] = []
    files = []
    known_lines = None if lines is None else frozenset(lines)
    paths = policy_files(path)
    given = instead or {}
    for file in paths:
        document = given[file] if file in given else read_yaml(file)
        folder = document.file.absolute().parent
        entry, found = validate(PolicyFile, document, folder=folder, lines=known_lines)
        mistakes += found
        if entry:
            files.append((document, entry))
    tree = PolicyTree(files, complete=len(files) == len(paths))
    if mistakes or tree.mistakes:
        raise ConfigError(mistakes + tree.mistakes)
    return Policy(tree)


def policy_files(path: Path) -> list[Path]:
    """The files that a policy is made of: the one, or those of the folder in their order.

    Raises:
        ConfigError: The folder cannot be read, or holds none.
    """
    try:
        if not path.is_dir():
            return [path]
        files = sorted(file for file in path.iterdir() if file.suffix in _ENDINGS and file.name[0] != ".")
    except OSError as error:
        raise ConfigError([Mistake(file=path, problem=f"cannot be read: {error.strerror}")]) from error
    if not files:
        raise ConfigError([Mistake(file=path, problem="is a folder without a .yaml file")])
    return files


_ENDINGS = frozenset({".yaml", ".yml"})
