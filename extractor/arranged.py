"""Reading what a person put together: which pages of which files are one application, how they lie, and
which form they are.

Nothing is grouped here: each `Sheaf` of pieces gives one result, whatever its pages look like. What was read
of pictures before is taken from `Options.kept`; only a page that was turned is read anew.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.applications import Application, Document, Loose, recognise_one, together, unite
from extractor.arrival import Arrived, Intake, Source
from extractor.kept import key_of
from extractor.options import Options
from extractor.readers.by_kind import files_inside, open_file, read_turned_page
from extractor.results import Read, decided, note_of
from models.errors import Damaged, NotAForm, UnreadableFile
from models.findings import Finding
from models.form import FormDefinition
from models.page import Page, Pages
from models.record import Failure, Part, PartPage, Result

_Forms = Mapping[str, FormDefinition]


@dataclass(frozen=True)
class Piece:
    """A page of a part, or a whole part without pages (None). `quarters`: how often a person turned its
    picture counter-clockwise, counted from how it came; None: as the program thinks."""

    part: str
    page: int | None = None
    quarters: int | None = None


@dataclass(frozen=True)
class Gathered:
    """The pieces of one application in their order, and its form, where a person said it."""

    pieces: tuple[Piece, ...]
    form: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of its parts."""
        return tuple(dict.fromkeys(piece.part for piece in self.pieces))


def extract_arranged(
    source: Source, gathered: Sequence[Gathered], forms: _Forms, options: Options = Options()
) -> list[Result]:
    """Return a result for each of `gathered`, in their order. Each has the parts that were opened for any of
    them.

    Raises:
        UnknownForm: a form is not among `forms`.
        UnreadableFile: what arrived can't be opened at all.
    """
    opened = _Opened(source, {name for one in gathered for name in one.parts}, options)
    read = [_read(one, opened, forms, options) for one in gathered]
    parts = opened.parts(gathered)
    return [
        one.model_copy(update={"source": source.name, "application": number, "parts": parts})
        for number, one in enumerate(read, 1)
    ]


def pages_of_each(source: Source, gathered: Sequence[Gathered], options: Options) -> list[list[Pages]]:
    """Return for each of `gathered` what its parts hold, without others' pages; nothing of a part that can't
    be opened.

    Raises:
        UnreadableFile: what arrived can't be opened at all.
    """
    opened = _Opened(source, {name for one in gathered for name in one.parts}, options)
    return [[pages for name in one.parts if (pages := opened.part_of(one, name))] for one in gathered]


class _Opened:
    """The parts that are wanted, opened, and each page of theirs as it was read."""

    def __init__(self, source: Source, wanted: set[str], options: Options) -> None:
        self._options = options
        self.arrived: dict[str, Arrived] = {}
        intake = Intake(options.limits)
        waiting = deque(intake.arrivals(source))
        while waiting:
            one = waiting.popleft()
            self.arrived[one.name] = one
            if one.data and any(name.startswith(f"{one.name}/") for name in wanted):
                waiting.extendleft(reversed(intake.inside(one, files_inside(one.data, options))))
        self.whole: dict[str, Pages | UnreadableFile] = {name: self._open(name) for name in sorted(wanted)}
        self._turned: dict[tuple[str, int], Page] = {}

    def _open(self, name: str) -> Pages | UnreadableFile:
        one = self.arrived.get(name)
        if one is None:
            return Damaged(f"找不到文件“{name}”")
        if one.error:
            return one.error
        kept, key = self._options.kept, key_of(one.sha256)
        if kept and (known := kept.get(key)):
            return known
        try:
            pages = open_file(one.data, self._options).pages
        except UnreadableFile as error:
            return error
        if kept and isinstance(pages, Pages):
            kept.put(key, pages)
        return pages

    def part_of(self, gathered: Gathered, name: str) -> Pages | None:
        """Return the pages of a part that are of one application."""
        whole, numbers = self.whole[name], {piece.page for piece in gathered.pieces if piece.part == name}
        if isinstance(whole, UnreadableFile) or None in numbers:
            return None if isinstance(whole, UnreadableFile) else whole
        own = tuple(page for page in whole.pages if page.number in numbers)
        return whole.model_copy(update={"pages": own})

    def page(self, piece: Piece) -> Loose | UnreadableFile | None:
        """Return a page by itself; None where the part has no such page."""
        whole = self.whole[piece.part]
        if isinstance(whole, UnreadableFile):
            return whole
        page = next((one for one in whole.pages if one.number == piece.page), None)
        if page is None or piece.page is None:
            return None
        if piece.quarters is not None and page.frame and piece.quarters != page.frame.quarters:
            try:
                turned = self._turn(piece.part, piece.page, piece.quarters)
            except UnreadableFile as error:
                return error
            page = turned.pages[0].model_copy(update={"number": piece.page})
            self._turned[piece.part, piece.page] = page
            return Loose(piece.part, turned)
        return Loose(piece.part, _alone(whole, page))

    def _turn(self, name: str, number: int, quarters: int) -> Pages:
        one, kept = self.arrived[name], self._options.kept
        key = key_of(one.sha256, number, quarters)
        if kept and (known := kept.get(key)):
            return known
        made = read_turned_page(one.data, number, quarters, self._options)
        if kept:
            kept.put(key, made)
        return made

    def parts(self, gathered: Sequence[Gathered]) -> tuple[Part, ...]:
        """Return the parts that were opened, with the numbers of what they belong to."""
        found = []
        for name, whole in self.whole.items():
            owners = tuple(number for number, one in enumerate(gathered, 1) if name in one.parts)
            error = whole if isinstance(whole, UnreadableFile) else None
            pages = () if isinstance(whole, UnreadableFile) else tuple(self._shown(name, whole))
            sha256 = self.arrived[name].sha256 if name in self.arrived else ""
            part = Part(name=name, sha256=sha256, state="unreadable" if error else "read")
            found.append(part.model_copy(update={"applications": owners, "pages": pages}))
        return tuple(found)

    def _shown(self, name: str, whole: Pages) -> Iterator[PartPage]:
        for page in whole.pages:
            page = self._turned.get((name, page.number), page)
            if page.width and page.height:
                yield PartPage.of(page)


