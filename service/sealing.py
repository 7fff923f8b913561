"""Sealing what is kept: encrypted, and bound to what it belongs to, so that nothing can be put in the place
of something else.

Each thing has a data key of its own (AES-256), which stands before it, wrapped by a master key. What is
sealed once never has to be encrypted again when the master key changes: only its data key is wrapped anew.

    head    magic (8 bytes), number of the master key (8), nonce (12), wrapped data key (48)
    body    pieces of 1 MiB, each with its tag (16); the nonce counts them and says which is the last, so that
            none can be left out, moved or cut off

The head is bound to the identity that it was sealed with (AES-GCM's associated data), and the body to its
data key.
"""

import base64
import binascii
import hashlib
import secrets
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import BadUsage, KeyMissing, SealBroken

PIECE = 1 << 20
_MAGIC = b"SFSEAL1\n"
_NUMBER, _NONCE, _KEY, _TAG = 8, 12, 32, 16
HEAD = len(_MAGIC) + _NUMBER + _NONCE + _KEY + _TAG
_TEXT = "sealed:"
# Seconds: how long a command that gives keys may take; after which keys are looked up anew; and between two
# look-ups because of a key that is not known.
_COMMAND_SECONDS = 30.0
_FRESH, _LEAST_PAUSE = 300.0, 5.0


class Keys:
    """The master keys: the first one seals, all of them open. Looked up anew every five minutes, and when
    something was sealed with one that is not known yet, so that keys change without a stop. Safe for
    threads."""

    def __init__(self, find: Callable[[], Sequence[bytes]]) -> None:
        """`find` gives the keys, 32 bytes each; none at all where nothing is to be sealed.

        Raises:
            BadUsage: they can't be had.
        """
        self._find, self._lock = find, Lock()
        self._known = _numbered(find())
        self._at = time.monotonic()

    @property
    def seals(self) -> bool:
        """Whether what is kept from now on is sealed."""
        return bool(self._now())

    def newest(self) -> bytes:
        """The number of the key that seals.

        Raises:
            KeyMissing: there is none.
        """
        number = next(iter(self._now()), None)
        if number is None:
            raise KeyMissing("没有密钥")
        return number

    def numbers(self) -> list[bytes]:
        """The numbers of all keys, the one that seals first."""
        return list(self._now())

    def key(self, number: bytes) -> bytes:
        """The key of that number.

        Raises:
            KeyMissing: it is not among the keys.
        """
        found = self._now().get(number) or self._now(_LEAST_PAUSE).get(number)
        if found is None:
            raise KeyMissing(f"没有编号为 {number.hex()} 的密钥")
        return found

    def _now(self, most: float = _FRESH) -> dict[bytes, bytes]:
        with self._lock:
            if time.monotonic() - self._at > most:
                self._at = time.monotonic()
                # What was known goes on working while whoever keeps the keys can't be asked.
                with suppress(BadUsage):
                    self._known = _numbered(self._find())
            return self._known


def no_keys() -> Keys:
    """Keys of an installation that seals nothing."""
    return Keys(lambda: ())


def keys_of(file: Path | None, command: str | None) -> Keys:
    """The master keys in `file`, or as `command` prints them: a line each, 32 bytes in Base64, the one that
    seals first. Without either nothing is sealed.

    Raises:
        BadUsage: they can't be read, or are none.
    """
    if file is None and command is None:
        return no_keys()
    return Keys(lambda: _read(_text_of(file) if file is not None else _printed(command or "")))


def new_key() -> str:
    """A new master key, as a line of the file."""
    return base64.b64encode(secrets.token_bytes(_KEY)).decode()


def seal(keys: Keys, plain: bytes, identity: str) -> bytes:
    """`plain`, sealed as what `identity` names."""
    sealer = Sealer(keys)
    body = b"".join(sealer.pieces([plain]))
    return sealer.head(identity) + body


def unseal(keys: Keys, sealed: bytes, identity: str) -> bytes:
    """What was sealed as `identity`.

    Raises:
        KeyMissing: its key is not known. SealBroken: it was changed, or sealed as something else.
    """
    key = _data_key(keys, sealed[:HEAD], identity)
    size = PIECE + _TAG
    cut = [sealed[at : at + size] for at in range(HEAD, len(sealed), size)]
    return b"".join(_opened(key, cut))


def is_sealed(data: bytes) -> bool:
    """Whether `data` begins as what `seal` gives; nothing of ours that is kept plain does."""
    return data.startswith(_MAGIC)


def seal_text(keys: Keys, text: str, identity: str) -> str:
    """`text` for a column of a table: sealed where there are keys, and else as it is."""
    if not keys.seals:
        return text
    return _TEXT + base64.b64encode(seal(keys, text.encode(), identity)).decode()


def unseal_text(keys: Keys, kept: str, identity: str) -> str:
    """What `seal_text` was given.

    Raises:
        KeyMissing, SealBroken: as `unseal`.
    """
    if not kept.startswith(_TEXT):
        return kept
    return unseal(keys, _decoded(kept), identity).decode()


def resealed_text(keys: Keys, kept: str, identity: str) -> str | None:
    """`kept` as it is sealed today; None where it is so already.

    Raises:
        KeyMissing, SealBroken: as `unseal`.
    """
    if not kept.startswith(_TEXT):
        return seal_text(keys, kept, identity)
    sealed = _decoded(kept)
    if is_newest(keys, sealed):
        return None
    return _TEXT + base64.b64encode(rewrapped(keys, sealed[:HEAD], identity) + sealed[HEAD:]).decode()


