"""What is said at the end of a run."""

from collections.abc import Mapping
from typing import Any

from models.form import FormDefinition
from service.runs.summary import counts, details, in_words


def _line(
    source: str, form: str | None = None, doubtful: tuple[str, ...] = (), message: str = ""
) -> dict[str, Any]:
    return {
        "source": source,
        "form": form,
        "status": "failed" if message else "review" if doubtful else "clear",
        "fields": {name: {"decision": "review"} for name in doubtful} | {"sure": {"decision": "accept"}},
        "error": {"code": "damaged", "message": message} if message else None,
        "findings": [{"code": "label-missing", "message": "没有找到"}],
    }


def _said(lines: list[dict[str, Any]], seconds: Mapping[str, float] | None = None, forms: Any = None) -> str:
    return "\n".join(details(lines, seconds or {}, (), forms or {}))


def test_doubtful_fields_are_counted_by_kind(forms: Mapping[str, FormDefinition]) -> None:
    form = forms["pilot-application"]
    seals = [name for name, field in form.fields.items() if field.kind == "seal"]
    phones = [name for name, field in form.fields.items() if field.kind == "phone"]
    lines = [_line(f"{n}", form.name, (seals[0],)) for n in range(3)] + [
        _line("x", form.name, (phones[0], "gone"))
    ]
    assert "需复核的栏目共 5 处：盖章类 3，电话类 1，其他 1" in _said(lines, forms=forms)


def test_the_ten_slowest_are_named_with_their_seconds() -> None:
    said = _said([], {f"{n}.jpg": n / 10 for n in range(12)}).splitlines()
    assert said[0] == "最慢的 10 份："
    assert (said[1], said[-1], len(said)) == ("  1.1 秒  11.jpg", "  0.2 秒  2.jpg", 11)


def test_failures_stand_together_by_reason_with_its_advice() -> None:
    lines = [_line(f"{n}", message="坏了。请重发") for n in range(25)] + [_line("b", message="加密。请解密")]
    said = _said(lines).splitlines()
    assert said[:2] == ["读取失败的：", "  坏了。请重发（25 份）"]
    assert said[2:23] == [*(f"    {n}" for n in range(20)), "    等 25 份，全部见结果和汇总表"]
    assert said[23:] == ["  加密。请解密（1 份）", "    b"]


def test_files_of_another_form_than_the_one_asked_for_are_named() -> None:
    finding = {"code": "other-form", "message": "像是“甲表”，却按“乙表”读取"}
    lines = [_line("a"), {**_line("b"), "findings": [finding]}]
    assert _said(lines).splitlines() == [
        "不像指定的表格：", "  像是“甲表”，却按“乙表”读取（1 份）", "    b",
    ]  # fmt: skip


def test_a_run_in_which_all_is_well_has_nothing_to_add() -> None:
    assert _said([_line("a")], {"a": 1.0}) == ""
    assert in_words(counts([_line("a")])) == "无需人工 1，需复核 0，读取失败 0"


def test_what_a_name_would_tell_a_terminal_to_do_is_not_passed_on() -> None:
    said = list(details([_line("a\x1b[2J\nb\x9b.docx", message="坏")], {}, [("c\r.docx", "隐藏")], {}))
    assert said == ["未读取 c�.docx：隐藏", "读取失败的：", "  坏（1 份）", "    a�[2J�b�.docx"]
