"""The steps from a submission to its results, in order."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from extractor.calibration import SILENT_TARGET
from extractor.decide import decide
from extractor.group import Document, group
from extractor.group_files import Loose, gather, together
from extractor.intake import Arrived, Intake, Source, state_of
from extractor.kinds import kind_of
from extractor.readers import Opened, Options, count_pictures, open_file, read_images
from extractor.recognise import recognise
from extractor.reconcile import United, unite
from models.errors import Damaged, Encrypted, LonePages, NotAForm, OtherKind, TooLarge, UnknownForm, UnreadableFile
from models.findings import Finding
from models.form import FormDefinition
from models.page import Pages
from models.record import Failure, Part, PartPage, PartState, Result

_log = logging.getLogger(__name__)

_LONE = "只有申请表的个别页面，且无法确定属于哪份申请"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Read:
    """What arrived together, after reading: the documents that were found in it, or why there is none, or neither, where there was
    nothing to read. `loose` is the page where there is but one, which others may belong to."""

    files: tuple[Arrived, ...]
    documents: tuple[Document, ...] = ()
    error: UnreadableFile | None = None
    pages: Mapping[str, tuple[PartPage, ...]] = field(default_factory=dict)
    loose: Loose | None = None

    def parts(self) -> tuple[Part, ...]:
        """The files, each in the state that it ended in, with its pages as they were read."""
        state: PartState = state_of(self.error) if self.error else "read"
        parts = (one.part(one.settled or state) for one in self.files)
        return tuple(part.model_copy(update={"pages": self.pages.get(part.name, ())}) for part in parts)


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
    intake = Intake(options.limits)
    try:
        arrived = intake.arrivals(source)
    except UnreadableFile as error:
        return [Result(source=source.name, error=Failure(code=error.code, message=str(error)))]
    reads: list[_Read] = []
    waiting = deque(_documents(arrived, options))
    while waiting:
        document = waiting.popleft()
        if document[0].settled:
            reads.append(_Read(tuple(document)))
            continue
        if document[0].is_body and any(read.documents for read in reads):
            continue  # what people write in a mail beside the form
        if progress:
            for one in document:
                progress(one.name)
        opened, origins = _open(document, options)
        reads.append(_read(document, opened, origins, forms, options))
        waiting.extendleft([one] for one in reversed(intake.inside(document[0], opened.inside)))
    return _results(source, intake, arrived, _gathered(reads, forms, options), options.silent_target)


def _documents(arrived: Sequence[Arrived], options: Options) -> list[list[Arrived]]:
    """Files that are a document each, and the pictures of a folder, which are pages; what can't be told by itself stands alone. The
    text of a message comes last, because it is looked at only where no file is a form."""
    documents: dict[tuple[str, int], list[Arrived]] = {}
    beside = Counter(one.folder for one in arrived if _is_picture(one))
    for number, one in enumerate(sorted(arrived, key=lambda one: one.is_body), 1):
        # Decoding a picture to see whether it is sound takes time, and one by itself is found damaged when it is read.
        is_page = beside[one.folder] > 1 and _is_picture(one) and _is_sound(one.data, options)
        documents.setdefault((one.folder, 0) if is_page else (one.name, number), []).append(one)
    return list(documents.values())


def _is_picture(one: Arrived) -> bool:
    try:
        return not (one.error or one.settled) and kind_of(one.data) == "image"
    except UnreadableFile:
        return False


def _is_sound(data: bytes, options: Options) -> bool:
    try:
        return count_pictures(data, options) > 0
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
    document: list[Arrived],
    opened: Opened,
    origins: Mapping[int, tuple[str, int]],
    forms: Mapping[str, FormDefinition],
    options: Options,
) -> _Read:
    pages = _pages(opened, document[0].name, origins)
    loose = _loose(document, opened)
    try:
        if isinstance(opened.pages, UnreadableFile):
            raise opened.pages
        documents = recognise(opened.pages, document[0].name, origins, forms, options, opened.is_cover)
        return _Read(tuple(document), tuple(documents), pages=pages, loose=loose)
    except UnreadableFile as error:
        return _Read(tuple(document), error=error, pages=pages, loose=loose)
    except Exception as error:
        return _Read(tuple(document), error=_our_defect(document, error), pages=pages)


def _loose(document: Sequence[Arrived], opened: Opened) -> Loose | None:
    """The page of a file that shows a single one."""
    pages = opened.pages
    if len(document) > 1 or opened.is_cover or not isinstance(pages, Pages) or pages.reader == "word" or len(pages.pages) != 1:
        return None
    return Loose(document[0].name, pages)


def _gathered(reads: Sequence[_Read], forms: Mapping[str, FormDefinition], options: Options) -> list[_Read]:
    """What was read, with files of a folder that are the pages of one application as one document."""
    folders: dict[str, list[int]] = {}
    for place, read in enumerate(reads):
        if read.loose:
            folders.setdefault(read.files[0].folder, []).append(place)
    known = [forms[options.form]] if options.form else list(forms.values())
    found: dict[int, _Read | None] = dict(enumerate(reads))
    for places in (places for places in folders.values() if len(places) > 1 and known):
        bundles, alone = gather([read.loose for place in places if (read := reads[place]).loose], known)
        for bundle in bundles:
            first, *others = (places[n] for n in bundle.files)
            found[first] = _bundled([reads[place] for place in (first, *others)], bundle.told, forms, options)
            found |= dict.fromkeys(others)
        for place in (places[n] for n in alone):
            if isinstance(reads[place].error, NotAForm):
                found[place] = replace(reads[place], error=LonePages(_LONE))
    return [read for read in found.values() if read]


def _bundled(reads: Sequence[_Read], told: Sequence[Finding], forms: Mapping[str, FormDefinition], options: Options) -> _Read:
    """Single pages read again as those of one document."""
    files = tuple(one for read in reads for one in read.files)
    pages = {name: one for read in reads for name, one in read.pages.items()}
    whole = together([read.loose for read in reads if read.loose])
    origins = {number: (one.name, 1) for number, one in enumerate(files, 1)}
    try:
        first, *others = recognise(whole, files[0].name, origins, forms, options)
    except NotAForm:
        return _Read(files, error=LonePages(_LONE), pages=pages)
    except Exception as error:
        return _Read(files, error=_our_defect(files, error), pages=pages)
    return _Read(files, (replace(first, findings=(*first.findings, *told)), *others), pages=pages)


def _pages(opened: Opened, part: str, origins: Mapping[int, tuple[str, int]]) -> dict[str, tuple[PartPage, ...]]:
    """The pages of each file that have a size, numbered as they are in it."""
    found: dict[str, tuple[PartPage, ...]] = {}
    for page in opened.pages.pages if isinstance(opened.pages, Pages) else ():
        name, number = origins.get(page.number, (part, page.number))
        if page.width and page.height:
            one = PartPage(number=number, width=page.width, height=page.height, frame=page.frame)
            found[name] = (*found.get(name, ()), one)
    return found


def _our_defect(document: Sequence[Arrived], error: Exception) -> UnreadableFile:
    """A defect of ours must cost one file, and say so, not a batch."""
    _log.error("reading %s failed", document[0].name, exc_info=error)
    return Damaged(f"读取时出错（{type(error).__name__}）", advice="请打开原文件核对，并把该文件报告给系统维护人员")


def _results(
    source: Source, intake: Intake, arrived: Sequence[Arrived], reads: Sequence[_Read], silent_target: float = SILENT_TARGET
) -> list[Result]:
    """A result an application; a part that gave none is told in the first, or is the reason why all failed."""
    reads, applications = _grouped([read for read in reads if not (read.error and read.files[0].is_body)])
    parts = _in_order(_parts(reads, applications), arrived)
    told = [*intake.findings, *_links(intake, bool(applications))]
    if not applications:
        message = next((one.message for one in arrived if one.message), None)
        return [_failed(source, [read.error for read in reads if read.error], intake).model_copy(
            update={"parts": parts, "message": message, "findings": tuple(told)}
        )]  # fmt: skip
    notes = (*told, *(_note(read) for read in reads if read.error))
    messages = {one.name: one.message for read in reads for one in read.files if one.message}
    results = []
    for number, one in enumerate(applications, 1):
        decided = decide(one.form, one.observations, one.findings, silent_target)
        results.append(
            Result(
                source=source.name, application=number, parts=parts, form=one.form, instance=one.instance, fields=decided.fields,
                findings=(*decided.findings, *(notes if number == 1 else ())),
                message=next((messages[name] for name in one.names if name in messages), None),
            )
        )  # fmt: skip
    return results


def _grouped(reads: Sequence[_Read]) -> tuple[list[_Read], list[United]]:
    """The applications in all that was read. A page of a form that goes with none of them is not a form; a blank form is one,
    which was read to its end."""
    numbers = count(1)
    reads = [replace(read, documents=tuple(replace(one, number=next(numbers)) for one in read.documents)) for read in reads]
    applications = group([one for read in reads for one in read.documents])
    used = {one.number for application in applications for one in application.documents}
    settled = []
    for read in reads:
        if any(not one.is_blank for one in read.documents) and not used & {one.number for one in read.documents}:
            read = replace(read, documents=(), error=LonePages(_LONE))
        settled.append(read)
    return settled, [unite(application) for application in applications]


def _parts(reads: Sequence[_Read], applications: Sequence[United]) -> list[Part]:
    """Every part, with the applications that it belongs to."""
    numbers: dict[str, list[int]] = {}
    for number, one in enumerate(applications, 1):
        for name in one.names:
            numbers.setdefault(name, []).append(number)
    again = {name for one in applications for name in one.duplicates}
    found = []
    for part in (part for read in reads for part in read.parts()):
        state = "duplicate" if part.name in again else part.state
        found.append(part.model_copy(update={"state": state, "applications": tuple(numbers.get(part.name, ()))}))
    return found


def _in_order(parts: Sequence[Part], arrived: Sequence[Arrived]) -> tuple[Part, ...]:
    """The parts as they arrived, each file in a file behind that."""
    places = {one.name: place for place, one in enumerate(arrived)}

    def place(part: Part) -> int:
        name = part.name
        while name and name not in places:
            name = name.rpartition("/")[0]
        return places.get(name, len(places))

    return tuple(sorted(parts, key=place))


def _failed(source: Source, errors: Sequence[UnreadableFile], intake: Intake) -> Result:
    """No application: because of the gravest of `errors`, or because the message only says where the files are."""
    grave = [error for error in errors if not isinstance(error, NotAForm | OtherKind)]
    hosts = "、".join(host for found in intake.links.values() for host in found)
    if hosts and not grave:
        worst: UnreadableFile = NotAForm(f"没有申请表，邮件正文只有网盘链接（{hosts}）", advice="请打开链接下载文件后再读取")
    else:
        worst = next(iter([*grave, *errors]), None) or NotAForm("没有可读取的文件")
    return Result(source=source.name, error=Failure(code=worst.code, message=str(worst)))


def _links(intake: Intake, any_read: bool) -> list[Finding]:
    code = "link-besides" if any_read else "link-only"
    return [Finding.of(code, part=part, hosts="、".join(hosts)) for part, hosts in intake.links.items()]


def _note(read: _Read) -> Finding:
    part, error = read.files[0].name, read.error
    reason = error.message if error else ""
    if isinstance(error, LonePages):
        return Finding.of("pages-alone", part="、".join(one.name for one in read.files))
    if isinstance(error, NotAForm):
        return Finding.of("part-not-form", part=part)
    if isinstance(error, OtherKind):
        return Finding.of("part-other-kind", part=part, reason=reason)
    if isinstance(error, TooLarge):
        return Finding.of("part-too-large", part=part, reason=reason)
    if isinstance(error, Encrypted):
        return Finding.of("part-encrypted", part=part)
    return Finding.of("part-unreadable", part=part, reason=reason)
