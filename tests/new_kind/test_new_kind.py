"""A new kind of field is one class and its line in the union: everything else takes it as it takes the
others."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from extractor.text.passage import Passage, Place
from extractor.weighing.calibration import probability, signs_of
from extractor.weighing.compare import compare
from models.page import Line, Run
from models.record import Observation
from tests.new_kind.plate import PlateField

ROOT = Path(__file__).parent.parent.parent
FORM, FIELD = "enterprise-filing", "credit_code"
CODE, MISTYPED = "鄂AY1286", "鄂AY128"


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What came of the field in a copy of the house to which the kind was added."""
    house = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "models", house / "models", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("generator", "extractor", "service", "fixtures", "tests"):
        (house / name).symlink_to(ROOT / name)
    shutil.copy(Path(__file__).with_name("plate.py"), house / "models" / "fields")
    union = house / "models" / "fields" / "__init__.py"
    text = union.read_text("utf-8")
    for before, line in (
        (
            "from models.fields.date import DateField\n",
            "from models.fields.plate import PlateField\n",
        ),
        ("    | ProseField\n", "    | PlateField\n"),
    ):
        assert before in text
        text = text.replace(before, line + before)
    union.write_text(text, "utf-8")

    forms = house / "forms"
    forms.mkdir()
    shipped = (ROOT / "fixtures" / "forms" / f"{FORM}.yaml").read_text("utf-8")
    asked = f"{{kind: text, name: {FIELD}"
    assert asked in shipped
    (forms / f"{FORM}.yaml").write_text(shipped.replace(asked, f"{{kind: plate, name: {FIELD}"), "utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "tests.new_kind.way", str(forms), FORM, FIELD, CODE, MISTYPED],
        cwd=house, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_value_of_a_new_kind_that_was_written_into_a_form_is_read_back_and_accepted(way: Any) -> None:
    assert way["kind"] == "plate"
    for read in way["read"][CODE].values():
        assert read == {"value": CODE, "raw": CODE, "decision": "accept", "findings": [], "said": []}


def test_a_value_that_a_new_kind_refuses_goes_to_a_person(way: Any) -> None:
    for read in way["read"][MISTYPED].values():
        assert (read["value"], read["raw"], read["decision"]) == (None, MISTYPED, "review")
        assert "unparsable" in read["findings"]
        assert any("车牌类 1" in line for line in read["said"])


def test_a_value_of_a_new_kind_stands_in_every_export(way: Any) -> None:
    made = {kind: bytes.fromhex(data) for kind, data in way["exported"][CODE].items()}
    assert json.loads(made["jsonl"])["fields"][FIELD] == CODE
    headings, row = csv.reader(io.StringIO(made["csv"].decode("utf-8-sig"), newline=""))
    assert row[headings.index("统一社会信用代码")] == CODE
    assert pq.read_table(io.BytesIO(made["parquet"])).to_pylist()[0][FIELD] == CODE
    sheet = load_workbook(io.BytesIO(made["xlsx"])).worksheets[0]
    assert any(cell.value == CODE and cell.data_type == "s" for line in sheet.iter_rows() for cell in line)


def test_a_new_kind_of_which_no_misreading_is_known_is_never_accepted_off_a_picture() -> None:
    field = PlateField(kind="plate", name="code")
    seen = Passage.of([Line(spans=tuple(Run(text=char, confidence=0.9999) for char in CODE))], Place(page=1))
    assert probability(field, signs_of(field, seen, 9.0)) == 0.0


def test_two_readings_of_a_new_kind_are_compared_by_their_characters_and_no_digit_is_explained_away() -> None:
    field = PlateField(kind="plate", name="code")
    typed = Observation(field="code", value=CODE, raw=CODE, source="table", confidence=0.9)
    for instead, explained in (("V", 1), ("3", 0)):
        read = CODE[:-5] + instead + CODE[-4:]  # where a Y stands
        runs = tuple(
            Run(text=char, confidence=0.9, others=(("Y", 0.1),) if char == instead else ()) for char in read
        )
        seen = Observation(
            field="code", value=None, raw=read, source="table", confidence=0.0, readings=(runs,)
        )
        far = compare(field, typed, seen)
        assert (far.explained, far.agrees) == (explained, bool(explained))
