"""What a generator hands back: the file, and where on its pages the answers stand."""

from dataclasses import dataclass

from models.page import Box


@dataclass(frozen=True, slots=True)
class Place:
    """A tagged place on a page: `tag` is `str(models.identity.Tag)`, `page` counts from 1, `box` is in
    points."""

    tag: str
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class Document:
    """A finished file. `suffix` has its dot; `places` is empty where the format has no pages."""

    data: bytes
    suffix: str
    places: tuple[Place, ...] = ()
