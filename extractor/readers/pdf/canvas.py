"""The content of a page that a person can see: glyphs, strokes and pictures, each with its place and its
turn.

pdfminer's interpreter runs the content of a page that pdfplumber opened. This canvas keeps what pdfplumber's
own objects leave out: clipping, optional content, transparency, render modes, the order of painting and the
character codes. Coordinates are points from the top left of the page as it is shown, with crop box and
rotation applied. The operators are those of ISO 32000-1, annex A.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, cast

from pdfminer.pdfdevice import PDFTextDevice
from pdfminer.pdffont import PDFFont, PDFUnicodeNotDefined
from pdfminer.pdfinterp import PDFGraphicState, PDFPageInterpreter, PDFTextState
from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import PDFStream, resolve1
from pdfminer.psparser import PSLiteral
from pdfminer.utils import Matrix, apply_matrix_pt, apply_matrix_rect, mult_matrix

from extractor.limits import PdfLimits
from extractor.readers.painted.colours import to_rgb
from extractor.readers.painted.page import BLACK, MAX_PAINTED, Glyph, Image, Sight, Stroke
from extractor.readers.pdf.layers import Layers, name_of
from extractor.readers.pdf.plumbed import OpenPdf
from extractor.work import Allowance, words_in
from models.errors import Hostile
from models.geometry import Point, Rect, area, around, contains, meet, middle

# The most forms that a page may draw, and the most bytes that one content may unpack to.
MAX_FORMS = 5_000
MAX_CONTENT_BYTES = 64 << 20
# A shading costs as much as so many glyphs.
_A_SHADING = 500
_INVISIBLE_MODES = (3, 7)
_FAKE_BOLD_MODES = (2, 6)


class Canvas(PDFTextDevice):
    """The device that the interpreter paints on. It keeps one `Sight`."""

    def __init__(self, painter: "Painter", paper: Rect) -> None:
        super().__init__(painter.manager)
        self.layers, self.work = painter.layers, painter.work
        self.sight = Sight()
        self.clip = paper
        self.fill_alpha = 1.0
        self.stroke_alpha = 1.0
        self.multiplies = False
        self.forms = 0
        self.within: list[int | None] = []
        self._painted = 0
        self.tags: list[bool] = []
        self._mode = 0
        self._names: dict[PDFFont, str] = {}
        self.turns: Counter[int] = Counter()

    @property
    def state(self) -> tuple[Rect, float, float, bool]:
        """The state that `q` saves beyond pdfminer's own."""
        return self.clip, self.fill_alpha, self.stroke_alpha, self.multiplies

    def restore(self, state: tuple[Rect, float, float, bool]) -> None:
        self.clip, self.fill_alpha, self.stroke_alpha, self.multiplies = state

    def fresh(self) -> Sight:
        """Start a new `Sight`, which is painted after everything before."""
        self.sight = Sight()
        self.tags.clear()
        return self.sight

    def tag(self, hidden: bool) -> None:
        self.tags.append(hidden)

    def end_tag(self) -> None:
        if self.tags:
            self.tags.pop()

    def _turn(self) -> int:
        self._painted += 1
        self.work.painted.spend()
        if self._painted > MAX_PAINTED:
            raise Hostile("PDF 一页中的图形或文字多得不合常理")
        return self._painted

    def render_string(
        self, textstate: PDFTextState, seq: Any, ncs: Any, graphicstate: PDFGraphicState
    ) -> None:
        self._mode = textstate.render
        super().render_string(textstate, seq, ncs, graphicstate)

    def render_char(
        self,
        matrix: Matrix,
        font: PDFFont,
        fontsize: float,
        scaling: float,
        rise: float,
        cid: int,
        ncs: Any,
        graphicstate: PDFGraphicState,
    ) -> float:
        try:
            text = font.to_unichr(cid)
        except PDFUnicodeNotDefined:
            text = ""
        advance = font.char_width(cid) * fontsize * scaling
        box = apply_matrix_rect(matrix, _glyph_box(font, cid, fontsize, advance, rise))
        turn = _turn_of(matrix)
        upright = turn == 0
        baseline = apply_matrix_pt(matrix, (0, rise))[1] if upright and not font.is_vertical() else None
        colour = to_rgb(
            graphicstate.scolor if self._mode == 1 else graphicstate.ncolor, getattr(ncs, "name", "")
        )
        seen = (
            self._mode not in _INVISIBLE_MODES
            and self.fill_alpha > 0.05
            and not any(self.tags)
            and self._inside(box)
        )
        self.turns[turn] += seen and not text.isspace()
        self.sight.glyphs.append(
            Glyph(
                text=text,
                box=box,
                size=abs(fontsize) * (matrix[2] ** 2 + matrix[3] ** 2) ** 0.5,
                font=self._names.get(font) or self._names.setdefault(font, _basename_of(font)),
                font_key=id(font),
                code=cid,
                colour=colour,
                bold=self._mode in _FAKE_BOLD_MODES,
                upright=upright,
                z=self._turn(),
                seen=seen,
                baseline=baseline,
            )
        )
        return advance

    def _inside(self, box: Rect) -> bool:
        if contains(self.clip, *middle(box)):
            return True
        shown = meet(box, self.clip)
        return shown[2] > shown[0] and area(shown) > 0.3 * area(box) > 0

    def paint_path(
        self, graphicstate: PDFGraphicState, stroke: bool, fill: bool, evenodd: bool, path: Any
    ) -> None:
        if any(self.tags):
            return
        line = to_rgb(graphicstate.scolor, graphicstate.scs.name) or BLACK
        body = to_rgb(graphicstate.ncolor, graphicstate.ncs.name) or (0.5, 0.5, 0.5)
        stroke, fill = stroke and self.stroke_alpha > 0.05, fill and self.fill_alpha > 0.05
        if not stroke and not fill:
            return
        width = graphicstate.linewidth
        for points, axial in _subpaths(path, self.ctm):
            z = self._turn()
            box = meet(around((x, y, x, y) for x, y in points), _grown(self.clip, width / 2))
            if box[2] < box[0] or box[3] < box[1]:
                continue
            opaque = fill and self.fill_alpha > 0.9 and not self.multiplies
            self.sight.strokes.append(
                Stroke(points, box, line if stroke else None, body if fill else None, width, axial, z, opaque)
            )

    def render_image(self, name: str, stream: PDFStream) -> None:
        # Whether it is seen or not: pdfium decodes it each time that it is drawn.
        self.work.pixels.spend(_pixels(stream))
        if any(self.tags) or self.fill_alpha <= 0.05:
            return
        box = meet(apply_matrix_rect(cast(Matrix, self.ctm), (0, 0, 1, 1)), self.clip)
        if box[2] >= box[0] and box[3] >= box[1]:
            see_through = (
                any(key in stream for key in ("SMask", "Mask", "ImageMask", "IM")) or self.multiplies
            )
            self.sight.images.append(Image(box, self._turn(), not see_through and self.fill_alpha > 0.9))


