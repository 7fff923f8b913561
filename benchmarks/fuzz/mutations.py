"""Mutations that know the format: a file is taken apart as far as its reader would, changed inside, and put
together again, so that it gets past the first check more often than by flipped bits alone. The same seed
makes the same file of the same fixture."""

import io
import random
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence

Mutation = Callable[[bytes, random.Random], bytes]

_NUMBERS = (
    b"0", b"-1", b"1", b"65535", b"65536", b"2147483647", b"2147483648", b"-2147483648", b"99999999999",
    b"0.00001", b"1e308", b"NaN", b"",
)  # fmt: skip
_NUMBER = re.compile(rb"(?<![\w.#])-?\d+(?:\.\d+)?(?![\w.])")
_TAG = re.compile(rb"<(/?)([A-Za-z][\w:.-]*)([^<>]*)>")
_ATTRIBUTE = re.compile(rb"([\w:]+)=\"([^\"]*)\"")
_OBJECT = re.compile(rb"\d+ \d+ obj\b.*?endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_NAME = re.compile(rb"/[A-Za-z][A-Za-z0-9]*")
_HEADER = re.compile(rb"(?m)^([A-Za-z-]+):([^\r\n]*)")
_TEXTS = (
    "□√☑".encode(), b"\xff\xfe", b"\0", "‮".encode(), b"&#0;", b"&#x10FFFF;", "𠀀".encode(), b"A" * 5_000,
    "申报单位".encode("gb18030"), b"=?utf-8?b?/////w==?=", b"<!--", b"]]>", b"%s%n",
)  # fmt: skip


def mutate(data: bytes, seed: int) -> bytes:
    """`data` changed in one to four places, by what it is."""
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_ways(data))(data, chance)
    return data


def _ways(data: bytes) -> Sequence[Mutation]:
    """How a file of this kind may be changed: mostly by its structure, sometimes byte by byte."""
    if data.startswith(b"PK"):
        return (_member, _member, _member, _directory, _bytes)
    if data.startswith(b"%PDF"):
        return (_pdf_object, _pdf_stream, _pdf_numbers, _pdf_names, _bytes)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return (_tiff_entry, _tiff_entry, _bytes)
    if data.lstrip()[:1] == b"<":
        return (_xml, _xml, _xml, _bytes)
    if re.match(rb"(?i)[a-z-]+:", data):
        return (_mime, _mime, _bytes)
    return (_bytes,)


def _bytes(data: bytes, chance: random.Random) -> bytes:
    """Flipped, cut, doubled, moved or overwritten, whatever the file is."""
    if not data:
        return data
    at = chance.randrange(len(data))
    long = min(len(data) - at, 1 << chance.randrange(12))
    way = chance.randrange(6)
    if way == 0:
        return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
    if way == 1:
        return data[:at] + data[at + long :]
    if way == 2:
        return data[:at] + data[at : at + long] * 2 + data[at + long :]
    if way == 3:
        return data[: max(1, at)]
    if way == 4:
        return data[:at] + chance.randbytes(long) + data[at + long :]
    return data[:at] + chance.choice((*_TEXTS, *_NUMBERS)) + data[at:]


def _one(pattern: re.Pattern[bytes], data: bytes, chance: random.Random) -> re.Match[bytes] | None:
    """One place of those that fit, without a list of all: the first behind a place by chance."""
    if not data:
        return None
    return pattern.search(data, chance.randrange(len(data))) or pattern.search(data)


def _put(data: bytes, found: re.Match[bytes] | None, new: bytes, group: int = 0) -> bytes:
    return data if found is None else data[: found.start(group)] + new + data[found.end(group) :]


def _xml(data: bytes, chance: random.Random) -> bytes:
    """An element left out, doubled, nested in itself or renamed, an attribute or a text changed."""
    tag = _one(_TAG, data, chance)
    if tag is None:
        return _bytes(data, chance)
    way = chance.randrange(7)
    if way == 0:
        return _put(data, tag, b"")
    if way == 1:
        return _put(data, tag, tag[0] * chance.choice((2, 20)))
    if way == 2:
        other = _one(_TAG, data, chance)
        return _put(data, tag, tag[2] if other is None else other[2], 2)
    if way == 3:
        return _put(data, _one(_ATTRIBUTE, data, chance), chance.choice((*_NUMBERS, *_TEXTS)), 2)
    if way == 4:
        return data[: tag.end()] + chance.choice(_TEXTS) + data[tag.end() :]
    # A whole element: doubled, left out, or many times in itself.
    closing = re.compile(rb"</" + re.escape(tag[2]) + rb">").search(data, tag.end())
    if closing is None or tag[1]:
        return _put(data, _one(_NUMBER, data, chance), chance.choice(_NUMBERS))
    whole = data[tag.start() : closing.end()]
    if way == 5:
        return data[: tag.start()] + whole * chance.choice((0, 2, 5)) + data[closing.end() :]
    deep = chance.choice((3, 30, 300))
    return data[: tag.start()] + tag[0] * deep + whole + closing[0] * deep + data[closing.end() :]


