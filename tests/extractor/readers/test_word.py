import pytest

from extractor.limits import ZipLimits
from extractor.readers.word import read_word
from models.errors import Damaged, Hostile, TooLarge, UnsupportedKind
from models.page import Line, Pages, Picture, Table
from tests.extractor.documents import cell, docx, paragraph, row, run, table

LIMITS = ZipLimits()
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
TRANSITIONAL = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def read(body: str, **more: object) -> Pages:
    return read_word(docx(body, **more), LIMITS)  # type: ignore[arg-type]


def text_of(*content: str) -> str:
    blocks = read(paragraph(*content)).pages[0].blocks
    return "\n".join(block.text for block in blocks if isinstance(block, Line))


def cells_of(body: str) -> list[tuple[int, int, int, int, str]]:
    tables = [block for block in read(body).pages[0].blocks if isinstance(block, Table)]
    return [(c.row, c.column, c.row_span, c.column_span, c.text) for t in tables for c in t.cells]


def checkbox(inner: str, content: str) -> str:
    return (
        f"<w:sdt><w:sdtPr><w14:checkbox>{inner}</w14:checkbox></"
        f"w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"
    )


def legacy(inner: str) -> str:
    begin = (
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox>{inner}</'
        "w:checkBox></w:ffData></w:fldChar></w:r>"
    )
    return (
        begin
        + "<w:r><w:instrText> FORMCHECKBOX </w:instrText></w:r>"
        + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def field(*instruction: str, result: str = "") -> str:
    parts = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in instruction)
    shown = f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}' if result else ""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></'
        f'w:r>{parts}{shown}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


@pytest.mark.parametrize(
    ("xml", "shown"),
    [
        ('<w:r><w:sym w:font="Wingdings 2" w:char="F052"/></w:r>', "☑"),
        ('<w:r><w:sym w:font="Wingdings 2" w:char="0052"/></w:r>', "☑"),
        ('<w:r><w:sym w:font="Wingdings" w:char="00fe"/></w:r>', "☑"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>', "☐"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>', "√"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FB"/></w:r>', "×"),
        ('<w:r><w:sym w:font="MS Gothic" w:char="2612"/></w:r>', "☑"),
        (run("R", '<w:rFonts w:ascii="Wingdings 2" w:hAnsi="Wingdings 2"/>'), "☑"),
        (run("£", '<w:rFonts w:ascii="Wingdings 2" w:hAnsi="Wingdings 2"/>'), "☐"),
        (run("þ", '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>'), "☑"),
        (run("\uf052", '<w:rFonts w:ascii="Wingdings 2" w:hAnsi="Wingdings 2"/>'), "☑"),
        (checkbox('<w14:checked w14:val="1"/>', run("☒")), "☑"),
        (checkbox("<w14:checked/>", run("☒")), "☑"),
        (checkbox("", run("☐")), "☐"),
        (checkbox('<w14:checked w14:val="0"/>', run("☒")), "▣"),
        (legacy("<w:checked/>"), "☑"),
        (legacy('<w:default w:val="1"/>'), "☑"),
        (legacy('<w:default w:val="1"/><w:checked w:val="0"/>'), "☐"),
        (field(r"EQ \o\a", "c(□,√)"), "☑"),
        (field(r" eq \o\ac(○,√) ", result=run("○√")), "☑"),
        (r'<w:fldSimple w:instr="EQ \o\ac(□,√)"><w:r><w:t>x</w:t></w:r></w:fldSimple>', "☑"),
        (field(r'SYMBOL 254 \f "Wingdings" \s 12'), "☑"),
        (
            '<w:r><mc:AlternateContent><mc:Choice Requires="w16se"><w16se:symEx '
            'w16se:font="Segoe UI Symbol" w16se:char="2611"/>'
            "</mc:Choice><mc:Fallback><w:t>☑</w:t></mc:Fallback></mc:AlternateContent></w:r>",
            "☑",
        ),
    ],
)
def test_every_way_of_ticking_becomes_a_mark(xml: str, shown: str) -> None:
    assert text_of(xml, "园区") == f"{shown}园区"


def test_a_letter_in_an_ordinary_font_stays_a_letter() -> None:
    assert text_of(run("R园区", '<w:rFonts w:ascii="Calibri" w:eastAsia="宋体"/>')) == "R园区"


def test_a_symbol_font_may_come_from_a_style() -> None:
    styles = (
        f'<w:styles xmlns:w="{TRANSITIONAL}"><w:style w:type="character" w:styleId="base"><w:rPr>'
        '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="box"><w:basedOn w:val="base"/></w:style></w:styles>'
    )
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/'
        'package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/styles" Target="styles.xml"/></Relationships>'
    )
    pages = read(
        paragraph(run("þ", '<w:rStyle w:val="box"/>'), "园区"),
        parts={"word/styles.xml": styles, "word/_rels/document.xml.rels": rels},
    )
    assert isinstance(pages.pages[0].blocks[0], Line)
    assert pages.pages[0].blocks[0].text == "☑园区"


