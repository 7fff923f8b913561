"""Asks a directory (LDAP) who somebody is: seeks the one whom a name finds, binds with the password that was
given, and looks at the groups.

Nothing is asked without TLS but of this machine, no referral is followed, nobody binds without a password,
and what somebody typed is never more than a value in a filter.
"""

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ldap3 import BASE, DEREF_NEVER, NONE, SAFE_SYNC, SIMPLE, SUBTREE, Connection, Server, Tls
from ldap3.core import exceptions as failures
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import parse_dn

from models.errors import ProviderFailed
from service.settings import LdapServer
from service.store.accounts import DIRECTORY
from service.store.identities import Person

# Seconds to connect, and for one answer.
_TO_CONNECT, _TO_ANSWER = 5, 10
_MOST_GROUPS = 500
# How deep groups within groups are looked into, and how many names one question holds.
_MOST_LEVELS, _AT_ONCE = 10, 50
_LONGEST = 256
# What a server says of a password that does not fit: wrong, none there, locked, expired, gone.
_UNFIT = (
    failures.LDAPInvalidCredentialsResult, failures.LDAPInappropriateAuthenticationResult,
    failures.LDAPUnwillingToPerformResult, failures.LDAPConstraintViolationResult,
    failures.LDAPInsufficientAccessRightsResult, failures.LDAPNoSuchObjectResult,
)  # fmt: skip
_ADVICE = "请再试一次；仍不行时，用本系统的账号登录，或请管理员检查目录的设置"


@dataclass(frozen=True)
class Entry:
    """Somebody in the directory: the full name `dn` there, and `subject`, which never changes."""

    dn: str
    subject: str
    name: str
    full_name: str
    attributes: Mapping[str, Any]


