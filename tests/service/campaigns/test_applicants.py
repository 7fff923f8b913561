"""Who may apply for what: the six domains of the letter, the register, and doubts with their reasons."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from models.errors import RosterError
from service.campaigns.judgement.applicants import Listed, Units, is_code, judge_eligibility
from service.campaigns.judgement.entries import Entry, Ruling
from service.campaigns.sheets import read_table
from tests.service.campaigns.calls import call, entry


def _judged(unit: str | None, domain: object, units: Units | None = None, **more: object):
    return judge_eligibility(call().campaign, units or Units(), entry(unit=unit, domain=domain, **more))


@pytest.mark.parametrize(
    ("domain", "unit"),
    [
        ("城镇", "江岸区人民政府"),
        ("城镇", "洪山区花山街道办事处"),
        ("城镇", "武汉市蔡甸区发展和改革局"),
        ("园区", "武汉青山工业园管理委员会"),
        ("园区", "武汉经济技术开发区管理委员会"),
        ("社区", "百步亭社区居民委员会"),
        ("社区", "童周岭村村民委员会"),
        ("社区", "武汉恒润房地产开发有限公司"),
        ("社区", "武汉青禾物业管理有限公司"),
        ("校园", "华中农业大学"),
        ("校园", "武汉市第二中学"),
        ("校园", "洪山区实验小学"),
        ("商业", "武汉远帆商业管理有限公司"),
        ("商业", "武汉嘉木物业服务有限公司"),
        ("商业", "黄陂木兰山风景区管理委员会"),
        ("企事业单位", "武汉启明科技股份有限公司"),
        ("企事业单位", "武汉市第一医院"),
        ("企事业单位", "湖北澄江水泥厂"),
    ],
)
def test_each_domain_takes_the_kinds_of_applicant_that_the_letter_names(domain: str, unit: str) -> None:
    found = _judged(unit, [domain])
    assert found.verdict == "may", found.reason
    assert found.domain == domain


@pytest.mark.parametrize(
    ("domain", "unit", "told"),
    [
        ("城镇", "百步亭社区居民委员会", "按名称属于社区居民委员会"),
        ("城镇", "武汉青山工业园管理委员会", "应为各级行政主管部门"),
        ("园区", "武汉启明科技有限公司", "按名称属于企事业单位"),
        ("社区", "武汉启明科技有限公司", "应为社区居民委员会、村民委员会、开发商、物业公司"),
        ("校园", "武汉启明教育科技有限公司", "应为大中小学校"),
        ("商业", "江岸区人民政府", "按名称属于各级行政主管部门"),
        ("企事业单位", "武汉启明科技有限公司黄陂分公司", "从名称看不出"),
        ("企事业单位", "张三", "从名称看不出"),
    ],
)
def test_a_unit_of_another_kind_is_a_doubt_with_its_reason(domain: str, unit: str, told: str) -> None:
    found = _judged(unit, [domain])
    assert found.verdict == "doubt"
    assert told in found.reason


@pytest.mark.parametrize(
    ("chosen", "told"),
    [(None, "没有选择领域"), ([], "没有选择领域"), (["城镇", "园区"], "选了 2 个"), (["工业"], "没有“工业”")],
)
def test_one_of_six_is_chosen_and_anything_else_is_a_doubt(chosen: object, told: str) -> None:
    found = _judged("江岸区人民政府", chosen)
    assert found.verdict == "doubt"
    assert told in found.reason


@pytest.mark.parametrize("what", ["unit", "domain"])
def test_a_value_that_waits_for_review_makes_a_doubt_of_any_verdict(what: str) -> None:
    name = getattr(call().campaign.fields, what)
    found = _judged("武汉启明科技有限公司", ["企事业单位"], unsettled=frozenset({name}))
    assert found.verdict == "doubt"
    assert "尚待复核" in found.reason


def test_the_register_goes_before_the_name() -> None:
    units = Units([Listed("武汉启明实业有限公司", kind="开发商"), Listed("青禾社区服务有限公司", "911")])
    assert _judged("武汉启明实业有限公司", ["商业"], units).verdict == "may"
    found = _judged("武汉启明实业有限公司", ["企事业单位"], units)
    assert found.verdict == "doubt"
    assert "名册中此单位属于开发商" in found.reason
    # Without a kind, the code says what a unit is: 91 is an enterprise.
    assert "名册中有此单位" in _judged("青禾社区服务有限公司", ["企事业单位"], units).reason


def test_a_name_that_is_nearly_one_of_the_register_is_a_doubt_and_not_another_unit() -> None:
    units = Units([Listed("武汉启明实业有限公司", kind="企事业单位")])
    found = _judged("武汉启朋实业有限公司", ["企事业单位"], units)
    assert found.verdict == "doubt"
    assert "相近的“武汉启明实业有限公司”" in found.reason


def test_a_code_of_another_unit_is_a_doubt() -> None:
    loaded = call("carbon-filing-2026")
    row, other = loaded.judge.units.rows[:2]
    fields = loaded.campaign.fields
    for unit, told in ((other.unit, "代码是"), ("平澜市无名有限公司", f"在名册中是“{row.unit}”")):
        one = Entry("a", {fields.unit: unit, fields.code: row.code}, form=loaded.campaign.form)
        found = judge_eligibility(loaded.campaign, loaded.judge.units, one)
        assert found.verdict == "doubt"
        assert told in found.reason


@pytest.mark.parametrize(("may", "verdict"), [(True, "may"), (False, "no")])
def test_a_persons_word_goes_before_all_rules(may: bool, verdict: str) -> None:
    found = _judged("张三", ["城镇"], ruling=Ruling(may_apply=may, reason="已核实"))
    assert found.verdict == verdict
    assert "已核实" in found.reason


def test_a_credit_code_is_known_by_its_last_character() -> None:
    code = str(call("carbon-filing-2026").judge.units.rows[0].code)
    assert is_code(code)
    assert not is_code(code[:-1] + ("0" if code[-1] != "0" else "1"))
    assert not is_code(code[:-1])
    assert not is_code("I" + code[1:])


def test_a_table_below_a_title_is_found_by_its_headings_and_other_columns_left_alone(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["某市名册"], ["序号", "单 位", "备注"], [1, "甲单位", "=1+1"], [2, "乙单位", None]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "a.xlsx")
    assert read_table((tmp_path / "a.xlsx").read_bytes(), ["单位"]) == [
        (3, {"单位": "甲单位"}),
        (4, {"单位": "乙单位"}),
    ]
    with pytest.raises(RosterError, match="没有找到表头：代码"):
        read_table((tmp_path / "a.xlsx").read_bytes(), ["代码"])
