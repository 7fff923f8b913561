"""What Word shows, or doesn't, that is easily taken for something else: it is read as a person sees it, or
goes to review."""

from pathlib import Path
from typing import Any

import pytest

from extractor import Source, extract
from extractor.limits import ZipLimits
from extractor.readers.html import read_html
from extractor.readers.word import read_word
from extractor.text.passage import Passage, Place
from models.page import Line, Table
from models.record import FieldResult
from tests.extractor.documents import cell, docx, paragraph, row, run, table
from tests.extractor.energy_form import SOURCES, energy_form

FORM = energy_form("seen", SOURCES)
SPAN = '<w:gridSpan w:val="{}"/>'
SUPER, SUB = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
WHITE = '<w:color w:val="FFFFFF"/>'


def sources(*rows: str) -> str:
    """The table inside the form, with what follows its heading row."""
    label = cell("主要能源", properties='<w:vMerge w:val="restart"/>')
    return row(label, "品种", cell("数量", properties=SPAN.format(2))) + "".join(rows)


def source(name: str, amount: str, properties: str = "") -> str:
    return row(
        cell(properties="<w:vMerge/>"), name, cell(amount, properties=SPAN.format(2)), properties=properties
    )


def results(
    folder: Path, parts: dict[str, str | bytes] | None = None, **changed: str
) -> dict[str, FieldResult]:
    """The fields of the form with other content in some of its cells; `sources` are rows."""
    said = {
        "project": "东湖项目",
        "energy": "18650",
        "phone": "13971640258",
        "area": "820",
        "policy": "每季度核算一次。",
    } | changed
    whole = {
        name: xml if xml.startswith("<w:tc>") else cell(xml, properties=SPAN.format(3))
        for name, xml in said.items()
    }
    half = {name: xml if xml.startswith(("<w:tc>", "<w:sdt>")) else cell(xml) for name, xml in said.items()}
    rows = [
        row("项目名称", whole["project"]),
        row("综合能耗", half["energy"], "联系电话", half["phone"]),
        row("建筑面积", whole["area"]),
        changed.get("sources", sources(source("煤炭", "20"))),
        row("管理政策", whole["policy"]),
    ]
    path = folder / "a.docx"
    path.write_bytes(docx(table(*rows), parts=parts))
    result = extract(Source.at(path), {FORM.name: FORM})[0]
    assert result.error is None
    return dict(result.fields)


def accepted(folder: Path, parts: dict[str, str | bytes] | None = None, **changed: str) -> dict[str, Any]:
    """{field: value} of what is accepted."""
    found = results(folder, parts, **changed)
    return {
        name: FORM.fields[name].to_json(field.value)
        for name, field in found.items()
        if field.decision == "accept"
    }


def test_the_form_itself_is_accepted(tmp_path: Path) -> None:
    assert set(accepted(tmp_path)) == set(FORM.fields)


@pytest.mark.parametrize(
    ("content", "raw"),
    [
        (paragraph("10", run("4", SUPER)), "10⁴"),
        (paragraph("18650", run("1", SUPER), "吨"), "18650¹吨"),
        (paragraph("18650", run("1", '<w:position w:val="12"/><w:sz w:val="10"/>')), "18650¹"),
        (paragraph("18650吨", run("1", SUPER)), "18650吨¹"),
        (paragraph("18650", run("注", SUPER)), "18650^注"),
        (paragraph("186", run("50", SUB)), "186₅₀"),
    ],
)
def test_a_raised_character_behind_a_number_is_kept_apart_and_goes_to_review(
    content: str, raw: str, tmp_path: Path
) -> None:
    energy = results(tmp_path, energy=content)["energy"]
    assert (energy.decision, energy.raw) == ("review", raw)


def test_a_style_may_raise_characters(tmp_path: Path) -> None:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    styles = (
        f'<w:styles xmlns:w="{word}"><w:style w:type="character" '
        f'w:styleId="a"><w:rPr>{SUPER}</w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="b"><w:basedOn w:val="a"/></w:style></w:styles>'
    )
    content = paragraph("18650", run("1", '<w:rStyle w:val="b"/>'))
    assert "energy" not in accepted(tmp_path, related("styles", styles), energy=content)


