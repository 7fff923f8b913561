"""What a person put together is read as that: pictures that were read before are not read again, a page that
was turned is read as it was turned, and nothing of it is lost in silence."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Never

import pytest

from extractor import Gathered, Kept, Options, Piece, Source, extract_arranged
from extractor.kept import key_of
from extractor.readers.by_kind import open_file
from generator import generate, new_identity
from models.form import FormDefinition
from models.page import Frame, Pages
from models.record import Record, Result
from tests.conftest import Forms
from tests.records import random_record

FORM, OTHER = "pilot-application", "enterprise-filing"
_FRAME = Frame(picture=(800, 1100), flat=(800, 1100), scale=1.5)


class _NoEngine:
    """An engine that nobody may ask, because all was read before."""

    name = "none"

    def detect(self, picture: Any) -> Never:
        raise AssertionError("a picture was read again")

    recognise = upside_down = detect


def _read(form: FormDefinition, seed: int) -> Pages:
    """The pages of a filled form as if they had been read of pictures."""
    record = Record(form=form.name, version=form.version, values=random_record(form, seed).values)
    data = generate(form, "pdf", new_identity(form), record).data
    pages = open_file(data, Options()).pages
    assert isinstance(pages, Pages)
    framed = [
        page.model_copy(update={"frame": _FRAME, "identity": pages.identity and page.identity})
        for page in pages.pages
    ]
    return pages.model_copy(update={"reader": "scan", "pages": tuple(framed), "identity": None})


class _Tray:
    """Files that came together, each with what was read of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder / "files", Kept(folder / "kept")
        self.folder.mkdir()

    def add(self, name: str, pages: Pages, quarters: int | None = None) -> None:
        data = b"\x89PNG\r\n\x1a\n" + name.encode()
        (self.folder / name).write_bytes(data)
        key = key_of(hashlib.sha256(data).hexdigest(), *(() if quarters is None else (1, quarters)))
        self.kept.put(key, pages)

    def read(self, forms: Forms, *gathered: Gathered) -> list[Result]:
        options = Options(ocr=_NoEngine(), kept=self.kept)
        return extract_arranged(Source.at(self.folder), gathered, forms, options)


@pytest.fixture
def tray(tmp_path: Path) -> _Tray:
    return _Tray(tmp_path)


def _alone(pages: Pages, number: int) -> Pages:
    page = next(one for one in pages.pages if one.number == number)
    return pages.model_copy(update={"pages": (page.model_copy(update={"number": 1}).counted_from(0),)})


def _values(result: Result, form: FormDefinition, seed: int) -> Mapping[str, tuple[Any, Any]]:
    assert result.error is None
    wanted = random_record(form, seed).values
    return {
        name: (field.value, wanted.get(name))
        for name, field in result.fields.items()
        if not form.fields[name].is_mark and field.value != wanted.get(name)
    }


def _gathered(*names: str | tuple[str, int], form: str | None = None) -> Gathered:
    places: Sequence[tuple[str, int]] = [one if isinstance(one, tuple) else (one, 1) for one in names]
    return Gathered(tuple(Piece(part, page) for part, page in places), form)


def test_pages_of_two_applicants_are_read_as_they_were_put_together_and_no_picture_again(
    tray: _Tray, forms: Forms
) -> None:
    form = forms[FORM]
    for seed in (1, 2):
        for number in (1, 2):
            tray.add(f"{seed}-{number}.jpg", _alone(_read(form, seed), number))
    found = tray.read(forms, _gathered("1-1.jpg", "1-2.jpg"), _gathered("2-1.jpg", "2-2.jpg"))
    assert [_values(one, form, seed) for seed, one in enumerate(found, 1)] == [{}, {}]
    assert [one.application for one in found] == [1, 2]
    assert {part.name: part.applications for part in found[0].parts} == {
        "1-1.jpg": (1,), "1-2.jpg": (1,), "2-1.jpg": (2,), "2-2.jpg": (2,),
    }  # fmt: skip
    wrong = tray.read(forms, _gathered("1-1.jpg", "2-2.jpg"))
    assert _values(wrong[0], form, 1)


def test_one_file_is_cut_where_the_person_says(tray: _Tray, forms: Forms) -> None:
    form, both = forms[FORM], [_read(forms[FORM], seed).pages for seed in (1, 2)]
    every = [page for pages in both for page in pages]
    numbered = tuple(page.model_copy(update={"number": n}) for n, page in enumerate(every, 1))
    tray.add("一起.pdf", _read(form, 1).model_copy(update={"pages": numbered}))
    one, other = tray.read(
        forms, _gathered(("一起.pdf", 1), ("一起.pdf", 2)), _gathered(("一起.pdf", 3), ("一起.pdf", 4))
    )
    assert (_values(one, form, 1), _values(other, form, 2)) == ({}, {})
    assert {place.page for field in other.fields.values() for place in field.evidence} <= {3, 4}


def test_a_page_that_a_person_turned_is_read_as_it_was_turned(tray: _Tray, forms: Forms) -> None:
    form, right = forms[FORM], _read(forms[FORM], 1)
    upside_down = _alone(right, 1)
    tray.add(
        "1.jpg",
        upside_down.model_copy(update={"pages": (upside_down.pages[0].model_copy(update={"blocks": ()}),)}),
    )
    page = upside_down.pages[0].model_copy(update={"frame": _FRAME.model_copy(update={"quarters": 2})})
    tray.add("1.jpg", upside_down.model_copy(update={"pages": (page,)}), quarters=2)
    tray.add("2.jpg", _alone(right, 2))
    pieces = (Piece("1.jpg", 1, 2), Piece("2.jpg", 1))
    (found,) = tray.read(forms, Gathered(pieces))
    assert _values(found, form, 1) == {}
    assert [part.pages[0].frame.quarters for part in found.parts if part.pages[0].frame] == [2, 0]


def test_what_is_no_form_or_another_form_is_told(tray: _Tray, forms: Forms) -> None:
    pages = _read(forms[FORM], 1)
    empty = pages.model_copy(update={"pages": (pages.pages[0].model_copy(update={"blocks": ()}),)})
    tray.add("白纸.jpg", empty)
    (nothing,) = tray.read(forms, _gathered("白纸.jpg"))
    assert nothing.error is not None
    assert nothing.error.code == "not-a-form"
    tray.add("甲.pdf", pages)
    (said,) = tray.read(forms, _gathered(("甲.pdf", 1), ("甲.pdf", 2), form=OTHER))
    assert said.form is not None
    assert said.form.name == OTHER
    assert "other-form" in {finding.code for finding in said.findings}
    assert said.status == "review"
    (gone,) = tray.read(forms, _gathered("没有.jpg"))
    assert gone.error is not None


def test_what_is_kept_is_what_was_read(tmp_path: Path, forms: Forms) -> None:
    pages, kept = _read(forms[FORM], 3), Kept(tmp_path)
    kept.put("a", pages)
    assert kept.get("a") == pages
    assert kept.get("b") is None
    (tmp_path / "c.json.gz").write_bytes(b"no gzip")
    assert kept.get("c") is None
    kept.put("d", pages.model_copy(update={"pages": tuple(
        page.model_copy(update={"frame": None}) for page in pages.pages
    )}))  # fmt: skip
    assert list(kept.names()) == ["a", "c"]
