"""The steps from one picture to its page, in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from extractor.scan.bands import without_bands
from extractor.scan.carried import Columns, columns_of
from extractor.scan.compose import make_page
from extractor.scan.cores import cores
from extractor.scan.cut_off import find_cut_off
from extractor.scan.cut_short import read_to_ends
from extractor.scan.dark_fills import on_light_fills
from extractor.scan.dark_mode import on_light_ground
from extractor.scan.decode import Picture
from extractor.scan.dirt import without_dirt
from extractor.scan.dithered import without_dither
from extractor.scan.faded import find_faded
from extractor.scan.flat import FlatPage
from extractor.scan.frames import is_plain, lay_flat
from extractor.scan.handwriting import find_ink
from extractor.scan.highlighter import without_highlighter
from extractor.scan.layers import Gray, Layers, is_coloured, take_apart
from extractor.scan.level import read_level
from extractor.scan.lines import detect, read_lines, set_upright
from extractor.scan.ocr import OcrEngine
from extractor.scan.option_marks import mark_options
from extractor.scan.pen_marks import find_pen_marks
from extractor.scan.pen_writing import read_pen_writing
from extractor.scan.put_in import put_in
from extractor.scan.qr import Codes, read_codes
from extractor.scan.ruling import Ruling, cleaned_or, find_grids
from extractor.scan.seals.crossed import find_crossed
from extractor.scan.seals.find import find_seals
from extractor.scan.seals.inscription import read_seals
from extractor.scan.seals.under import read_under_seals
from extractor.scan.second_ink import read_second_ink
from extractor.scan.soiled import find_soiled, read_with_dirt
from extractor.scan.stamp_words import without_words
from extractor.scan.stamped import find_stamped, stamp_marks
from extractor.scan.stamps import find_stamps, without_ink
from extractor.scan.struck import mark_struck
from extractor.scan.subpixels import without_fringes
from extractor.scan.underlined import mark_underlined
from extractor.scan.unread_ink import read_unread
from extractor.scan.upright import flatten
from models.geometry import Rect
from models.page import Page

# Each finds places of which not all was read, or which somebody changed by pen.
_FINDERS = (find_pen_marks, find_crossed, find_cut_off, find_faded, find_soiled, find_stamped)


@dataclass(frozen=True)
class Sheet:
    """A page that stands upright, before its lines are read. `boxes` are those of its lines, in pixels.
    `coloured` tells whether its picture is. `soiled` is its text layer with the bands of dirt that were taken
    off `layers`; None where there are none."""

    layers: Layers
    boxes: Sequence[Rect]
    ruling: Ruling
    codes: Codes
    coloured: bool
    soiled: Gray | None = None

    @property
    def columns(self) -> Columns | None:
        """The columns, in points, in which a form may go on on the next page."""
        return columns_of(self.ruling.grids, self.layers.scale)


def to_sheet(
    picture: Picture, engine: OcrEngine, turn: int | None = None, told: int | None = None,
    before: Columns | None = None,
) -> Sheet:  # fmt: skip
    """Return the page that a picture shows, flat and upright, with its tables.

    `turn` is how many quarter turns the page before needed, if it had the same shape, and `told` how many a
    person said. `before` holds the columns, in points, of the table that the page before ends with.
    """
    codes, apart = _apart(picture, engine)
    layers, boxes = set_upright(apart, engine, turn, told)
    cleaned = without_bands(layers.text, boxes, layers.scale)
    if cleaned is None:
        ruling = find_grids(layers.black, layers.scale, boxes, layers.inks, before)
        return Sheet(layers, boxes, ruling, codes, is_coloured(picture.colour))
    clean = replace(layers, text=cleaned)
    boxes = detect(clean, engine)
    # What was taken for a band may be a rule that runs down the sheet.
    ruling, other = (find_grids(one.black, one.scale, boxes, one.inks, before) for one in (clean, layers))
    ruling = cleaned_or(ruling, other, boxes)
    return Sheet(clean, boxes, ruling, codes, is_coloured(picture.colour), layers.text)


def _apart(picture: Picture, engine: OcrEngine) -> tuple[Codes, Layers]:
    """Return the codes in a picture, and the layers of its page, flat and without stamps."""
    colour = on_light_ground(picture.colour)
    plain = is_plain(colour)
    if plain:
        colour = without_dither(colour)
    codes = read_codes(colour, plain)
    colour = codes.without(colour)
    if not plain:
        colour = without_highlighter(without_fringes(colour))
    stamps = find_stamps(colour, plain)
    bare, inked = without_ink(colour, stamps)
    if inked is None:
        bare, inked = without_words(colour, stamps, engine)
    flat = flatten(bare, picture.points, stamps, plain or None)
    layers = take_apart(replace(flat, colour=on_light_fills(flat.colour, flat.scale)))
    if inked is not None and flat.frame:
        layers = replace(layers, stamped=lay_flat(inked, flat.frame, plain=True)[..., 0])
        if any(stamp.ink == "red" for stamp in stamps):
            # Red ink is a layer of its own, and a red stamp is found there as a seal.
            layers = layers.with_red(take_apart(replace(flat, colour=lay_flat(colour, flat.frame))))
    return codes, layers


def read_sheet(sheet: Sheet, number: int, engine: OcrEngine) -> Page:
    """Read what stands on page `number`, from 1. Where it bears our code, the page also tells which form it
    is."""
    layers, boxes, codes = sheet.layers, sheet.boxes, sheet.codes
    page = FlatPage.of(layers, sheet.ruling, find_seals(layers), sheet.soiled)
    page = read_with_dirt(read_lines(page, boxes, engine), engine)
    page = read_under_seals(page, engine)
    page, short = read_to_ends(page, engine)
    page, unread = read_unread(page, engine)
    page, dirt = without_dirt(page)
    page, ringed = mark_options(page, engine)
    page, level = read_level(page, engine)
    page, struck = mark_struck(page)
    page, written = read_pen_writing(page, engine)
    page, coloured = read_second_ink(page, engine)
    page, added = put_in(page)
    page = mark_underlined(page)
    # None of these needs what another finds, so they may share the cores.
    looks: Sequence[Callable[[FlatPage], Any]] = (
        *_FINDERS,
        find_ink,
        lambda page: make_page(page, number),
        lambda page: read_seals(page, engine),
    )
    *doubts, ink, made, seals = cores(engine.threads).each(lambda look: look(page), looks)
    found = {
        "ink": ink,
        "seals": (*seals, *stamp_marks(page)),
        "unread": (
            *short,
            *unread,
            *dirt,
            *ringed,
            *level,
            *struck,
            *written,
            *coloured,
            *added,
            *(box for boxes in doubts for box in boxes),
        ),
        "coloured": sheet.coloured,
        "identity": codes.identity,
        "coded": codes.values,
        "code_lost": codes.lost,
    }
    return cast(Page, made).model_copy(update=found)
