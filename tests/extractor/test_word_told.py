"""What a Word file or a web page holds and no answer does: it is told, at its place or aside."""

import random
from pathlib import Path

import pytest

from extractor import Options, Source, extract
from extractor.limits import ZipLimits
from extractor.readers.html import read_html
from extractor.readers.word import read_word, read_word_xml
from models.findings import CATALOGUE
from models.page import AsideKind, Line, Pages, Picture, Remark, Table
from tests.extractor.documents import NAMESPACES, cell, docx, paragraph, row, run, table
from tests.extractor.test_word_formulas import eq
from tests.extractor.test_word_silent import FORM, accepted, results, source, sources
from tests.extractor.word_contents import control
from tests.extractor.word_package import Composed

UNKNOWN = '<x:new xmlns:x="urn:x">{}</x:new>'


def seen(pages: Pages) -> tuple[str, list[tuple[str, str]], list[tuple[AsideKind, str]]]:
    """The text, the remarks, and what stands aside."""
    lines: list[Line] = []
    for block in pages.pages[0].blocks:
        lines += [block] if isinstance(block, Line) else [line for one in block.cells for line in one.lines]
    remarks = [(span.code, span.text) for line in lines for span in line.spans if isinstance(span, Remark)]
    text = "\n".join(line.text for line in lines if line.spans)
    return text.strip(), remarks, [(aside.kind, aside.text) for aside in pages.aside]


def word(body: str) -> tuple[str, list[tuple[str, str]], list[tuple[AsideKind, str]]]:
    return seen(read_word(docx(body), ZipLimits()))


@pytest.mark.parametrize(
    "content",
    [
        paragraph("18650", UNKNOWN.format(run("00"))),
        paragraph("18650", f"<w:r>{UNKNOWN.format('<w:t>00</w:t>')}</w:r>"),
        paragraph("18650") + UNKNOWN.format(paragraph("00")),
        paragraph("18650") + run("00"),
        paragraph("18650", paragraph("00")),
        paragraph("18650", f"<w:newRun>{run('00')}</w:newRun>"),
    ],
)
def test_what_nobody_knows_sends_the_answer_to_review(content: str, tmp_path: Path) -> None:
    text, remarks, _ = word(content)
    assert (text, remarks) == ("18650", [("element-unknown", "00")])
    assert CATALOGUE["element-unknown"].doubt
    assert "energy" not in accepted(tmp_path, energy=cell(content))


def test_what_nobody_knows_and_holds_nothing_is_nothing(tmp_path: Path) -> None:
    empty = UNKNOWN.format('<x:more a="1"/>')
    content = paragraph("18650", empty, f"<w:r>{empty}</w:r>") + empty
    assert word(content)[1] == []
    assert "energy" in accepted(tmp_path, energy=cell(content))


def test_an_unknown_picture_is_told() -> None:
    drawn = UNKNOWN.format('<a:blip r:embed="rId1"/>')
    assert word(paragraph("甲", drawn))[1] == [("element-unknown", "图片")]


def test_what_stands_between_rows_and_cells_is_told_to_those_beside_it() -> None:
    between = UNKNOWN.format(row("旁注"))
    body = table(
        row("综合能耗", "1"), between, f"<w:tr>{cell('面积')}{UNKNOWN.format(cell('改'))}{cell('2')}</w:tr>"
    )
    block = read_word(docx(body), ZipLimits()).pages[0].blocks[0]
    assert isinstance(block, Table)
    told = {
        one.text: {span.text for line in one.lines for span in line.spans if isinstance(span, Remark)}
        for one in block.cells
    }
    assert told == {"综合能耗": set(), "1": {"旁注"}, "面积": {"改"}, "2": {"改", "旁注"}}


@pytest.mark.parametrize(
    ("needs", "shown", "told"), [("wps", "18650", "1865"), ("x", "1865", "18650"), ("wps x", "1865", "18650")]
)
def test_of_alternative_content_the_branch_that_word_shows_is_read(needs: str, shown: str, told: str) -> None:
    choice = f'<mc:Choice xmlns:x="urn:x" Requires="{needs}">{run("18650")}</mc:Choice>'
    both = f"<mc:AlternateContent>{choice}<mc:Fallback>{run('1865')}</mc:Fallback></mc:AlternateContent>"
    assert word(paragraph(both))[:2] == (shown, [("branch-differs", told)])
    assert word(paragraph(both.replace("18650", "1865")))[:2] == ("1865", [])


