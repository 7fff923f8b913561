"""The steps from a submission to its results, in order."""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from extractor.decide import ACCEPT_FROM, decide
from extractor.intake import Arrived, Limits, Source, arrivals, inside
from extractor.labels import Alignment, align, units_of
from extractor.match import match
from extractor.readers import Opened, open_file
from models.errors import Damaged, Encrypted, NotAForm, TooLarge, UnknownForm, UnreadableFile
from models.findings import Finding
from models.form import FormDefinition
from models.page import Pages
from models.record import Failure, Part, PartState, Result

_log = logging.getLogger(__name__)

# Below this share of its labels a document is not the form; a blank form has them all.
_IS_FORM = 0.5

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How to extract: `form` names the only form to look for, `accept_from` is the least confidence of an accepted field,
    `office` the program that converts other word processors' files."""

    form: str | None = None
    accept_from: float = ACCEPT_FROM
    limits: Limits = field(default_factory=Limits)
    office: str = "soffice"


@dataclass(frozen=True)
class _Read:
    """One part after reading: its result, or why there is none."""

    part: Part
    result: Result | None = None
    error: UnreadableFile | None = None


def extract(
    source: Source, forms: Mapping[str, FormDefinition], options: Options = Options(), progress: Progress | None = None
) -> list[Result]:
    """Read a submission: a result for each application in it, or one failed result where there is none.

    Every part ends in a named state and stands in each result. `progress` is told the name of each part before it is read.

    Raises:
        UnknownForm: `options.form` is not among `forms`.
    """
    if options.form is not None and options.form not in forms:
        raise UnknownForm(f"没有名为“{options.form}”的表格")
    try:
        arrived = arrivals(source, options.limits)
    except UnreadableFile as error:
        return [Result(source=source.name, error=Failure(code=error.code, message=str(error)))]
    reads = []
    waiting, count = deque(arrived), len(arrived)
    while waiting:
        one = waiting.popleft()
        if progress:
            progress(one.name)
        opened = _open(one, options)
        reads.append(_read(source, one, opened, forms, options))
        within = inside(one, opened.inside, options.limits.parts - count, options.limits)
        count += len(within)
        waiting.extendleft(reversed(within))
    return _results(source, reads)


def _open(arrived: Arrived, options: Options) -> Opened:
    try:
        return Opened(arrived.error) if arrived.error else open_file(arrived.data, options.limits, options.office)
    except UnreadableFile as error:
        return Opened(error)
    except Exception as error:
        return Opened(_our_defect(arrived, error))


def _read(source: Source, arrived: Arrived, opened: Opened, forms: Mapping[str, FormDefinition], options: Options) -> _Read:
    try:
        if isinstance(opened.pages, UnreadableFile):
            raise opened.pages
        pages = opened.pages
        alignment = _which_form(pages, forms, options, opened.is_cover)
        form = alignment.form
        found = match(pages, alignment, arrived.name)
        decided = decide(form, found.observations, found.findings, options.accept_from)
        instance = pages.identity.instance if pages.identity and pages.identity.form == form.name else None
        result = Result(source=source.name, form=form, instance=instance, fields=decided.fields, findings=decided.findings)
        return _Read(arrived.part("read"), result)
    except UnreadableFile as error:
        return _Read(arrived.part(_state(error)), error=error)
    except Exception as error:
        return _Read(arrived.part("unreadable"), error=_our_defect(arrived, error))


def _our_defect(arrived: Arrived, error: Exception) -> UnreadableFile:
    """A defect of ours must cost one file, and say so, not a batch."""
    _log.error("reading %s failed", arrived.name, exc_info=error)
    return Damaged(f"读取时出错（{type(error).__name__}）", advice="请打开原文件核对，并把该文件报告给系统维护人员")


def _state(error: UnreadableFile) -> PartState:
    states: dict[type[UnreadableFile], PartState] = {NotAForm: "not-a-form", TooLarge: "too-large", Encrypted: "encrypted"}
    return states.get(type(error), "unreadable")


def _which_form(pages: Pages, forms: Mapping[str, FormDefinition], options: Options, is_cover: bool) -> Alignment:
    """The form that was asked for, that the document says it is, or whose labels it bears, laid over the pages. A cover must
    bear them, whatever was asked for."""
    units = units_of(pages)
    known = options.form or (pages.identity.form if pages.identity and pages.identity.form in forms else None)
    if known is not None and not is_cover:
        return align(forms[known], units)
    possible = [forms[known]] if known is not None else forms.values()
    best = max((align(form, units) for form in possible), key=lambda alignment: alignment.score, default=None)
    if best is None or best.score < _IS_FORM:
        raise NotAForm("不是已知的申请表")
    return best


def _results(source: Source, reads: list[_Read]) -> list[Result]:
    """A result an application; a part that gave none is told in the first, or is the reason why all failed."""
    parts = tuple(read.part for read in reads)
    results = [read.result for read in reads if read.result]
    if not results:
        errors = [read.error for read in reads if read.error]
        worst = next((error for error in errors if not isinstance(error, NotAForm)), errors[0])
        return [Result(source=source.name, parts=parts, error=Failure(code=worst.code, message=str(worst)))]
    notes = tuple(_note(read) for read in reads if read.error)
    return [
        result.model_copy(
            update={"application": number, "parts": parts, "findings": (*result.findings, *(notes if number == 1 else ()))}
        )
        for number, result in enumerate(results, 1)
    ]


def _note(read: _Read) -> Finding:
    if isinstance(read.error, NotAForm):
        return Finding.of("part-not-form", part=read.part.name)
    return Finding.of("part-unreadable", part=read.part.name, reason=read.error.message if read.error else "")
