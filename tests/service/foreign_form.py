"""A form that another program made: a Word file with fifteen places to fill in, as a bureau has hundreds."""

from collections.abc import Sequence
from io import BytesIO

from docx import Document

TITLE = "节能改造项目备案表"
# A label, and what stands in the cell beside it.
ROWS: Sequence[Sequence[str | None]] = (
    ("单位名称", "", "统一社会信用代码", ""),
    ("法定代表人", "", "联系电话", ""),
    ("通讯地址", "", "邮政编码", ""),
    ("电子邮箱", "", "经办人身份证号", ""),
    ("项目名称", "", "开工日期", ""),
    ("项目类别", "□工业 □建筑 □交通", "投资额（万元）", ""),
    ("职工人数（人）", "", "开户行", ""),
    ("项目简介", "", None, None),
)
FIELDS = 15


def foreign_form(title: str = TITLE, *, rows: Sequence[Sequence[str | None]] = ROWS) -> bytes:
    """Returns the form as .docx."""
    document = Document()
    document.add_paragraph(title)
    table = document.add_table(len(rows), 4, style="Table Grid")
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if text is None:
                table.cell(number, column - 1).merge(table.cell(number, column))
            else:
                table.cell(number, column).text = text
    document.add_paragraph("注：本表一式两份。")
    file = BytesIO()
    document.save(file)
    return file.getvalue()