def is_newest(keys: Keys, head: bytes) -> bool:
    """Whether something with this head is sealed with the key that seals now."""
    return head[len(_MAGIC) : len(_MAGIC) + _NUMBER] == keys.newest()


def rewrapped(keys: Keys, head: bytes, identity: str) -> bytes:
    """The head of something with its data key wrapped by the key that seals now.

    Raises:
        KeyMissing, SealBroken: as `unseal`.
    """
    return _wrapped(keys, _data_key(keys, head, identity), identity)


class Sealer:
    """Seals a stream whose identity is known only once all of it was seen: the pieces first, then the
    head."""

    def __init__(self, keys: Keys) -> None:
        self._keys, self._key = keys, secrets.token_bytes(_KEY)

    def pieces(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The body, piece by piece. Always one piece at least."""
        aead, held, count = AESGCM(self._key), b"", 0
        for chunk in chunks:
            held += chunk
            while len(held) > PIECE:
                yield aead.encrypt(_nonce(count, last=False), held[:PIECE], None)
                held, count = held[PIECE:], count + 1
        yield aead.encrypt(_nonce(count, last=True), held, None)

    def head(self, identity: str) -> bytes:
        """What stands before the body."""
        return _wrapped(self._keys, self._key, identity)


def opened(keys: Keys, chunks: Iterator[bytes], identity: str) -> Iterator[bytes]:
    """The pieces of what `chunks` hold, of any size, sealed as `identity`. The last piece is only given once
    it is sure that nothing is missing.

    Raises:
        KeyMissing, SealBroken: as `unseal`.
    """
    stream = Stream(chunks)
    key = _data_key(keys, stream.read(HEAD), identity)
    return _opened(key, iter(lambda: stream.read(PIECE + _TAG), b""))


class Stream:
    """What comes in chunks of any size, given in as many bytes as are asked for; fewer at its end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._held = chunks, bytearray()

    def read(self, size: int) -> bytes:
        """The next `size` bytes."""
        while len(self._held) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._held += chunk
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def rest(self) -> Iterator[bytes]:
        """All that was not read yet, in pieces."""
        return iter(lambda: self.read(PIECE), b"")


def _opened(key: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    aead, ahead = AESGCM(key), iter(pieces)
    piece = next(ahead, None)
    count = 0
    while piece is not None:
        after = next(ahead, None)
        try:
            yield aead.decrypt(_nonce(count, last=after is None), piece, None)
        except InvalidTag as error:
            raise SealBroken("密文被改动或不完整") from error
        piece, count = after, count + 1
    if count == 0:
        raise SealBroken("密文不完整")


def _wrapped(keys: Keys, key: bytes, identity: str) -> bytes:
    number, nonce = keys.newest(), secrets.token_bytes(_NONCE)
    return _MAGIC + number + nonce + AESGCM(keys.key(number)).encrypt(nonce, key, identity.encode())


def _data_key(keys: Keys, head: bytes, identity: str) -> bytes:
    if len(head) != HEAD or not head.startswith(_MAGIC):
        raise SealBroken("不是密文")
    rest = head[len(_MAGIC) :]
    number, nonce, wrapped = rest[:_NUMBER], rest[_NUMBER : _NUMBER + _NONCE], rest[_NUMBER + _NONCE :]
    try:
        return AESGCM(keys.key(number)).decrypt(nonce, wrapped, identity.encode())
    except InvalidTag as error:
        raise SealBroken("密文被改动，或属于别处") from error


def _nonce(count: int, *, last: bool) -> bytes:
    """No nonce occurs twice, because each thing has a key of its own."""
    return count.to_bytes(_NONCE - 1, "big") + bytes([last])


def _decoded(kept: str) -> bytes:
    try:
        return base64.b64decode(kept.removeprefix(_TEXT), validate=True)
    except binascii.Error as error:
        raise SealBroken("密文被改动") from error


def _numbered(keys: Sequence[bytes]) -> dict[bytes, bytes]:
    """{number: key}; a number tells nothing of its key."""
    return {hashlib.sha256(b"sealform master key\n" + key).digest()[:_NUMBER]: key for key in keys}


def _read(text: str) -> Sequence[bytes]:
    lines = [line.strip() for line in text.splitlines()]
    found = []
    for line in (line for line in lines if line and not line.startswith("#")):
        try:
            key = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY:
            raise BadUsage("密钥有误", advice="每行一个密钥：32 字节的 Base64，可用 sealform new-key 生成")
        found.append(key)
    if not found:
        raise BadUsage("没有密钥", advice="用 sealform new-key 生成一个，写入密钥文件")
    return found


def _text_of(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o007:
            raise BadUsage(f"密钥文件 {file} 任何人都能读", advice="请 chmod 600，只留给服务的用户")
        return file.read_text("ascii", "replace")
    except OSError as error:
        raise BadUsage(f"不能读密钥文件 {file}：{error.strerror}") from error


def _printed(command: str) -> str:
    try:
        done = subprocess.run(
            shlex.split(command), capture_output=True, check=True, timeout=_COMMAND_SECONDS, text=True,
            errors="replace", stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # Its output may hold keys.
        raise BadUsage(f"取密钥的命令没有成功：{type(error).__name__}") from None
    return done.stdout
