"""What a PDF's digital signatures and form fields say of the form: who signed where, and which field is not
what it shows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta, timezone

from extractor.text.passage import Passage, is_digital
from models.fields import RowsField
from models.findings import Finding
from models.form import FormDefinition
from models.geometry import meets
from models.page import DigitalSignature, Mismatch, Pages
from models.record import Evidence, Observation
from models.writing import key

_BEIJING = timezone(timedelta(hours=8))


class Signatures:
    """The digital signatures of a file by where they show; what was found in its place does not stand
    elsewhere."""

    def __init__(self, pages: Pages) -> None:
        self._all = pages.signatures
        self._claimed: set[int] = set()

    def in_passage(self, passage: Passage) -> list[DigitalSignature]:
        """Those that show in a passage, which thereby have their place."""
        shown = zip(passage.spans, passage.places, strict=True)
        places = {(place.page, span.box) for span, place in shown if is_digital(span)}
        found = [
            number
            for number, one in enumerate(self._all)
            if one.box is not None and (one.page, one.box) in places
        ]
        self._claimed.update(found)
        return [self._all[number] for number in found]

    def elsewhere(self) -> list[Finding]:
        """What to tell of those that nobody asked for; a seal over several pages is told once."""
        found: dict[tuple[str | None, str], Finding] = {}
        for number, one in enumerate(self._all):
            if number not in self._claimed:
                code = (
                    "signature-digital-elsewhere-broken"
                    if one.intact is False
                    else "signature-digital-elsewhere"
                )
                where = f"第 {one.page} 页，" if one.box else "页面上不可见，"
                found.setdefault((one.field, code), Finding.of(code, told=where + told(one)))
        return list(found.values())


def told(signature: DigitalSignature) -> str:
    """Who signed, when, and what the check of it gave, for a clerk."""
    if signature.signer is None and signature.intact is None:
        return "签名无法读取"
    when = signature.signed_at
    if when is not None and when.tzinfo is not None:
        when = when.astimezone(_BEIJING)
    state = {True: "签名后内容完好", False: "签名后内容被改动或签名不成立", None: "签名无法校验"}[
        signature.intact
    ]
    if signature.intact and not signature.covers_whole_file:
        state = "所签内容完好，但签名后文件又有增补"
    return (
        f"签名人“{signature.signer or '不详'}”，时间 "
        f"{f'{when:%Y-%m-%d %H:%M}' if when else '不详'}，{state}，证书是否可信未核对"
    )


def field_findings(field: str, title: str, signatures: Iterable[DigitalSignature]) -> tuple[Finding, ...]:
    """What to tell of signatures in the place of a seal or signature field; whatever was not verified is an
    error."""
    return tuple(
        Finding.of(
            "signature-digital" if one.intact else "signature-digital-broken",
            field,
            title=title,
            told=told(one),
        )
        for one in signatures
    )


def evidence(signatures: Sequence[DigitalSignature], part: str) -> tuple[Evidence, ...]:
    """Where they show."""
    return tuple(Evidence(part=part, page=one.page, box=one.box) for one in signatures)


# What a form prints where a day or a time is to be written.
_BLANK_MOMENT = "年月日时分至"


def mismatch_findings(
    form: FormDefinition, mismatches: Iterable[Mismatch], seen: Sequence[Observation]
) -> list[Finding]:
    """A form field that is not what it shows is told of the field that has its name or stands there, or else
    of the file. One that holds nothing and shows what the form prints there was left untouched."""
    return [_mismatch_finding(form, one, seen) for one in mismatches if not _is_untouched(form, one)]


def _is_untouched(form: FormDefinition, mismatch: Mismatch) -> bool:
    tag = mismatch.tag
    field = form.fields.get(tag.field) if tag else None
    if isinstance(field, RowsField):
        field = next((one.field for one in field.columns if tag and one.field.name == tag.column), None)
    if field is None or key(mismatch.stored):
        return False
    shown = key(mismatch.shown)
    # An excerpt ends where it gets long.
    return key("".join(field.guidance)).startswith(shown) or not set(shown) - set(_BLANK_MOMENT)


def _mismatch_finding(form: FormDefinition, mismatch: Mismatch, seen: Sequence[Observation]) -> Finding:
    titles: Mapping[str, str] = form.titles
    there = {
        o.field
        for o in seen
        for e in o.evidence
        if e.page == mismatch.page and e.box and meets(e.box, mismatch.box)
    }
    name = mismatch.tag.field if mismatch.tag else next(iter(there)) if len(there) == 1 else None
    if name in form.fields:
        shown, stored = mismatch.shown or "空", mismatch.stored or "空"
        return Finding.of("control-disagrees", name, title=titles[name], control=stored, table=shown)
    return Finding.of(
        "document-damaged",
        reason=f"表单域“{mismatch.name}”显示的是“{mismatch.shown}”，存的却是“{mismatch.stored}”",
    )
