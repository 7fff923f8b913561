"""Values that only some may see whole, as the API says them to the others; and in the log, who saw them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from models.errors import Forbidden
from models.form import FormDefinition
from service.export.covering import cover_value, covered_message, masked
from service.store.accounts import Actor
from service.web.corrections import ComparedShown, CorrectionShown, NoticeShown
from service.web.schemas import Change, Detail, FieldShown, History, Told, told

Said = TypeVar("Said", bound=Told)
Notice = TypeVar("Notice", bound=NoticeShown)
# What may be a number of a person in a text that somebody wrote.
_LONG_NUMBER = re.compile(r"[0-9][0-9Xx*() -]{5,}[0-9Xx]")


def may_see(who: Actor) -> bool:
    """Whether somebody may see them whole."""
    return "unmask" in who.can


def of_detail(form: FormDefinition | None, found: Detail, who: Actor) -> Detail:
    """A submission as `who` may see it."""
    hidden = masked(form)
    if form is None or not hidden or may_see(who):
        return found
    fields = {
        name: field_of(form, name, field) if name in hidden else field for name, field in found.fields.items()
    }
    correction = _of_correction(form, found.correction, who)
    return found.model_copy(update={"fields": fields, "correction": correction})


def _of_correction(form: FormDefinition, found: CorrectionShown, who: Actor) -> CorrectionShown:
    update = {
        "notices": [of_notice(form, one, who) for one in found.notices],
        "answers": of_notice(form, found.answers, who) if found.answers else None,
        "compared": [_compared(one) if one.field in masked(form) else one for one in found.compared],
    }
    return found.model_copy(update=update)


def of_notice(form: FormDefinition | None, found: Notice, who: Actor) -> Notice:
    """A notice of correction as `who` may see it: what is asked of a masked field may quote its value."""
    hidden = masked(form)
    if form is None or not hidden or may_see(who):
        return found
    asked = [
        one.model_copy(update={"text": covered_message(form.titles[one.field])})
        if one.field in hidden and one.field is not None
        else one
        for one in found.asked
    ]
    return found.model_copy(update={"asked": asked})


def _compared(one: ComparedShown) -> ComparedShown:
    """Says of a masked field that it changed, and not from what to what."""
    return one.model_copy(update={"before_text": None, "after_text": None})


def refuse_whole(form: FormDefinition | None, what: str, who: Actor) -> None:
    """Refuses papers that hold the values themselves.

    Raises:
        Forbidden: `form` has masked fields, and `who` may not see them.
    """
    if masked(form) and not may_see(who):
        raise Forbidden(f"{what}中有对您遮盖的内容", advice="请由有“看遮盖的内容”权限的人下载")


def field_of(form: FormDefinition, name: str, shown: FieldShown) -> FieldShown:
    """A masked field as the others may see it: neither what was read nor what it may be."""
    message = covered_message(shown.title)
    return shown.model_copy(
        update={
            **_covered(form, name, shown.value).model_dump(),
            "raw": None,
            "alternatives": [],
            "evidence": [{**one, "text": ""} if "text" in one else one for one in shown.evidence],
            "findings": [one.model_copy(update={"message": message}) for one in shown.findings],
            "was": _covered(form, name, shown.was.value) if shown.was else None,
        }
    )


def of_history(form: FormDefinition | None, found: History, who: Actor) -> History:
    """The versions of a submission as `who` may see them."""
    if not masked(form) or may_see(who):
        return found
    items = [
        one.model_copy(
            update={"changes": of_changes(form, one.changes, who), "reason": _of_reason(one.reason)}
        )
        for one in found.items
    ]
    return History(items=items)


def _of_reason(text: str | None) -> str | None:
    """A reason without the long numbers in it: a letter of return quotes what is wrong."""
    return None if text is None else _LONG_NUMBER.sub("…", text)


def of_changes(form: FormDefinition | None, changes: Iterable[Change], who: Actor) -> list[Change]:
    """Changes of fields as `who` may see them."""
    hidden = frozenset[str]() if may_see(who) else masked(form)
    return [_change(form, one) if form and one.field in hidden else one for one in changes]


def _change(form: FormDefinition, one: Change) -> Change:
    before, after = _covered(form, one.field, one.before), _covered(form, one.field, one.after)
    said = {
        "before": before.value,
        "after": after.value,
        "before_text": before.text,
        "after_text": after.text,
    }
    return one.model_copy(update=said)


def _covered(form: FormDefinition, name: str, value: Any) -> Told:
    return told(form.fields[name], cover_value(form, name, value))


def refuse_blind(form: FormDefinition | None, names: Iterable[str], who: Actor) -> None:
    """Refuses changes of values that `who` does not see whole: what is shown instead would be kept.

    Raises:
        Forbidden: one of `names` is such a field.
    """
    hidden = masked(form) & set(names)
    if form and hidden and not may_see(who):
        title = form.titles[min(hidden)]
        raise Forbidden(f"“{title}”的内容对您是遮盖的", advice="请由有“看遮盖的内容”权限的人修改")


def seen(form: FormDefinition | None, content: Mapping[str, Any], who: Actor) -> list[str]:
    """The masked fields of which `who` sees a value whole."""
    return sorted(name for name in masked(form) if content.get(name) is not None) if may_see(who) else []
