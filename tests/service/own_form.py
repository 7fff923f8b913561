"""A form as a bureau draws it in Word, its definition, and a record of it."""

import io

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

FORM = """
name: equipment-request
version: "1"
title: 设备购置申请表
template: forms/own.docx
columns: [3, 5, 3, 5]
rows:
  - cells:
      - {label: 编号, content: [{kind: text, name: number}]}
      - {label: 填表单位, content: [{kind: text, name: filled_by}]}
  - cells:
      - {label: 申请单位, content: [{kind: text, name: unit, required: true}]}
      - {label: 成立日期, content: [{kind: date, name: founded}]}
  - cells:
      - {label: 联系电话, content: [{kind: phone, name: phone}]}
      - {label: 预算, content: [{kind: number, name: budget, unit: 万元}]}
  - cells:
      - label: 购置方式
        columns: 3
        content: [{kind: choice, name: ways, options: [公开招标, 询价, 网上商城]}]
  - cells:
      - label: 设备清单
        columns: 3
        content:
          - kind: rows
            name: items
            blank_rows: 2
            columns:
              - {label: 名称, field: {kind: text, name: item}}
              - {label: 数量, columns: 2, field: {kind: number, name: amount, unit: 台}}
  - cells:
      - label: 申请理由
        columns: 3
        content: [{kind: prose, name: reason, guidance: ["请说明用途，300字以内"]}]
  - cells:
      - label: 单位意见
        columns: 3
        content:
          - {kind: text, name: opinion}
          - {kind: seal, name: seal, label: 单位盖章, prompt: 单位（盖章）：}
          - {kind: date, name: signed, label: 意见日期}
"""
VALUES = {
    "number": "A-2021-07", "filled_by": "财务科", "unit": "云泽市青禾纸业有限公司", "founded": "2009-04-16",
    "phone": "13871520946", "budget": {"amount": "85.5", "unit": "万元"}, "ways": ["询价", "网上商城"],
    "items": [{"item": "离心机", "amount": {"amount": "2", "unit": "台"}}],
    "reason": "更新两条生产线，每年节电四十万度。", "opinion": "同意", "signed": "2021-03-09",
}  # fmt: skip


def own_form(*, breaks: bool = False) -> bytes:
    """A form as a bureau draws it: merged cells, its own fonts, a line with blanks above the table. One that
    `breaks` lacks the label 联系电话 and has no boxes."""
    document = Document()
    document.styles["Normal"].font.size = Pt(12)
    document.add_heading("设备购置申请表", 1)
    line = document.add_paragraph("编号：")
    line.add_run("            ").font.underline = True
    line.add_run("  填表单位：________________")
    rows = [
        ["申请单位", "", "成立日期", "    年  月  日"],
        ["联系人" if breaks else "联系电话", "", "预算", "　　　万元"],
        ["购置方式", "公开招标 询价 网上商城" if breaks else "□公开招标 □询价 □网上商城", None, None],
        ["设备清单", "名称", "数量", None],
        ["…", "", "", None],
        ["…", "", "", None],
        ["申请理由", "请说明用途，300字以内", None, None],
        ["单位意见", "\n\n                单位（盖章）：\n                年   月   日", None, None],
    ]
    table = document.add_table(len(rows), 4, style="Table Grid")
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            if text is None:
                table.cell(r, c - 1).merge(table.cell(r, c))
            elif text == "…":
                table.cell(r - 1, c).merge(table.cell(r, c))
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            if text not in (None, "…"):
                table.cell(r, c).text = str(text)
    advice = table.cell(6, 1).paragraphs[0].runs[0]
    advice.font.italic, advice.font.size = True, Pt(9)
    for row, least in (*((row, 700) for row in range(6)), (6, 1500)):
        high = OxmlElement("w:trHeight")
        high.set(qn("w:val"), str(least))
        table.rows[row]._tr.get_or_add_trPr().append(high)
    document.add_paragraph("注：本表一式两份。")
    document.sections[0].footer.paragraphs[0].text = "云泽市财政局制"
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
