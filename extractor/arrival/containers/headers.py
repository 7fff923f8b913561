"""Decoding mail headers as they really come: raw bytes in GBK, encoded words cut in mid-character, parameters
in three notations.

A header is a str whose bytes other than ASCII are surrogates, as `email` keeps them.
"""

import binascii
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from extractor.arrival.containers.charsets import decode

_LONGEST, _LONGEST_SENDER = 20_000, 2_000
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?]*)?\?([bBqQ])\?([^?]*)\?=")
_BLANK = re.compile(r"[ \t\r\n]*")
_PARAMETER = re.compile(r";\s*([^\s=;\"]{1,80})\s*=\s*(\"(?:\\.|[^\"\\])*(?:\"|$)|[^;]*)", re.DOTALL)
_CONTINUED = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?")
_ADDRESS = re.compile(r"<\s*([^<>]*@[^<>]*?)\s*>|([^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+)")


def words(header: str | None) -> str:
    """Return a header as people read it. Adjacent encoded words are joined before they are decoded."""
    text = re.sub(r"\r?\n[ \t]*", " ", (header or "")[:_LONGEST])
    out: list[str] = []
    held, charset, at = b"", "", 0
    for word in _WORD.finditer(text):
        between = text[at : word.start()]
        if held and (not _BLANK.fullmatch(between) or charset != word[1].lower()):
            out.append(decode(held, charset))
            held = b""
        if between and not (at and _BLANK.fullmatch(between)):
            out.append(_raw(between))
        held += _bytes(word[3], word[2])
        charset, at = word[1].lower(), word.end()
    if held:
        out.append(decode(held, charset))
    return "".join([*out, _raw(text[at:])]).strip()


def _raw(text: str) -> str:
    return decode(text.encode("utf-8", "surrogateescape"))


def _bytes(text: str, encoding: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return unbase64(data) if encoding in "bB" else binascii.a2b_qp(data, header=True)


def unbase64(data: bytes) -> bytes:
    """Decode base64 as far as it can be read: foreign characters are skipped and a cut end is dropped. Data
    behind padding starts a new run, because some programs encode a file piece by piece."""
    whole, run = bytearray(), bytearray()
    for piece in re.finditer(rb"([^=]+)(=*)", re.sub(rb"[^A-Za-z0-9+/=]", b"", data)):
        run += piece[1]
        # A sign that fills nothing up is damage, not padding.
        if piece[2] and len(run) % 4 + len(piece[2]) == 4:
            whole += _run_of_base64(run)
            run.clear()
    return bytes(whole + _run_of_base64(run))


def _run_of_base64(run: bytearray) -> bytes:
    if len(run) % 4 == 1:
        del run[-1]
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))


def parameters(header: str | None) -> dict[str, str]:
    """Return {name in lower case: value} of a header such as Content-Type, by RFC 2231, RFC 2047 or
    neither."""
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for name, value in _PARAMETER.findall((header or "")[:_LONGEST]):
        parts = _CONTINUED.fullmatch(name.lower())
        if parts:
            plain = (
                re.sub(r"\\(.)", r"\1", value.strip()[1:].removesuffix('"'))
                if value.strip().startswith('"')
                else value.strip()
            )
            # A backslash before anything but a quote is part of a Windows path, not an escape.
            if value.strip().startswith('"') and re.search(r"\\[^\"\\]", value):
                plain = value.strip().strip('"')
            pieces.setdefault(parts[1], []).append((int(parts[2] or 0), parts[3] is not None, plain))
    return {name: _joined(found) for name, found in pieces.items()}


def _joined(found: list[tuple[int, bool, str]]) -> str:
    """Return the value of a parameter from its pieces. Where it is given both plain and encoded, the encoded
    value counts."""
    extended = [piece for piece in found if piece[1]]
    numbered = sorted(extended if extended and len({number for number, _, _ in found}) == 1 else found)
    if not extended:
        return words("".join(value for _, _, value in numbered))
    charset, data = "", b""
    for position, (_, is_encoded, value) in enumerate(numbered):
        if is_encoded and position == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        raw = value.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(raw) if is_encoded else raw
    return decode(data, charset)


def sender(header: str | None) -> tuple[str, str]:
    """Return (name, address) of a From header; either may be empty."""
    whole = re.sub(r"\r?\n[ \t]*", " ", (header or "")[:_LONGEST_SENDER])
    # The address is found before the words are decoded, because decoded words may hold anything, even other
    # addresses.
    found = _ADDRESS.search(_WORD.sub(lambda word: "\x00" * len(word[0]), whole))
    address = _raw((found[1] or found[2]).strip()) if found else ""
    name = words(
        whole[: found.start()]
        if found and found[1]
        else re.sub(r".*\((.*)\).*", r"\1", whole)
        if "(" in whole
        else ""
        if found
        else whole
    )
    return name.strip(" \"'"), address


def moment(*headers: str | None) -> datetime | None:
    """Return the first of `headers` that is a date. Without a time zone it counts as UTC, like -0000 in RFC
    5322."""
    for header in headers:
        try:
            found = parsedate_to_datetime(_raw((header or "")[:200]).strip())
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
