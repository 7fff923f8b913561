"""Answers in several columns beside one label, with a cell among them that the form prints."""

from models.fields import NumberField
from models.form import FormCell, FormDefinition, FormRow, Printed
from tests.extractor.answers.sheets import grid, scan, sheet
from tests.extractor.answers.test_match import lay, values


def test_the_unit_of_a_row_is_print_between_its_label_and_its_answers() -> None:
    years = [
        NumberField(kind="number", name=f"y{year}", label=f"{year}年产值", prompt=f"{year}年：", unit="万元")
        for year in (2022, 2023)
    ]
    cell = FormCell(label="工业总产值", columns=3, content=(Printed(kind="printed", text="万元"), *years))
    form = FormDefinition(
        name="a-form", version="1", title="统计表", columns=(1, 1, 1, 1), rows=(FormRow(cells=(cell,)),)
    )
    page = sheet(
        1, grid([["指标名称", "计量单位", "2022年", "2023年"], ["工业总产值", "万元", "8600", "9100"]])
    )
    found = lay(scan(page), form)
    assert values(found) == {
        "y2022": {"amount": "8600", "unit": "万元"},
        "y2023": {"amount": "9100", "unit": "万元"},
    }
