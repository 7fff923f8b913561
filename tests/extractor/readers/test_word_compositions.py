"""Word forms composed at random: any encoding of ticks in any structure in any font is read right or goes to
a person.

A composition is drawn with its truth; some leave real doubt, and then nothing may be accepted, whatever was
read.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor import Source, extract
from models.fields import ChoiceField
from models.form import FormDefinition
from tests.extractor.documents import cell, docx, paragraph, row, run, table

FORM = FormDefinition.model_validate(
    {
        "name": "composed",
        "version": "1",
        "title": "表",
        "columns": [3, 5, 3, 5],
        "rows": [
            {
                "cells": [
                    {"label": "项目名称", "columns": 3, "content": [{"kind": "text", "name": "project"}]}
                ]
            },
            {
                "cells": [
                    {
                        "label": "申报类型",
                        "columns": 3,
                        "content": [
                            {
                                "kind": "choice",
                                "name": "kinds",
                                "options": ["城镇", "商业", "园区", "校园", "社区", "企事业单位"],
                            }
                        ],
                    }
                ]
            },
            {"cells": [{"label": "申报单位", "columns": 3, "content": [{"kind": "text", "name": "unit"}]}]},
            {
                "cells": [
                    {"label": "负责人", "content": [{"kind": "text", "name": "head"}]},
                    {"label": "电话", "content": [{"kind": "phone", "name": "phone"}]},
                ]
            },
        ],
    }
)
FORMS: Mapping[str, FormDefinition] = {FORM.name: FORM}
FIELD = FORM.fields["kinds"]
assert isinstance(FIELD, ChoiceField)
OPTIONS = FIELD.options
TEXTS = {"project": "清源园区改造", "unit": "清源水务公司", "head": "王伟", "phone": "13800138000"}

FONTS = ["宋体", "仿宋_GB2312", "Calibri", "MS Gothic", "Segoe UI Symbol"]
W2, WD = "Wingdings 2", "Wingdings"

# A way of marking: the XML of a ticked and of an empty option's mark. What it leaves in doubt is listed
# apart.
Mark = Callable[[bool, str], str]


def literal(on: str, off: str) -> Mark:
    return lambda ticked, font: run(on if ticked else off, fonts(font))


def fonts(name: str) -> str:
    return f'<w:rFonts w:ascii="{name}" w:hAnsi="{name}" w:eastAsia="{name}"/>'


def symbol(font: str, on: str, off: str) -> Mark:
    return lambda ticked, _: f'<w:r><w:sym w:font="{font}" w:char="{on if ticked else off}"/></w:r>'


def letter(font: str, on: str, off: str) -> Mark:
    return lambda ticked, _: run(on if ticked else off, f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}"/>')


def control(ticked: bool, font: str) -> str:
    inner = f'<w14:checked w14:val="{int(ticked)}"/>'
    properties = f"<w:sdtPr><w14:checkbox>{inner}</w14:checkbox></w:sdtPr>"
    return f"<w:sdt>{properties}<w:sdtContent>{run('☒' if ticked else '☐')}</w:sdtContent></w:sdt>"


def legacy(ticked: bool, font: str) -> str:
    box = f'<w:checkBox><w:default w:val="{int(not ticked)}"/><w:checked w:val="{int(ticked)}"/></w:checkBox>'
    begin = f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{box}</w:ffData></w:fldChar></w:r>'
    return (
        f"{begin}<w:r><w:instrText>FORMCHECKBOX</w:instrText></"
        'w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def enclosed(ticked: bool, font: str) -> str:
    if not ticked:
        return run("□", fonts(font))
    instruction = r"eq \o\ac(□,√)"
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{instruction}</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def tracked(ticked: bool, font: str) -> str:
    return (
        f"<w:del><w:r><w:delText>□</w:delText></w:r></w:del><w:ins>{run('☑')}</w:ins>" if ticked else run("□")
    )


MARKS: Mapping[str, Mark] = {
    "ballot": literal("☑", "□"), "crossed": literal("☒", "☐"), "solid": literal("■", "□"),
    "tick": literal("√", "□"),
    "box and tick": literal("□√", "□"), "circles": literal("●", "○"), "emoji": literal("✅", "⬜"),
    "lookalike": literal("☑", "口"),
    "brackets": literal("[√]", "[ ]"), "letter v": literal("□V", "□"), "heavy": literal("✔", "▢"),
    "sym w2": symbol(W2, "F052", "F0A3"), "sym w2 wps": symbol(W2, "0052", "00a3"),
    "sym wd": symbol(WD, "F0FE", "F0A8"),
    "sym gothic": symbol("MS Gothic", "2612", "2610"), "letter w2": letter(W2, "R", "£"),
    "letter wd": letter(WD, "þ", "¨"),
    "private": letter(W2, "\uf052", "\uf0a3"), "control": control, "legacy": legacy, "enclosed": enclosed,
    "tracked": tracked,
}  # fmt: skip
SEPARATORS = ["  ", "；", "、", "\t", " ", "/paragraph/", "/break/"]


@st.composite
def compositions(draw: st.DrawFn) -> tuple[bytes, frozenset[str]]:
    """A form and the options that are ticked in it."""
    chosen = draw(st.frozensets(st.sampled_from(OPTIONS), min_size=1, max_size=3))
    names = draw(st.lists(st.sampled_from(sorted(MARKS)), min_size=1, max_size=3))
    gap, font = draw(st.sampled_from(["", " ", "\u3000"])), draw(st.sampled_from(FONTS))
    separator = draw(st.sampled_from(SEPARATORS))
    side, deleted = (
        draw(st.sampled_from(["before", "before", "before", "after"])),
        draw(st.sampled_from([False, False, False, True])),
    )
    pieces = []
    for number, option in enumerate(OPTIONS):
        if deleted and option not in chosen:
            continue
        mark = MARKS[names[number % len(names)]](option in chosen, font)
        name = option if not draw(st.booleans()) else f"{option[0]} {option[1:]}"
        label = run(name[0], fonts(font)) + run(name[1:], fonts(draw(st.sampled_from(FONTS))))
        between = run(gap) * bool(gap)
        pieces.append(mark + between + label if side == "before" else label + between + mark)
    return docx(draw(bodies(pieces, separator))), chosen


@st.composite
def bodies(draw: st.DrawFn, pieces: list[str], separator: str) -> str:
    """The form round the options, in one of the structures that came back."""
    choice = _options(draw(st.sampled_from(["plain", "nested", "control"])), pieces, separator)
    label = draw(st.sampled_from(["申报类型", "申 报 类 型", "申报类型：", "申　报\n类　型"]))
    span = '<w:gridSpan w:val="3"/>'
    rows = [
        row(cell("项目名称"), cell(TEXTS["project"], properties=span)),
        row(cell(*label.split("\n")), f"<w:tc><w:tcPr>{span}</w:tcPr>{choice}</w:tc>"),
        row(cell("申报单位"), cell(TEXTS["unit"], properties=span)),
        row("负责人", TEXTS["head"], "电话", TEXTS["phone"]),
    ]
    if draw(st.booleans()):
        rows[1] = f"<w:sdt><w:sdtPr/><w:sdtContent>{rows[1]}</w:sdtContent></w:sdt>"
    if draw(st.booleans()):
        rows.insert(1, row("旧行", "作废", properties="<w:del/>"))
    cut = draw(st.sampled_from([0, 2, 3]))
    tables = [table(*rows)] if not cut else [table(*rows[:cut]), paragraph(""), table(*rows[cut:])]
    before = draw(st.sampled_from(["", paragraph("附件"), table(row("编号", "001"))]))
    return before + "".join(tables)


def _options(structure: str, pieces: list[str], separator: str) -> str:
    if structure == "nested":
        return table(
            *("<w:tr>" + "".join(cell(paragraph(p)) for p in pieces[k : k + 3]) + "</w:tr>" for k in (0, 3))
        ) + paragraph("")
    if separator == "/paragraph/":
        inner = "".join(paragraph(piece) for piece in pieces)
    else:
        inner = paragraph(("<w:r><w:br/></w:r>" if separator == "/break/" else run(separator)).join(pieces))
    return inner if structure == "plain" else f"<w:sdt><w:sdtPr/><w:sdtContent>{inner}</w:sdtContent></w:sdt>"


def check(folder: Path, data: bytes, chosen: frozenset[str]) -> None:
    path = folder / "a.docx"
    path.write_bytes(data)
    result = extract(Source.at(path), FORMS)[0]
    field = result.fields["kinds"]
    assert field.decision == "review" or set(field.value or ()) == chosen
    assert {name: result.fields[name].value for name in TEXTS} == TEXTS


@given(composition=compositions())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_a_composed_form_is_right_or_sent_to_review(
    composition: tuple[bytes, frozenset[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    check(tmp_path_factory.getbasetemp(), *composition)


@pytest.mark.accept
def test_two_thousand_composed_forms_are_right_or_sent_to_review(tmp_path: Path) -> None:
    seen, accepted = 0, 0

    @given(composition=compositions())
    @settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
    def run_all(composition: tuple[bytes, frozenset[str]]) -> None:
        nonlocal seen, accepted
        check(tmp_path, *composition)
        seen += 1
        accepted += extract(Source.at(tmp_path / "a.docx"), FORMS)[0].fields["kinds"].decision == "accept"

    run_all()
    assert seen >= 2000
    # A reader that sends everything to review would pass, and help nobody.
    assert accepted > 0.9 * seen
