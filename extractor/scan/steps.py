"""The steps from one picture to its page, in order."""

from extractor.scan.carried import Columns
from extractor.scan.compose import make_page
from extractor.scan.cut_off import find_cut_off
from extractor.scan.dark_mode import on_light_ground
from extractor.scan.decode import Picture
from extractor.scan.dirt import without_dirt
from extractor.scan.faded import find_faded
from extractor.scan.flat import FlatPage
from extractor.scan.handwriting import find_ink
from extractor.scan.highlighter import without_highlighter
from extractor.scan.layers import is_coloured, take_apart
from extractor.scan.lines import read_lines, set_upright
from extractor.scan.ocr import OcrEngine
from extractor.scan.pen_marks import find_pen_marks
from extractor.scan.qr import read_codes
from extractor.scan.ruling import find_grids
from extractor.scan.seals.crossed import find_crossed
from extractor.scan.seals.find import find_seals
from extractor.scan.seals.inscription import read_seals
from extractor.scan.seals.under import read_under_seals
from extractor.scan.struck import mark_struck
from extractor.scan.subpixels import without_fringes
from extractor.scan.underlined import mark_underlined
from extractor.scan.unread_ink import read_unread
from extractor.scan.upright import flatten
from models.page import Page

# Each finds places of which not all was read, or which somebody changed by pen.
_FINDERS = (find_pen_marks, find_crossed, find_cut_off, find_faded)


def read_page(
    picture: Picture, number: int, first_table: int, engine: OcrEngine, turn: int | None = None,
    told: int | None = None, before: Columns | None = None,
) -> Page:  # fmt: skip
    """Read one page. Where it bears our code, the page also tells which form it is.

    `number` is the page's, from 1, and `first_table` the number of tables on the pages before it. `turn` is
    how many quarter turns the page before needed, if it had the same shape. `told` is the number of quarter
    turns that a person said. `before` holds the columns of the table that the
    page before ends with, in points.
    """
    colour = on_light_ground(picture.colour)
    codes = read_codes(colour)
    colour = without_highlighter(without_fringes(codes.without(colour)))
    layers, boxes = set_upright(take_apart(flatten(colour, picture.points)), engine, turn, told)
    ruling = find_grids(layers.black, layers.scale, boxes, layers.inks, before)
    page = FlatPage.of(layers, ruling, find_seals(layers))
    page = read_lines(page, boxes, engine)
    page = read_under_seals(page, engine)
    page, unread = read_unread(page, engine)
    page, dirt = without_dirt(page)
    page, struck = mark_struck(page)
    page = mark_underlined(page)
    found = {
        "ink": find_ink(page),
        "seals": read_seals(page, engine),
        "unread": (*unread, *dirt, *struck, *(box for find in _FINDERS for box in find(page))),
        "coloured": is_coloured(picture.colour),
        "identity": codes.identity,
        "coded": codes.values,
        "code_lost": codes.lost,
    }
    return make_page(page, number, first_table).model_copy(update=found)