def test_what_a_merged_cell_covers_is_told(tmp_path: Path) -> None:
    first = cell("18650", properties='<w:vMerge w:val="restart"/>')
    body = table(row("综合能耗", first), row("说明", cell("改为18560", properties="<w:vMerge/>")))
    assert ("cell-covered", "改为18560") in word(body)[1]
    assert word(table(row("a", first), row("b", cell("", properties="<w:vMerge/>"))))[1] == []


@pytest.mark.parametrize(
    ("above", "remarks", "aside"),
    [
        ("wáng", [], [("replaced", "wáng")]),
        ("ㄨㄤˊ", [], [("replaced", "ㄨㄤˊ")]),
        ("应为18560", [("reading-in-answer", "应为18560")], []),
    ],
)
def test_what_stands_above_characters_is_their_reading_or_told(
    above: str, remarks: list[tuple[str, str]], aside: list[tuple[str, str]]
) -> None:
    ruby = (
        f"<w:r><w:ruby><w:rubyPr/><w:rt>{run(above)}</"
        f"w:rt><w:rubyBase>{run('王')}</w:rubyBase></w:ruby></w:r>"
    )
    assert word(paragraph(ruby, "伟")) == ("王伟", remarks, aside)
    page = f"<p><ruby>王<rp>(</rp><rt>{above}</rt><rp>)</rp></ruby>伟</p>"
    text, told, _ = seen(read_html(page.encode()))
    assert (text, told) == ("王伟", remarks)


def test_what_stands_beside_the_text_is_aside() -> None:
    base = "http://schemas.openxmlformats.org"
    kinds = ("header", "glossaryDocument")
    links = [
        f'<Relationship Id="{k}" Type="{base}/officeDocument/2006/relationships/{k}" Target="{k}.xml"/>'
        for k in kinds
    ]
    rels = f'<Relationships xmlns="{base}/package/2006/relationships">{"".join(links)}</Relationships>'
    mark = '<w:r><w:pict><v:shape><v:textpath string="样本"/></v:shape></w:pict></w:r>'
    parts: dict[str, str | bytes] = {
        "word/_rels/document.xml.rels": rels,
        "word/header.xml": f"<w:hdr {NAMESPACES}>{paragraph('编号7', mark)}</w:hdr>",
        "word/glossaryDocument.xml": f"<w:glossaryDocument {NAMESPACES}>{paragraph('请填写')}</"
        "w:glossaryDocument>",
    }
    pages = read_word(docx(paragraph("正文"), parts=parts), ZipLimits())
    assert seen(pages) == ("正文", [], [("header", "编号7 样本"), ("glossary", "请填写")])


def test_what_is_left_out_knowingly_is_aside() -> None:
    gone = f"<w:del><w:r><w:delText>旧</w:delText></w:r></w:del><w:moveFrom>{run('移')}</w:moveFrom>"
    prompt = control(run("请填写姓名"), "<w:showingPlcHdr/>")
    box = control(run("☒园区"), '<w14:checkbox><w14:checked w14:val="1"/></w14:checkbox>')
    assert word(paragraph(gone, prompt, box)) == (
        "☑园区", [], [("deleted", "旧"), ("deleted", "移"), ("prompt", "请填写姓名"), ("replaced", "☒")],
    )  # fmt: skip
    assert word(table(row("甲", "乙"), row("作废", "行", properties="<w:del/>")))[2] == [
        ("deleted", "作废 行")
    ]


def test_a_chinese_character_never_goes_with_a_font_of_symbols() -> None:
    look = '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings" w:eastAsia="宋体"/>'
    assert word(paragraph(run("\uf0fe园区", look)))[0] == "☑园区"
    line = read_word(docx(paragraph(run("\uf0e0园区", look))), ZipLimits()).pages[0].blocks[0]
    assert isinstance(line, Line)
    assert [type(span) for span in line.spans][:1] == [Picture]


def test_a_text_box_is_read_as_the_document_is_and_once() -> None:
    inner = f"<w:pict><v:textbox><w:txbxContent>{paragraph('内')}</w:txbxContent></v:textbox></w:pict>"
    prompt = control(paragraph("请填写"), "<w:showingPlcHdr/>")
    box = (
        f"<w:txbxContent>{paragraph('外', f'<w:r>{inner}</w:r>')}"
        f"{prompt}{UNKNOWN.format('旁')}</w:txbxContent>"
    )
    text, remarks, aside = word(paragraph(f"<w:r><w:pict><v:textbox>{box}</v:textbox></w:pict></w:r>"))
    assert (text.split(), remarks, aside) == (
        ["外", "内"],
        [("element-unknown", "旁")],
        [("prompt", "请填写")],
    )


