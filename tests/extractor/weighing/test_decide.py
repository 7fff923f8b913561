from typing import Any

from extractor.weighing.decide import Decided, decide
from models.fields import Seal, Signature
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
    return Observation(
        **{"field": field, "value": value, "raw": str(value), "source": "table", "confidence": 0.99} | more
    )


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
    result = decide(
        FORM, [seen("unit", "甲公司", source="control"), seen("mail", None), seen("seal", Seal(present=True))]
    )
    assert result.fields["unit"].value == "甲公司"


def test_a_doubt_about_the_whole_file_is_about_every_field() -> None:
    result = decided(findings=(Finding.of("document-damaged", reason="x"),))
    assert {field.decision for field in result.fields.values()} == {"review"}


def test_findings_come_in_the_order_of_the_form() -> None:
    assert codes(decided(seen("unit", None), seen("mail", "a@b"), seen("seal", Seal(present=False)))) == [
        "required-empty", "email-invalid", "seal-missing",
    ]  # fmt: skip


def _marks(seal: Seal, sign: Signature, **unit: Any) -> dict[str, tuple[str, ...]]:
    """What of a seal and a signature that must bear the unit's name is unweighed."""
    cells = [
        {"label": "单位", "content": [{"kind": "text", "name": "unit"}]},
        {"label": "盖章", "content": [{"kind": "seal", "name": "seal", "mentions": "unit"}]},
        {"label": "签字", "content": [{"kind": "signature", "name": "sign", "mentions": "unit"}]},
    ]
    rows = [{"cells": [cell]} for cell in cells]
    form = FormDefinition.model_validate(
        {"name": "m", "version": "1", "title": "表", "columns": [3, 5], "rows": rows}
    )
    result = decide(form, [seen("unit", "甲公司", **unit), seen("seal", seal), seen("sign", sign)])
    return {name: result.fields[name].unweighed for name in ("seal", "sign")}


def test_the_text_on_a_mark_is_weighed_by_a_name_that_is_sure() -> None:
    seal, sign = Seal(present=True, text="甲公司", agrees=True), Signature(present=True, text="甲公司")
    assert _marks(seal, sign) == {"seal": (), "sign": ()}
    assert _marks(seal, sign, confidence=0.5) == {"seal": ("text", "agrees"), "sign": ("text",)}


def test_the_text_on_a_mark_that_no_name_bears_out_is_unweighed() -> None:
    assert _marks(Seal(present=True, text="汉阳区梅花蛤街道办事经"), Signature(present=True, text="张三")) == {
        "seal": ("text",), "sign": ("text",),
    }  # fmt: skip
    assert _marks(Seal(present=True), Signature(present=False)) == {"seal": (), "sign": ()}


def test_a_seal_whose_text_nobody_weighed_is_accepted_all_the_same_and_says_so() -> None:
    result = decided(seen("seal", Seal(present=True, text="汉阳区梅花蛤街道办事经")))
    assert (result.fields["seal"].decision, result.fields["seal"].unweighed) == ("accept", ("text",))


def test_punctuation_of_a_long_text_is_unweighed_where_it_was_read_off_a_picture() -> None:
    rows = [{"cells": [{"label": "概况", "content": [{"kind": "prose", "name": "about"}]}]}]
    form = FormDefinition.model_validate(
        {"name": "p", "version": "1", "title": "表", "columns": [3, 5], "rows": rows}
    )
    for signs, unweighed in (({"least": 9.0, "errors": 9.0, "legible": 9.0}, ("punctuation",)), ({}, ())):
        (found,) = decide(form, [seen("about", "占地八十亩，职工四十人。", signs=signs)]).fields.values()
        assert (found.decision, found.unweighed) == ("accept", unweighed)


def test_punctuation_of_a_short_text_is_unweighed_only_where_it_has_any() -> None:
    signs = {"least": 9.0, "errors": 9.0, "legible": 9.0}
    assert decided(seen("unit", "甲公司", signs=signs)).fields["unit"].unweighed == ()
    assert decided(seen("unit", "甲（集团）公司", signs=signs)).fields["unit"].unweighed == ("punctuation",)
    assert decided(seen("mail", "a@b.cn", signs=signs)).fields["mail"].unweighed == ()
