"""Cut-outs: pictures of the places where values were read."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from models.errors import SealformError
from service.page_pictures import Held, Look, Views
from service.results import EvidenceJson, Line, PartJson
from service.store.uploads import StoredFile

RESOLUTION = 180  # pixels an inch of a cut-out
_SCALE = RESOLUTION / 72  # pixels a point


@dataclass(frozen=True)
class Crop:
    """A picture of the place on a page where the value of `field` was read, as WebP."""

    field: str
    page: int
    picture: bytes


def cut_out(
    files: Sequence[StoredFile], line: Line | None, views: Views, fields: Collection[str] | None = None
) -> list[Crop]:
    """Returns the cut-outs of a result, by field in the order of the line. A file that is gone or can't be
    shown has none. `fields` limits them to those fields."""
    if line is None:
        return []
    arrived = [(file.name, file.sha256) for file in files]
    held = {part["name"]: Held(part, arrived) for part in line["parts"]}
    crops = []
    for field, result in line["fields"].items():
        if fields is not None and field not in fields:
            continue
        for one in result["evidence"]:
            if one["part"] not in held:
                continue
            try:
                for page, box in _places(views, held[one["part"]], one):
                    crops.append(Crop(field, page, views.image(held[one["part"]], Look(page, _SCALE, box))))
            except SealformError:
                # The part is dropped, because its other places can't be shown either, and each might take as
                # long to fail.
                del held[one["part"]]
    return crops


def take_out(files: Sequence[StoredFile], parts: Sequence[PartJson], views: Views) -> dict[str, bytes]:
    """Returns the bytes of `parts` inside `files` by name, as far as they can be taken out."""
    found = {}
    for part in parts:
        with suppress(SealformError):
            found[part["name"]] = views.original(Held(part, [(file.name, file.sha256) for file in files]))
    return found


def _places(
    views: Views, held: Held, evidence: EvidenceJson
) -> Iterator[tuple[int, tuple[float, float, float, float]]]:
    """Yields (page, box) of the places where a value was read. For a cell of a Word file it is the place
    where the cell was printed."""
    if evidence.get("page") is not None and evidence.get("box") is not None:
        x0, y0, x1, y1 = evidence["box"]
        yield evidence["page"], (x0, y0, x1, y1)
    elif cell := evidence.get("cell"):
        for place in views.pages(held)["places"]:
            if (place["table"], place["row"], place["column"]) == (
                cell["table"],
                cell["row"],
                cell["column"],
            ):
                x0, y0, x1, y1 = place["box"]
                yield place["page"], (x0, y0, x1, y1)
