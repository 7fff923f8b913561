"""Reads the head of a message, whether it is written in encoded words (RFC 2047), raw UTF-8 or raw GBK."""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from extractor.arrival.containers.charsets import decode
from extractor.arrival.containers.headers import words

# This is enough for a person to recognise a message. Only a hostile header is longer, and decoding it would
# cost time.
_LONGEST = 2000
_UNFOLD = re.compile(rb"\r?\n[ \t]+")


@dataclass(frozen=True)
class Head:
    """Subject, sender and Message-ID, each as one line of text, empty where there is none; and the date in
    ISO 8601."""

    subject: str
    sender: str
    message_id: str
    date: str | None


def read_head(data: bytes) -> Head:
    """Returns the head of the message that `data` begins with. It never fails: bytes that can't be decoded
    become �."""
    head, _, _ = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    for line in _UNFOLD.sub(b" ", head).split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    text = {name: _text(fields.get(name, b"")) for name in (b"subject", b"from", b"message-id")}
    return Head(text[b"subject"], text[b"from"], text[b"message-id"], _date(fields.get(b"date", b"")))


def _text(raw: bytes) -> str:
    # The text is cut, not the bytes: bytes might be cut inside a character, and would then be taken for
    # another charset.
    text = words(decode(raw)[:_LONGEST])
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _date(raw: bytes) -> str | None:
    try:
        return parsedate_to_datetime(raw[:100].decode("ascii", "replace")).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