def _member(data: bytes, chance: random.Random) -> bytes:
    """A member of a zip changed by what it is, left out, doubled or renamed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members = [(one.filename, file.read(one)) for one in file.infolist()]
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError, RuntimeError, EOFError):
        return _bytes(data, chance)
    if not members:
        return _bytes(data, chance)
    # The large ones hold the document.
    place = chance.choices(range(len(members)), [len(content) + 200 for _, content in members])[0]
    name, content = members[place]
    way = chance.randrange(12)
    if way == 0:
        members.pop(place)
    elif way == 1:
        members.append((name, chance.choice(members)[1]))
    elif way == 2:
        members[place] = (chance.choice(("../x", "/x", "", name.upper(), name + "\0", "x" * 300)), content)
    else:
        members[place] = (name, chance.choice(_ways(content))(content, chance))
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        # Two members of one name are what is wanted.
        warnings.simplefilter("ignore")
        for name, content in members:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content)
    return packed.getvalue()


def _directory(data: bytes, chance: random.Random) -> bytes:
    """A field of a zip's own records."""
    found = _one(re.compile(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)"), data, chance)
    if found is None:
        return _bytes(data, chance)
    at = min(len(data) - 1, found.end() + chance.randrange(26))
    return data[:at] + chance.choice((b"\0\0", b"\xff\xff", b"\1\0", b"\0\x80")) + data[at + 2 :]


def _pdf_object(data: bytes, chance: random.Random) -> bytes:
    """An object of a PDF: left out, doubled, or in the place of another."""
    one, other = _one(_OBJECT, data, chance), _one(_OBJECT, data, chance)
    if one is None or other is None:
        return _bytes(data, chance)
    body = other[0].partition(b" obj")[2]
    head = one[0].partition(b" obj")[0]
    return _put(data, one, chance.choice((b"", one[0] * 2, head + b" obj" + body)))


def _pdf_stream(data: bytes, chance: random.Random) -> bytes:
    """What a stream of a PDF holds, packed again."""
    found = _one(_STREAM, data, chance)
    if found is None:
        return _bytes(data, chance)
    try:
        content = zlib.decompress(found[1])
    except zlib.error:
        return _put(data, found, _bytes(found[1], chance), 1)
    content = chance.choice((_pdf_numbers, _pdf_words, _bytes))(content, chance)
    return _put(data, found, zlib.compress(content), 1)


def _pdf_words(data: bytes, chance: random.Random) -> bytes:
    """Operators moved, repeated or left out."""
    words = data.split(b" ")
    at = chance.randrange(len(words))
    long = chance.choice((1, 5, 50))
    way = chance.randrange(3)
    piece = words[at : at + long]
    words[at : at + long] = [] if way == 0 else piece * chance.choice((2, 50)) if way == 1 else piece[::-1]
    return b" ".join(words)


def _pdf_numbers(data: bytes, chance: random.Random) -> bytes:
    return _put(data, _one(_NUMBER, data, chance), chance.choice(_NUMBERS))


def _pdf_names(data: bytes, chance: random.Random) -> bytes:
    one, other = _one(_NAME, data, chance), _one(_NAME, data, chance)
    return data if one is None or other is None else _put(data, one, other[0])


def _mime(data: bytes, chance: random.Random) -> bytes:
    """A header, a boundary or an encoding of a message."""
    header = _one(_HEADER, data, chance)
    if header is None:
        return _bytes(data, chance)
    way = chance.randrange(5)
    if way == 0:
        return _put(data, header, b"")
    if way == 1:
        return _put(data, header, header[0] + b"\r\n" + header[0])
    if way == 2:
        return _put(data, header, chance.choice(_TEXTS), 2)
    if way == 3:
        kind = chance.choice(
            (b"multipart/mixed", b"message/rfc822", b"text/html; charset=utf-7", b"application/ms-tnef")
        )
        return _put(data, header, b"Content-Type: " + kind)
    code = chance.choice((b"base64", b"quoted-printable", b"uuencode", b"8bit", b"x-none"))
    return _put(data, header, b"Content-Transfer-Encoding: " + code)


def _tiff_entry(data: bytes, chance: random.Random) -> bytes:
    """A tag, a type, a count or a value in the first directory of a TIFF."""
    order: str = "little" if data.startswith(b"II") else "big"
    at = int.from_bytes(data[4:8], order)  # type: ignore[arg-type]
    count = int.from_bytes(data[at : at + 2], order)  # type: ignore[arg-type]
    place = at + 2 + 12 * chance.randrange(max(1, min(count, 64))) + chance.choice((0, 2, 4, 8))
    if place + 4 > len(data):
        return _bytes(data, chance)
    new = chance.choice((b"\0\0", b"\xff\xff", b"\1\0", chance.randbytes(2)))
    return data[:place] + new + data[place + 2 :]
