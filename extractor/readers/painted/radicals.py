"""Radicals that stand for the characters they look like.

For a glyph that two characters share, programs such as Chromium write the code of the first one: ⻓ (U+2ED3)
instead of 长. NFKC knows only the Kangxi radicals, and gives them in traditional form. The characters are
therefore looked up by the glyph that they share in Noto Sans SC.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont

_RADICALS = range(0x2E80, 0x2FE0)
_IDEOGRAPHS = range(0x4E00, 0xA000)


def unified(text: str) -> str:
    """Return `text` with each radical replaced by its character."""
    if not any(ord(char) in _RADICALS for char in text):
        return text
    return "".join(_characters().get(ord(char), char) if ord(char) in _RADICALS else char for char in text)


@lru_cache(maxsize=1)
def _characters() -> Mapping[int, str]:
    with TTFont(pylopdf_fonts_zh_cn.sans_path(), lazy=True) as font:
        glyphs = font.getBestCmap()
    shared: dict[str, int] = {}
    for code in _IDEOGRAPHS:
        if code in glyphs:
            shared.setdefault(glyphs[code], code)
    found = {}
    for radical in _RADICALS:
        normal = unicodedata.normalize("NFKC", chr(radical))
        same = shared.get(glyphs.get(radical, ""))
        found[radical] = chr(same) if same else normal
    return found