def _alone(whole: Pages, page: Page) -> Pages:
    """Return one page of a file. What is known of no page goes along only where it is the only one."""
    if len(whole.pages) == 1:
        return whole

    def of_page(some: Sequence[object]) -> tuple[object, ...]:
        return tuple(one for one in some if getattr(one, "page", None) == page.number)

    return whole.model_copy(
        update={
            "reader": "scan" if page.frame else whole.reader, "pages": (page,),
            "identity": page.identity, "controls": (),
            "signatures": of_page(whole.signatures), "mismatches": of_page(whole.mismatches),
            "aside": of_page(whole.aside),
        }
    )  # fmt: skip


def _read(one: Gathered, opened: _Opened, forms: _Forms, options: Options) -> Result:
    """Return the result of one application's pieces."""
    notes: list[Finding] = []
    errors: list[UnreadableFile] = []
    documents: list[Document] = []
    for read in _sheaves(one, opened):
        try:
            if isinstance(read, tuple):
                found = _document(read, one.form, forms)
                documents += [replace(each, number=len(documents) + n) for n, each in enumerate(found, 1)]
                continue
            error: UnreadableFile = read.error
        except UnreadableFile as raised:
            error = raised
        errors.append(error)
        arrived = opened.arrived.get(_name(read))
        if arrived:
            notes.append(note_of(Read((arrived,)), error))
    if not documents:
        worst = next(iter([*(e for e in errors if not isinstance(e, NotAForm)), *errors]), None)
        worst = worst or NotAForm("没有可读取的页面")
        return Result(source="", error=Failure(code=worst.code, message=str(worst)), findings=tuple(notes))
    chosen = next((each for each in documents if each.is_whole), documents[0]).form
    own = tuple(each for each in documents if each.form.name == chosen.name)
    if len(own) < len(documents):
        notes.append(Finding.of("other-form-too"))
    result = decided("", unite(Application(own)), options.silent_target)
    return result.model_copy(update={"findings": (*result.findings, *notes)})


@dataclass(frozen=True)
class _Lost:
    """A part of which nothing could be read."""

    name: str
    error: UnreadableFile


_Sheaf = tuple[Loose, ...]


def _name(read: "_Sheaf | _Lost") -> str:
    return read[0].name if isinstance(read, tuple) else read.name


def _sheaves(one: Gathered, opened: _Opened) -> Iterator["_Sheaf | _Lost"]:
    """Yield what is read as one document: each file that holds characters by itself, and all paper
    together, because sheets of one application may lie in several files."""
    typed: dict[str, list[Loose]] = {}
    paper: list[Loose] = []
    for piece in one.pieces:
        whole = opened.whole[piece.part]
        if isinstance(whole, UnreadableFile):
            typed.setdefault(piece.part, [])
            continue
        found = opened.page(piece) if piece.page is not None else None
        if isinstance(found, UnreadableFile):
            yield _Lost(piece.part, found)
        elif found is not None and found.page.frame:
            paper.append(found)
        elif found is not None and len(whole.pages) > 1:
            typed.setdefault(piece.part, []).append(found)
        else:
            typed.setdefault(piece.part, [Loose(piece.part, whole)])
    for name, pages in typed.items():
        whole = opened.whole[name]
        if isinstance(whole, UnreadableFile):
            yield _Lost(name, whole)
        elif len(pages) == len(whole.pages):
            yield (Loose(name, whole),)
        else:
            yield tuple(pages)
    if paper:
        yield tuple(paper)


def _document(sheaf: _Sheaf, form: str | None, forms: _Forms) -> list[Document]:
    first = sheaf[0]
    if len(sheaf) == 1 and (first.pages.reader == "word" or len(first.pages.pages) > 1):
        return recognise_one(first.pages, first.name, {}, forms, form)
    origins = {number: (one.name, one.page.number) for number, one in enumerate(sheaf, 1)}
    return recognise_one(together(sheaf), first.name, origins, forms, form)
