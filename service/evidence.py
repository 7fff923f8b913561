"""Cut-outs of the places where values were read.

They are made in a process of their own: a file that hangs or crashes what draws it costs its cut-outs and no more.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor import Options, Source, open_view, part_bytes
from models.errors import NotFound, NoView, UnreadableFile
from models.page import Box
from models.record import Part
from service.blobs import Blobs
from service.pool import Forms, LastingPool, Limits, options_of
from service.results import Line
from service.settings import Settings
from service.store.uploads import StoredFile, called

# Pixels a point: 180 dpi.
_SCALE = 2.5


@dataclass(frozen=True)
class Crop:
    """What the page shows where the value of `field` was read."""

    field: str
    page: int
    jpeg: bytes


@dataclass(frozen=True)
class Cutting:
    """Cuts the evidence of `line` out of the pages of a submission; used in another process."""

    line: Line

    def __call__(self, submission: Source, forms: Forms, options: Options) -> list[dict[str, Any]]:
        """One line with the pictures. What can't be shown, a Word file that was never printed, say, is left out."""
        parts = {part["name"]: Part.model_validate(part) for part in self.line["parts"]}
        pictures: list[Mapping[str, Any]] = []
        for name, places in _by_part(self.line).items():
            try:
                view = open_view(part_bytes(submission, name, options), parts[name], options)
            except (NoView, UnreadableFile):
                continue
            for field, page, box in places:
                try:
                    pictures.append({"field": field, "page": page, "jpeg": view.image(page, _SCALE, box)})
                except NoView:
                    continue
        return [{"pictures": pictures, "error": None}]


def cut_out(files: Sequence[StoredFile], line: Line | None, blobs: Blobs, settings: Settings) -> list[Crop]:
    """The cut-outs of a result, by field in the order of the line; none where nothing was read off pages, or files are gone."""
    if line is None or not _by_part(line):
        return []
    with tempfile.TemporaryDirectory(prefix="sealform-evidence-") as place:
        folder, scratch = Path(place, "files"), Path(place, "scratch")
        folder.mkdir()
        scratch.mkdir()
        try:
            source = _fetched(files, blobs, folder)
        except NotFound:
            return []
        limits = Limits(1, settings.time_limit, settings.memory_limit)
        with LastingPool(limits, scratch) as pool:
            done = pool.read(source, {}, options_of(settings), Cutting(line), lambda: None)
    order = list(line["fields"])
    crops = [Crop(**picture) for picture in done.lines[0].get("pictures", ())]
    return sorted(crops, key=lambda crop: (order.index(crop.field), crop.page))


def _by_part(line: Line) -> dict[str, list[tuple[str, int, Box]]]:
    """{part: (field, page, box) of each place, page after page}."""
    found: dict[str, list[tuple[str, int, Box]]] = {}
    for field, result in line["fields"].items():
        for one in result["evidence"]:
            if one.get("page") is not None and one.get("box") is not None:
                box = dict(zip(("x0", "y0", "x1", "y1"), one["box"], strict=True))
                found.setdefault(one["part"], []).append((field, one["page"], Box(**box)))
    return {part: sorted(places, key=lambda place: place[1]) for part, places in found.items()}


def _fetched(files: Sequence[StoredFile], blobs: Blobs, folder: Path) -> Source:
    """The files on the disk: under numbers, because their names are the sender's."""
    parts = []
    for number, file in enumerate(files):
        path = folder / f"{number:04}"
        with path.open("wb") as target:
            for chunk in blobs.chunks(file.sha256):
                target.write(chunk)
        parts.append((file.name, path))
    return Source.of(called(files), folder, parts)
