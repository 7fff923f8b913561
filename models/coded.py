"""The values of a form as a code on its paper, so that a scan says what was printed there.

A code says what stood in the form when it was made, and never more: what somebody wrote on the paper
afterwards goes before it. It is compressed with the form's own words, and holds as many values as fit, the
short ones first; of the others it holds a checksum, by which a reading of the print is known to be right.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.fields import ChoiceField, Field
from models.form import FormDefinition
from models.identity import Identity
from models.writing import key

# The most characters of a code: version 13 of QR at level M, of which a scan at 150 dpi still shows each
# module with two pixels.
_MOST = 483
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"  # what QR packs most densely (RFC 9285)
_CODE = re.compile(r"SV1/(?P<form>[^/]+)/(?P<version>[^/]+)/(?P<instance>[^/]+)/(?P<body>.+)", re.DOTALL)
_CHARSET = "gb18030"
_LARGEST = 1 << 16  # bytes of content; no code of ours holds nearly as many


@dataclass(frozen=True)
class Said:
    """What a code says: values by field, and the checksums of values that did not fit."""

    values: Mapping[str, Any]
    rest: Mapping[str, int]


def encode(form: FormDefinition, identity: Identity, values: Mapping[str, Any]) -> str | None:
    """Return the text of a code with the values of a form; None where there are none."""
    fields = _fields(form)
    kept: dict[str, Any] = {
        name: field.to_json(values[name]) for name, field in fields.items() if values.get(name) is not None
    }
    if not kept:
        return None
    rest: dict[str, int] = {}
    while True:
        made = _text(form, identity, kept, rest)
        if len(made) <= _MOST or not kept:
            return made
        longest = max(kept, key=lambda name: len(json.dumps(kept[name])))
        rest[longest] = checksum(fields[longest], values[longest])
        del kept[longest]


def is_of(payload: str, identity: Identity | None) -> bool:
    """Tell whether a text is a code of values of this copy of a form; where the copy is not known, of any."""
    match = _CODE.fullmatch(payload)
    if match is None:
        return False
    head = match["form"], match["version"], match["instance"]
    return identity is None or head == _head(identity)


def decode(form: FormDefinition, payload: str) -> Said | None:
    """Return what a code says; None where it is not of this form and version, or damaged."""
    match = _CODE.fullmatch(payload)
    if match is None or (match["form"], match["version"]) != (form.name.upper(), form.version.upper()):
        return None
    try:
        unpacked = zlib.decompressobj(zdict=_words(form))
        text = unpacked.decompress(_from_base45(match["body"]), _LARGEST)
        if not unpacked.eof:
            return None
        shown, rest = json.loads(text.decode(_CHARSET))
        fields = list(_fields(form).values())
        values = {
            field.name: field.from_json(data)
            for field, data in zip(fields, shown, strict=True)
            if data is not None
        }
        return Said(values, {fields[int(place)].name: int(sum_) for place, sum_ in rest.items()})
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, zlib.error):
        return None


def checksum(field: Field, value: Any) -> int:
    """Return a checksum of what a value says, whatever its blanks and punctuation."""
    shown = key(field.format(value)).encode()
    return int.from_bytes(hashlib.blake2b(shown, digest_size=5).digest())


def _text(form: FormDefinition, identity: Identity, kept: Mapping[str, Any], rest: Mapping[str, int]) -> str:
    names = list(_fields(form))
    content = [[kept.get(name) for name in names], {str(names.index(name)): n for name, n in rest.items()}]
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(_CHARSET)
    packer = zlib.compressobj(9, zdict=_words(form))
    body = _base45(packer.compress(plain) + packer.flush())
    return "/".join(["SV1", *_head(identity), body])


def _head(identity: Identity) -> tuple[str, str, str]:
    return identity.form.upper(), identity.version.upper(), identity.instance


def _fields(form: FormDefinition) -> dict[str, Field]:
    """Return the fields that a code can hold: no seals and signatures, which are put on the paper."""
    return {name: field for name, field in form.fields.items() if not field.is_mark}


def _words(form: FormDefinition) -> bytes:
    """Return the words of a form, with which values are compressed. Another edition of the form has others,
    so that a code of it can't be read as one of this."""
    words = [f"{name}:{field.kind}" for name, field in _fields(form).items()]
    for field in _fields(form).values():
        if isinstance(field, ChoiceField):
            words += field.options
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode(_CHARSET)


def _base45(data: bytes) -> str:
    found = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number, count = int.from_bytes(pair), len(pair) + 1
        for _ in range(count):
            number, digit = divmod(number, 45)
            found.append(_ALPHABET[digit])
    return "".join(found)


def _from_base45(text: str) -> bytes:
    found = bytearray()
    for at in range(0, len(text), 3):
        piece = text[at : at + 3]
        number = sum(_ALPHABET.index(char) * 45**place for place, char in enumerate(piece))
        found += number.to_bytes(len(piece) - 1)
    return bytes(found)
