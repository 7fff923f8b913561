"""The result of a generator: the file, and the places of the answers on its pages."""

from dataclasses import dataclass

from models.page import Box


@dataclass(frozen=True, slots=True)
class Place:
    """A tagged place on a page. `tag` is `str(models.identity.Tag)`, `page` counts from 1, and `box` is in
    points."""

    tag: str
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class Document:
    """A finished file. `suffix` includes its dot; `places` is empty where the format has no pages."""

    data: bytes
    suffix: str
    places: tuple[Place, ...] = ()
