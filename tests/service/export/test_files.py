"""Records as files: every format gives back what stands in the record, and no text in them can do
anything."""

import csv
import io
import json
import tempfile
import tracemalloc
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from models.errors import Invalid
from models.fields import Amount, ChoiceField, DateField, NumberField, Seal
from models.form import FormDefinition
from service.export.columns import ABOUT, check, titles_of, usual
from service.export.files import FORMATS, Format, Shape, safe, to_json, write_records
from service.forms.definitions import load_forms
from service.store.exports import Kept
from tests.records import random_record

FORMS = load_forms()
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NAMES = {"user:1": "王审核"}
HOSTILE = [
    "=1+1",
    "+8613800000000",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",
    "'=1",
    'a"b',
    "a,b",
    "a\r\nb",
    " =1",
]


def _kept(form: FormDefinition, seed: int = 1, corrected: tuple[str, ...] = (), **more: Any) -> Kept:
    values = {**random_record(form, seed).to_json(form), **more.pop("values", {})}
    marks = {name: {"state": "read", "by": "worker:w1", "at": NOW.isoformat()} for name in values}
    marks |= {name: {"state": "corrected", "by": "user:1", "at": NOW.isoformat()} for name in corrected}
    told: dict[str, Any] = {
        "id": seed, "changed": 10 + seed, "version": 2, "status": "accepted", "form": form.name,
        "form_version": form.version,
        "name": f"s{seed}.docx", "unit": "某单位", "received_at": NOW, "updated_at": NOW, "replaces": None,
        "replaced_by": None,
        "error_code": None, "failure": None, "purged": False, "content": values, "marks": marks,
        "findings": [],
    }  # fmt: skip
    return Kept(**{**told, **more})


def _write(kind: Format, *records: Kept, columns: list[str] | None = None) -> bytes:
    target = io.BytesIO()
    forms = {kept.form: FORMS[kept.form] for kept in records if kept.form}
    write_records(kind, target, records, Shape(forms, NAMES, columns))
    return target.getvalue()


def _csv(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def _parquet(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


@pytest.fixture(params=sorted(FORMS))
def form(request: pytest.FixtureRequest) -> FormDefinition:
    return FORMS[request.param]


def test_csv_holds_every_value_as_it_stands_in_a_cell(form: FormDefinition) -> None:
    records = [_kept(form, seed) for seed in range(1, 6)]
    heading, *rows = _csv(_write("csv", *records))
    assert heading == [titles_of(form)[name] for name in usual(form)]
    for kept, row in zip(records, rows, strict=True):
        for name, cell in zip(usual(form), row, strict=True):
            if name in form.fields:
                field = form.fields[name]
                value = field.sheet_value(field.from_json(kept.content[name]))
                told = (
                    f"{value:f}"
                    if isinstance(value, Decimal)
                    else value.isoformat()
                    if isinstance(value, date)
                    else value or ""
                )
                assert cell == safe(told)


def test_every_format_tells_what_nobody_weighed() -> None:
    form, name = FORMS["pilot-application"], "recommend_seal"
    seal = {"present": True, "text": "汉阳区梅花蛤街道办事经", "agrees": None}
    kept = _kept(form, values={name: seal})
    kept = replace(kept, marks={**kept.marks, name: {**kept.marks[name], "unweighed": ["text"]}})
    shown = "有（印文未核对：汉阳区梅花蛤街道办事经）"
    for columns in (None, [name]):
        heading, row = _csv(_write("csv", kept, columns=columns))
        assert dict(zip(heading, row, strict=True))["推荐部门盖章"] == shown
        sheet = load_workbook(io.BytesIO(_write("xlsx", kept, columns=columns)))[form.title]
        assert {one.value: other.value for one, other in zip(sheet[1], sheet[2], strict=True)}[
            "推荐部门盖章"
        ] == shown
        line = json.loads(_write("jsonl", kept, columns=columns))
        assert (line["fields"][name], line["unweighed"]) == (seal, [f"{name}.text"])
        (told,) = _parquet(_write("parquet", kept, columns=columns)).to_pylist()
        assert (told["_unweighed"] if columns is None else json.loads(told["_rest"])["_unweighed"]) == [
            f"{name}.text"
        ]
    assert to_json(kept, NAMES)["unweighed"] == [f"{name}.text"]


def test_csv_lines_end_as_the_standard_says_and_lists_are_joined(form: FormDefinition) -> None:
    data = _write("csv", _kept(form))
    assert data.endswith(b"\r\n")
    choice = next((name for name, field in form.fields.items() if isinstance(field, ChoiceField)), None)
    if choice is not None:
        options = list(form.fields[choice].options[:2])  # type: ignore[union-attr]
        assert _csv(_write("csv", _kept(form, values={choice: options}), columns=[choice]))[1] == [
            "、".join(options)
        ]


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec=None), max_size=30)))
def test_no_text_is_a_formula_in_csv_and_what_was_written_can_be_read(text: str) -> None:
    form = FORMS["pilot-application"]
    ((_, cell),) = _csv(_write("csv", _kept(form, values={"overview": text}), columns=["_id", "overview"]))[
        1:
    ]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    if text.isprintable() and text.isascii():
        assert cell.removeprefix("'") == text.removeprefix("'")