def _pixels(stream: PDFStream) -> int:
    sides = (resolve1(stream.get_any(names)) for names in (("Width", "W"), ("Height", "H")))
    wide, high = (max(0, side) if isinstance(side, int) else 0 for side in sides)
    return wide * high


def _turn_of(matrix: Matrix) -> int:
    """Return by how many quarters characters are turned clockwise as shown. It is the direction in which
    their feet stand in a row."""
    along, down = matrix[0], matrix[1]
    if abs(along) + abs(matrix[3]) >= abs(down) + abs(matrix[2]):
        return 0 if along >= 0 else 2
    return 1 if down > 0 else 3


def _grown(box: Rect, by: float) -> Rect:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _glyph_box(font: PDFFont, cid: int, fontsize: float, advance: float, rise: float) -> Rect:
    if not font.is_vertical():
        low = font.get_descent() * fontsize + rise
        return 0, low, advance, low + fontsize
    shift = cast(tuple[float | None, float], font.char_disp(cid))
    vx = fontsize * 0.5 if shift[0] is None else shift[0] * fontsize * 0.001
    vy = (1000 - shift[1]) * fontsize * 0.001
    return -vx, vy + rise + advance, -vx + fontsize, vy + rise


def _basename_of(font: PDFFont) -> str:
    raw = font.fontname
    name = raw.decode("gb18030", "replace") if isinstance(raw, bytes) else str(raw)
    prefix, plus, rest = name.partition("+")
    return rest if plus and len(prefix) == 6 else name