class Directory:
    """The directory of an installation; safe for threads."""

    def __init__(self, known: LdapServer) -> None:
        self._known = known
        self.issuer = f"{DIRECTORY}{known.base.lower()}"
        self._names = known.filter.partition("={name}")[0].rpartition("(")[2]

    def find(self, name: str) -> Entry | None:
        """The one whom `name` finds; None where it is nobody, or several.

        Raises:
            ProviderFailed: the directory can't be asked.
        """
        if not _is_sound(name):
            return None
        return self._sought(self._known.filter.replace("{name}", escape_filter_chars(name)), name)

    def again(self, subject: str) -> Entry | None:
        """The one who was found before, by what never changes.

        Raises:
            ProviderFailed: as `find`.
        """
        value = subject.removeprefix(_BYTES)
        if value != subject:
            value = "".join(f"\\{value[at : at + 2]}" for at in range(0, len(value), 2))
        else:
            value = escape_filter_chars(value)
        return self._sought(f"({self._known.id}={value})", subject)

    def fits(self, entry: Entry, password: str) -> bool:
        """Whether the password is theirs.

        Raises:
            ProviderFailed: as `find`.
        """
        # A bind with a name and no password succeeds, as nobody (RFC 4513, 5.1.2).
        if not _is_sound(password):
            return False
        try:
            with self._bound(entry.dn, password):
                return True
        except _UNFIT:
            return False

    def person(self, entry: Entry) -> Person:
        """Who it is, with the groups that mean a role as the settings write them.

        Raises:
            ProviderFailed: as `find`.
        """
        known = self._known
        held = self._groups(entry)
        every = {group for some in known.roles.values() for group in some}
        mine = frozenset(
            group for group in every if (_plain(group) if "=" in group else group.lower()) in held
        )
        return Person(self.issuer, entry.subject, entry.name, entry.full_name, mine)

    def _groups(self, entry: Entry) -> set[str]:
        """Full names of their groups, and common names of those that were sought where groups are; with the
        groups that these are members of, where the settings say so."""
        if self._known.group_base:
            uid = [f"(memberUid={escape_filter_chars(one)})" for one in _texts(entry.attributes, "uid")[:1]]
            new = self._naming([entry.dn], uid)
        else:
            new = dict.fromkeys(_texts(entry.attributes, self._known.groups), frozenset[str]())
        names: set[str] = set()
        reached: set[str] = set()
        for _ in range(_MOST_LEVELS if self._known.nested else 1):
            # Groups may be members of each other.
            new = {dn: called for dn, called in new.items() if _plain(dn) not in reached}
            reached.update(map(_plain, new))
            names.update(*new.values())
            if len(reached) > _MOST_GROUPS:
                raise ProviderFailed(f"目录中的组多于 {_MOST_GROUPS} 个", advice=_ADVICE)
            if not new or not self._known.nested:
                break
            new = self._naming(list(new)) if self._known.group_base else self._said_of(list(new))
        return names | reached

    def _naming(self, members: Sequence[str], more: Sequence[str] = ()) -> dict[str, frozenset[str]]:
        """{full name: common names} of the groups that name one of these as a member, or that one of the
        filters `more` finds."""
        found: dict[str, frozenset[str]] = {}
        for first in range(0, len(members), _AT_ONCE):
            some = map(escape_filter_chars, members[first : first + _AT_ONCE])
            ways = [f"({kind}={one})" for one in some for kind in ("member", "uniqueMember")]
            wanted = f"(|{''.join([*ways, *more])})"
            try:
                answer = self._search(str(self._known.group_base), wanted, ["cn"], _MOST_GROUPS)
            except failures.LDAPSizeLimitExceededResult as error:
                raise ProviderFailed(f"目录中的组多于 {_MOST_GROUPS} 个", advice=_ADVICE) from error
            for one in answer:
                called = (name.lower() for name in _texts(one["raw_attributes"], "cn"))
                found[str(one["dn"])] = frozenset(called)
        return found

    def _said_of(self, groups: Sequence[str]) -> dict[str, frozenset[str]]:
        """The groups that these groups are members of, as they say it of themselves."""
        found: dict[str, frozenset[str]] = {}
        with self._reading() as connection:
            for group in groups:
                # One that we may not see, or that is gone, leads no further.
                with suppress(failures.LDAPNoSuchObjectResult, failures.LDAPInsufficientAccessRightsResult):
                    told = connection.search(
                        group, "(objectClass=*)", BASE, DEREF_NEVER, [self._known.groups],
                        time_limit=_TO_ANSWER,
                    )  # fmt: skip
                    _expect_done(told)
                    for one in _entries(told):
                        above = _texts(one["raw_attributes"], self._known.groups)
                        found |= dict.fromkeys(above, frozenset())
        return found

    def _sought(self, wanted: str, name: str) -> Entry | None:
        known = self._known
        asked = [known.id, known.full_name, known.groups, self._names, "uid"]
        try:
            found = self._search(known.base, wanted, list(dict.fromkeys(asked)), 2)
        except failures.LDAPSizeLimitExceededResult:
            return None
        if len(found) != 1 or not found[0]["dn"]:
            return None
        raw = found[0]["raw_attributes"]
        subjects = [
            value for key, values in raw.items() if key.lower() == known.id.lower() for value in values
        ]
        if len(subjects) != 1:
            raise ProviderFailed(f"目录没有给出 {known.id}", advice=_ADVICE)
        called = _texts(raw, self._names)[:1] or [name]
        full_name = "".join(_texts(raw, known.full_name)[:1])
        return Entry(str(found[0]["dn"]), _subject(subjects[0]), called[0], full_name, raw)

    def _search(self, base: str, wanted: str, attributes: list[str], most: int) -> list[Any]:
        try:
            with self._reading() as connection:
                told = connection.search(
                    base, wanted, SUBTREE, DEREF_NEVER, attributes, size_limit=most, time_limit=_TO_ANSWER
                )
                _expect_done(told)
        except failures.LDAPNoSuchObjectResult as error:
            raise ProviderFailed(f"目录中没有 {base}", advice=_ADVICE) from error
        except failures.LDAPInvalidFilterError as error:
            raise ProviderFailed("SEALFORM_LDAP_FILTER 有误", advice=_ADVICE) from error
        return _entries(told)

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """A connection on which may be searched.

        Raises:
            ProviderFailed: there is none to be had. LDAPNoSuchObjectResult: what was sought in is not there.
        """
        try:
            with self._bound(self._known.user, self._known.password) as connection:
                yield connection
        except failures.LDAPNoSuchObjectResult:
            raise
        except _UNFIT as error:
            raise ProviderFailed("目录不接受查找用户的账号", advice=_ADVICE) from error

    @contextmanager
    def _bound(self, user: str, password: str) -> Iterator[Any]:
        """A connection on which `user` is known by `password`.

        Raises:
            ProviderFailed: there is none to be had. LDAPOperationResult: the directory says so.
        """
        place = urlsplit(self._known.url)
        with _told():
            server = Server(
                str(place.hostname), place.port or (636 if place.scheme == "ldaps" else 389),
                use_ssl=place.scheme == "ldaps", tls=_Tls(validate=ssl.CERT_REQUIRED), get_info=NONE,
                connect_timeout=_TO_CONNECT, allowed_referral_hosts=[],
            )  # fmt: skip
            connection: Any = Connection(
                server, user, password, authentication=SIMPLE, client_strategy=SAFE_SYNC, read_only=True,
                auto_referrals=False, receive_timeout=_TO_ANSWER, raise_exceptions=True, check_names=False,
            )  # fmt: skip
        try:
            with _told():
                connection.open(read_server_info=False)
                if place.scheme == "ldap" and not self._known.is_here and not connection.start_tls():
                    raise ProviderFailed("目录不用 TLS，没有把密码发给它", advice=_ADVICE)
                _expect_done(connection.bind(read_server_info=False))
                yield connection
        finally:
            with suppress(failures.LDAPExceptionError, OSError):
                connection.unbind()


