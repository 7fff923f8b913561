"""The steps from a submission to its results, in order."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from extractor.applications import Loose, gather, of_file, recognise, together
from extractor.arrival import Arrived, Intake, Source, kind_of, outermost
from extractor.kept import key_of
from extractor.ledgers import ledgers
from extractor.options import Options
from extractor.readers.by_kind import Opened, count_pictures, open_file, read_images
from extractor.results import LONE, Read, results
from models.errors import Damaged, LonePages, NotAForm, UnknownForm, UnreadableFile
from models.findings import Finding
from models.form import FormDefinition
from models.ledger import PartLedger
from models.page import Pages
from models.record import Failure, PartPage, Result

_log = logging.getLogger(__name__)

Progress = Callable[[str], None]
Book = Callable[[PartLedger], None]


def extract(
    source: Source,
    forms: Mapping[str, FormDefinition],
    options: Options = Options(),
    progress: Progress | None = None,
    book: Book | None = None,
) -> list[Result]:
    """Read a submission and return a result for each application in it.

    Some files get a failed result of their own. Where there are several applications, these are the
    unreadable files that nobody can assign to one of them. Where the files came apart, these are the files
    that gave no application. A submission without any application is one failed result.

    Every part ends in a named state and stands in each result. `progress` receives the name of each part
    before it is read, `book` the ledger of each part afterwards.

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
    reads: list[Read] = []
    waiting = deque(_documents(arrived, options))
    while waiting:
        document = waiting.popleft()
        if document[0].settled:
            reads.append(Read(tuple(document)))
            continue
        if document[0].is_body and any(
            read.documents for read in reads if _is_beside(read, document[0], source)
        ):
            continue  # a letter in the mail beside the form
        if progress:
            for one in document:
                progress(one.name)
        opened, origins = _open(document, options)
        _keep(document, opened, origins, options)
        reads.append(_read(document, opened, origins, forms, options))
        waiting.extendleft([one] for one in reversed(intake.inside(document[0], opened.inside)))
    reads = _gathered(reads, forms, options)
    if book:
        for ledger in ledgers(reads):
            book(ledger)
    return results(source, intake, arrived, reads, options.silent_target)


def _documents(arrived: Sequence[Arrived], options: Options) -> list[list[Arrived]]:
    """Group the files into documents. Sound pictures of one folder are pages of one document; every other
    file stands alone. The text of a message comes last, because it is read only where no file holds a
    form."""
    documents: dict[tuple[str, int], list[Arrived]] = {}
    beside = Counter(one.folder for one in arrived if _is_picture(one))
    for number, one in enumerate(sorted(arrived, key=lambda one: one.is_body), 1):
        # Decoding a picture to check it takes time. A picture that is alone in its folder needs no check: its
        # damage shows when it is read.
        is_page = beside[one.folder] > 1 and _is_picture(one) and _is_sound(one.data, options)
        documents.setdefault((one.folder, 0) if is_page else (one.name, number), []).append(one)
    return list(documents.values())


def _is_beside(read: Read, one: Arrived, source: Source) -> bool:
    """Tell whether something read came with this part. Files that came apart must lie in the same outer
    file."""
    return not source.apart or outermost(read.name) == outermost(one.name)


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
    """Return the pages of a document. For a document of several files, also map each page to its file and the
    page's number there."""
    try:
        if document[0].error:
            return Opened(document[0].error), {}
        if len(document) == 1:
            return open_file(document[0].data, options), {}
        pages, counts = read_images([one.data for one in document], options)
        places = [
            (one.name, page)
            for one, count in zip(document, counts, strict=True)
            for page in range(1, count + 1)
        ]
        return Opened(pages), dict(enumerate(places, 1))
    except UnreadableFile as error:
        return Opened(error), {}
    except Exception as error:
        return Opened(_our_defect(document, error)), {}


def _keep(
    document: Sequence[Arrived], opened: Opened, origins: Mapping[int, tuple[str, int]], options: Options
) -> None:
    """Keep what was read of each file of a document."""
    if options.kept is None or not isinstance(opened.pages, Pages):
        return
    for one in document:
        own = {number: place[1] for number, place in origins.items() if place[0] == one.name}
        options.kept.put(key_of(one.sha256), of_file(opened.pages, own) if origins else opened.pages)


