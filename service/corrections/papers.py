"""What an applicant gets who is asked to correct an application: the notice, the form again with what is
right in it, and a mail to send them by.

Nothing is sent from here: the mail is a draft, which a person opens, reads and sends.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from extractor import Limits, Options, print_word
from generator import Kind, Notes, generate
from models.errors import GenerationError, NoView, UnreadableFile
from models.fields.base import Entered
from models.identity import Identity
from models.record import Record
from service.corrections.asking import DRAFT, Correction, Terms
from service.export.cutouts import RESOLUTION, Crop
from service.export.dossier import safe_name
from service.export.letters import chinese_date, draft_mail
from service.export.notice import Defect, Notice, write_notice
from service.store.notices import items

_NOTICE, _FORM, _MAIL = "补正通知书", "申请表（待补正）", "补正通知.eml"
_BY_HAND: Mapping[Entered, str] = {"signed": "签字", "stamped": "盖章"}
_NOT_SAID = "（未设置联系方式）"
_KINDS: tuple[Kind, ...] = ("pdf", "pdf-flat")  # to fill in where that can be made, or else to print
_SHOWN_OF_EACH = 2  # cut-outs of one defect


@dataclass(frozen=True)
class Paper:
    """A file, by its name."""

    name: str
    data: bytes


def make_papers(
    correction: Correction, crops: Sequence[Crop], terms: Terms, printing: Limits | None
) -> list[Paper]:
    """The notice and the form, each as .docx and, where that can be made, as .pdf: the notice as LibreOffice
    prints it within the limits `printing`. Without these there are no .pdf.

    Raises:
        BadUsage: the bureau's template can't be used.
    """
    pictures = _pictures(crops)
    defects = tuple(
        Defect(one["text"], one["remedy"], tuple(pictures.get(one["field"] or "", ())[:_SHOWN_OF_EACH]))
        for one in correction.asked
    )
    notice = Notice(
        number=correction.number, unit=correction.unit, title=correction.form.title, defects=defects,
        made=correction.made, due=correction.due, working_days=correction.working_days,
        contact=terms.contact or _NOT_SAID, by_hand=_by_hand(correction),
    )  # fmt: skip
    letter = write_notice(notice, terms.template)
    printed = _printed(letter, printing) if printing else None
    return [
        Paper(f"{_NOTICE}.docx", letter),
        *([Paper(f"{_NOTICE}.pdf", printed)] if printed else []),
        *_forms(correction, _KINDS if printing else ()),
    ]


def _by_hand(correction: Correction) -> tuple[str, ...]:
    """What has to be set on paper anew: seals and signatures that are not among what was given."""
    fields = (field for name, field in correction.form.fields.items() if name not in correction.given)
    set_anew = {field.entered for field in fields}
    return tuple(word for entered, word in _BY_HAND.items() if entered in set_anew)


def write_papers(target: IO[bytes], correction: Correction, papers: Sequence[Paper]) -> None:
    """Write the papers and the draft of a mail with them as a .zip."""
    mail = Paper(_MAIL, mail_of(correction, papers))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, paper in enumerate((*papers, mail), 1):
            archive.writestr(safe_name(paper.name, number), paper.data)


def mail_of(
    correction: Correction,
    papers: Sequence[Paper],
    *,
    sender: str | None = None,
    message_id: str | None = None,
) -> bytes:
    """A mail to the address on the form, with the papers: a draft, or fit to be sent where it has an id."""
    title, address = correction.form.title, correction.address
    return draft_mail(
        f"补正通知：{title}（{correction.number}）",
        f"{correction.unit}：\n\n你单位提交的《{title}》需要补正，详见所附《补正通知书》"
        f"（{correction.number}）。请于{chinese_date(correction.due)}前补正，并回复这封邮件重新提交；"
        "所附申请表已填入核对无误的内容，标有“补正第几项”的地方请补填。\n",
        [(paper.name, paper.data) for paper in papers],
        sender=sender,
        message_id=message_id,
        to=address if address and address.isascii() else None,
    )


def _forms(correction: Correction, kinds: Sequence[Kind]) -> Iterable[Paper]:
    """The form again. One that is to be filled in on the screen may have no room for a long answer; what a
    font lacks costs the PDF alone."""
    form = correction.form
    identity = Identity(form=form.name, version=form.version, instance=correction.instance)
    values = {name: form.fields[name].from_json(value) for name, value in correction.given.items()}
    record = Record(form=form.name, version=form.version, values=values)
    number = "" if correction.number == DRAFT else correction.number
    marks = {name: item for name, item in items(correction.asked).items() if name in form.fields}
    kept = tuple(name for name in correction.given if form.fields[name].is_mark)
    notes = Notes(number, marks, kept)
    yield Paper(f"{_FORM}.docx", generate(form, "docx", identity, record, notes).data)
    for kind in kinds:
        try:
            yield Paper(f"{_FORM}.pdf", generate(form, kind, identity, record, notes).data)
            return
        except GenerationError:
            continue


def _printed(letter: bytes, limits: Limits) -> bytes | None:
    """The notice as LibreOffice prints it; None where there is no LibreOffice, or it fails."""
    try:
        return print_word(letter, Options(limits=limits)).pdf
    except (NoView, UnreadableFile):
        return None


def _pictures(crops: Iterable[Crop]) -> dict[str, list[bytes]]:
    """The cut-outs of each field as PNG, which Word shows in every version."""
    from PIL import Image

    made: dict[str, list[bytes]] = {}
    for crop in crops:
        file = io.BytesIO()
        with Image.open(io.BytesIO(crop.picture)) as picture:
            picture.convert("RGB").save(file, "PNG", dpi=(RESOLUTION, RESOLUTION))
        made.setdefault(crop.field, []).append(file.getvalue())
    return made