def related(kind: str, xml: str, **more: str) -> dict[str, str | bytes]:
    """A part that the document links to by a relationship of `kind`; its id is `kind` too."""
    every = {kind: xml} | more
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="{name}" Type="{office}/{name}" Target="{name}.xml"/>' for name in every
    )
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/'
        f'package/2006/relationships">{links}</Relationships>'
    )
    return {"word/_rels/document.xml.rels": rels} | {f"word/{name}.xml": text for name, text in every.items()}


def test_raised_units_and_lowered_formulas_need_no_review(tmp_path: Path) -> None:
    project = paragraph("减少CO", run("2", SUB), "项目")
    found = accepted(tmp_path, area=paragraph("820m", run("2", SUPER)), project=project)
    assert found["area"] == {"amount": "820", "unit": "m²"}
    assert found["project"] == "减少CO₂项目"


def test_a_long_text_keeps_raised_characters_as_they_stand(tmp_path: Path) -> None:
    policy = paragraph("年减排10", run("4", SUPER), "吨，占地5m", run("2", SUPER), "。")
    assert accepted(tmp_path, policy=policy)["policy"] == "年减排10⁴吨，占地5m²。"


def test_an_answer_that_is_raised_as_a_whole_is_a_plain_one(tmp_path: Path) -> None:
    assert (
        accepted(tmp_path, energy=paragraph(run("18650", '<w:position w:val="6"/>')))["energy"]["amount"]
        == "18650"
    )


@pytest.mark.parametrize("look", [WHITE, '<w:color w:val="FEFEFE"/>', '<w:sz w:val="2"/>'])
def test_what_nobody_sees_is_no_part_of_an_answer_and_told(look: str, tmp_path: Path) -> None:
    energy = results(tmp_path, energy=paragraph("18650", run("00", look), "吨"))["energy"]
    assert (energy.decision, energy.raw) == ("review", "18650吨")


def test_text_that_word_hides_is_left_out_and_told(tmp_path: Path) -> None:
    energy = paragraph("18650", run("00", "<w:vanish/>"), "吨")
    assert accepted(tmp_path, energy=energy)["energy"]["amount"] == "18650"
    pages = read_word(docx(energy), ZipLimits())
    assert [(one.code, one.text) for one in Passage.of(pages.pages[0].blocks, Place()).remarks] == [
        ("text-hidden", "00")
    ]


def test_white_text_on_a_dark_cell_is_seen(tmp_path: Path) -> None:
    dark = cell(paragraph(run("18650", WHITE)), properties='<w:shd w:val="clear" w:fill="1F3864"/>')
    assert accepted(tmp_path, energy=dark)["energy"]["amount"] == "18650"


def test_black_text_on_black_is_not_seen(tmp_path: Path) -> None:
    covered = paragraph("18650", run("9", '<w:color w:val="000000"/><w:shd w:val="clear" w:fill="000000"/>'))
    assert "energy" not in accepted(tmp_path, energy=covered)


def control(content: str, properties: str) -> str:
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def test_the_prompt_of_a_control_round_a_cell_or_a_row_is_no_answer(tmp_path: Path) -> None:
    found = results(
        tmp_path,
        energy=control(cell("0"), "<w:showingPlcHdr/>"),
        phone=control(cell("13900000000"), "<w:showingPlcHdr/>"),
    )
    assert (found["energy"].value, found["phone"].value) == (None, None)
    rows = control(source("请填写品种", "0"), "<w:showingPlcHdr/>")
    assert accepted(tmp_path, sources=sources(source("煤炭", "20"), rows))["sources"] == [
        {"source": "煤炭", "used": {"amount": "20", "unit": "吨"}}
    ]


def test_the_tag_of_a_control_round_a_cell_is_known(tmp_path: Path) -> None:
    pages = read_word(
        docx(table(row("综合能耗", control(cell("18650"), '<w:tag w:val="sealform:energy"/>')))), ZipLimits()
    )
    assert [(one.tag.field, one.text) for one in pages.controls] == [("energy", "18650")]


