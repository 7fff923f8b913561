"""The steps from a submission to its results, in order."""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from extractor.decide import decide
from extractor.intake import Arrived, Intake, Source, state_of
from extractor.kinds import kind_of
from extractor.labels import Alignment, align, units_of
from extractor.match import match
from extractor.readers import Opened, Options, count_pictures, open_file, read_images
from models.errors import Damaged, Encrypted, NotAForm, OtherKind, TooLarge, UnknownForm, UnreadableFile
from models.findings import Finding
from models.form import FormDefinition
from models.page import Pages
from models.record import Failure, FieldResult, Part, PartState, Result

_log = logging.getLogger(__name__)

# Below this share of its labels a document is not the form; a blank form has them all.
_IS_FORM = 0.5
# Another order of the pages must explain this much more, half a label, to be believed.
_BETTER = 0.03
_MOST_SHUFFLED = 4

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Read:
    """One document, of one file or of a picture a page, after reading: its result, or why there is none, or neither, where there
    was nothing to read."""

    files: tuple[Arrived, ...]
    result: Result | None = None
    error: UnreadableFile | None = None

    def parts(self) -> tuple[Part, ...]:
        """The files, each in the state that it ended in."""
        state: PartState = state_of(self.error) if self.error else "read"
        return tuple(one.part(one.settled or state) for one in self.files)


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
        if document[0].is_body and any(read.result for read in reads):
            continue  # what people write in a mail beside the form
        if progress:
            for one in document:
                progress(one.name)
        opened, origins = _open(document, options)
        reads.append(_read(source, document, opened, origins, forms, options))
        waiting.extendleft([one] for one in reversed(intake.inside(document[0], opened.inside)))
    return _results(source, intake, arrived, reads)


def _documents(arrived: Sequence[Arrived], options: Options) -> list[list[Arrived]]:
    """Files that are a document each, and pictures that are pages of one; what can't be told by itself stands alone. The text of
    a message comes last, because it is looked at only where no file is a form."""
    pictures = [one for one in arrived if not (one.error or one.settled) and _is_sound_picture(one.data, options)]
    documents = [[one] for one in arrived if one not in pictures and not one.is_body]
    bodies = [[one] for one in arrived if one.is_body]
    return [*([pictures] if pictures else []), *documents, *bodies]


def _is_sound_picture(data: bytes, options: Options) -> bool:
    try:
        return kind_of(data) == "image" and count_pictures(data, options) > 0
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
    try:
        if isinstance(opened.pages, UnreadableFile):
            raise opened.pages
        alignment, pages = _which_form(opened.pages, forms, options, opened.is_cover)
        form = alignment.form
        found = match(pages, alignment, document[0].name)
        decided = decide(form, found.observations, found.findings, options.silent_target)
        instance = pages.identity.instance if pages.identity and pages.identity.form == form.name else None
        fields = {name: _with_origin(result, origins) for name, result in decided.fields.items()}
        result = Result(
            source=source.name, form=form, instance=instance, fields=fields, findings=decided.findings, message=document[0].message
        )  # fmt: skip
        return _Read(tuple(document), result)
    except UnreadableFile as error:
        return _Read(tuple(document), error=error)
    except Exception as error:
        return _Read(tuple(document), error=_our_defect(document, error))


def _our_defect(document: list[Arrived], error: Exception) -> UnreadableFile:
    """A defect of ours must cost one file, and say so, not a batch."""
    _log.error("reading %s failed", document[0].name, exc_info=error)
    return Damaged(f"读取时出错（{type(error).__name__}）", advice="请打开原文件核对，并把该文件报告给系统维护人员")


def _with_origin(result: FieldResult, origins: Mapping[int, tuple[str, int]]) -> FieldResult:
    """The result with each page named as a page of the file that it came in."""
    if not origins:
        return result
    placed = []
    for one in result.evidence:
        part, page = origins.get(one.page or 0, (one.part, one.page))
        placed.append(one.model_copy(update={"part": part, "page": page}))
    return result.model_copy(update={"evidence": tuple(placed)})


def _which_form(pages: Pages, forms: Mapping[str, FormDefinition], options: Options, is_cover: bool) -> tuple[Alignment, Pages]:
    """The form that was asked for, that the document says it is, or whose labels it bears, laid over the pages in the order
    in which it fits best: sheets get shuffled on their way through a scanner. A cover must bear them, whatever was asked for."""
    known = options.form or (pages.identity.form if pages.identity and pages.identity.form in forms else None)
    candidates = [forms[known]] if known is not None else list(forms.values())
    best: tuple[Alignment, Pages] | None = None
    for order in _orders(pages):
        units = units_of(order)
        for form in candidates:
            alignment = align(form, units)
            if best is None or alignment.score > best[0].score + _BETTER:
                best = alignment, order
    if best is None or ((known is None or is_cover) and best[0].score < _IS_FORM):
        raise NotAForm("不是已知的申请表")
    return best


def _orders(pages: Pages) -> Iterator[Pages]:
    """The pages as they came, and, where they are few and were loose sheets, in every other order."""
    several = pages.pages if pages.reader != "word" and len(pages.pages) <= _MOST_SHUFFLED else ()
    yield pages
    for order in permutations(several):
        if order and order != pages.pages:
            yield pages.model_copy(update={"pages": order})


def _results(source: Source, intake: Intake, arrived: Sequence[Arrived], reads: Sequence[_Read]) -> list[Result]:
    """A result an application; a part that gave none is told in the first, or is the reason why all failed."""
    reads = [read for read in reads if not (read.error and read.files[0].is_body)]
    parts = _in_order([part for read in reads for part in read.parts()], arrived)
    results = [read.result for read in reads if read.result]
    told = [*intake.findings, *_links(intake, bool(results))]
    if not results:
        message = next((one.message for one in arrived if one.message), None)
        return [_failed(source, [read.error for read in reads if read.error], intake).model_copy(
            update={"parts": parts, "message": message, "findings": tuple(told)}
        )]  # fmt: skip
    notes = (*told, *(_note(read) for read in reads if read.error))
    return [
        result.model_copy(
            update={"application": number, "parts": parts, "findings": (*result.findings, *(notes if number == 1 else ()))}
        )
        for number, result in enumerate(results, 1)
    ]


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
    if isinstance(error, NotAForm):
        return Finding.of("part-not-form", part=part)
    if isinstance(error, OtherKind):
        return Finding.of("part-other-kind", part=part, reason=reason)
    if isinstance(error, TooLarge):
        return Finding.of("part-too-large", part=part, reason=reason)
    if isinstance(error, Encrypted):
        return Finding.of("part-encrypted", part=part)
    return Finding.of("part-unreadable", part=part, reason=reason)