def test_tracked_changes_are_read_as_if_accepted() -> None:
    deleted = "<w:del><w:r><w:delText>□</w:delText></w:r></w:del>"
    assert (
        text_of(deleted, f"<w:ins>{run('☑')}</w:ins>", f"<w:moveFrom>{run('旧')}</w:moveFrom>", "园区")
        == "☑园区"
    )


def test_hidden_text_is_not_read() -> None:
    assert text_of(run("说明", "<w:vanish/>"), run("答案", '<w:vanish w:val="0"/>')) == "答案"


def test_instructions_of_fields_are_not_read_but_their_results_are() -> None:
    assert text_of(field('HYPERLINK "mailto:a@b.cn"', result=run("a@b.cn"))) == "a@b.cn"


def test_a_nested_field_inside_an_instruction_shows_nothing() -> None:
    inner = field("PAGE", result=run("7"))
    outer = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>IF </w:instrText></w:r>'
    end = (
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        + run("甲")
        + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    assert text_of(outer + inner + end) == "甲"


def test_a_placeholder_is_empty_also_where_its_flag_was_lost() -> None:
    flagged = (
        "<w:sdt><w:sdtPr><w:showingPlcHdr/><w:text/></"
        f"w:sdtPr><w:sdtContent>{run('请输入')}</w:sdtContent></w:sdt>"
    )
    lost = f"<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent>{run('单击或点击此处输入文字。')}</w:sdtContent></w:sdt>"
    assert text_of(flagged) == ""
    assert text_of(lost) == ""


def test_text_that_libreoffice_wrote_four_times_is_read_once_and_said() -> None:
    def control(*texts: str) -> str:
        inner = "".join(f"<w:t>{text}</w:t>" for text in texts)
        return f"<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent><w:r>{inner}</w:r></w:sdtContent></w:sdt>"

    pages = read(
        paragraph(control("白欣怡"), control("白", "白欣怡"), control("欣怡", "白欣怡"), control("白欣怡"))
    )
    assert isinstance(pages.pages[0].blocks[0], Line)
    assert pages.pages[0].blocks[0].text == "白欣怡"
    assert pages.damage


def test_ruby_hyphens_and_breaks_are_read_as_seen() -> None:
    ruby = f"<w:r><w:ruby><w:rt>{run('méi')}</w:rt><w:rubyBase>{run('梅')}</w:rubyBase></w:ruby></w:r>"
    assert text_of("宋雪", ruby) == "宋雪梅"
    assert (
        text_of(
            "<w:r><w:t>027</w:t><w:noBreakHyphen/><w:t>858</w:t><w:softHyphen/"
            "><w:t>0</w:t><w:br/><w:t>1</w:t></w:r>"
        )
        == "027-8580\n1"
    )


def test_a_text_box_is_read_once() -> None:
    box = f"<wps:txbx><w:txbxContent>{paragraph('框内')}</w:txbxContent></wps:txbx>"
    drawing = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>'
        f"<wp:anchor>{box}</wp:anchor></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><w:txbxContent>{paragraph('框内')}</w:txbxContent></"
        "w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert text_of(drawing).split() == ["框内"]


def test_a_picture_stands_where_it_is() -> None:
    drawing = '<w:r><w:drawing><wp:inline><a:blip r:embed="rId5"/></wp:inline></w:drawing></w:r>'
    line = read(paragraph("甲", drawing, "乙")).pages[0].blocks[0]
    assert isinstance(line, Line)
    assert line.spans[1] == Picture(kind="picture")


def test_spans_and_merges_give_each_cell_its_place_on_the_grid() -> None:
    restart, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = table(
        row(cell("组", properties=restart), cell("甲", properties='<w:gridSpan w:val="2"/>'), "乙"),
        row(cell("", properties=on), "丙", "丁", "戊"),
        row("己", "庚", properties='<w:gridBefore w:val="2"/>'),
    )
    assert cells_of(body) == [
        (0, 0, 2, 1, "组"), (0, 1, 1, 2, "甲"), (0, 3, 1, 1, "乙"),
        (1, 1, 1, 1, "丙"), (1, 2, 1, 1, "丁"), (1, 3, 1, 1, "戊"),
        (2, 2, 1, 1, "己"), (2, 3, 1, 1, "庚"),
    ]  # fmt: skip


def test_content_controls_round_cells_and_rows_do_not_hide_them() -> None:
    def control(inner: str) -> str:
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{inner}</w:sdtContent></w:sdt>"

    body = table(f"<w:tr>{cell('甲')}{control(cell('乙'))}</w:tr>", control(control(row("丙", "丁"))))
    assert [text for *_, text in cells_of(body)] == ["甲", "乙", "丙", "丁"]


def test_a_row_deleted_with_tracking_is_gone() -> None:
    assert [
        text for *_, text in cells_of(table(row("甲", "乙"), row("丙", "丁", properties="<w:del/>")))
    ] == ["甲", "乙"]


def test_a_table_in_a_cell_becomes_lines_with_tabs() -> None:
    inner = table(row("a", "b"), row("c", "d")) + paragraph("")
    assert cells_of(table(row("名", f"<w:tc><w:tcPr/>{inner}</w:tc>")))[1][4] == "a\tb\nc\td\n"


def test_a_table_of_one_cell_is_only_a_frame() -> None:
    assert (
        len(cells_of(table(f"<w:tr><w:tc><w:tcPr/>{table(row('甲', '乙'))}{paragraph('')}</w:tc></w:tr>")))
        == 2
    )


@pytest.mark.parametrize("kind", ["macroEnabledTemplate", "document.macroEnabled", "template"])
def test_the_content_type_of_the_main_part_does_not_matter(kind: str) -> None:
    assert read(paragraph("甲"), content_type=f"application/vnd.ms-word.{kind}.main+xml").pages[0].blocks


def test_strict_namespaces_are_read_like_transitional_ones() -> None:
    strict = (
        f'<w:document xmlns:w="{STRICT}"><w:body><w:p><w:r><w:t>甲</w:t></w:r></w:p></w:body></w:document>'
    )
    line = read("", parts={"word/document.xml": strict}).pages[0].blocks[0]
    assert isinstance(line, Line)
    assert line.text == "甲"


def test_a_document_type_is_refused_as_hostile() -> None:
    entity = '<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    evil = f'{entity}<w:document xmlns:w="{TRANSITIONAL}"><w:body>&x;</w:body></w:document>'
    with pytest.raises(Hostile):
        read("", parts={"word/document.xml": evil})


def test_a_truncated_file_is_damaged() -> None:
    with pytest.raises(Damaged):
        read_word(docx(paragraph("甲"))[:-100], LIMITS)


def test_xml_that_breaks_off_is_damaged() -> None:
    with pytest.raises(Damaged):
        read("", parts={"word/document.xml": f'<w:document xmlns:w="{TRANSITIONAL}"><w:body>'})


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(TooLarge):
        read_word(docx(paragraph("甲")), ZipLimits(unpacked_bytes=1000))
    with pytest.raises(Hostile):
        read(paragraph("甲"), parts={"word/media/a.bin": b"\0" * (30 << 20)})


def test_tables_nested_beyond_reason_are_refused() -> None:
    body = paragraph("x")
    for _ in range(60):
        body = table(f"<w:tr>{cell('a')}<w:tc><w:tcPr/>{body}{paragraph('')}</w:tc></w:tr>")
    with pytest.raises(Hostile):
        read(body)


def test_another_office_file_is_not_a_word_document() -> None:
    workbook = '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    with pytest.raises(UnsupportedKind):
        read("", parts={"word/document.xml": workbook})


def test_a_bullet_that_is_a_box_is_a_mark() -> None:
    def level(number: int, sign: str) -> str:
        fonts = '<w:rPr><w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/></w:rPr>'
        return (
            f'<w:lvl w:ilvl="{number}"><w:numFmt w:val="bullet"/><w:lvlText w:val="{sign}"/>{fonts}</w:lvl>'
        )

    numbering = (
        f'<w:numbering xmlns:w="{TRANSITIONAL}"><w:abstractNum '
        f'w:abstractNumId="7">{level(0, chr(0xF0A8))}{level(1, chr(0xF0FE))}'
        '</w:abstractNum><w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num></w:numbering>'
    )
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering"
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relation}" Target="numbering.xml"/></Relationships>'
    )

    def item(number: int, text: str) -> str:
        return (
            f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{number}"/><w:numId '
            f'w:val="3"/></w:numPr></w:pPr>{run(text)}</w:p>'
        )

    pages = read(
        item(0, "城镇") + item(1, "园区") + paragraph("校园"),
        parts={"word/numbering.xml": numbering, "word/_rels/document.xml.rels": rels},
    )
    assert [block.text for block in pages.pages[0].blocks if isinstance(block, Line)] == [
        "☐城镇",
        "☑园区",
        "校园",
    ]