def test_rows_that_word_hides_are_not_read_and_told(tmp_path: Path) -> None:
    hidden = source("天然气", "99", properties="<w:hidden/>")
    for rows in ((source("煤炭", "20"), hidden), (hidden, source("煤炭", "20"))):
        found = results(tmp_path, sources=sources(*rows))["sources"]
        assert (found.decision, len(found.value)) == ("review", 1)


ITEM = "{5A1C0B7E-2F4D-4C63-9E11-7C0D5B8A6E21}"


def bound(text: str, more: str = "") -> str:
    """A control that shows `text`, and is bound to the element `v` of the document's data."""
    binding = (
        """<w:dataBinding w:prefixMappings="xmlns:d='urn:d'" """
        f"""w:xpath="/d:a[1]/d:v[1]" w:storeItemID="{ITEM}"/>"""
    )
    return paragraph(control(run(text), binding + more))


def data(value: str) -> dict[str, str | bytes]:
    return related("customXml", f'<a xmlns="urn:d"><v>{value}</v></a>')


def test_what_a_bound_control_shows_must_be_what_its_data_say(tmp_path: Path) -> None:
    assert accepted(tmp_path, data("13971640258"), phone=bound("13971640258"))["phone"]
    phone = results(tmp_path, data("18627930415"), phone=bound("13971640258"))["phone"]
    assert phone.decision == "review"
    assert {str(phone.value), *map(str, phone.alternatives)} == {"13971640258", "18627930415"}
    assert "project" not in accepted(
        tmp_path,
        data("西湖项目"),
        project=cell(bound("填写", "<w:showingPlcHdr/>"), properties=SPAN.format(3)),
    )
    assert "project" not in accepted(
        tmp_path, data(""), project=cell(bound("东湖项目"), properties=SPAN.format(3))
    )


def test_a_bound_date_and_an_entry_of_a_list_may_be_written_otherwise(tmp_path: Path) -> None:
    assert accepted(
        tmp_path,
        data("2026-03-01T00:00:00"),
        project=cell(bound("2026年3月1日", "<w:date/>"), properties=SPAN.format(3)),
    )["project"]
    entries = '<w:dropDownList><w:listItem w:displayText="东湖项目" w:value="7"/></w:dropDownList>'
    assert (
        accepted(tmp_path, data("7"), project=cell(bound("东湖项目", entries), properties=SPAN.format(3)))[
            "project"
        ]
        == "东湖项目"
    )
    assert "project" not in accepted(
        tmp_path, data("8"), project=cell(bound("东湖项目", entries), properties=SPAN.format(3))
    )


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def noted(kind: str, name: str, text: str) -> dict[str, str | bytes]:
    """A part of notes, of which number 2 says `text`."""
    return related(
        kind, f'<w:{kind} xmlns:w="{WORD}"><w:{name} w:id="2">{paragraph(text)}</w:{name}></w:{kind}>'
    )


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_a_note_on_an_answer_is_told_and_on_a_label_it_is_print(kind: str, tmp_path: Path) -> None:
    mark = f'<w:r><w:{kind}Reference w:id="2"/></w:r>'
    parts = noted(f"{kind}s", kind, "单位为千吨")
    energy = results(tmp_path, parts, energy=paragraph("18.65", mark))["energy"]
    assert (energy.decision, energy.raw) == ("review", "18.65")
    body = table(row(cell(paragraph("综合能耗", mark)), "1", "联系电话", "13971640258"))
    assert [passage_of(docx(body, parts=parts), number).words for number in (0, 1)] == ["综合能耗", "1"]


def passage_of(data: bytes, number: int) -> Passage:
    """A cell of the first table of a document."""
    block = read_word(data, ZipLimits()).pages[0].blocks[0]
    assert isinstance(block, Table)
    return Passage.of(block.cells[number].lines, Place())


def test_a_comment_on_an_answer_is_told(tmp_path: Path) -> None:
    parts = noted("comments", "comment", "应为18627930415")
    start, end = '<w:commentRangeStart w:id="2"/>', '<w:commentRangeEnd w:id="2"/>'
    mark = '<w:r><w:commentReference w:id="2"/></w:r>'
    assert "phone" not in accepted(tmp_path, parts, phone=paragraph(start, run("13971640258"), end, mark))
    found = accepted(
        tmp_path,
        parts,
        energy=cell(start, paragraph("18650")),
        phone=paragraph(run("13971640258"), end, mark),
    )
    assert {"energy", "phone"}.isdisjoint(found)
    assert "area" in found


