"""ActiveX check boxes and option buttons: their state and caption, read from the binary part that Word keeps
for them.

The layout is [MS-OFORMS] 2.2.5 MorphDataControl. A mask says which properties are present. Those of a fixed
size follow in the order of their bits, each aligned to its size. Then come, in the same order, the strings
whose lengths they gave.
"""

import io
from dataclasses import dataclass

import olefile

# Size in bytes of each property in the data block, by its bit. Bit 8 (size) and bits 19, 30 and 31 have no
# size there.
_SIZES = {
    0: 4, 1: 4, 2: 4, 3: 4, 4: 1, 5: 1, 6: 1, 7: 1, 9: 2, 10: 4, 11: 2, 12: 2, 13: 2, 14: 2, 15: 2, 16: 1,
    17: 1, 18: 1,
    20: 1, 21: 1, 22: 4, 23: 4, 24: 4, 25: 4, 26: 4, 27: 2, 28: 2, 29: 2, 32: 4,
}  # fmt: skip
_DISPLAY_STYLE, _SIZE, _VALUE, _CAPTION = 6, 8, 22, 23
_CHECK_BOX, _OPTION_BUTTON = 4, 5
_COMPRESSED = 0x80000000


@dataclass(frozen=True)
class ActiveXBox:
    """A check box or option button. `ticked` is None for the third state."""

    ticked: bool | None
    caption: str


def read_activex(data: bytes) -> ActiveXBox | None:
    """Return the control in an activeX*.bin part; None where it is another kind of control or can't be
    understood."""
    try:
        contents = olefile.OleFileIO(io.BytesIO(data)).openstream("contents").read(1 << 16)
        return _morph_data(contents)
    except (OSError, ValueError, IndexError, KeyError, TypeError):
        return None


def _morph_data(contents: bytes) -> ActiveXBox | None:
    mask = int.from_bytes(contents[4:12], "little")
    at, numbers = 12, {}
    for bit, size in _SIZES.items():
        if mask >> bit & 1:
            at += -at % size
            numbers[bit] = int.from_bytes(contents[at : at + size], "little")
            at += size
    if numbers.get(_DISPLAY_STYLE) not in (_CHECK_BOX, _OPTION_BUTTON):
        return None
    at += -at % 4 + (8 if mask >> _SIZE & 1 else 0)
    strings = {}
    for bit in (_VALUE, _CAPTION):
        if bit in numbers:
            length = numbers[bit] & ~_COMPRESSED
            raw = contents[at : at + length]
            # A compressed string has only the low bytes of UTF-16.
            strings[bit] = raw.decode(
                "latin-1" if numbers[bit] & _COMPRESSED else "utf-16-le", errors="replace"
            )
            at += length + -length % 4
    value = strings.get(_VALUE, "0")
    return ActiveXBox(ticked={"0": False, "1": True}.get(value), caption=strings.get(_CAPTION, ""))
