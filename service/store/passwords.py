"""Passwords are kept as Argon2id hashes alone: who reads them can't sign in."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from models.errors import Invalid

_SHORTEST, _LONGEST = 10, 256
_WEIGHED, _LEAST = 72, 2
# Words of the place, which are guessed first here.
_OURS = ("sealform", "admin", "shenbao", "shenqing")
_hasher = PasswordHasher()


def kept(password: str, name: str) -> str:
    """Returns the hash of a new password for the user called `name`.

    Raises:
        Invalid: no password that may be used.
    """
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise Invalid(f"密码应有 {_SHORTEST} 至 {_LONGEST} 个字符")
    if len(set(password)) < 4 or name.lower() in password.lower():
        raise Invalid("密码过于简单", advice="请不要用登录名和重复的字符")
    # What is among the 30,000 most used, or made of such and of keys in a row, is found in 10^6 guesses. The
    # library takes no more characters, and as many are no easy guess.
    if zxcvbn(password[:_WEIGHED], [name, *_OURS])["score"] < _LEAST:
        raise Invalid("密码太常见，容易猜到", advice="请用几个不相干的词，或由浏览器生成一个")
    return _hasher.hash(password)


def matches(hashed: str | None, password: str) -> bool:
    """Returns whether `hashed` was made of this password. Where there is no hash this takes as long, so that
    the time of the answer does not tell who exists."""
    try:
        return _hasher.verify(hashed or _of_nobody(), password[: _LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


def renewed(hashed: str, password: str) -> str:
    """Returns a hash of the same password as is made today, which is `hashed` itself where that is one."""
    return _hasher.hash(password) if _hasher.check_needs_rehash(hashed) else hashed


@cache
def _of_nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))