@pytest.mark.parametrize(
    "look",
    [
        '<w:color w:val="auto" w:themeColor="background1"/>',
        "<w14:textFill><w14:noFill/></w14:textFill>",
        '<w:w w:val="1"/>',
    ],
)
def test_what_is_made_invisible_in_other_ways_is_told_too(look: str, tmp_path: Path) -> None:
    energy = results(tmp_path, energy=paragraph("18650", run("00", look), "吨"))["energy"]
    assert (energy.decision, energy.raw) == ("review", "18650吨")


def test_lines_and_rows_without_height_are_not_seen(tmp_path: Path) -> None:
    low = '<w:pPr><w:spacing w:line="20" w:lineRule="exact"/></w:pPr>'
    assert word(paragraph("18650") + f"<w:p>{low}{run('00')}</w:p>")[:2] == ("18650", [("text-unseen", "00")])
    flat = '<w:trHeight w:val="1" w:hRule="exact"/>'
    found = results(tmp_path, sources=sources(source("煤炭", "20"), source("天然气", "99", properties=flat)))[
        "sources"
    ]
    assert (found.decision, len(found.value)) == ("review", 1)


@pytest.mark.parametrize(
    "hidden", ['<wp:docPr id="1" name="a" hidden="1"/>', '<v:shape style="visibility: hidden"/>']
)
def test_a_drawing_that_is_not_shown_is_told(hidden: str) -> None:
    box = f"<w:drawing>{hidden}<w:txbxContent>{paragraph('改为8')}</w:txbxContent></w:drawing>"
    assert word(paragraph("7", f"<w:r>{box}</w:r>"))[:2] == ("7", [("text-hidden", "改为8")])


@pytest.mark.parametrize(
    "content",
    [
        paragraph("18650", eq(r"eq \o\ac(○,1)")),
        paragraph("186", eq(r"EQ \o(5,8)")),
        paragraph(eq("AUTONUM"), run("18650")),
        paragraph(f'<w:bdo w:val="rtl">{run("18650")}</w:bdo>'),
        paragraph("\u202e05681"),
        table(row(cell("18650"), cell("19000", properties="<w:cellDel/>"))) + paragraph(""),
    ],
)
def test_what_is_shown_otherwise_than_it_is_written_goes_to_review(content: str, tmp_path: Path) -> None:
    assert "energy" not in accepted(tmp_path, energy=cell(content))


@pytest.mark.parametrize("kind", ["docx", "html"])
def test_a_form_that_word_takes_in_whole_is_read(kind: str, tmp_path: Path) -> None:
    rows = (
        ("项目名称", "东湖项目"),
        ("综合能耗", "18650"),
        ("联系电话", "13971640258"),
        ("建筑面积", "820"),
        ("管理政策", "核算。"),
    )
    page = "".join(f"<tr><td>{label}</td><td>{answer}</td></tr>" for label, answer in rows)
    file = Composed(random.Random(0))
    inner = (
        docx(table(*(row(*one) for one in rows)))
        if kind == "docx"
        else f"<html><body><table>{page}</table></body></html>"
    )
    link = file.part("aFChunk", f"chunk.{kind}", inner)
    (path := tmp_path / "a.docx").write_bytes(file.finished(f'<w:altChunk r:id="{link}"/>'))
    fields = extract(Source.at(path), {FORM.name: FORM}, Options(form=FORM.name))[0].fields
    assert fields["project"].value == "东湖项目"
    assert fields["phone"].value == "13971640258"


def test_word_of_2003_writes_changes_and_comments_in_its_own_way() -> None:
    names = NAMESPACES.replace(
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://schemas.microsoft.com/office/word/2003/wordml",
    )
    changes = "".join(
        f'<aml:annotation w:type="Word.{kind}"><aml:content>{inner}</aml:content></aml:annotation>'
        for kind, inner in (
            ("Insertion", run("新")),
            ("Deletion", run("旧")),
            ("Comment", paragraph("应为8")),
        )
    )
    note = f"<w:r><w:footnote>{paragraph('千吨')}</w:footnote></w:r>"
    header = f"<w:sectPr><w:hdr>{paragraph('编号')}</w:hdr></w:sectPr>"
    aml = 'xmlns:aml="http://schemas.microsoft.com/aml/2001/core"'
    text = (
        f"<w:wordDocument {names} {aml}><w:body>{paragraph(changes, note)}{header}</w:body></w:wordDocument>"
    )
    assert seen(read_word_xml(text.encode(), ZipLimits())) == (
        "新", [("comment-on-answer", "应为8"), ("note-on-answer", "千吨")],
        [("deleted", "旧"), ("header", "编号")],
    )  # fmt: skip


def html(body: str, head: str = "") -> tuple[str, list[tuple[str, str]], list[tuple[AsideKind, str]]]:
    return seen(read_html(f"<html><head>{head}</head><body>{body}</body></html>".encode()))


