"""Documents that stand in a Word file as objects are parts of the submission, whatever they are wrapped
in."""

import random
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from extractor import Limits, Options, Source, extract
from extractor.limits import ZipLimits
from extractor.readers.by_kind import open_file
from extractor.readers.word import files_in_word
from extractor.views.draw_pages import part_bytes
from generator import generate, new_identity
from models.form import FormDefinition
from models.page import Pages
from models.record import Result
from tests.extractor.compound import compound
from tests.extractor.documents import paragraph
from tests.extractor.word_package import Composed
from tests.records import random_record


@pytest.fixture
def filled(forms: Mapping[str, FormDefinition]) -> bytes:
    form = next(iter(forms.values()))
    return generate(form, "docx", new_identity(form), random_record(form, 7)).data


def letter(*objects: tuple[str, str, bytes]) -> bytes:
    """A letter with objects in it: the kind of the link, the name, what is in it."""
    file = Composed(random.Random(0))
    for kind, name, data in objects:
        file.part(kind, f"embeddings/{name}", data)
    return file.finished(paragraph("现报送申请表，请审阅。"))


def native(name: str, data: bytes) -> bytes:
    """A file as Windows' packager wraps it."""
    path = f"C:\\{name}\0".encode("gb18030")
    inner = (
        struct.pack("<H", 2)
        + f"{name}\0".encode("gb18030")
        + path
        + struct.pack("<HHI", 0, 3, len(path))
        + path
    )
    inner += struct.pack("<I", len(data)) + data
    return compound({"\x01Ole10Native": struct.pack("<I", len(inner)) + inner})


def read(
    data: bytes, folder: Path, forms: Mapping[str, FormDefinition], options: Options | None = None
) -> list[Result]:
    path = folder / "letter.docx"
    path.write_bytes(data)
    return extract(Source.at(path), forms, options or Options())


def states(results: list[Result]) -> dict[str, str]:
    return {part.name: part.state for part in results[0].parts}


def test_a_form_in_a_letter_is_read_however_it_is_wrapped(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: bytes
) -> None:
    (path := tmp_path / "alone.docx").write_bytes(filled)
    alone = extract(Source.at(path), forms)[0].record()
    wrapped = {
        "form1.docx": ("package", "form1.docx", filled),
        "oleObject1.bin": ("oleObject", "oleObject1.bin", compound({"Package": filled})),
        "申请表.docx": ("oleObject", "oleObject1.bin", native("申请表.docx", filled)),
    }
    for name, one in wrapped.items():
        data = letter(one)
        results = read(data, tmp_path, forms)
        assert states(results) == {"letter.docx": "not-a-form", f"letter.docx/{name}": "read"}
        assert results[0].record() == alone
        assert part_bytes(Source.at(tmp_path / "letter.docx"), f"letter.docx/{name}") == filled


def test_objects_are_held_to_the_limits_of_files_that_arrive(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: bytes
) -> None:
    data = letter(("package", "middle.docx", letter(("package", "deep.docx", filled))))
    names = ["letter.docx", "letter.docx/middle.docx", "letter.docx/middle.docx/deep.docx"]
    assert states(read(data, tmp_path, forms)) == dict(
        zip(names, ["not-a-form", "not-a-form", "read"], strict=True)
    )
    shallow = Options(limits=Limits(depth=1))
    assert states(read(data, tmp_path, forms, shallow)) == dict(
        zip(names, ["not-a-form", "not-a-form", "too-large"], strict=True)
    )


@pytest.mark.parametrize(
    "data",
    [
        compound({"Equation Native": b"x"}),
        compound({"\x01Ole10Native": b"\1\2"}),
        compound(
            {"\x01Ole10Native": struct.pack("<IH", 99, 2) + b"a\0b\0" + bytes(8) + struct.pack("<I", 9999)}
        ),
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
        b"",
    ],
)
def test_an_object_that_is_no_file_is_told(data: bytes) -> None:
    pages = open_file(letter(("oleObject", "oleObject1.bin", data)), Options()).pages
    assert isinstance(pages, Pages)
    assert [aside.text for aside in pages.aside if aside.kind == "object"] == ["oleObject1.bin"]


def test_an_old_document_is_a_file_as_it_is() -> None:
    old = compound({"WordDocument": b"x" * 600})
    assert [
        (one.name, one.data) for one in files_in_word(letter(("oleObject", "a.bin", old)), ZipLimits())[0]
    ] == [("a.bin", old)]


def test_rich_text_that_word_would_take_in_is_a_file() -> None:
    file = Composed(random.Random(0))
    file.part("aFChunk", "a.rtf", b"{\\rtf1 x}")
    file.part("aFChunk", "b.html", "<p>x</p>")
    assert [one.name for one in files_in_word(file.finished(""), ZipLimits())[0]] == ["a.rtf"]