def _subpaths(path: Iterable[tuple[Any, ...]], ctm: Any) -> Iterable[tuple[tuple[Point, ...], bool]]:
    """Yield each sub-path's points on the page, and whether all its parts are level or plumb."""
    points: list[Point] = []
    axial = True
    for operator, *numbers in path:
        if operator == "m":
            if len(points) > 1:
                yield tuple(points), axial
            points, axial = [apply_matrix_pt(ctm, (numbers[0], numbers[1]))], True
        elif operator == "h":
            if points:
                points.append(points[0])
        elif points:
            points.append(apply_matrix_pt(ctm, (numbers[-2], numbers[-1])))
        if operator not in "m" and len(points) > 1:
            (ax, ay), (bx, by) = points[-2], points[-1]
            axial = axial and operator in "lh" and (abs(ax - bx) < 0.7 or abs(ay - by) < 0.7)
    if len(points) > 1:
        yield tuple(points), axial


class Interpreter(PDFPageInterpreter):
    """pdfminer's interpreter with the features that it lacks: clipping, transparency and optional content."""

    device: Canvas

    def execute(self, streams: Sequence[object]) -> None:
        for one in streams:
            content = resolve1(one)
            if isinstance(content, PDFStream):
                check_size(content)
                self.device.work.words.spend(words_in(content.get_data()))
        super().execute(streams)

    def init_state(self, ctm: Matrix) -> None:
        super().init_state(ctm)
        self._saved: list[tuple[Rect, float, float, bool]] = []

    def do_q(self) -> None:
        super().do_q()
        self._saved.append(self.device.state)

    def do_Q(self) -> None:
        super().do_Q()
        if self._saved:
            self.device.restore(self._saved.pop())

    def do_W(self) -> None:
        points = [apply_matrix_pt(self.ctm, (part[-2], part[-1])) for part in self.curpath if len(part) > 2]
        if points:
            self.device.clip = meet(self.device.clip, around((x, y, x, y) for x, y in points))

    def do_W_a(self) -> None:
        self.do_W()

    def do_gs(self, name: Any) -> None:
        state = resolve1((resolve1(self.resources.get("ExtGState")) or {}).get(name_of(name)))
        if not isinstance(state, dict):
            return
        for key, attribute in (("ca", "fill_alpha"), ("CA", "stroke_alpha")):
            value = resolve1(state.get(key))
            if isinstance(value, int | float):
                setattr(self.device, attribute, float(value))
        if "BM" in state:
            mode = resolve1(state["BM"])
            self.device.multiplies = name_of(mode[0] if isinstance(mode, list) and mode else mode) not in (
                "Normal",
                "Compatible",
                "",
            )

    def do_sh(self, name: object) -> None:
        # It fills all that is not clipped, and pdfium draws it pixel by pixel.
        self.device.work.painted.spend(_A_SHADING)
        super().do_sh(name)

    def do_BMC(self, tag: Any) -> None:
        self.device.tag(False)

    def do_BDC(self, tag: Any, props: Any) -> None:
        hidden = False
        if name_of(tag) == "OC" and isinstance(props, PSLiteral):
            hidden = self.device.layers.hides(
                (resolve1(self.resources.get("Properties")) or {}).get(props.name)
            )
        self.device.tag(hidden)

    def do_Do(self, xobjid_arg: Any) -> None:
        stream = resolve1(self.xobjmap.get(name_of(xobjid_arg)))
        if not isinstance(stream, PDFStream):
            return
        self.device.forms += 1
        if self.device.forms > MAX_FORMS:
            raise Hostile("PDF 中的图形对象层层套用，多得不合常理")
        if stream.objid is not None and stream.objid in self.device.within:
            # pdfminer leaves the object out; pdfium goes on until the memory is used up.
            raise Hostile("PDF 中的图形对象套用了自身")
        before = self.device.state
        bbox = resolve1(stream.get("BBox"))
        if name_of(stream.get("Subtype")) == "Form" and isinstance(bbox, list):
            check_size(stream)
            matrix = mult_matrix(tuple(resolve1(stream.get("Matrix")) or (1, 0, 0, 1, 0, 0)), self.ctm)
            self.device.clip = meet(self.device.clip, apply_matrix_rect(matrix, _numbers(bbox)))
        self.device.within.append(stream.objid)
        tags = self.device.tags
        self.device.tags = [*tags, self.device.layers.hides(stream.get("OC"))]
        super().do_Do(xobjid_arg)
        # The form may have left tags open, or closed too many.
        self.device.tags = tags
        self.device.within.pop()
        self.device.restore(before)
        self.device.set_ctm(self.ctm)


