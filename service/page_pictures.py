"""Draws pictures of pages and keeps them on disk, named by the content that they show.

Pages are drawn in separate processes, and the service opens files that arrived nowhere else. A file that
hangs, crashes or exhausts memory therefore costs one picture.
"""

import hashlib
import json
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

from extractor import Options, Source
from models.errors import NoView, ReaderCrashed, SealformError, UnreadableFile
from models.page import Box
from models.record import Part
from service.blobs import Blobs, lay_out
from service.picture_shelf import Shelf
from service.processes.pool import Forms, LastingPool, Limits, Stopped, options_of
from service.processes.scratch import scratch_folder
from service.results import CellJson, PartJson
from service.sealing import Keys
from service.settings import Settings

# The edition of the pictures. Raise it when pictures are drawn differently, so that kept ones are drawn
# again.
_EDITION = "1"
_PROCESSES, _SECONDS = 2, 90.0
# The most bytes that kept pictures may take; the oldest are removed first. The limit is checked once in so
# many pictures.
_ROOM, _BETWEEN = 1 << 30, 200
# What a process leaves of a Word file that it printed, because printing is slow, in a folder of the part.
_PRINTS, _PLACES, _PRINT = "printed", "places.json", "print.pdf"
# The default scale in pixels a point; and how many pages of a part are drawn in advance.
SCALE = 2.0
_FIRST_PAGES = 6


_What = Literal["image", "pages", "part"]


class DrawnJson(TypedDict):
    """A page that can be drawn, its size in points."""

    page: int
    width: float
    height: float


class PlaceJson(CellJson):
    """The place of a cell of a Word file on a printed page; `box` is x0, y0, x1, y1 in points."""

    page: int
    box: Sequence[float]


class PagesJson(TypedDict):
    """What can be shown of a part: its pages, the `places` of cells on them, and the `table` of its content
    where there are no pages to draw."""

    pages: Sequence[DrawnJson]
    places: Sequence[PlaceJson]
    table: Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True)
class Held:
    """A part of a submission as it was read, and the files of the upload that holds it. `part` is as in the
    part's result; `files` are (name, digest) in order."""

    part: PartJson
    files: Sequence[tuple[str, str]]

    @property
    def sha256(self) -> str:
        return self.part["sha256"]


@dataclass(frozen=True)
class Look:
    """A page, or a `box` on it in points, at `scale` pixels a point. With `seal_off` the picture is grey and
    without the page's seals."""

    page: int
    scale: float
    box: tuple[float, float, float, float] | None = None
    seal_off: bool = False


