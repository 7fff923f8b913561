import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.fields import Seal, Signature
from models.form import FormDefinition
from models.record import Record
from models.rules import check
from tests.records import random_record

FIELDS = [
    {"kind": "text", "name": "unit", "label": "单位", "required": True},
    {"kind": "text", "name": "project", "label": "项目", "mentions": "unit"},
    {
        "kind": "choice",
        "name": "colour",
        "label": "颜色",
        "options": ["红", "蓝"],
        "min": 1,
        "max": 1,
        "required": True,
    },
    {"kind": "seal", "name": "seal", "label": "盖章", "required": True, "mentions": "unit"},
    {"kind": "signature", "name": "hand", "label": "签字", "required": True},
    {"kind": "phone", "name": "phone", "label": "电话"},
    {
        "kind": "rows",
        "name": "table",
        "label": "明细",
        "min": 2,
        "columns": [{"label": "名称", "field": {"kind": "text", "name": "what", "required": True}}],
    },
]
FORM = FormDefinition.model_validate(
    {
        "name": "small", "version": "1", "title": "表", "columns": [1, 1],
        "rows": [{"cells": [{"label": field["label"], "content": [field]}]} for field in FIELDS],
    }
)  # fmt: skip
GOOD = {
    "unit": "江城临港控股有限公司", "project": "临港控股近零碳园区", "colour": ("红",),
    "seal": Seal(present=True, text="江城临港控股有限公司", agrees=True),
    "hand": Signature(present=True), "phone": "027-85807053", "table": ({"what": "煤"}, {"what": "油"}),
}  # fmt: skip


def codes(**changes):
    record = Record(form="small", version="1", values={**GOOD, **changes})
    return [(finding.code, finding.field) for finding in check(FORM, record)]


def test_a_good_record_has_no_findings():
    assert codes() == []


def test_the_records_that_tests_make_are_filled_and_valid(forms):
    for form in forms.values():
        for seed in range(5):
            assert not {"required-empty", "rows-too-few", "unparsable", "phone-invalid", "email-invalid"} & {
                finding.code for finding in check(form, random_record(form, seed))
            }


def test_an_empty_record_lacks_each_required_field_in_the_order_of_the_form():
    empty = check(FORM, Record(form="small", version="1", values={}))
    assert [(f.code, f.field) for f in empty] == [
        ("required-empty", "unit"), ("required-empty", "colour"), ("seal-missing", "seal"),
        ("signature-missing", "hand"),
    ]  # fmt: skip
    assert empty[0].message == "“单位”未填写"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"colour": ("红", "蓝")}, ("choice-too-many", "colour")),
        ({"colour": ()}, ("choice-too-few", "colour")),
        ({"colour": ("绿",)}, ("unparsable", "colour")),
        ({"seal": Seal(present=False)}, ("seal-missing", "seal")),
        ({"seal": Seal(present=True, text="别家公司", agrees=False)}, ("seal-disagrees", "seal")),
        ({"seal": Seal(present=True, agrees=False)}, ("seal-disagrees", "seal")),
        ({"hand": Signature(present=False)}, ("signature-missing", "hand")),
        ({"phone": "1380013800"}, ("phone-invalid", "phone")),
        ({"table": ({"what": "煤"},)}, ("rows-too-few", "table")),
        ({"table": ({"what": "煤"}, {"what": None})}, ("required-empty", "table")),
        ({"project": "别处的项目"}, ("mention-missing", "project")),
    ],
)
def test_each_fault_is_found_alone(changes, found):
    assert codes(**changes) == [found]


@given(st.integers(0, 6), st.sampled_from(["", "项目", " 有限公司（二期）", "ABC"]))
def test_a_text_mentions_a_name_if_four_characters_of_it_stand_together(start, tail):
    assert codes(project="关于" + GOOD["unit"][start : start + 4] + tail) == []


def test_a_mention_is_found_in_any_writing_and_a_short_name_whole():
    assert codes(project="江 城 临 港") == []
    assert codes(unit="ＡＢ 厂", project="ab厂改造", seal=Seal(present=True)) == []
    assert codes(unit="青厂", project="厂青改造") == [("mention-missing", "project")]


def test_no_mention_is_asked_for_where_one_of_the_two_is_empty():
    assert codes(project=None) == []
    assert codes(unit=None) == [("required-empty", "unit")]


def test_comparing_two_very_long_texts_is_quick():
    start = time.process_time()
    assert codes(unit="甲" * 100_000 + "乙", project="丙" * 100_000) == [("mention-missing", "project")]
    assert time.process_time() - start < 1