@settings(max_examples=40, deadline=None)
@given(text=st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec=None), max_size=30)))
def test_no_text_is_a_formula_in_a_workbook(text: str) -> None:
    kept = _kept(FORMS["pilot-application"], values={"overview": text}, name=text, unit=text)
    book = load_workbook(io.BytesIO(_write("xlsx", kept, columns=["overview", "_name", "_unit"])))
    for sheet in book.worksheets:
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def test_a_workbook_shows_the_status_in_words_and_who_corrected_what() -> None:
    form = FORMS["pilot-application"]
    book = load_workbook(io.BytesIO(_write("xlsx", _kept(form, corrected=("email",)))))
    sheet = book[form.title]
    cells = {str(heading.value): cell for heading, cell in zip(sheet[1], sheet[2], strict=True)}
    assert cells["状态"].value == "已受理"
    assert cells["人工更正"].value == f"{form.titles['email']}（王审核）"
    assert cells["复核人"].value == "王审核"
    assert cells[form.titles["email"]].fill.fgColor.rgb == "00E2EFDA"
    assert cells[form.titles["phone"]].fill.fill_type is None


@pytest.mark.parametrize("kind", FORMATS)
def test_the_chosen_columns_come_in_the_chosen_order(kind: Format) -> None:
    form, columns = FORMS["pilot-application"], ["email", "_status", "project_name"]
    data = _write(kind, _kept(form), columns=columns)
    titles = [titles_of(form)[name] for name in columns]
    if kind == "xlsx":
        assert [cell.value for cell in load_workbook(io.BytesIO(data))[form.title][1]] == titles
    elif kind == "csv":
        assert _csv(data)[0] == titles
    elif kind == "jsonl":
        assert list(json.loads(data)["fields"]) == ["email", "project_name"]
    else:
        assert _parquet(data).column_names == [*columns, "_rest"]


def test_each_form_has_its_sheet_and_what_has_no_record_a_sheet_with_the_reason() -> None:
    kept = _kept(
        FORMS["pilot-application"], 9, status="unreadable", failure="文件不完整", error_code="damaged"
    )
    unread = replace(kept, form=None, marks={}, content={})
    book = load_workbook(io.BytesIO(_write("xlsx", *(_kept(form, 1) for form in FORMS.values()), unread)))
    assert book.sheetnames == [*(form.title for form in FORMS.values()), "未能读取", "说明"]
    assert [cell.value for cell in book["未能读取"][2]] == [
        "9",
        "s9.docx",
        "无法读取",
        "文件不完整",
        "damaged",
    ]


def test_json_lines_hold_the_values_the_state_and_the_cursor(form: FormDefinition) -> None:
    records = [_kept(form, seed) for seed in range(1, 4)]
    lines = [json.loads(line) for line in _write("jsonl", *records).splitlines()]
    for kept, line in zip(records, lines, strict=True):
        assert line == to_json(kept, NAMES)
        assert line["fields"] == kept.content
        assert (line["id"], line["status"], line["version"], line["changed"]) == (
            kept.id,
            "accepted",
            2,
            kept.changed,
        )


