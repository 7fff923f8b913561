"""Word files composed at random, of all that Word can put into a table of labels and answers: for tests of
what is dropped."""

import random

from tests.extractor.documents import NAMESPACES, cell, paragraph, row, table
from tests.extractor.word_contents import KINDS, control
from tests.extractor.word_package import WORD, Composed

_LABELS = ["项目名称", "综合能耗", "联系电话", "建筑面积", "管理政策", "主要任务", "推荐意见", "申报类型"]


def composed(seed: int) -> tuple[bytes, tuple[str, ...]]:
    """A Word file, and the kinds of content in it."""
    file = Composed(random.Random(seed))
    chance = file.chance
    rows, used = [], []
    for label in chance.sample(_LABELS, chance.randint(3, 6)):
        names = chance.sample(sorted(KINDS), chance.randint(1, 2))
        used += names
        rows.append(_row(file, label, "".join(KINDS[name](file) for name in names)))
    cut = chance.choice([0, 1, 2])
    tables = [table(*rows)] if not cut else [table(*rows[:cut]), paragraph(file.words()), table(*rows[cut:])]
    outside = chance.sample(sorted(KINDS), 2)
    body = paragraph(file.words()) + "".join(tables) + "".join(KINDS[name](file) for name in outside)
    return file.finished(body + _section(file)), (*used, *outside)


def _row(file: Composed, label: str, content: str) -> str:
    """A row of a label and an answer, in one of the ways in which rows come."""
    answer = f"<w:tc><w:tcPr/>{content}</w:tc>"
    if not content.endswith("</w:p>"):
        answer = f"<w:tc><w:tcPr/>{content}<w:p/></w:tc>"
    way = file.chance.choice(
        ["plain"] * 6
        + [
            "cell control",
            "row control",
            "prompt cell",
            "hidden",
            "deleted",
            "covered",
            "unknown",
            "xml",
            "alternate",
        ]
    )
    whole = row(cell(label), answer)
    if way == "cell control":
        return row(cell(label), control(answer))
    if way == "prompt cell":
        return row(cell(label), control(cell(file.words()), "<w:showingPlcHdr/>")) + whole
    if way == "row control":
        return control(whole, file.chance.choice(["", "<w:showingPlcHdr/>"]))
    if way in ("hidden", "deleted"):
        return (
            row(
                cell(file.words()),
                cell(file.words()),
                properties="<w:hidden/>" if way == "hidden" else "<w:del/>",
            )
            + whole
        )
    if way == "covered":
        merged = cell(file.words(), properties="<w:vMerge/>")
        return row(cell(label, properties='<w:vMerge w:val="restart"/>'), answer) + row(
            merged, cell(file.words())
        )
    if way == "unknown":
        return (
            whole
            + f'<x:row xmlns:x="urn:x">{row(file.words())}</x:row>'
            + row(f"<w:newCell>{cell(file.words())}</w:newCell>", "")
        )
    if way == "xml":
        return (
            f'<w:customXml w:element="a">{row(cell(label), f"<w:customXml>{answer}</w:customXml>")}</'
            "w:customXml>"
        )
    if way == "alternate":
        return f'<mc:AlternateContent><mc:Choice Requires="w14">{whole}</mc:Choice></mc:AlternateContent>'
    return whole


def _section(file: Composed) -> str:
    """The section at the end, often with a header, a footer and a watermark."""
    said = ""
    for kind, tag in (("header", "hdr"), ("footer", "ftr")):
        if file.chance.random() < 0.5:
            mark = f'<w:r><w:pict><v:shape><v:textpath string="{file.words()}"/></v:shape></w:pict></w:r>'
            inner = paragraph(file.words(), file.chance.choice(["", mark])) + control(paragraph(file.words()))
            link = file.part(
                kind, f"{kind}1.xml", f"<w:{tag} {NAMESPACES}>{inner}</w:{tag}>", f"{WORD}.{kind}+xml"
            )
            said += f'<w:{kind}Reference w:type="default" r:id="{link}"/>'
    return f'<w:sectPr>{said}<w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'
