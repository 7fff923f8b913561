"""The steps from a submission to its results, in order."""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from extractor.calibration import SILENT_TARGET
from extractor.decide import decide
from extractor.group import Document, group
from extractor.group_pages import Sheaf, split
from extractor.intake import Arrived, Source, arrivals, inside, kind_of
from extractor.labels import Alignment, align, units_of
from extractor.match import match
from extractor.reconcile import United, unite
from extractor.readers import Opened, Options, count_pictures, open_file, read_images
from models.errors import Damaged, Encrypted, NotAForm, TooLarge, UnknownForm, UnreadableFile
from models.findings import Finding
from models.form import FormDefinition
from models.page import Pages
from models.record import Failure, Observation, Part, PartState, Result

_log = logging.getLogger(__name__)

# Below this share of its labels a document is not the form; a blank form has them all.
_IS_FORM = 0.5
# Another order of the pages must explain this much more, half a label, to be believed.
_BETTER = 0.03
_MOST_SHUFFLED = 4

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
    waiting, count = deque(_documents(arrived)), len(arrived)
    known: set[str] = set()
    while waiting:
        document = waiting.popleft()
        if len(document) == 1 and not document[0].error and document[0].sha256 in known:
            reads.append(_Read((document[0].part("duplicate"),)))
            continue
        known |= {one.sha256 for one in document}
        if progress:
            for one in document:
                progress(one.name)
        opened, origins = _open(document, options)
        reads.append(_read(source, document, opened, origins, forms, options))
        within = inside(document[0], opened.inside, options.limits.parts - count, options.limits)
        count += len(within)
        waiting.extendleft([one] for one in reversed(within))
    return _results(source, reads, options.silent_target)


def _documents(arrived: Sequence[Arrived]) -> list[list[Arrived]]:
    """Files that are a document each, and the pictures of a folder, which may be pages of one; a picture that came twice and
    what can't be told by itself stand alone."""
    documents: dict[str, list[Arrived]] = {}
    known: set[str] = set()
    for one in arrived:
        is_page = one.error is None and one.sha256 not in known and _is_sound_picture(one.data)
        known.add(one.sha256)
        documents.setdefault(one.name.rpartition("/")[0] + "/" if is_page else one.name, []).append(one)
    return sorted(documents.values(), key=len, reverse=True)


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
        known = _known_form(opened.pages, forms, options)
        sheaves = split(opened.pages, [known] if known else list(forms.values()))
        documents = [_document(sheaf, document[0].name, opened, origins, forms, options) for sheaf in sheaves]
        return _Read(ended("read"), tuple(documents))
    except UnreadableFile as error:
        return _Read(ended(_state(error)), error=error)
    except Exception as error:
        return _Read(ended("unreadable"), error=_our_defect(document, error))


def _document(
    sheaf: Sheaf, part: str, opened: Opened, origins: Mapping[int, tuple[str, int]],
    forms: Mapping[str, FormDefinition], options: Options,
) -> Document:  # fmt: skip
    """What pages that belong together say."""
    alignment, pages = _which_form(sheaf.pages, forms, options, opened.is_cover)
    found = match(pages, alignment, part)
    identity = pages.identity if pages.identity and pages.identity.form == alignment.form.name else None
    places = [origins.get(page.number, (part, page.number)) for page in pages.pages]
    doubts = [Finding.of("pages-unsure", part=origins.get(n, (part, n))[0], page=origins.get(n, (part, n))[1]) for n in sheaf.unsure]
    return Document(
        number=0,
        names=tuple(dict.fromkeys(name for name, _ in places)),
        form=alignment.form,
        instance=identity.instance if identity else None,
        is_paper=pages.reader == "scan",
        observations=tuple(_with_origin(one, origins) for one in found.observations),
        findings=(*found.findings, *doubts),
        is_whole=alignment.score >= _IS_FORM or opened.pages.reader == "word",
    )