@pytest.mark.parametrize(
    ("head", "cell"),
    [
        (".x{display:none}", '<b class="x">00</b>'),
        ("td span.x, p{visibility:hidden}", '<span class="a x">00</span>'),
        ("<!-- #n {mso-hide:all} -->", '<i id="n">00</i>'),
        ("table > tr span{text-indent:-9999px}", "<span>00</span>"),
        ("", '<span style="opacity:0">00</span>'),
        ("", "<span hidden>00</span>"),
    ],
)
def test_what_a_page_hides_is_told(head: str, cell: str) -> None:
    body = f"<table><tr><td>综合能耗</td><td>18650{cell}</td></tr></table>"
    assert html(body, f"<style>{head}</style>")[:2] == ("综合能耗\n18650", [("text-hidden", "00")])


def test_white_by_a_sheet_is_not_seen_and_what_the_element_says_counts_more() -> None:
    sheet = "<style>@media print{.x{color:red}} .x{color:#fff} .y{display:none}</style>"
    assert html('18650<b class="x">00</b>', sheet)[:2] == ("18650", [("text-unseen", "00")])
    assert html('18650<b class="x" style="color:black">00</b>', sheet)[:2] == ("1865000", [])
    assert html('18650<b class="y" style="display:inline">00</b>', sheet)[:2] == ("1865000", [])


def test_hidden_rows_and_cells_of_a_page_are_told() -> None:
    rows = '<tr><td>煤炭</td><td>20</td></tr><tr style="display:none"><td>天然气</td><td>99</td></tr>'
    assert html(f"<table>{rows}</table>")[:2] == ("煤炭\n20", [("row-hidden", "天然气99")])
    assert html("<table><tr><td>能耗</td><td hidden>99</td></tr></table>")[1] == [("text-hidden", "99")]


@pytest.mark.parametrize(
    ("page", "text", "remarks", "aside"),
    [
        ("甲<del>乙</del>", "甲", [], [("deleted", "乙")]),
        ('<img alt="公章">', "", [], [("picture", "公章")]),
        ("<select><option>一</option><option selected>二</option></select>", "二", [], [("prompt", "一")]),
        ('<input type=hidden value="旧"><input value="新">', "新", [], [("hidden", "旧")]),
        ("<object>请安装</object>", "", [("element-unknown", "请安装")], []),
        ("<noscript>改</noscript>", "", [("element-unknown", "改")], []),
        ("下降<math><mfrac><mn>3</mn><mn>4</mn></mfrac></math>", "下降34", [("formula-in-answer", "34")], []),
        ("<!-- 备注 -->甲", "甲", [], [("hidden", "备注")]),
        ("<!--[if gte vml 1]><v:textbox>乙</v:textbox><![endif]-->甲", "甲", [("element-unknown", "乙")], []),
        ("<!--[if supportFields]><b>PAGE</b><![endif]-->甲", "甲", [], [("instruction", "PAGE")]),
        ("<!--[if gte mso 9]><xml><w:View>Normal</w:View></xml><![endif]-->甲", "甲", [], []),
        (
            "<table><caption>表一</caption>游离<tr><td>甲</td>外<td>乙</td></tr></table>",
            "表一\n游离外\n甲\n乙",
            [],
            [],
        ),
        ("<table><form><tr><td>甲</td><td>乙</td></tr></form></table>", "甲\n乙", [], []),
        ("<o:new>甲</o:new>", "甲", [], []),
    ],
)
def test_what_a_page_holds_is_shown_or_told(
    page: str, text: str, remarks: list[tuple[str, str]], aside: list[tuple[str, str]]
) -> None:
    assert html(page) == (text, remarks, aside)


def test_pictures_and_ticks_in_a_table_in_a_cell_are_kept() -> None:
    inner = '<table><tr><td><input type=checkbox checked>甲</td><td><img src="a">乙</td></tr></table>'
    page = read_html(f"<table><tr><td>类型</td><td>{inner}</td></tr></table>".encode())
    block = page.pages[0].blocks[0]
    assert isinstance(block, Table)
    assert block.cells[1].text == "☑甲\t乙"
    assert any(isinstance(span, Picture) for line in block.cells[1].lines for span in line.spans)


def test_pages_beside_the_page_in_an_archive_are_aside() -> None:
    parts = "".join(
        f"--b\nContent-Type: text/html; charset=utf-8\n\n{text}\n" for text in ("<p>正文</p>", "<p>编号7</p>")
    )
    data = f'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n{parts}--b--\n'
    assert seen(read_html(data.encode())) == ("正文", [], [("header", "编号7")])
