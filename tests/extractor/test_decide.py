from typing import Any

from extractor.decide import Decided, decide
from models.fields import Seal
from models.findings import Finding
from models.form import FormDefinition
from models.record import Observation

FORM = FormDefinition.model_validate(
    {
        "name": "tiny",
        "version": "1",
        "title": "表",
        "columns": [3, 5],
        "rows": [
            {"cells": [{"label": "单位", "content": [{"kind": "text", "name": "unit", "required": True}]}]},
            {"cells": [{"label": "邮箱", "content": [{"kind": "email", "name": "mail"}]}]},
            {"cells": [{"label": "盖章", "content": [{"kind": "seal", "name": "seal", "required": True}]}]},
        ],
    }
)


def seen(field: str, value: Any, **more: Any) -> Observation:
    return Observation(**{"field": field, "value": value, "raw": str(value), "source": "table", "confidence": 0.99} | more)


def decided(*observations: Observation, findings: tuple[Finding, ...] = ()) -> Decided:
    given = {observation.field for observation in observations}
    rest = [seen("unit", "甲公司"), seen("mail", "a@b.cn"), seen("seal", Seal(present=True))]
    return decide(FORM, [*observations, *(one for one in rest if one.field not in given)], findings)


def codes(result: Decided) -> list[str]:
    return [finding.code for finding in result.findings]


def test_a_sure_reading_without_a_fault_is_accepted() -> None:
    result = decided()
    assert {field.decision for field in result.fields.values()} == {"accept"}
    assert not result.findings


def test_little_confidence_sends_a_field_to_review() -> None:
    result = decided(seen("unit", "甲公司", confidence=0.9))
    assert result.fields["unit"].decision == "review"
    assert codes(result) == ["unsure"]
    assert "90%" in result.findings[0].message


def test_a_doubt_sends_a_field_to_review_whatever_the_confidence() -> None:
    doubt = Finding.of("picture-in-answer", "unit", title="单位")
    result = decided(seen("unit", "甲公司", doubts=(doubt,)))
    assert result.fields["unit"].decision == "review"
    assert result.fields["mail"].decision == "accept"


def test_a_value_that_breaks_its_rule_goes_to_review() -> None:
    result = decided(seen("mail", "a@b"))
    assert result.fields["mail"].decision == "review"
    assert codes(result) == ["email-invalid"]


def test_a_required_field_left_empty_goes_to_review() -> None:
    result = decided(seen("unit", None))
    assert result.fields["unit"].decision == "review"
    assert codes(result) == ["required-empty"]


def test_a_missing_seal_is_a_fault_that_nobody_doubts() -> None:
    result = decided(seen("seal", Seal(present=False)))
    assert result.fields["seal"].decision == "accept"
    assert codes(result) == ["seal-missing"]


def test_a_field_that_was_not_found_is_said_once() -> None:
    result = decide(FORM, [seen("mail", None), seen("seal", Seal(present=True))])
    assert result.fields["unit"].decision == "review"
    assert codes(result) == ["label-missing"]


def test_a_text_without_a_reading_is_not_also_called_empty() -> None:
    doubt = Finding.of("unparsable", "unit", title="单位", reason="x")
    assert codes(decided(seen("unit", None, confidence=0.0, doubts=(doubt,)))) == ["unparsable"]


def test_a_control_that_says_the_same_changes_nothing() -> None:
    result = decided(seen("unit", "甲 公司"), seen("unit", "甲公司", source="control"))
    assert result.fields["unit"].decision == "accept"
    assert result.fields["unit"].value == "甲公司"


def test_a_control_that_says_something_else_goes_to_review_with_both() -> None:
    result = decided(seen("unit", "甲公司"), seen("unit", "乙公司", source="control"))
    field = result.fields["unit"]
    assert (field.decision, field.value, field.alternatives) == ("review", "甲公司", ("乙公司",))
    assert codes(result) == ["control-disagrees"]


def test_a_control_alone_is_an_answer() -> None:
    result = decide(FORM, [seen("unit", "甲公司", source="control"), seen("mail", None), seen("seal", Seal(present=True))])
    assert result.fields["unit"].value == "甲公司"


def test_a_doubt_about_the_whole_file_is_about_every_field() -> None:
    result = decided(findings=(Finding.of("document-damaged", reason="x"),))
    assert {field.decision for field in result.fields.values()} == {"review"}


def test_findings_come_in_the_order_of_the_form() -> None:
    assert codes(decided(seen("unit", None), seen("mail", "a@b"), seen("seal", Seal(present=False)))) == [
        "required-empty", "email-invalid", "seal-missing",
    ]  # fmt: skip