def _our_defect(document: list[Arrived], error: Exception) -> UnreadableFile:
    """A defect of ours must cost one file, and say so, not a batch."""
    _log.error("reading %s failed", document[0].name, exc_info=error)
    return Damaged(f"读取时出错（{type(error).__name__}）", advice="请打开原文件核对，并把该文件报告给系统维护人员")


def _with_origin(observation: Observation, origins: Mapping[int, tuple[str, int]]) -> Observation:
    """The observation with each page named as a page of the file that it came in."""
    if not origins:
        return observation
    placed = []
    for one in observation.evidence:
        part, page = origins.get(one.page or 0, (one.part, one.page))
        placed.append(one.model_copy(update={"part": part, "page": page}))
    return observation.model_copy(update={"evidence": tuple(placed)})


def _state(error: UnreadableFile) -> PartState:
    states: dict[type[UnreadableFile], PartState] = {NotAForm: "not-a-form", TooLarge: "too-large", Encrypted: "encrypted"}
    return states.get(type(error), "unreadable")


def _known_form(pages: Pages, forms: Mapping[str, FormDefinition], options: Options) -> FormDefinition | None:
    """The form that was asked for or that the document says it is."""
    identity = pages.identity.form if pages.identity else None
    return forms[options.form] if options.form else forms.get(identity or "")


def _which_form(pages: Pages, forms: Mapping[str, FormDefinition], options: Options, is_cover: bool) -> tuple[Alignment, Pages]:
    """The form that was asked for, that the document says it is, or whose labels it bears, laid over the pages in the order
    in which it fits best: sheets get shuffled on their way through a scanner. A cover must bear them, whatever was asked for."""
    known = _known_form(pages, forms, options)
    candidates = [known] if known is not None else list(forms.values())
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


def _results(source: Source, reads: list[_Read], silent_target: float = SILENT_TARGET) -> list[Result]:
    """A result an application; a part that gave none is told in the first, or is the reason why all failed."""
    documents = [one for read in reads for one in read.documents]
    applications = group([replace(one, number=number) for number, one in enumerate(documents, 1)])
    errors = [read.error for read in reads if read.error]
    if not applications:
        parts = tuple(part for read in reads for part in read.parts)
        worst = next((error for error in errors if not isinstance(error, NotAForm)), errors[0])
        return [Result(source=source.name, parts=parts, error=Failure(code=worst.code, message=str(worst)))]
    united = [unite(application) for application in applications]
    parts = _parts(reads, united)
    notes = [_note(read) for read in reads if read.error]
    results = []
    for number, one in enumerate(united, 1):
        decided = decide(one.form, one.observations, one.findings, silent_target)
        findings = (*decided.findings, *(notes if number == 1 else ()))
        results.append(
            Result(
                source=source.name, application=number, parts=parts, form=one.form, instance=one.instance,
                fields=decided.fields, findings=findings,
            )
        )  # fmt: skip
    return results


def _parts(reads: Sequence[_Read], united: Sequence[United]) -> tuple[Part, ...]:
    """Every part with the applications that it belongs to; the same bytes belong where they were read first."""
    numbers: dict[str, list[int]] = {}
    for number, one in enumerate(united, 1):
        for name in one.names:
            numbers.setdefault(name, []).append(number)
    again = {name for one in united for name in one.duplicates}
    parts = [part for read in reads for part in read.parts]
    by_bytes = {part.sha256: numbers[part.name] for part in parts if part.name in numbers}
    return tuple(
        part.model_copy(
            update={
                "state": "duplicate" if part.name in again else part.state,
                "applications": tuple(by_bytes.get(part.sha256, ()) if part.state in ("read", "duplicate") else ()),
            }
        )
        for part in parts
    )


def _note(read: _Read) -> Finding:
    if isinstance(read.error, NotAForm):
        return Finding.of("part-not-form", part=read.parts[0].name)
    return Finding.of("part-unreadable", part=read.parts[0].name, reason=read.error.message if read.error else "")
