"""Reads text from under seals. It is read in several renderings, and the characters read there are marked as
recovered."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from extractor import rungs
from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.lines import read_places
from extractor.scan.ocr import OcrEngine
from extractor.scan.readings import Glyph, Reading
from extractor.scan.seals import lift

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_TOUCHED = 0.02  # share of a character's box: where a seal's ink covers more, the character is marked
_ACROSS = 2.1  # half axes: width of a seal with the blur around it
_OTHER_ROWS = 0.15  # of the line's height: other lines reach so far over its edges
_UNDER = 0.3  # share of a line's box: where a seal's own ink takes more, the line may be read from that ink
_FAINT = 0.05  # share of a line's box: where less has ink, there is no print; print covers a tenth and more
_UNREAD = 0.33  # of the line's height: ink as wide between two characters is one that was not read


def read_under_seals(page: FlatPage, engine: OcrEngine) -> FlatPage:
    """Return the page with the characters marked that were read from under a seal.

    Its lines were read from a picture without seals. Lines under a seal that is not red are read again from
    the text layer, which still holds the seal. Where the two readings differ, they are read a third time,
    from the mean of both pictures. Characters on which no two agree are doubtful. So is a character beside
    ink that no character accounts for. Raises OcrUnavailable.
    """
    if not page.rings:
        return page
    lines, text = page.lines, page.layers.text
    own = lift.inked(page.shape, [ring for ring in page.rings if not ring.red])
    red = _red(page)
    black = [number for number, line in enumerate(lines) if own[_part(line.place.box)].any()]
    # Most pages have no such line, and making another picture of a whole page takes longer than reading a
    # line.
    second = _read([lines[number].place for number in black], text, page, engine) if black else {}
    differing = [
        lines[n].place for n in black if second.get(lines[n].place, Reading()).text != lines[n].reading.text
    ]
    third = (
        _read(differing, cv2.addWeighted(page.lifted, 0.5, text, 0.5, 0), page, engine) if differing else {}
    )
    read = list(lines)
    for number in black:
        line = lines[number]
        agreed = _agreed(line.reading, second.get(line.place, Reading()), third.get(line.place, Reading()))
        read[number] = _complete(replace(line, reading=agreed), _unclaimed(line, page))
    over = own | red
    if page.layers.stamped is not None:
        over |= page.layers.stamped > 0
    return page.reading(_marked(line, over) for line in read if not _is_faded(line, own, page.lifted))


def _is_faded(line: ReadLine, own: Mask, lifted: Gray) -> bool:
    """Tell whether a line was read from nothing but the shade of a seal's letter."""
    part = _part(line.place.box)
    return bool(own[part].mean() > _UNDER and (lifted[part] < PAPER).mean() < _FAINT)


def _read(places: Sequence[Place], gray: Gray, page: FlatPage, engine: OcrEngine) -> dict[Place, Reading]:
    """Read the places on `gray`, a layer of the page, without its ruled lines."""
    return {line.place: line.reading for line in read_places(places, page.ruling.taken_off(gray), engine)}


def _red(page: FlatPage) -> Mask:
    """Return a mask of the ink of red seals."""
    inside = np.zeros(page.shape, np.uint8)
    for ring in page.rings:
        if ring.red:
            cv2.ellipse(
                inside, ((ring.x, ring.y), (_ACROSS * ring.rx, _ACROSS * ring.ry), ring.angle), 255, -1
            )
    return np.asarray((inside > 0) & (page.layers.red > 0), np.bool_)


def _agreed(one: Reading, other: Reading, third: Reading) -> Reading:
    """Return what two of three readings say, as sure as the less sure of the two. `third` counts only where
    the first two differ.

    Where no two agree, it is the surer of the first two. Its characters are doubtful where the other has not
    the same, or has more.
    """
    ally = next((reading for reading in (one, other) if reading.text == third.text), None)
    if one.text != other.text and ally is not None and ally.glyphs:
        return _confirmed(ally, third, other if ally is one else one)
    return _disputed(*((one, other) if one.confidence >= other.confidence else (other, one)))


def _confirmed(ally: Reading, third: Reading, outvoted: Reading) -> Reading:
    """Return what two readings say. A digit is doubtful where the outvoted reading has another character,
    unless both are very sure."""
    pairs = zip(ally.glyphs, third.glyphs, strict=True)
    agreed = [replace(glyph, confidence=min(glyph.confidence, twin.confidence)) for glyph, twin in pairs]
    for step in Levenshtein.opcodes(
        [glyph.text for glyph in agreed], [glyph.text for glyph in outvoted.glyphs]
    ):
        for number in range(step.src_start, step.src_end) if step.tag == "replace" else ():
            # The third picture is made of the first two, and no word around a digit confirms it.
            if agreed[number].text.isdigit() and agreed[number].confidence < rungs.UNDISPUTED:
                agreed[number] = _doubtful(agreed[number], ())
    return Reading(tuple(agreed))


