"""Drafts the letter with which an application is returned. It names the errors in words that applicants
understand (pure)."""

from collections.abc import Iterable, Mapping
from typing import Any

_GREETING = "{unit}：\n\n贵单位提交的《{title}》已收悉。经核对，以下内容需要补正："
_NOTHING = "（请在此写明需要补正的内容）"
_CLOSING = "请补正后重新提交。"


def draft(
    unit: str | None,
    title: str | None,
    findings: Iterable[Mapping[str, Any]],
    error: Mapping[str, Any] | None,
) -> str:
    """Returns the draft, with each error once. Warnings are left to the reviewer, who may add them."""
    faults = [finding["message"] for finding in findings if finding["severity"] == "error"]
    if error:
        faults.insert(0, str(error["message"]))
    lines = [f"{number}. {fault}；" for number, fault in enumerate(dict.fromkeys(faults), 1)]
    if lines:
        lines[-1] = lines[-1][:-1] + "。"
    greeting = _GREETING.format(unit=unit or "各有关单位", title=title or "申请材料")
    return "\n".join([greeting, *(lines or [_NOTHING]), "", _CLOSING])