def test_parquet_is_typed_by_the_kinds_of_the_fields(form: FormDefinition) -> None:
    schema = _parquet(_write("parquet", _kept(form))).schema
    expected = {
        DateField: pa.date32(),
        ChoiceField: pa.list_(pa.string()),
        NumberField: pa.decimal128(38, 14),
    }
    for name, field in form.fields.items():
        assert schema.field(name).type.equals(
            expected.get(type(field), schema.field(name).type), check_metadata=False
        ), name
        assert schema.field(name).metadata[b"title"].decode() == form.titles[name]


def test_parquet_gives_back_every_value(form: FormDefinition) -> None:
    records = [_kept(form, seed) for seed in range(1, 8)]
    for kept, row in zip(records, _parquet(_write("parquet", *records)).to_pylist(), strict=True):
        assert row["_received_at"] == NOW
        assert row["_rest"] is None
        for name, field in form.fields.items():
            value = field.from_json(kept.content[name])
            if isinstance(value, Amount):
                assert (row[name], row[f"{name}.unit"]) == (value.amount, value.unit)
            elif isinstance(value, Seal):
                assert row[name] == value.model_dump()
            elif isinstance(field, ChoiceField):
                assert row[name] == list(value)  # type: ignore[arg-type]
            elif isinstance(value, str | date):
                assert row[name] == value


def test_parquet_keeps_what_its_types_have_no_place_for() -> None:
    form = FORMS["enterprise-filing"]
    number, day = (
        next(n for n, f in form.fields.items() if isinstance(f, kind)) for kind in (NumberField, DateField)
    )
    tiny = {"amount": "0." + "0" * 20 + "1", "unit": "万元"}
    (row,) = _parquet(
        _write("parquet", _kept(form, values={number: tiny, day: {"unheard": "of"}, "gone": "x"}))
    ).to_pylist()
    assert (row[number], row[day]) == (None, None)
    assert json.loads(row["_rest"]) == {"gone": "x", number: tiny, day: {"unheard": "of"}}


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(codec=None), max_size=20))
def test_parquet_and_json_lines_take_any_text(text: str) -> None:
    kept = _kept(FORMS["pilot-application"], values={"overview": text}, name=text)
    assert _parquet(_write("parquet", kept, columns=["overview"])).num_rows == 1
    assert json.loads(_write("jsonl", kept))["fields"]["overview"] == text


@pytest.mark.parametrize("kind", FORMATS)
def test_a_format_of_one_table_and_no_other_refuses_two_forms(kind: Format) -> None:
    with pytest.raises(Invalid) if FORMATS[kind].is_one_table else nullcontext():
        _write(kind, *(_kept(form) for form in FORMS.values()))


@pytest.mark.parametrize("columns", [["_id", "nothing"], ["_id", "_id"], ["__class__"]])
def test_a_column_that_there_is_not_is_refused(columns: list[str]) -> None:
    with pytest.raises(Invalid):
        check(columns, list(FORMS.values()))


def test_a_column_about_the_submission_never_has_the_name_of_a_field(
    forms: Mapping[str, FormDefinition],
) -> None:
    assert all(name.startswith("_") for name in ABOUT)


@pytest.mark.parametrize("kind", FORMATS)
def test_memory_does_not_grow_with_the_number_of_records(kind: Format) -> None:
    few, many = (600, 1800) if kind == "xlsx" else (2000, 6000)
    form = FORMS["enterprise-filing"]
    pattern, shape = _kept(form), Shape({form.name: form}, NAMES, ["_id", "_status"])

    def peak(count: int) -> int:
        with tempfile.TemporaryFile() as target:
            tracemalloc.start()
            write_records(kind, target, (replace(pattern, id=number) for number in range(count)), shape)
            used = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return used

    peak(few)
    assert peak(many) < 1.5 * peak(few) + 100_000
