"""Setting pages with Typst and our own fonts and templates: data in, PDF and positions out.

Characters that the fonts lack are found beforehand, because Typst would silently print nothing for them.
"""

import functools
import json
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typst
from fontTools.ttLib import TTFont
from pylopdf_fonts_zh_cn import sans_path, serif_path

from models.errors import GenerationError

_TEMPLATES = Path(__file__).parent
_EPOCH = 0  # the time stamp of every file, so that the same form and record give the same bytes
_MOST_CHARACTERS = 60_000  # about 40 pages; more would cost seconds and hundreds of megabytes
_LINE = 30  # a line break counts as so many characters


def typeset(
    template: str, data: Mapping[str, Any], question: str, *, tags: bool, vouch: bool = False
) -> tuple[bytes, Any]:
    """Return the PDF of a template in this folder with `data`, and the answer of the Typst expression
    `question` after layout.

    `tags` are for assistive software. With `vouch` Typst ensures that the file is PDF/UA-1, and declares it.

    Raises:
        GenerationError: Typst can't lay it out.
    """
    try:
        compiler = _compiler(template, data)
        pdf = compiler.compile(
            format="pdf", timestamp=_EPOCH, pdf_tags=tags, pdf_standards=["ua-1"] if vouch else []
        )
        answer = json.loads(compiler.eval(question))
    except RuntimeError as error:
        raise GenerationError(f"PDF 排版失败：{error}") from error
    assert isinstance(pdf, bytes), "one PDF, whatever its pages"
    return pdf, answer


def draw(template: str, data: Mapping[str, Any], resolution: float) -> list[bytes]:
    """Return the pages of a template in this folder with `data`: a PNG each, `resolution` pixels an inch.

    Raises:
        GenerationError: Typst can't lay it out.
    """
    try:
        pages = _compiler(template, data).compile(format="png", ppi=resolution)
    except RuntimeError as error:
        raise GenerationError(f"排版失败：{error}") from error
    return [pages] if isinstance(pages, bytes) else list(pages or ())


def _compiler(template: str, data: Mapping[str, Any]) -> typst.Compiler:
    return typst.Compiler(
        input=str(_TEMPLATES / template),
        root=str(_TEMPLATES),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
    )


def must_have_glyphs(texts: Iterable[tuple[str, str]]) -> None:
    """Refuse texts with a character that the fonts lack. Each of `texts` is (what people call the place, its
    text); line breaks and tabs need no glyph.

    Raises:
        GenerationError: the fonts lack a character, or there is more text than any form can hold.
    """
    known, length = _characters(), 0
    for title, text in texts:
        length += len(text) + _LINE * text.count("\n")
        for at, character in enumerate(text, 1):
            if ord(character) not in known and character not in "\n\t":
                raise GenerationError(
                    f"“{title}”第 {at} 个字符{_named(character)}在字体中没有字形，不能写入 PDF",
                    advice="请换用通行的字，或改发 Word 表格",
                )
    if length > _MOST_CHARACTERS:
        raise GenerationError(
            f"表中文字共 {length} 个（每次换行按 {_LINE} 个计），超过 {_MOST_CHARACTERS} 个",
            advice="请缩短填写内容",
        )


def lines_of(text: str) -> list[str]:
    """Return `text` as the templates take it: one string a paragraph, with tabs as blanks."""
    return text.replace("\t", "    ").split("\n")


def _named(character: str) -> str:
    """Return the character, where it can be shown, and its code."""
    shown = f"“{character}”" if unicodedata.category(character)[0] in "LMNPS" else ""
    return f"{shown}（U+{ord(character):04X}）"


@functools.cache
def _fonts() -> typst.Fonts:
    folder = str(serif_path().parent)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


@functools.cache
def _characters() -> frozenset[int]:
    """Return every character that at least one of the two fonts has."""
    known: set[int] = set()
    for path in (serif_path(), sans_path()):
        with TTFont(path, lazy=True) as font:
            known.update(font.getBestCmap())
    return frozenset(known - {0xAD})  # a soft hyphen shows only where a line breaks
