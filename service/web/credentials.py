"""Whether a name and a password are somebody's: by what we keep, or by the directory that the settings name.

A name that a local account has is that account's alone: its password never goes to the directory, and nobody
there gets in by being called so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from models.errors import Forbidden, ProviderFailed, TooOften
from service.store import accounts, attempts, identities
from service.store.accounts import Role
from service.store.attempts import Attempt
from service.store.identities import Person
from service.web.context import Context
from service.web.directory import Directory, Entry
from service.web.security import counted


@dataclass(frozen=True)
class Checked:
    """A login that was counted, the `user` it is for as far as one is known, and whether the password is
    right; whom the directory says that it is, and with which role, where it was asked."""

    attempt: Attempt
    user: Any
    is_right: bool
    person: Person | None = None
    role: Role | None = None


def checked(context: Context, request: Request, name: str, password: str) -> Checked:
    """Counts a login and compares its password, which takes long and is done outside any transaction.

    Raises:
        TooOften: there were too many.
        ProviderFailed: the directory can't be asked; that does not count.
        Forbidden: the directory knows the password, and no group that means a role.
    """
    attempt, user = counted(context, name, request)
    directory: Directory | None = request.app.state.directory
    if directory is None or not _is_listed(context, directory, user):
        return Checked(attempt, user, accounts.fits(user, password))
    return _looked_up(context, directory, Checked(attempt, user, False), password)


def reassured(context: Context, request: Request, user: int, name: str, password: str) -> Checked:
    """The same for a user who is signed in and gives the password again, whatever the directory calls them
    now.

    Raises:
        TooOften, ProviderFailed: as `checked`.
    """
    attempt, row = counted(context, name, request)
    directory: Directory | None = request.app.state.directory
    with context.database.read() as connection:
        known = identities.known_as(connection, user)
    if directory is None or known is None or known.issuer != directory.issuer:
        return Checked(attempt, row, accounts.fits(row, password))
    with _uncounted(context, attempt):
        entry = directory.again(known.subject)
        return Checked(attempt, row, entry is not None and directory.fits(entry, password))


def _is_listed(context: Context, directory: Directory, user: Any) -> bool:
    """Whether the directory is to be asked: for whom it sent before, and for names that nobody has here."""
    if user is None:
        return True
    with context.database.read() as connection:
        known = identities.known_as(connection, user.id)
    return known is not None and known.issuer == directory.issuer


def _looked_up(context: Context, directory: Directory, one: Checked, password: str) -> Checked:
    with _uncounted(context, one.attempt):
        entry = directory.find(one.attempt.name)
    if entry is None:
        return one
    attempt = _counted_too(context, directory, entry, one.attempt)
    with _uncounted(context, attempt):
        if not directory.fits(entry, password):
            return Checked(attempt, one.user, False)
        person = directory.person(entry)
    role = identities.role_of(person.groups, context.settings.ldap.roles if context.settings.ldap else {})
    if role is None:
        with context.database.write() as connection:
            identities.refuse(connection, person, context.clock())
        raise Forbidden("目录账号没有使用本系统的权限", advice="请管理员把该账号加入有权限的组")
    return Checked(attempt, one.user, True, person, role)


def _counted_too(context: Context, directory: Directory, entry: Entry, attempt: Attempt) -> Attempt:
    """Counts by whom the name found too, because a directory finds the same by many spellings of a name."""
    now, name = context.clock(), f"{directory.issuer}/{entry.subject}"
    with context.database.write() as connection:
        both = attempts.count_too(connection, attempt, name, now)
    with _uncounted(context, both), context.database.read() as connection:
        attempts.expect_few(connection, name, now)
    return both


@contextmanager
def _uncounted(context: Context, attempt: Attempt) -> Iterator[None]:
    """Within it, what fails before a password was compared does not count."""
    try:
        yield
    except (ProviderFailed, TooOften):
        with context.database.write() as connection:
            attempts.forget(connection, attempt)
        raise
