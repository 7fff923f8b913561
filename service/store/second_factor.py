"""A second factor beside the password: codes by time (TOTP, RFC 6238) from an app, and recovery codes for
whoever loses it.

The secret must be known to check a code, so that the database holds it, sealed where there are keys; of
recovery codes it holds the SHA-256 alone: each has 120 random bits, which nobody tries out.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import sqlalchemy as sa

from models.errors import Conflict, Invalid, NotFound
from service.sealing import Keys, resealed_text, seal_text, unseal_text
from service.store import audit
from service.store.tables import recovery_codes, second_factors

RECOVERY_CODES = 10
_STEP, _DIGITS = 30, 6  # seconds that a code holds, as every app has it
# A clock may be a step behind or ahead.
_SLACK = 1
_ISSUER = "Sealform"


@dataclass(frozen=True)
class State:
    """Whether a user has a second factor, and how many recovery codes are left."""

    active: bool
    recovery_left: int


def state_of(connection: sa.Connection, user: int) -> State:
    """What there is to know of a user's second factor."""
    confirmed = sa.select(second_factors.c.confirmed_at).where(second_factors.c.user_id == user)
    left = sa.select(sa.func.count()).where(recovery_codes.c.user_id == user)
    return State(connection.scalar(confirmed) is not None, connection.scalar(left) or 0)


def begin(connection: sa.Connection, user: int, name: str, now: datetime, keys: Keys) -> str:
    """The address that an app takes as a QR code (otpauth), with a new secret, which counts once a code of it
    was given.

    Raises:
        Conflict: there is a second factor already.
    """
    if state_of(connection, user).active:
        raise Conflict("已设置动态验证码", advice="换手机请先停用，再重新设置")
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    connection.execute(second_factors.delete().where(second_factors.c.user_id == user))
    kept = seal_text(keys, secret, _identity(user))
    connection.execute(second_factors.insert().values(user_id=user, secret=kept, created_at=now))
    label = quote(f"{_ISSUER}:{name}", safe=":")
    return f"otpauth://totp/{label}?secret={secret}&issuer={_ISSUER}&digits={_DIGITS}&period={_STEP}"


def confirm(connection: sa.Connection, user: int, code: str, now: datetime, keys: Keys) -> list[str]:
    """Lets the second factor count from now on; returns the recovery codes, which are shown this once.

    Raises:
        Invalid: the code is not one of the new secret. Conflict: nothing was begun, or it counts already.
    """
    row = connection.execute(second_factors.select().where(second_factors.c.user_id == user)).one_or_none()
    if row is None or row.confirmed_at is not None:
        raise Conflict("没有待确认的动态验证码", advice="请重新开始设置")
    if not _takes(connection, user, code, now, keys):
        raise Invalid("动态验证码不对", advice="请核对手机的时间，输入应用现在显示的 6 位数字")
    connection.execute(second_factors.update().where(_of(user)).values(confirmed_at=now))
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    connection.execute(recovery_codes.delete().where(recovery_codes.c.user_id == user))
    connection.execute(recovery_codes.insert(), [{"user_id": user, "digest": _digest(one)} for one in codes])
    audit.append(connection, now, f"user:{user}", "second-factor", f"user:{user}")
    return codes


def remove(connection: sa.Connection, user: int, by: str, now: datetime) -> None:
    """Takes the second factor and its recovery codes away.

    Raises:
        NotFound: there is none.
    """
    removed = connection.execute(second_factors.delete().where(_of(user))).rowcount
    connection.execute(recovery_codes.delete().where(recovery_codes.c.user_id == user))
    if not removed:
        raise NotFound("没有设置动态验证码")
    audit.append(connection, now, by, "second-factor-removed", f"user:{user}")


def passes(connection: sa.Connection, user: int, code: str, now: datetime, keys: Keys) -> bool:
    """Whether `code` is one that the app shows now, or a recovery code; either works once."""
    return _takes(connection, user, code, now, keys) or _recovers(connection, user, code, now)


def _takes(connection: sa.Connection, user: int, code: str, now: datetime, keys: Keys) -> bool:
    kept = connection.scalar(sa.select(second_factors.c.secret).where(_of(user)))
    given = "".join(code.split())
    if kept is None or len(given) != _DIGITS or not (given.isascii() and given.isdigit()):
        return False
    secret = unseal_text(keys, kept, _identity(user))
    present = int(now.timestamp()) // _STEP
    for step in range(present - _SLACK, present + _SLACK + 1):
        if hmac.compare_digest(code_at(secret, step), given):
            # Of two who give the same code at once one alone finds the step unused.
            unused = sa.or_(second_factors.c.last_step.is_(None), second_factors.c.last_step < step)
            taken = second_factors.update().where(_of(user), unused).values(last_step=step)
            return connection.execute(taken).rowcount == 1
    return False


def _recovers(connection: sa.Connection, user: int, code: str, now: datetime) -> bool:
    own = (recovery_codes.c.user_id == user) & (recovery_codes.c.digest == _digest(code))
    if connection.execute(recovery_codes.delete().where(own)).rowcount == 0:
        return False
    audit.append(connection, now, f"user:{user}", "recovery-code", f"user:{user}")
    return True


def code_at(secret: str, step: int) -> str:
    """The code of a secret in that step of time (RFC 4226, 5.3)."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def reseal(connection: sa.Connection, keys: Keys) -> int:
    """Seals all secrets as they would be sealed today; returns how many weren't.

    Raises:
        KeyMissing, SealBroken: one can't be opened.
    """
    changed = 0
    for row in connection.execute(sa.select(second_factors.c.user_id, second_factors.c.secret)).all():
        kept = resealed_text(keys, row.secret, _identity(row.user_id))
        if kept is not None:
            # Not one that was set anew meanwhile.
            same = _of(row.user_id) & (second_factors.c.secret == row.secret)
            changed += connection.execute(second_factors.update().where(same).values(secret=kept)).rowcount
    return changed


def _identity(user: int) -> str:
    return f"second-factor:{user}"


def _of(user: int) -> sa.ColumnElement[bool]:
    return second_factors.c.user_id == user


def _recovery_code() -> str:
    plain = base64.b32encode(secrets.token_bytes(15)).decode().lower()
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def _digest(code: str) -> str:
    plain = "".join(char for char in code.lower() if char.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
