"""An empty roster that says how it is filled in: a column for each field, lists to choose from, a row to copy
from."""

import datetime
import io
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from generator.roster import NUMBER, SAMPLE, fields_of
from generator.sheet import DEFAULT_LIMITS, literal
from models.fields import (
    AddressField,
    Amount,
    ChoiceField,
    DateField,
    EmailField,
    Field,
    MomentField,
    NumberField,
    PhoneField,
    RowsField,
)
from models.form import FormDefinition

_LISTS = "选项"
# What a spreadsheet shows when a cell is chosen has at most so many characters.
_LONGEST_TITLE, _LONGEST_PROMPT = 32, 255
_NARROW, _WIDE, _WIDEST = 12, 24, 48  # in characters of Latin script
_GREY, _PALE, _RED = "808080", "EDF2F7", "C00000"
_LINE = Border(bottom=Side("thin", color=_GREY))


def write_template(form: FormDefinition) -> bytes:
    """An empty roster of `form` as .xlsx: a heading for every field that a roster can fill, marked where it
    is required, and a sample row, which is left out when the roster is read."""
    book = Workbook()
    sheet, lists = book.worksheets[0], book.create_sheet(_LISTS)
    sheet.title = "名册"
    lists.sheet_state = "hidden"
    _head(sheet, 1, NUMBER, 8, is_required=False)
    _sample(sheet, 1, SAMPLE)
    for column, field in enumerate(fields_of(form), 2):
        title = form.titles[field.name]
        _head(sheet, column, title, max(_width(field), 2 * len(title) + 4), is_required=field.required)
        _sample(sheet, column, _sample_of(field, title))
        sheet.add_data_validation(_offer(lists, sheet, column, field, title))
    sheet.row_dimensions[1].height = 24
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _head(sheet: Worksheet, column: int, title: str, width: int, *, is_required: bool) -> None:
    cell = sheet.cell(row=1, column=column, value=literal(title))
    cell.data_type = "s"  # a title that starts with = is still words
    # The mark is shown, and the heading stays what other programs may look for.
    cell.number_format = '@" *"' if is_required else "@"
    cell.font = Font(bold=True, color=_RED if is_required else None)
    cell.fill = PatternFill("solid", fgColor=_PALE)
    cell.border = _LINE
    cell.alignment = Alignment(vertical="center")
    dimension = sheet.column_dimensions[get_column_letter(column)]
    dimension.width = width
    dimension.number_format = "@"  # keeps a spreadsheet from shortening telephone numbers


def _sample(sheet: Worksheet, column: int, text: str) -> None:
    cell = sheet.cell(row=2, column=column)
    cell.value = literal(text)
    cell.data_type = "s"
    cell.number_format = "@"
    cell.font = Font(italic=True, color=_GREY)


def _width(field: Field) -> int:
    if field.is_long:
        return _WIDEST
    return _WIDE if isinstance(field, AddressField | EmailField) or field.may_name else _NARROW


_SAMPLES = {
    "month": "2021-03", "period": "2021-03/2022-12", "time": "09:30", "date-time": "2021-03-01T09:30",
}  # fmt: skip


def _sample_of(field: Field, title: str) -> str:
    match field:
        case ChoiceField():
            return field.format(field.options[:1])
        case DateField():
            return field.format(datetime.date(2021, 3, 1))
        case MomentField():
            return field.format(_SAMPLES[field.kind])
        case NumberField():
            return field.format(Amount(amount=Decimal("12.5"), unit=field.unit))
        case PhoneField():
            return "027-85807053"
        case EmailField():
            return "name@example.com"
        case RowsField():
            return ""
        case _:
            return f"某{title}"


def _offer(lists: Worksheet, sheet: Worksheet, column: int, field: Field, title: str) -> DataValidation:
    """What is offered and told in every cell of the column below its heading: a list to choose from, where
    there are options, and whether it must be filled in."""
    told = ["必填" if field.required else "可不填"]
    if isinstance(field, ChoiceField):
        letter = get_column_letter(column)
        for row, option in enumerate(field.options, 1):
            lists.cell(row=row, column=column, value=literal(option)).data_type = "s"
        offered = DataValidation(
            type="list", formula1=f"{quote_sheetname(_LISTS)}!${letter}$1:${letter}${len(field.options)}"
        )
        # Several are written into one cell, which is on no list.
        offered.showErrorMessage = field.max == 1
        offered.error, offered.errorTitle = "请从列表中选择", title[:_LONGEST_TITLE]
        told.append("从列表中选择" if field.max == 1 else "可从列表中选择，多项用顿号隔开")
    else:
        offered = DataValidation()
    if isinstance(field, RowsField):
        told.append("每行一条，各项用制表符隔开：" + "、".join(column.label for column in field.columns))
    offered.allow_blank = True
    offered.showInputMessage = True
    offered.promptTitle, offered.prompt = title[:_LONGEST_TITLE], "；".join(told)[:_LONGEST_PROMPT]
    letter = get_column_letter(column)
    offered.add(f"{letter}2:{letter}{DEFAULT_LIMITS.rows}")
    return offered