def _read(
    document: list[Arrived],
    opened: Opened,
    origins: Mapping[int, tuple[str, int]],
    forms: Mapping[str, FormDefinition],
    options: Options,
) -> Read:
    pages = _pages(opened, document[0].name, origins)
    loose = _loose(document, opened)
    try:
        if isinstance(opened.pages, UnreadableFile):
            raise opened.pages
        documents = recognise(opened.pages, document[0].name, origins, forms, options.form, opened.is_cover)
        return Read(tuple(document), tuple(documents), pages=pages, loose=loose, seen=opened.pages)
    except UnreadableFile as error:
        if (
            isinstance(error, NotAForm)
            and isinstance(opened.pages, Pages)
            and opened.pages.reader == "scan"
            and opened.pages.damage
        ):
            # The part that was cut off may be the only part that shows which form it is.
            error = Damaged("；".join(opened.pages.damage))
        seen = opened.pages if isinstance(opened.pages, Pages) else None
        return Read(tuple(document), error=error, pages=pages, loose=loose, seen=seen)
    except Exception as error:
        return Read(tuple(document), error=_our_defect(document, error), pages=pages)


def _loose(document: Sequence[Arrived], opened: Opened) -> Loose | None:
    """Return the page of a file that has only one."""
    pages = opened.pages
    if (
        len(document) > 1
        or opened.is_cover
        or not isinstance(pages, Pages)
        or pages.reader == "word"
        or len(pages.pages) != 1
    ):
        return None
    return Loose(document[0].name, pages)


def _gathered(reads: Sequence[Read], forms: Mapping[str, FormDefinition], options: Options) -> list[Read]:
    """Return what was read, after joining single pages of one application in a folder to one document."""
    folders: dict[str, list[int]] = {}
    for place, read in enumerate(reads):
        if read.loose:
            folders.setdefault(read.files[0].folder, []).append(place)
    known = [forms[options.form]] if options.form else list(forms.values())
    found: dict[int, Read | None] = dict(enumerate(reads))
    for places in (places for places in folders.values() if len(places) > 1 and known):
        bundles, alone = gather([read.loose for place in places if (read := reads[place]).loose], known)
        for bundle in bundles:
            first, *others = (places[n] for n in bundle.files)
            found[first] = _bundled([reads[place] for place in (first, *others)], bundle.told, forms, options)
            found |= dict.fromkeys(others)
        for place in (places[n] for n in alone):
            if isinstance(reads[place].error, NotAForm):
                found[place] = replace(reads[place], error=LonePages(LONE))
    return [read for read in found.values() if read]


def _bundled(
    reads: Sequence[Read], told: Sequence[Finding], forms: Mapping[str, FormDefinition], options: Options
) -> Read:
    """Read single pages again as the pages of one document."""
    files = tuple(one for read in reads for one in read.files)
    pages = {name: one for read in reads for name, one in read.pages.items()}
    whole = together([read.loose for read in reads if read.loose])
    origins = {number: (one.name, 1) for number, one in enumerate(files, 1)}
    try:
        first, *others = recognise(whole, files[0].name, origins, forms, options.form)
    except NotAForm:
        return Read(files, error=LonePages(LONE), pages=pages, seen=whole)
    except Exception as error:
        return Read(files, error=_our_defect(files, error), pages=pages)
    return Read(files, (replace(first, findings=(*first.findings, *told)), *others), pages=pages, seen=whole)


def _pages(
    opened: Opened, part: str, origins: Mapping[int, tuple[str, int]]
) -> dict[str, tuple[PartPage, ...]]:
    """Return the pages with a size of each file, numbered as in that file."""
    found: dict[str, tuple[PartPage, ...]] = {}
    for page in opened.pages.pages if isinstance(opened.pages, Pages) else ():
        name, number = origins.get(page.number, (part, page.number))
        if page.width and page.height:
            found[name] = (*found.get(name, ()), PartPage.of(page, number))
    return found


def _our_defect(document: Sequence[Arrived], error: Exception) -> UnreadableFile:
    """Log a defect of ours and report it for this file, so that it costs one file and not the whole batch."""
    _log.error("reading %s failed", document[0].name, exc_info=error)
    return Damaged("读取时程序出错", advice="请打开原文件核对，并把该文件报告给系统维护人员")