def test_a_field_that_ends_in_a_deletion_hides_nothing(tmp_path: Path) -> None:
    def sign(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    gone = f"<w:del>{sign('separate')}{sign('end')}</w:del>"
    policy = paragraph(
        "每季度核算", sign("begin"), "<w:r><w:instrText>PAGE</w:instrText></w:r>", gone, run("一次。")
    )
    found = results(tmp_path, policy=policy)["policy"]
    assert (found.decision, found.value) == ("review", "每季度核算一次。")


def test_a_web_page_that_word_takes_into_a_cell_is_read_and_told(tmp_path: Path) -> None:
    parts = related("aFChunk", "<html><body><p>不同意推荐。</p></body></html>")
    parts["word/aFChunk.html"] = parts.pop("word/aFChunk.xml")
    parts["word/_rels/document.xml.rels"] = str(parts["word/_rels/document.xml.rels"]).replace(
        "aFChunk.xml", "aFChunk.html"
    )
    chunk = '<w:altChunk r:id="aFChunk"/>'
    found = results(tmp_path, parts, policy=cell(chunk, paragraph(""), properties=SPAN.format(3)))["policy"]
    assert (found.decision, found.value) == ("review", "不同意推荐。")
    assert "policy" not in accepted(tmp_path, policy=cell(chunk, paragraph(""), properties=SPAN.format(3)))


def test_a_document_inside_a_document_is_read_once() -> None:
    parts = related("aFChunk", "")
    chunk = '<w:altChunk r:id="aFChunk"/>'
    inner = docx(
        table(row("综合能耗", "18650")) + chunk, parts=parts | {"word/aFChunk.xml": docx(paragraph("第三份"))}
    )
    pages = read_word(
        docx(table(row("甲", "乙")) + chunk, parts=parts | {"word/aFChunk.xml": inner}), ZipLimits()
    )
    tables = [block for block in pages.pages[0].blocks if isinstance(block, Table)]
    assert [(one.index, [inside.text for inside in one.cells]) for one in tables] == [
        (0, ["甲", "乙"]),
        (1, ["综合能耗", "18650"]),
    ]
    assert "第三份" not in "".join(block.text for block in pages.pages[0].blocks if isinstance(block, Line))


@pytest.mark.parametrize(
    ("html", "text", "codes"),
    [
        ('18650<font color="#FFFFFF">00</font>吨', "18650吨", ["text-unseen"]),
        ('18650<span style="color: white">00</span>', "18650", ["text-unseen"]),
        ('18650<span style="color:rgb(255,255,255)">00</span>', "18650", ["text-unseen"]),
        ('18650<span style="font-size:0">00</span>', "18650", ["text-unseen"]),
        ('18650<span style="font-size:1.0pt">00</span>', "18650", ["text-unseen"]),
        ('18650<span style="display:none">00</span>', "18650", ["text-hidden"]),
        ('<span style="color:white;background:#1F3864">18650</span>', "18650", []),
        ("18650<sup>1</sup>吨", "18650¹吨", ["raised-in-answer"]),
        (
            '10<span style="position:relative;top:-6.0pt;mso-text-raise:6.0pt">4</span>',
            "10⁴",
            ["raised-in-answer"],
        ),
        ("820m<sup>2</sup>", "820m²", []),
        ("CO<sub>2</sub>减排", "CO₂减排", []),
    ],
)
def test_a_web_page_is_read_as_it_is_seen(html: str, text: str, codes: list[str]) -> None:
    block = read_html(f"<table><tr><td>综合能耗</td><td>{html}</td></tr></table>".encode()).pages[0].blocks[0]
    assert isinstance(block, Table)
    passage = Passage.of(block.cells[1].lines, Place())
    assert (passage.words, [remark.code for remark in passage.remarks]) == (text, codes)
