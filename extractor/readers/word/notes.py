"""Texts elsewhere about a place in the text: footnotes, endnotes, comments."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from lxml import etree

from extractor.readers.word.elements import said
from extractor.readers.word.numbering import roman
from extractor.readers.word.package import Parts, W
from models.page import AsideKind, Remark

_PARTS = {
    "footnoteReference": ("footnotes", "note-on-answer"),
    "endnoteReference": ("endnotes", "note-on-answer"),
}
# Word's default way of numbering them.
_NUMBERED: Mapping[str, Callable[[int], str]] = {"footnoteReference": str, "endnoteReference": roman}
_COMMENT = ("comments", "comment-on-answer")


class Notes:
    """The notes of a document by their numbers, and the comments on the text being read."""

    def __init__(self, package: Parts) -> None:
        self._package = package
        self._under: dict[str, Remark] = {}
        self._claimed: set[tuple[str, str]] = set()
        # The numbers that the marks of notes show.
        self.marks: list[str] = []

    @cached_property
    def _texts(self) -> dict[tuple[str, str], str]:
        kinds = ("footnotes", "endnotes", "comments")
        parts = [
            (kind, name) for kind in kinds for name in self._package.related(self._package.main, kind)[:1]
        ]
        return {
            (kind, note.get(f"{W}id", "")): said(note)
            for kind, name in parts
            for note in self._package.xml(name)
        }

    def of(self, reference: etree._Element) -> list[Remark]:
        """Return the note that a reference mark leads to, or a comment that begins here; nothing where it is
        empty or ends."""
        name = str(reference.tag).removeprefix(W)
        kind, code = _PARTS.get(name, _COMMENT)
        number = reference.get(f"{W}id", "")
        if name == "commentRangeEnd":
            self._under.pop(number, None)
            return []
        self._claimed.add((kind, number))
        if name in _PARTS and reference.get(f"{W}customMarkFollows") is None:
            self.marks.append(_NUMBERED[name](sum(kind == one for one, _ in self._claimed)))
        text = self._texts.get((kind, number), "")
        if not text:
            return []
        remark = Remark(code=code, text=text)
        if name == "commentRangeStart":
            self._under[number] = remark
        return [remark]

    def unclaimed(self) -> Iterator[tuple[AsideKind, str]]:
        """Yield the notes that no mark has led to so far."""
        for (kind, number), text in self._texts.items():
            if text and (kind, number) not in self._claimed:
                yield "comment" if kind == "comments" else "note", text

    @property
    def under(self) -> list[Remark]:
        """The comments that have begun and not ended."""
        return list(self._under.values())


REFERENCES = frozenset(
    f"{W}{name}" for name in (*_PARTS, "commentReference", "commentRangeStart", "commentRangeEnd")
)
