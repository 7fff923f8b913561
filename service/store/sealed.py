"""Columns whose values are sealed where the settings say so: encrypted by the database's client, so that the
database, its files and its backups hold what nobody reads without the keys (`docs/settings.md`).

    sealed    version (1 byte), number of the master key (8), nonce (12); encrypted: how (1), value; tag (16)
    kept as   text "sealed-value:" + Base64, JSON {"$sealed": Base64}, bytes magic + sealed

A value is encrypted with AES-256-GCM-SIV, under a key that HKDF makes of the master key, and bound to its
column. It is not bound to its row: that one was put in the place of another is found by `audit verify`.

A name that the database must find again (`SealedName`) is encrypted so that the same name looks the same
(AES-256-SIV). Who sees the database sees which rows bear the same name, and not which name.
"""

import base64
import binascii
import json
import secrets
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.errors import SealBroken
from service.sealing import Keys

_VERSION = b"\x01"
_NUMBER, _NONCE = 8, 12
_HEAD = len(_VERSION) + _NUMBER
_TEXT, _NAME, _JSON, _MAGIC = "sealed-value:", "sealed-name:", "$sealed", b"SFVALUE\x01"
# Behind the sign of what is sealed: a plain text that happens to begin with that sign.
_PLAIN = "="
_AS_IS, _DEFLATED = b"\x00", b"\x01"
# Bytes from which on a value is deflated: a reading shrinks to a fifth.
_WORTH = 256


