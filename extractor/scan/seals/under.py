"""Reads text from under seals: it is read in several renderings, and the characters read there are marked as
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
from extractor.scan.ocr import Glyph, OcrEngine, Reading
from extractor.scan.seals import lift

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_TOUCHED = 0.02  # of a character's box: as much of a seal's ink lies over it
_ACROSS = 2.1  # half axes that a seal is across, with what blurs around it
_OTHER_ROWS = 0.15  # of the line's height: so near to its edges other lines reach
_UNDER = 0.3  # of a line's box: as much of it lies where a seal has ink
_FAINT = 0.05  # of a line's box: print covers a tenth and more
# of the line's height: so wide a stretch of ink between two characters is one that was not read
_UNREAD = 0.33


def read_under_seals(page: FlatPage, engine: OcrEngine) -> FlatPage:
    """The page with the characters marked that were read from under a seal.

    Its lines were read from a picture without seals. Under a seal that is not red they are read from the text
    layer too, where it still is, and where the two readings differ, from the mean of both pictures.
    Characters on which no two agree are doubtful. So is a character beside ink that no character accounts
    for.
    """
    lines, text = page.lines, page.layers.text
    own = lift.inked(page.shape, [ring for ring in page.rings if not ring.red])
    red = _red(page)
    black = [number for number, line in enumerate(lines) if own[_part(line.place.box)].any()]
    # Most pages have no such line, and making another picture of a whole page takes longer than reading one.
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
    return page.reading(_marked(line, over) for line in read if not _is_faded(line, own, page.lifted))


def _is_faded(line: ReadLine, own: Mask, lifted: Gray) -> bool:
    """Whether nothing is left of what was read but the shade of a seal's letter."""
    part = _part(line.place.box)
    return bool(own[part].mean() > _UNDER and (lifted[part] < PAPER).mean() < _FAINT)


def _read(places: Sequence[Place], gray: Gray, page: FlatPage, engine: OcrEngine) -> dict[Place, Reading]:
    return {line.place: line.reading for line in read_places(places, page.ruling.taken_off(gray), engine)}


def _red(page: FlatPage) -> Mask:
    """Where the red seals have ink."""
    inside = np.zeros(page.shape, np.uint8)
    for ring in page.rings:
        if ring.red:
            cv2.ellipse(
                inside, ((ring.x, ring.y), (_ACROSS * ring.rx, _ACROSS * ring.ry), ring.angle), 255, -1
            )
    return np.asarray((inside > 0) & (page.layers.red > 0), np.bool_)


def _agreed(one: Reading, other: Reading, third: Reading) -> Reading:
    """What two of the three readings say, as sure as the less sure of the two; `third` counts only where the
    first two differ.

    Where none agree, the surer of the first two; what the other does not share, or has besides, makes its
    characters doubtful.
    """
    ally = next((reading for reading in (one, other) if reading.text == third.text), None)
    if one.text != other.text and ally is not None and ally.glyphs:
        return _confirmed(ally, third, other if ally is one else one)
    return _disputed(*((one, other) if one.confidence >= other.confidence else (other, one)))


def _confirmed(ally: Reading, third: Reading, outvoted: Reading) -> Reading:
    """What two readings say, a digit doubtful that the outvoted one takes for another character, unless both
    are very sure."""
    pairs = zip(ally.glyphs, third.glyphs, strict=True)
    agreed = [replace(glyph, confidence=min(glyph.confidence, twin.confidence)) for glyph, twin in pairs]
    for step in Levenshtein.opcodes(
        [glyph.text for glyph in agreed], [glyph.text for glyph in outvoted.glyphs]
    ):
        for number in range(step.src_start, step.src_end) if step.tag == "replace" else ():
            # The third picture is made of the first two, and no word holds a digit up.
            if agreed[number].text.isdigit() and agreed[number].confidence < rungs.UNDISPUTED:
                agreed[number] = _doubtful(agreed[number], ())
    return Reading(tuple(agreed))


def _disputed(best: Reading, rival: Reading) -> Reading:
    """The surer of two readings, all doubtful in it that the other does not share."""
    texts = [[glyph.text for glyph in reading.glyphs] for reading in (best, rival)]
    glyphs = list(best.glyphs)
    for step in Levenshtein.opcodes(texts[0], texts[1]):
        theirs = rival.glyphs[step.dest_start : step.dest_end]
        if step.tag == "equal":
            continue
        if step.tag == "insert":
            # A character more: those on either side of it may be what was made of it.
            for number in (step.src_start - 1, step.src_start):
                if 0 <= number < len(glyphs):
                    glyphs[number] = _doubtful(glyphs[number], ())
        for offset, number in enumerate(range(step.src_start, step.src_end)):
            glyphs[number] = _doubtful(glyphs[number], theirs[offset : offset + 1])
    return Reading(tuple(glyphs))


def _doubtful(glyph: Glyph, rivals: Sequence[Glyph]) -> Glyph:
    others = (*((rival.text, min(rival.confidence, rungs.LIKELIER)) for rival in rivals), *glyph.others)
    return replace(glyph, confidence=min(glyph.confidence, rungs.LIKELIER), others=others)


def _unclaimed(line: ReadLine, page: FlatPage) -> NDArray[np.bool_]:
    """For each column of the page, whether ink stands there level with `line` and outside every other
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
    """The line, characters that stand beside a stretch of unread ink made doubtful: 20日 with a broken 0 was
    read as 2日."""
    boxes = line.glyph_boxes()
    least = _UNREAD * (line.place.box[3] - line.place.box[1])
    glyphs = list(line.reading.glyphs)
    # A date or a sentence ends in a character, and may have a seal's letter beside it; a number may go on.
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
    _, top, _, bottom = line.place.box
    marks = tuple(bool(over[_part((x0, top, x1, bottom))].mean() > _TOUCHED) for x0, x1 in line.glyph_boxes())
    return replace(line, recovered=marks) if any(marks) else line


def _part(box: tuple[float, float, float, float]) -> tuple[slice, slice]:
    x0, y0, x1, y1 = (max(0, round(v)) for v in box)
    return slice(y0, max(y1, y0 + 1)), slice(x0, max(x1, x0 + 1))
