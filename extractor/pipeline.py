"""The steps from a submission to its results, in order."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from extractor.calibration import SILENT_TARGET
from extractor.decide import decide
from extractor.group import Document, group
from extractor.intake import Arrived, Source, arrivals, inside, kind_of
from extractor.readers import Opened, Options, count_pictures, open_file, read_images
from extractor.recognise import recognise
from extractor.reconcile import United, unite
from models.errors import Damaged, Encrypted, NotAForm, TooLarge, UnknownForm, UnreadableFile
from models.findings import Finding
from models.form import FormDefinition
from models.record import Failure, Part, PartState, Result

_log = logging.getLogger(__name__)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Read:
    """What arrived together, after reading: the documents that were found in it, or why there is none. A file that came before
    has neither."""

    parts: tuple[Part, ...]
    documents: tuple[Document, ...] = ()
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
    reads: list[_Read] = []
    waiting, number = deque(_documents(arrived)), len(arrived)
    while waiting:
        document = waiting.popleft()
        if progress:
            for one in document:
                progress(one.name)
        opened, origins = _open(document, options)
        reads.append(_read(source, document, opened, origins, forms, options))
        within = inside(document[0], opened.inside, options.limits.parts - number, options.limits)
        number += len(within)
        waiting.extendleft([one] for one in reversed(within))
    return _results(source, reads, options.silent_target)


def _documents(arrived: Sequence[Arrived]) -> list[list[Arrived]]:
    """Files that are a document each, and the pictures of a folder, which are pages; what can't be told by itself stands alone."""
    documents: dict[tuple[str, int], list[Arrived]] = {}
    for number, one in enumerate(arrived, 1):
        is_page = one.error is None and _is_sound_picture(one.data)
        documents.setdefault((one.name.rpartition("/")[0], 0) if is_page else (one.name, number), []).append(one)
    return list(documents.values())


def _is_sound_picture(data: bytes) -> bool:
    try:
        return kind_of(data) == "image" and count_pictures(data) > 0
    except UnreadableFile:
        return False


def _open(document: list[Arrived], options: Options) -> tuple[Opened, dict[int, tuple[str, int]]]:
    """The pages of a document, and for those of several files the file and the page in it of each."""
    try:
        if document[0].error:
            return Opened(document[0].error), {}
        if len(document) == 1:
            return open_file(document[0].data, options), {}
        pages, counts = read_images([one.data for one in document], options)
        places = [(one.name, page) for one, count in zip(document, counts, strict=True) for page in range(1, count + 1)]
        return Opened(pages), dict(enumerate(places, 1))
    except UnreadableFile as error:
        return Opened(error), {}
    except Exception as error:
        return Opened(_our_defect(document, error)), {}


def _read(
    source: Source,
    document: list[Arrived],
    opened: Opened,
    origins: Mapping[int, tuple[str, int]],
    forms: Mapping[str, FormDefinition],
    options: Options,
) -> _Read:
    def ended(state: PartState) -> tuple[Part, ...]:
        return tuple(one.part(state) for one in document)

    try:
        if isinstance(opened.pages, UnreadableFile):
            raise opened.pages
        return _Read(ended("read"), tuple(recognise(opened.pages, document[0].name, origins, forms, options, opened.is_cover)))
    except UnreadableFile as error:
        return _Read(ended(_state(error)), error=error)
    except Exception as error:
        return _Read(ended("unreadable"), error=_our_defect(document, error))


def _our_defect(document: list[Arrived], error: Exception) -> UnreadableFile:
    """A defect of ours must cost one file, and say so, not a batch."""
    _log.error("reading %s failed", document[0].name, exc_info=error)
    return Damaged(f"读取时出错（{type(error).__name__}）", advice="请打开原文件核对，并把该文件报告给系统维护人员")


def _state(error: UnreadableFile) -> PartState:
    states: dict[type[UnreadableFile], PartState] = {NotAForm: "not-a-form", TooLarge: "too-large", Encrypted: "encrypted"}
    return states.get(type(error), "unreadable")


def _results(source: Source, reads: Sequence[_Read], silent_target: float = SILENT_TARGET) -> list[Result]:
    """A result an application; a part that gave none is told in the first, or is the reason why all failed."""
    reads, applications = _grouped(reads)
    if not applications:
        parts = tuple(part for read in reads for part in read.parts)
        errors = [read.error for read in reads if read.error]
        worst = next((error for error in errors if not isinstance(error, NotAForm)), errors[0])
        return [Result(source=source.name, parts=parts, error=Failure(code=worst.code, message=str(worst)))]
    parts = _parts(reads, applications)
    notes = tuple(_note(read) for read in reads if read.error)
    results = []
    for number, one in enumerate(applications, 1):
        decided = decide(one.form, one.observations, one.findings, silent_target)
        findings = (*decided.findings, *(notes if number == 1 else ()))
        results.append(
            Result(
                source=source.name, application=number, parts=parts, form=one.form, instance=one.instance,
                fields=decided.fields, findings=findings,
            )
        )  # fmt: skip
    return results


def _grouped(reads: Sequence[_Read]) -> tuple[list[_Read], list[United]]:
    """The applications in all that was read. A page of a form that goes with none of them is not a form."""
    numbers = count(1)
    reads = [replace(read, documents=tuple(replace(one, number=next(numbers)) for one in read.documents)) for read in reads]
    applications = group([one for read in reads for one in read.documents])
    used = {one.number for application in applications for one in application.documents}
    settled = []
    for read in reads:
        if read.documents and not used & {one.number for one in read.documents}:
            parts = tuple(part.model_copy(update={"state": "not-a-form"}) for part in read.parts)
            read = _Read(parts, error=NotAForm("只有申请表的个别页面，且无法确定属于哪份申请"))
        settled.append(read)
    return settled, [unite(application) for application in applications]


def _parts(reads: Sequence[_Read], applications: Sequence[United]) -> tuple[Part, ...]:
    """Every part, with the applications that it belongs to."""
    numbers: dict[str, list[int]] = {}
    for number, one in enumerate(applications, 1):
        for name in one.names:
            numbers.setdefault(name, []).append(number)
    again = {name for one in applications for name in one.duplicates}
    found = []
    for part in (part for read in reads for part in read.parts):
        state = "duplicate" if part.name in again else part.state
        found.append(part.model_copy(update={"state": state, "applications": tuple(numbers.get(part.name, ()))}))
    return tuple(found)


def _note(read: _Read) -> Finding:
    if isinstance(read.error, NotAForm):
        return Finding.of("part-not-form", part=read.parts[0].name)
    return Finding.of("part-unreadable", part=read.parts[0].name, reason=read.error.message if read.error else "")
