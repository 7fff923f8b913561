"""Deciding whether the text of a page is what a person sees on it, or the page must be read as an image."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from extractor.readers.painted.lines import is_symbol
from extractor.readers.painted.page import Glyph, Image, Sight
from extractor.readers.painted.rendering import Look, is_legible, misread_fonts
from models.geometry import Rect, area, meet, middle

# Pictures that cover this share of the page may be a scan. They are one if they hold ink beside the text that
# lies on them. The smaller share counts only on a page with little text.
_LARGE = 0.5
_SIZEABLE = 0.3
_INK = 0.012
# Fewer characters than this are little text.
_FEW = 30
_ILLEGIBLE = 0.08
# A page whose letters are drawn as outlines has many strokes and few characters.
_OUTLINES = 150


def visible(sight: Sight, look: Look | None) -> list[Glyph]:
    """Return the glyphs that a person sees: they are not painted invisibly, not covered by later painting,
    and not as pale as their ground."""
    covered = _covered(sight)
    return [
        glyph
        for glyph, under in zip(sight.glyphs, covered, strict=True)
        if glyph.seen and not under and (look is None or glyph.text.isspace() or look.shows(glyph))
    ]


def _covered(sight: Sight) -> npt.NDArray[np.bool_]:
    """Tell for each glyph whether something opaque was painted over its middle."""
    covers = [
        (*s.box, s.z)
        for s in sight.strokes
        if s.opaque and s.axial and min(s.box[2] - s.box[0], s.box[3] - s.box[1]) > 4
    ]
    covers += [(*image.box, image.z) for image in sight.images if image.opaque]
    first = min((glyph.z for glyph in sight.glyphs), default=0)
    covers = [cover for cover in covers if cover[4] > first]
    if not covers or not sight.glyphs:
        return np.zeros(len(sight.glyphs), np.bool_)
    x0, y0, x1, y1, z = np.array(covers).T
    x, y, own = np.array([(*middle(glyph.box), glyph.z) for glyph in sight.glyphs]).T[:, :, None]
    return np.asarray(((x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1) & (z > own)).any(axis=1), np.bool_)


def must_be_read_as_image(
    glyphs: Sequence[Glyph],
    sight: Sight,
    look: Look | None,
    closer: Callable[[], Look | None],
    size: Rect,
    trusted: set[tuple[int, bool]],
) -> bool:
    """Tell whether the page's text is missing, unreadable, false, or only part of what stands there.

    `glyphs` are the visible ones, `size` is the page, and `trusted` are the fonts already found true (see
    `misread_fonts`). A suspicion against a font is checked on the page as seen from `closer`.
    """
    written = [glyph for glyph in glyphs if not glyph.text.isspace() and not is_symbol(glyph)]
    illegible = sum(1 for glyph in written if not is_legible(glyph))
    if illegible > _ILLEGIBLE * len(written):
        return True
    if look is None:
        return not written
    suspects = misread_fonts(written, look, trusted)
    if suspects and (near := closer()) is not None:
        suspects = misread_fonts([glyph for glyph in written if glyph.font_key in suspects], near, trusted)
    if suspects:
        return True
    return _is_scan(written, sight.images, look, size) or _is_outlined(written, sight, look, size)


def is_picture(sight: Sight, size: Rect) -> bool:
    """Tell whether a page of `size` is a picture and nothing is written on it, seen or unseen: then
    `must_be_read_as_image` says so however the page looks."""
    return _shown(sight.images, size) >= _SIZEABLE and all(glyph.text.isspace() for glyph in sight.glyphs)


def _shown(images: Sequence[Image], size: Rect) -> float:
    """Return the share of the page that images cover."""
    return sum(area(meet(image.box, size)) for image in images) / max(area(size), 1.0)


def _is_scan(written: Sequence[Glyph], images: Sequence[Image], look: Look, size: Rect) -> bool:
    share = _shown(images, size)
    if share < _SIZEABLE or (share < _LARGE and len(written) >= _FEW):
        return False
    boxes = [glyph.box for glyph in written]
    # Without any text the picture is all there is, however pale.
    return not written or any(
        look.ink(image.box, without=boxes) > _INK for image in images if area(image.box) > 0
    )


def _is_outlined(written: Sequence[Glyph], sight: Sight, look: Look, size: Rect) -> bool:
    drawn = sum(1 for stroke in sight.strokes if not stroke.axial)
    return drawn > max(_OUTLINES, 3 * len(written)) and len(written) < _FEW and look.ink(size) > 0.001