def _disputed(best: Reading, rival: Reading) -> Reading:
    """Return the surer of two readings, with the characters doubtful that the other does not share."""
    texts = [[glyph.text for glyph in reading.glyphs] for reading in (best, rival)]
    glyphs = list(best.glyphs)
    for step in Levenshtein.opcodes(texts[0], texts[1]):
        theirs = rival.glyphs[step.dest_start : step.dest_end]
        if step.tag == "equal":
            continue
        if step.tag == "insert":
            # The rival has one more character: those on either side may have been read from its ink.
            for number in (step.src_start - 1, step.src_start):
                if 0 <= number < len(glyphs):
                    glyphs[number] = _doubtful(glyphs[number], ())
        for offset, number in enumerate(range(step.src_start, step.src_end)):
            glyphs[number] = _doubtful(glyphs[number], theirs[offset : offset + 1])
    return Reading(tuple(glyphs))


def _doubtful(glyph: Glyph, rivals: Sequence[Glyph]) -> Glyph:
    """Return a character made doubtful, with its rivals among the other possible ones."""
    others = (*((rival.text, min(rival.confidence, rungs.LIKELIER)) for rival in rivals), *glyph.others)
    return replace(glyph, confidence=min(glyph.confidence, rungs.LIKELIER), others=others)


def _unclaimed(line: ReadLine, page: FlatPage) -> NDArray[np.bool_]:
    """Tell for each column of the page whether ink stands there, level with `line` and outside every other
    line."""
    _, y0, _, y1 = (max(0, round(v)) for v in line.place.box)
    inset = round(_OTHER_ROWS * (y1 - y0))
    rows = slice(y0 + inset, max(y1 - inset, y0 + inset + 1))
    free = (page.lifted[rows] < PAPER) & (page.ruling.lines[rows] == 0)
    for other in page.lines:
        left, top, right, bottom = (max(0, round(v)) for v in other.place.box)
        if other is not line and top < y1 and bottom > y0:
            free[max(0, top - rows.start) : max(0, bottom - rows.start), left:right] = False
    return np.asarray(free.any(axis=0))


def _complete(line: ReadLine, unclaimed: NDArray[np.bool_]) -> ReadLine:
    """Return the line with the characters doubtful that stand beside a stretch of unread ink: 20日 with a
    broken 0 was read as 2日."""
    boxes = line.glyph_boxes()
    least = _UNREAD * (line.place.box[3] - line.place.box[1])
    glyphs = list(line.reading.glyphs)
    # A number may go on beyond what was read. A date or a sentence ends in a Chinese character, and ink
    # beside it may be a seal's letter.
    first, last = (
        edge + way * 3 * least if glyph.text.isascii() else edge
        for edge, way, glyph in ((boxes[0][0], -1, glyphs[0]), (boxes[-1][1], 1, glyphs[-1]))
    )
    for number, ((_, start), (end, _)) in enumerate(pairwise([(0.0, first), *boxes, (last, 0.0)])):
        if end - start > least and unclaimed[max(0, round(start)) : max(0, round(end))].sum() > least:
            for beside in (number - 1, number):
                if 0 <= beside < len(glyphs):
                    glyphs[beside] = _doubtful(glyphs[beside], ())
    return replace(line, reading=Reading(tuple(glyphs)))


def _marked(line: ReadLine, over: Mask) -> ReadLine:
    """Return the line with the characters marked that lie under a seal's ink."""
    _, top, _, bottom = line.place.box
    parts = [over[_part((x0, top, x1, bottom))] for x0, x1 in line.glyph_boxes()]
    # A character may be told beyond the edge of the picture.
    marks = tuple(bool(part.size and part.mean() > _TOUCHED) for part in parts)
    return replace(line, recovered=marks) if any(marks) else line


def _part(box: tuple[float, float, float, float]) -> tuple[slice, slice]:
    """Return the rows and columns of a box, at least one of each."""
    x0, y0, x1, y1 = (max(0, round(v)) for v in box)
    return slice(y0, max(y1, y0 + 1)), slice(x0, max(x1, x0 + 1))