class _Tls(Tls):
    """TLS as Python's own library has it, which checks for whom the certificate is."""

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Puts TLS around the connection's socket."""
        connection.socket = ssl.create_default_context().wrap_socket(
            connection.socket, server_hostname=connection.server.host
        )


def _expect_done(told: tuple[bool, Mapping[str, Any], Any, Any]) -> None:
    """Refuses what the library lets pass: that we should ask somewhere else (referral), or go on asking."""
    if told[1]["result"] != 0:
        raise ProviderFailed("目录要我们去别处问", advice=_ADVICE)


def _entries(told: tuple[bool, Mapping[str, Any], Any, Any]) -> list[Any]:
    """What was found. References to other servers are left where they are."""
    return [one for one in told[2] or () if one["type"] == "searchResEntry"]


@contextmanager
def _told() -> Iterator[None]:
    """Tells what went wrong between us and the directory; what it says of a password passes."""
    try:
        yield
    except (*_UNFIT, failures.LDAPSizeLimitExceededResult, failures.LDAPInvalidFilterError):
        raise
    except (failures.LDAPExceptionError, OSError, ValueError) as error:
        raise ProviderFailed(f"目录没有回应：{type(error).__name__}", advice=_ADVICE) from error


_BYTES = "bytes:"


def _subject(value: bytes) -> str:
    """What never changes, as text; Active Directory gives bytes."""
    text = value.decode("ascii", "replace")
    return text if text.isascii() and text.isprintable() else _BYTES + value.hex()


def _texts(attributes: Mapping[str, Any], wanted: str) -> list[str]:
    """The values of an attribute, whose name may be written in any case."""
    found = (values for name, values in attributes.items() if name.lower() == wanted.lower())
    return [value.decode("utf-8", "replace").strip() for values in found for value in values]


def _plain(name: str) -> str:
    """The full name of a group in one spelling; servers escape what is not ASCII, and some blanks differ."""
    try:
        return "\n".join(
            f"{kind.strip()}={_unescaped(value.strip())}" for kind, value, _ in parse_dn(name, strip=True)
        ).lower()
    except (failures.LDAPInvalidDnError, UnicodeDecodeError):
        return name.lower()


def _unescaped(value: str) -> str:
    """A value of a full name without its escapes (RFC 4514, 2.4)."""
    pieces = re.split(r"\\([0-9A-Fa-f]{2}|.)", value)
    plain, escaped = pieces[0::2], pieces[1::2]
    told = [bytes.fromhex(one) if len(one) == 2 else one.encode() for one in escaped]
    return b"".join(
        piece for pair in zip(map(str.encode, plain), [*told, b""], strict=True) for piece in pair
    ).decode()


def _is_sound(text: str) -> bool:
    """Whether it can be asked for at all: some characters, each whole and none of them NUL."""
    try:
        return len(text.encode()) > 0 and len(text) <= _LONGEST and "\0" not in text
    except UnicodeEncodeError:
        return False
