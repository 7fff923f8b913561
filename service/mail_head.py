"""What the head of a message says of it, however it was written: encoded words (RFC 2047), raw UTF-8 or raw GBK."""

import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime

# What a person needs to know a message by; decoding more would cost time that only a hostile header asks for.
_LONGEST = 2000
_UNFOLD = re.compile(rb"\r?\n[ \t]+")
# Charsets that mail calls by the name of an older, smaller one.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "hz-gb-2312": "hz", "unknown-8bit": "gb18030"}


@dataclass(frozen=True)
class Head:
    """Subject, sender and Message-ID as one line of text each, empty where there is none; `date` in ISO 8601."""

    subject: str
    sender: str
    message_id: str
    date: str | None


def read_head(data: bytes) -> Head:
    """The head of the message that `data` begins with. Never fails: what can't be decoded is replaced by �."""
    head, _, _ = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    for line in _UNFOLD.sub(b" ", head).split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    text = {name: _text(fields.get(name, b"")) for name in (b"subject", b"from", b"message-id")}
    return Head(text[b"subject"], text[b"from"], text[b"message-id"], _date(fields.get(b"date", b"")))


def _text(raw: bytes) -> str:
    text = _decoded(raw, "utf-8")[:_LONGEST]
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        pieces = [(text, None)]
    whole = "".join(piece if isinstance(piece, str) else _decoded(piece, charset) for piece, charset in pieces)
    return " ".join("".join(character if character.isprintable() else " " for character in whole).split())


def _decoded(raw: bytes, charset: str | None) -> str:
    """`raw` in its charset, or in what it most likely is where that is missing, unknown or untrue."""
    if charset is None:
        # What stands between encoded words; the library gives it as raw-unicode-escape.
        return raw.decode("raw-unicode-escape", "replace")
    for name in (_WIDER.get(charset.lower(), charset), "utf-8", "gb18030"):
        try:
            return raw.decode(name)
        except (LookupError, ValueError):
            continue
    return raw.decode("utf-8", "replace")


def _date(raw: bytes) -> str | None:
    try:
        return parsedate_to_datetime(raw[:100].decode("ascii", "replace")).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