def _numbers(values: Any) -> Rect:
    x0, y0, x1, y1 = (float(resolve1(value)) for value in values)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def check_size(stream: PDFStream) -> None:
    """Raise Hostile when a deflated stream would grow beyond all reason; pdfminer itself has no limit."""
    raw = stream.get_rawdata()
    if raw is None or stream.decipher is not None or len(raw) * 1100 < MAX_CONTENT_BYTES:
        return
    try:
        grown = zlib.decompressobj().decompress(raw, MAX_CONTENT_BYTES)
    except zlib.error:
        return
    if len(grown) >= MAX_CONTENT_BYTES:
        raise Hostile("PDF 中的数据解压后大得不合常理")


class Work:
    """What painting a document may still cost."""

    def __init__(self, limits: PdfLimits) -> None:
        self.words = Allowance(limits.words, "PDF 内容中的操作和数值")
        self.painted = Allowance(limits.painted, "PDF 中的文字和图形")
        self.pixels = Allowance(limits.pixels, "PDF 图片的像素")


class Painter:
    """The painter of pages and appearance streams of one document; it reads each font once."""

    def __init__(self, pdf: OpenPdf, limits: PdfLimits = PdfLimits()) -> None:
        self.manager = pdf.rsrcmgr
        self.work = Work(limits)
        self.layers = Layers(pdf.doc.catalog)

    def page(self, page: PDFPage) -> "PageCanvas":
        """Paint the content of `page`."""
        return PageCanvas(self, page)


class PageCanvas:
    """A painted page, on which the appearances of annotations can be painted next."""

    def __init__(self, painter: Painter, page: PDFPage) -> None:
        self.matrix, self.width, self.height = page_matrix(page)
        self.layers = painter.layers
        self.size: Rect = (0, 0, self.width, self.height)
        self._canvas = Canvas(painter, self.size)
        self._manager = painter.manager
        self.sight = self._canvas.sight
        self._run(page.resources, page.contents, self.matrix)
        turn, count = max(self._canvas.turns.items(), key=lambda one: one[1], default=(0, 0))
        # So many quarter turns counter-clockwise would set most of its characters upright.
        self.quarters = turn if 2 * count > self._canvas.turns.total() else 0

    def place(self, rect: Any) -> Rect:
        """Return a rectangle of the page's own coordinates as shown."""
        return apply_matrix_rect(self.matrix, _numbers(resolve1(rect)))

    def appearance(self, stream: PDFStream, rect: Any) -> Sight:
        """Return what an annotation's appearance paints into its rectangle (ISO 32000-1, 12.5.5, algorithm
        8.1)."""
        check_size(stream)
        sight = self._canvas.fresh()
        bbox = _numbers(resolve1(stream.get("BBox")) or (0, 0, 1, 1))
        own = cast(
            Matrix, tuple(float(resolve1(n)) for n in (resolve1(stream.get("Matrix")) or (1, 0, 0, 1, 0, 0)))
        )
        x0, y0, x1, y1 = apply_matrix_rect(own, bbox)
        tx0, ty0, tx1, ty1 = _numbers(resolve1(rect))
        sx, sy = ((tx1 - tx0) / (x1 - x0) if x1 > x0 else 1.0), ((ty1 - ty0) / (y1 - y0) if y1 > y0 else 1.0)
        fitted = mult_matrix(mult_matrix(own, (sx, 0, 0, sy, tx0 - x0 * sx, ty0 - y0 * sy)), self.matrix)
        self._canvas.restore((meet(self.size, apply_matrix_rect(fitted, bbox)), 1.0, 1.0, False))
        self._run(resolve1(stream.get("Resources")) or {}, [stream], fitted)
        return sight

    def _run(self, resources: Any, streams: Any, ctm: Matrix) -> None:
        Interpreter(self._manager, self._canvas).render_contents(resources or {}, streams, ctm=ctm)


def page_matrix(page: PDFPage) -> tuple[Matrix, float, float]:
    """Return the matrix from the page's own coordinates to points from the top left of what is shown, with
    its width and height."""
    mx0, my0, mx1, my1 = meet(page.mediabox, page.cropbox)
    if mx1 <= mx0 or my1 <= my0:
        mx0, my0, mx1, my1 = page.mediabox
    wide, high = mx1 - mx0, my1 - my0
    turns: dict[int, Matrix] = {
        0: (1, 0, 0, -1, -mx0, my1),
        90: (0, 1, 1, 0, -my0, -mx0),
        180: (-1, 0, 0, 1, mx1, -my0),
        270: (0, -1, -1, 0, my1, mx1),
    }
    rotate = page.rotate % 360
    return turns.get(rotate, turns[0]), *((high, wide) if rotate in (90, 270) else (wide, high))
