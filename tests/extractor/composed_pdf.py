"""PDFs composed at random, of all that hides, raises, turns or lays over text: for tests of what is
dropped."""

import io
import random
from collections.abc import Callable, Mapping

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    RectangleObject,
    StreamObject,
    TextStringObject,
)

from tests.extractor.pdfs import saved, typeset

_LABELS = ["项目名称", "综合能耗", "联系电话", "建筑面积", "管理政策", "主要任务", "推荐意见", "申报类型"]
_WORDS = [
    "清源园区",
    "每季度核算",
    "Green LED",
    "二氧化碳",
    "18650",
    "9320.5",
    "A7-3",
    "光伏",
    "余热",
    "Solar",
    "低碳",
    "吨标准煤",
]


class Composed:
    """A PDF in the making: what was put on it is in `kinds`, what its fields and notes hold in `held`."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.kinds: list[str] = []
        self.held: list[str] = []

    def words(self) -> str:
        """A few words and a number that hardly comes twice."""
        return f"{self.chance.choice(_WORDS)}{self.chance.randint(100, 99_999)}{self.chance.choice(_WORDS)}"

    def latin(self) -> str:
        """Words that Helvetica has."""
        return f"{self.chance.choice(['Note', 'Part', 'kWh', 'Ltd'])} {self.chance.randint(100, 99_999)}"


# -- what stands in the answers of a table, as Typst markup

_MARKUP: Mapping[str, Callable[[Composed], str]] = {
    "plain": lambda c: c.words(),
    "raised": lambda c: f"{c.words()}#super(typographic: false)[{c.chance.randint(1, 99)}]",
    "lowered": lambda c: f"CO#sub(typographic: false)[{c.chance.randint(1, 9)}] {c.words()}",
    "sizes": lambda c: f"#text(size: {c.chance.randint(5, 18)}pt)[{c.words()}]{c.words()}",
    "white": lambda c: f"{c.words()}#text(fill: white)[{c.words()}]",
    "pale": lambda c: f"{c.words()}#text(fill: luma({c.chance.randint(180, 250)}))[{c.words()}]",
    "covered": lambda c: (
        f"#place(text[{c.words()}])#place(box(fill: white, width: 8em, height: 1.2em))#h(0pt){c.words()}"
    ),
    "turned": lambda c: f"#rotate({c.chance.choice([-90, 90, 180])}deg, reflow: true)[{c.words()}]",
    "leaning": lambda c: f"#rotate({c.chance.randint(5, 30)}deg, reflow: true)[{c.words()}]",
    "struck": lambda c: f"#strike[{c.words()}]{c.words()}",
    "twice": lambda c: f"#place(dx: 0.2pt)[{(w := c.words())}]{w}",
    "ruby": lambda c: f"#place(dy: -0.65em, text(size: 4.5pt)[ming]){c.words()}",
    "table": lambda c: f"#table(columns: 2, [{c.words()}], [{c.words()}], [{c.words()}], [])",
    "long": lambda c: "，".join(c.words() for _ in range(8)),
    "off": lambda c: f"{c.words()}#place(dx: 900pt)[{c.words()}]",
}


def _page(composed: Composed) -> str:
    rows = []
    for label in composed.chance.sample(_LABELS, composed.chance.randint(3, 5)):
        kind = composed.chance.choice(sorted(_MARKUP))
        composed.kinds.append(kind)
        rows.append(f"[{label}], [{_MARKUP[kind](composed)}]")
    outside = composed.chance.choice(sorted(_MARKUP))
    composed.kinds.append(outside)
    ruled = composed.chance.random() < 0.8
    stroke = "0.5pt" if ruled else "none"
    return (
        f"{_MARKUP[outside](composed)}\n\n#table(columns: (1fr, 3fr), stroke: "
        f"{stroke}, {', '.join(rows)})\n\n{composed.words()}"
    )


# -- what is laid over, under or beside a page


def _content(writer: PdfWriter, composed: Composed, operators: str) -> None:
    """Paints on top of the last page, with Helvetica as FH, Symbol as FS and a layer that is off as Off."""
    page = writer.pages[-1]
    resources = page["/Resources"]
    assert isinstance(resources, DictionaryObject)
    fonts = resources.setdefault(NameObject("/Font"), DictionaryObject()).get_object()
    for name, base in (("/FH", "/Helvetica"), ("/FS", "/Symbol")):
        font = DictionaryObject(
            {NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1")}
        )
        font[NameObject("/BaseFont")] = NameObject(base)
        fonts[NameObject(name)] = writer._add_object(font)
    layer = writer._add_object(
        DictionaryObject(
            {NameObject("/Type"): NameObject("/OCG"), NameObject("/Name"): TextStringObject("off")}
        )
    )
    properties = resources.setdefault(NameObject("/Properties"), DictionaryObject()).get_object()
    properties[NameObject("/Off")] = layer
    default = DictionaryObject({NameObject("/OFF"): ArrayObject([layer])})
    writer.root_object[NameObject("/OCProperties")] = DictionaryObject(
        {NameObject("/OCGs"): ArrayObject([layer]), NameObject("/D"): default}
    )
    form = StreamObject()
    form.set_data(f"BT /FH 9 Tf 0 0 Td ({composed.latin()}) Tj ET".encode())
    form.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): RectangleObject((0, -5, 200, 20)),
            NameObject("/Resources"): resources,
            NameObject("/OC"): layer,
        }
    )
    objects = resources.setdefault(NameObject("/XObject"), DictionaryObject()).get_object()
    objects[NameObject("/Hidden")] = writer._add_object(form)
    stream = StreamObject()
    stream.set_data(b"\nq\n" + operators.encode("latin-1") + b"\nQ\n")
    before = page["/Contents"].get_object()
    start = StreamObject()
    start.set_data(b"q\n")
    end = StreamObject()
    end.set_data(b"\nQ\n")
    parts = list(before) if isinstance(before, ArrayObject) else [page.raw_get("/Contents")]
    page[NameObject("/Contents")] = ArrayObject(
        [writer._add_object(start), *parts, writer._add_object(end), writer._add_object(stream)]
    )


def _say(
    composed: Composed, before: str = "", x: float | None = None, size: float | None = None, font: str = "FH"
) -> str:
    x = composed.chance.randint(40, 250) if x is None else x
    size = size or composed.chance.choice([5, 9, 12])
    return (
        f"{before} BT /{font} {size} Tf {x} {composed.chance.randint(20, 280)} Td ({composed.latin()}) Tj ET"
    )


_OPERATORS: Mapping[str, Callable[[Composed], str]] = {
    "typed over": _say,
    "invisible": lambda c: _say(c, "3 Tr"),
    "clipped": lambda c: _say(c, "0 0 5 5 re W n"),
    "transparent white": lambda c: _say(c, "1 g"),
    "tiny": lambda c: _say(c, size=0.7),
    "beyond the edge": lambda c: _say(c, x=c.chance.choice([-300, 700])),
    "layer off": lambda c: f"/OC /Off BDC {_say(c)} EMC",
    "form on a layer off": lambda c: "1 0 0 1 60 60 cm /Hidden Do",
    "symbols": lambda c: _say(c, font="FS"),
    "upside down": lambda c: _say(c, "-1 0 0 -1 400 300 cm"),
    "spread": lambda c: _say(c, "8 Tc"),
    "patch": lambda c: f"1 g 60 {c.chance.randint(50, 200)} 120 30 re f 0 g {_say(c)}",
}


def _annotate(writer: PdfWriter, composed: Composed) -> str:
    """A note or field somewhere on the last page, or nowhere."""
    chance = composed.chance
    kind = chance.choice(
        ["Text", "Highlight", "FreeText", "Square", "Stamp", "field", "hidden field", "field without a place"]
    )
    said = composed.words()
    composed.held.append(said)
    x, y = chance.randint(30, 300), chance.randint(30, 250)
    one = DictionaryObject({NameObject("/Type"): NameObject("/Annot")})
    one[NameObject("/Rect")] = ArrayObject([FloatObject(n) for n in (x, y, x + 90, y + 16)])
    if "field" not in kind:
        one[NameObject("/Subtype")] = NameObject(f"/{kind}")
        one[NameObject("/Contents")] = TextStringObject(said)
    else:
        one[NameObject("/Subtype")], one[NameObject("/FT")] = NameObject("/Widget"), NameObject("/Tx")
        one[NameObject("/T")] = TextStringObject(f"f{chance.randint(0, 10**6)}")
        one[NameObject("/V")] = TextStringObject(said)
        one[NameObject("/F")] = NumberObject(2 if kind == "hidden field" else 4)
    reference = writer._add_object(one)
    if kind != "field without a place":
        page = writer.pages[-1]
        page.setdefault(NameObject("/Annots"), ArrayObject()).get_object().append(reference)
    if "field" in kind:
        form = writer.root_object.setdefault(NameObject("/AcroForm"), DictionaryObject()).get_object()
        form.setdefault(NameObject("/Fields"), ArrayObject()).get_object().append(reference)
    return kind


def composed(seed: int) -> tuple[bytes, Composed]:
    """A PDF of one or two pages, and what was put into it."""
    made = Composed(seed)
    writer = PdfWriter()
    for _ in range(made.chance.choice([1, 1, 2])):
        writer.append(PdfReader(io.BytesIO(typeset(_page(made)))), pages=(0, 1))
        for kind in made.chance.sample(sorted(_OPERATORS), made.chance.randint(0, 3)):
            made.kinds.append(kind)
            _content(writer, made, _OPERATORS[kind](made))
        for _ in range(made.chance.randint(0, 2)):
            made.kinds.append(_annotate(writer, made))
        page = writer.pages[-1]
        if made.chance.random() < 0.2:
            made.kinds.append("cropped")
            page.cropbox = RectangleObject((60, 40, 420, 300))
        if made.chance.random() < 0.25:
            made.kinds.append("turned page")
            page.rotate(made.chance.choice([90, 180, 270]))
            if made.chance.random() < 0.5 and "/Annots" not in page:
                page.transfer_rotation_to_content()
    return saved(writer), made