class Values:
    """What seals and opens the values of a database."""

    def __init__(self, keys: Keys, *, on: bool) -> None:
        """`on` says whether what is written from now on is sealed; what is sealed is opened either way."""
        self._keys, self._on = keys, on
        self._made: dict[tuple[bytes, bytes], bytes] = {}

    @property
    def on(self) -> bool:
        """Whether what is written is sealed."""
        return self._on and self._keys.seals

    def seal(self, plain: bytes, place: str) -> bytes:
        """`plain`, sealed as a value of the column `place`."""
        number, nonce = self._keys.newest(), secrets.token_bytes(_NONCE)
        told = _DEFLATED + zlib.compress(plain, 1) if len(plain) >= _WORTH else _AS_IS + plain
        cipher = AESGCMSIV(self._key(number, b"values", 32))
        return _VERSION + number + nonce + cipher.encrypt(nonce, told, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed as a value of `place`.

        Raises:
            KeyMissing: its key is not known. SealBroken: it was changed, or sealed as something else.
        """
        nonce, rest = sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        cipher = AESGCMSIV(self._key(_number(sealed), b"values", 32))
        told = _decrypted(lambda: cipher.decrypt(nonce, rest, place.encode()))
        return zlib.decompress(told[1:]) if told[:1] == _DEFLATED else told[1:]

    def name(self, text: str, place: str, number: bytes | None = None) -> str:
        """`text` as it is kept in the column of names `place`, sealed with a key (None: the newest)."""
        number = number or self._keys.newest()
        cipher = AESSIV(self._key(number, b"names", 64))
        return _NAME + _encoded(_VERSION + number + cipher.encrypt(_bytes(text), [place.encode()]))

    def opened_name(self, kept: str, place: str) -> str:
        """What `name` was given.

        Raises:
            KeyMissing, SealBroken: as `open`.
        """
        sealed = _decoded(kept.removeprefix(_NAME))
        cipher = AESSIV(self._key(_number(sealed), b"names", 64))
        return _text(_decrypted(lambda: cipher.decrypt(sealed[_HEAD:], [place.encode()])))

    def spellings(self, text: str, place: str) -> list[str]:
        """Every way in which `text` may be kept in a column of names: plain, and sealed with each key."""
        return [_escaped(text, _NAME), *(self.name(text, place, one) for one in self._keys.numbers())]

    def is_newest(self, sealed: bytes) -> bool:
        """Whether this was sealed with the key that seals now."""
        return _number(sealed) == self._keys.newest()

    def _key(self, number: bytes, purpose: bytes, length: int) -> bytes:
        # Asked for each time, so that a key that was taken away opens nothing.
        master = self._keys.key(number)
        made = self._made.get((master, purpose))
        if made is None:
            made = HKDF(SHA256(), length, None, b"sealform " + purpose).derive(master)
            self._made[master, purpose] = made
        return made


_OF: Final[WeakKeyDictionary[sa.Dialect, Values]] = WeakKeyDictionary()


def seal_with(engine: sa.Engine, values: Values) -> None:
    """Lets the columns of this database be sealed and opened by `values`."""
    _OF[engine.dialect] = values


def values_of(connection: sa.Connection) -> Values:
    """What seals and opens the values of this database."""
    return _of(connection.dialect)


def is_on(connection: sa.Connection) -> bool:
    """Whether what is written into this database is sealed."""
    return _of(connection.dialect).on


def _of(dialect: sa.Dialect) -> Values:
    known = _OF.get(dialect)
    return known if known is not None else _NOTHING


_NOTHING = Values(Keys(lambda: ()), on=False)


def same(connection: sa.Connection, column: sa.Column[str], texts: Iterable[str]) -> sa.ColumnElement[bool]:
    """The condition that a column of names holds one of `texts`, however it is kept."""
    kind = column.type
    assert isinstance(kind, SealedName)
    values = values_of(connection)
    every = [kept for text in texts for kept in values.spellings(text, kind.place)]
    return sa.type_coerce(column, sa.Text).in_(every)


class Sealed(sa.TypeDecorator[Any]):
    """A column that may be sealed. `place` is what its values are bound to."""

    impl: type[sa.types.TypeEngine[Any]] = sa.Text
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def plain(self) -> sa.types.TypeEngine[Any]:
        """The type of what the database holds."""
        return sa.Text()

    def turned(self, values: Values, kept: Any) -> Any | None:
        """What the database holds, as `values` would write it today; None where it is so already."""
        if kept is None or self._is_so(values, kept):
            return None
        return self._written(values, self._read(values, kept))

    def _is_so(self, values: Values, kept: Any) -> bool:
        sealed = self._sealed(kept)
        return (sealed is None) is not values.on and (sealed is None or values.is_newest(sealed))

    def _sealed(self, kept: Any) -> bytes | None:
        """The sealed bytes of what the database holds; None where that is plain."""
        raise NotImplementedError

    def _written(self, values: Values, value: Any) -> Any:
        raise NotImplementedError

    def _read(self, values: Values, kept: Any) -> Any:
        raise NotImplementedError

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else self._written(_of(dialect), value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else self._read(_of(dialect), value)


class SealedText(Sealed):
    """A text. SQLite heeds no length, so that a column of so many characters (None: any number) needs no
    change there; elsewhere what is sealed needs more than its plain text did."""

    cache_ok = True

    def __init__(self, place: str, length: int | None = None) -> None:
        super().__init__(place)
        self.length = length

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return sa.String(self.length) if self.length and dialect.name == "sqlite" else sa.Text()

    def _sealed(self, kept: str) -> bytes | None:
        told = kept.removeprefix(_TEXT)
        return None if told == kept or told.startswith(_PLAIN) else _decoded(told)

    def _written(self, values: Values, value: str) -> str:
        if not values.on:
            return _escaped(value, _TEXT)
        return _TEXT + _encoded(values.seal(_bytes(value), self.place))

    def _read(self, values: Values, kept: str) -> str:
        sealed = self._sealed(kept)
        if sealed is None:
            return kept.removeprefix(_TEXT + _PLAIN)
        return _text(values.open(sealed, self.place))


class SealedName(SealedText):
    """A text that the database finds again, by `same`."""

    cache_ok = True

    def _sealed(self, kept: str) -> bytes | None:
        told = kept.removeprefix(_NAME)
        return None if told == kept or told.startswith(_PLAIN) else _decoded(told)

    def _written(self, values: Values, value: str) -> str:
        return values.name(value, self.place) if values.on else _escaped(value, _NAME)

    def _read(self, values: Values, kept: str) -> str:
        if self._sealed(kept) is None:
            return kept.removeprefix(_NAME + _PLAIN)
        return values.opened_name(kept, self.place)


class SealedJson(Sealed):
    """JSON, of which null is SQL NULL. No field is called `$sealed`."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return self.plain()

    def plain(self) -> sa.types.TypeEngine[Any]:
        return sa.JSON(none_as_null=True)

    def _sealed(self, kept: Any) -> bytes | None:
        is_so = isinstance(kept, dict) and kept.keys() == {_JSON}
        return _decoded(kept[_JSON]) if is_so else None

    def _written(self, values: Values, value: Any) -> Any:
        if not values.on:
            return value
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return {_JSON: _encoded(values.seal(_bytes(text), self.place))}

    def _read(self, values: Values, kept: Any) -> Any:
        sealed = self._sealed(kept)
        if sealed is None:
            return kept
        return json.loads(_text(values.open(sealed, self.place)))


class SealedBytes(Sealed):
    """Bytes, none of which begin as what is sealed does."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return self.plain()

    def plain(self) -> sa.types.TypeEngine[Any]:
        return sa.LargeBinary()

    def _sealed(self, kept: bytes) -> bytes | None:
        return kept.removeprefix(_MAGIC) if kept.startswith(_MAGIC) else None

    def _written(self, values: Values, value: bytes) -> bytes:
        return _MAGIC + values.seal(value, self.place) if values.on else value

    def _read(self, values: Values, kept: bytes) -> bytes:
        sealed = self._sealed(kept)
        return kept if sealed is None else values.open(sealed, self.place)


def _escaped(text: str, sign: str) -> str:
    return sign + _PLAIN + text if text.startswith(sign) else text


def _bytes(text: str) -> bytes:
    # Names of files may hold half a character.
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _number(sealed: bytes) -> bytes:
    if not sealed.startswith(_VERSION) or len(sealed) <= _HEAD:
        raise SealBroken("不是密文")
    return sealed[len(_VERSION) : _HEAD]


def _decrypted(decrypt: Callable[[], bytes]) -> bytes:
    try:
        return decrypt()
    except (InvalidTag, ValueError) as error:
        raise SealBroken("密文被改动，或属于别处") from error


def _encoded(sealed: bytes) -> str:
    return base64.b64encode(sealed).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SealBroken("密文被改动") from error