class Views:
    """Views of the files that arrived. Safe for threads; `close` ends its processes."""

    def __init__(
        self, settings: Settings, blobs: Blobs, keys: Keys, pool: tuple[LastingPool, Path] | None = None
    ) -> None:
        """`keys` seal what is kept. `pool` is a pool of processes that outlives this object, with the folder
        that they read from. Without it, a pool is started once something is to be drawn."""
        self._shelf = Shelf(settings, keys)
        self._limits = Limits(jobs=_PROCESSES, seconds=_SECONDS, megabytes=settings.memory_limit)
        self._options = options_of(settings)
        self._blobs = blobs
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._pool = pool
        self._drawn = 0

    def tag(self, held: Held, look: Look) -> str:
        """Returns a tag that changes exactly when the picture changes."""
        told = [_EDITION, held.sha256, held.part.get("pages"), look.page, look.scale, look.box, look.seal_off]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]

    def image(self, held: Held, look: Look) -> bytes:
        """Returns a picture as WebP.

        Raises:
            NotFound: the file is gone.
            NoView: there is no such page.
            UnreadableFile: the page can't be drawn.
        """
        return self._made(held, f"{self.tag(held, look)}.webp", "image", look)

    def pages(self, held: Held) -> PagesJson:
        """Returns the pages of a part that can be drawn.

        Raises:
            NotFound: the file is gone.
        """
        name = f"pages-{_EDITION}-{_digest(held.part.get('pages'))}.json"
        return json.loads(self._made(held, name, "pages"))  # type: ignore[no-any-return]

    def original(self, held: Held) -> bytes:
        """Returns the bytes of a part, including a part inside a mail or an archive.

        Raises:
            NotFound: the file is gone.
            NoView, UnreadableFile: the part can't be taken out.
        """
        if held.sha256 in {digest for _, digest in held.files}:
            return self._blobs.read(held.sha256)
        return self._made(held, "part", "part")

    def prepare(self, parts: Iterable[PartJson], files: Sequence[tuple[str, str]]) -> None:
        """Draws the first pages of the parts that were read, at the default scale, so that nobody waits for
        them later. Parts that can't be drawn are passed over."""
        for held in (Held(part, files) for part in parts if part["state"] == "read"):
            with suppress(SealformError):
                for page in self.pages(held)["pages"][:_FIRST_PAGES]:
                    self.image(held, Look(page["page"], SCALE))

    def close(self) -> None:
        """Ends the processes at once."""
        with self._lock:
            self._open.close()
            self._pool = None

    def _made(self, held: Held, name: str, what: _What, look: Look | None = None) -> bytes:
        """Returns what is kept by that name, or else lets a process make it, and keeps it."""
        kept = self._shelf.read(held.sha256, name)
        if kept is not None:
            return kept
        pool, scratch = self._started()
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            source = self._fetch(held, Path(folder))
            prints = Path(folder, _PRINTS)
            before = self._lay_out_prints(held, prints)
            try:
                task = _Task(what, held.part, prints, look)
                outcome = pool.call(source, {}, self._options, task, lambda: None).outcome
            except Stopped as error:
                raise ReaderCrashed("服务正在停止") from error
            for print_ in prints.iterdir():
                if print_.name not in before:
                    self._shelf.keep(held.sha256, f"{_EDITION}-{print_.name}", print_.read_bytes())
        if isinstance(outcome, SealformError):
            raise outcome
        self._shelf.keep(held.sha256, name, outcome)
        self._look_after_room()
        return outcome

    def _lay_out_prints(self, held: Held, folder: Path) -> set[str]:
        """Puts what is kept of a printed Word file into a new folder; returns the names."""
        folder.mkdir()
        known = {name: self._shelf.read(held.sha256, f"{_EDITION}-{name}") for name in (_PLACES, _PRINT)}
        if None in known.values():
            return set()
        for name, data in known.items():
            folder.joinpath(name).write_bytes(data or b"")
        return set(known)

    def _fetch(self, held: Held, folder: Path) -> Source:
        """Returns the file that is the part, or all files of the upload where the part lies inside one of
        them."""
        named = [(held.part["name"], held.sha256)]
        inside = held.sha256 not in {digest for _, digest in held.files}
        parts = lay_out(self._blobs, held.files if inside else named, folder)
        return Source.of("", folder, parts) if inside else Source("", folder, tuple(parts))

    def _started(self) -> tuple[LastingPool, Path]:
        with self._lock:
            if self._pool is None:
                scratch = self._open.enter_context(scratch_folder())
                self._pool = self._open.enter_context(LastingPool(self._limits, scratch)), scratch
            return self._pool

    def _look_after_room(self) -> None:
        with self._lock:
            self._drawn += 1
            if self._drawn % _BETWEEN:
                return
        self._shelf.make_room(_ROOM)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Task:
    """The work that a process does on a part. The folder `prints` holds a Word file as it was printed, or is
    where the process leaves it."""

    what: _What
    part: PartJson
    prints: Path
    look: Look | None = None

    def __call__(self, submission: Source, forms: Forms, options: Options) -> bytes | SealformError:
        """Returns the bytes, or the error because of which there are none."""
        try:
            return self._made(submission, options)
        except (SealformError, RecursionError) as error:
            return error if isinstance(error, SealformError) else NoView("文件结构过于复杂")

    def _made(self, source: Source, options: Options) -> bytes:
        from extractor import part_bytes

        part = Part.model_validate({**self.part, "pages": self.part.get("pages") or ()})
        data = part_bytes(source, part.name, options)
        if self.what == "part":
            return data
        if self.what == "pages":
            return json.dumps(self._pages(data, part, options), ensure_ascii=False).encode()
        assert self.look is not None
        pdf, part = self._drawable(data, part, options)
        from extractor import open_view

        box = self.look.box
        frame = Box(x0=box[0], y0=box[1], x1=box[2], y1=box[3]) if box else None
        view = open_view(pdf, part, options)
        return view.image(
            self.look.page, self.look.scale, frame, seal_off=self.look.seal_off, encoding="webp"
        )

    def _pages(self, data: bytes, part: Part, options: Options) -> PagesJson:
        from extractor import open_view, tables_of

        try:
            drawable, part = self._drawable(data, part, options)
            pages = open_view(drawable, part, options).pages
        except (NoView, UnreadableFile):
            return {"pages": [], "places": [], "table": _or_none(lambda: tables_of(data, options))}
        told: list[DrawnJson] = [
            {"page": page.number, "width": page.width, "height": page.height} for page in pages
        ]
        return {"pages": told, "places": json.loads(self._print(_PLACES) or b"[]"), "table": None}

    def _drawable(self, data: bytes, part: Part, options: Options) -> tuple[bytes, Part]:
        """Returns the bytes to draw pages from: the file itself, or, for a file without pages, the PDF that
        LibreOffice prints."""
        if part.pages and part.pages[0].frame is not None:
            return data, part
        printed = self._print(_PRINT)
        if printed is None:
            try:
                printed = self._printed(data, options)
            except NoView:
                return data, part
        return printed, part.model_copy(update={"pages": ()})

    def _printed(self, data: bytes, options: Options) -> bytes:
        from extractor import print_word

        made = print_word(data, options)
        places: list[PlaceJson] = [
            {
                "table": address.table,
                "row": address.row,
                "column": address.column,
                "page": page,
                "box": [box.x0, box.y0, box.x1, box.y1],
            }
            for address, found in made.places.items()
            for page, box in found
        ]
        self.prints.joinpath(_PLACES).write_bytes(json.dumps(places).encode())
        self.prints.joinpath(_PRINT).write_bytes(made.pdf)
        return made.pdf

    def _print(self, name: str) -> bytes | None:
        path = self.prints / name
        return path.read_bytes() if path.exists() else None


def _or_none(make: Any) -> Any:
    try:
        return make()
    except (NoView, UnreadableFile):
        return None
