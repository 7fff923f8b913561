"""Bullets of lists: a box or a tick in front of a paragraph that no text holds."""

from lxml import etree

from extractor.readers.word.package import Parts, W
from extractor.readers.word.pieces import Piece, characters
from extractor.readers.word.styles import read_look
from models.page import Tick


class Bullets:
    """The bullets that the document's lists draw; only those that are marks are of interest."""

    def __init__(self, package: Parts) -> None:
        self._marks: dict[tuple[str, str], Tick] = {}
        for name in package.related(package.main, "numbering")[:1]:
            self._read(package.xml(name))

    def _read(self, root: etree._Element) -> None:
        levels: dict[str, dict[str, Tick]] = {}
        for abstract in root.iterfind(f"{W}abstractNum"):
            found = {level.get(f"{W}ilvl", "0"): mark for level in abstract.iterfind(f"{W}lvl") if (mark := _mark(level))}
            levels[abstract.get(f"{W}abstractNumId", "")] = found
        for number in root.iterfind(f"{W}num"):
            abstract_id = number.find(f"{W}abstractNumId")
            for level, mark in levels.get("" if abstract_id is None else abstract_id.get(f"{W}val", ""), {}).items():
                self._marks[number.get(f"{W}numId", ""), level] = mark

    def of(self, properties: etree._Element | None) -> list[Piece]:
        """What stands before a paragraph with these `w:pPr`."""
        if properties is None or not self._marks:
            return []
        number, level = properties.find(f"{W}numPr/{W}numId"), properties.find(f"{W}numPr/{W}ilvl")
        if number is None:
            return []
        key = number.get(f"{W}val", ""), "0" if level is None else level.get(f"{W}val", "0")
        return [self._marks[key]] if key in self._marks else []


def _mark(level: etree._Element) -> Tick | None:
    """The mark that a level's bullet shows; a numbered level, and a plain dot, has none."""
    kind, text = level.find(f"{W}numFmt"), level.find(f"{W}lvlText")
    if kind is None or kind.get(f"{W}val") != "bullet" or text is None:
        return None
    pieces = list(characters(text.get(f"{W}val", ""), read_look(level.find(f"{W}rPr"))))
    return pieces[0] if len(pieces) == 1 and isinstance(pieces[0], Tick) else None
