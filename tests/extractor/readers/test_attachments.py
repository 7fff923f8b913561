"""Files inside a PDF are parts of the submission: each is read, or ends in a named state."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject

from extractor import Limits, Options, Source, extract
from generator import generate, new_identity
from models.form import FormDefinition
from models.record import Result
from tests.extractor.documents import docx, paragraph
from tests.extractor.pdfs import saved, typeset
from tests.records import random_record

COVER = "此 PDF 文件包中有以下文件，请用 Adobe Acrobat 打开查看。请逐一核对各文件是否齐全。"


@pytest.fixture
def form(forms: Mapping[str, FormDefinition]) -> FormDefinition:
    return next(iter(forms.values()))


@pytest.fixture
def filled(form: FormDefinition) -> bytes:
    return generate(form, "docx", new_identity(form), random_record(form, 7)).data


def notice(number: int) -> bytes:
    """A Word file that is no form."""
    return docx(paragraph(f"会议通知{number}"))


def holding(files: Mapping[str, bytes], pdf: bytes | None = None, portfolio: bool = False) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(typeset(COVER) if pdf is None else pdf))
    for name, data in files.items():
        writer.add_attachment(name, data)
    for number, stored in enumerate(writer._objects):
        if isinstance(stored, StreamObject) and stored.get("/Type") == "/EmbeddedFile":
            writer._objects[number] = stored.flate_encode()
    if portfolio:
        writer.root_object[NameObject("/Collection")] = DictionaryObject()
    return saved(writer)


def read(
    data: bytes, folder: Path, forms: Mapping[str, FormDefinition], options: Options | None = None
) -> list[Result]:
    path = folder / "outer.pdf"
    path.write_bytes(data)
    return extract(Source.at(path), forms, options or Options())


def states(results: list[Result]) -> dict[str, str]:
    return {part.name: part.state for part in results[0].parts}


@pytest.mark.parametrize("asked", [False, True], ids=["any form", "a form asked for"])
def test_of_a_portfolio_the_cover_is_no_form_and_the_files_inside_are_read(
    asked: bool, tmp_path: Path, forms: Mapping[str, FormDefinition], form: FormDefinition, filled: bytes
) -> None:
    results = read(
        holding({"表.docx": filled}, portfolio=True),
        tmp_path,
        forms,
        Options(form=form.name if asked else None),
    )
    assert states(results) == {"outer.pdf": "not-a-form", "outer.pdf/表.docx": "read"}
    assert len(results) == 1
    assert {e.part for field in results[0].fields.values() for e in field.evidence} == {"outer.pdf/表.docx"}
    (path := tmp_path / "alone.docx").write_bytes(filled)
    assert results[0].record() == extract(Source.at(path), forms)[0].record()


def test_what_hangs_on_a_form_is_read_too_and_none_of_it_is_lost(
    tmp_path: Path, forms: Mapping[str, FormDefinition], form: FormDefinition, filled: bytes
) -> None:
    pdf = generate(form, "pdf", new_identity(form), random_record(form, 8)).data
    results = read(
        holding({"../a.docx": filled, "b.docx": notice(1), "c.docx": filled[:-300], "d": b""}, pdf),
        tmp_path,
        forms,
    )
    assert states(results) == {
        "outer.pdf": "read", "outer.pdf/a.docx": "read", "outer.pdf/b.docx": "not-a-form",
        "outer.pdf/c.docx": "unreadable",
        "outer.pdf/d": "unreadable",
    }  # fmt: skip
    assert [result.application for result in results] == [1, 2]
    told = " ".join(finding.message for finding in results[0].findings)
    assert "outer.pdf/b.docx" in told
    assert "outer.pdf/c.docx" in told


def test_files_inside_files_inside_are_read_to_a_depth(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: bytes
) -> None:
    data = holding({"middle.pdf": holding({"deep.docx": filled}), "beside.docx": notice(1)})
    expected = {
        "outer.pdf": "not-a-form", "outer.pdf/beside.docx": "not-a-form",
        "outer.pdf/middle.pdf": "not-a-form",
        "outer.pdf/middle.pdf/deep.docx": "read",
    }  # fmt: skip
    assert states(read(data, tmp_path, forms)) == expected
    results = read(data, tmp_path, forms, Options(limits=Limits(depth=1)))
    assert states(results) == {**expected, "outer.pdf/middle.pdf/deep.docx": "too-large"}


def test_files_inside_are_held_to_the_limits_of_files_that_arrive(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    few = Options(limits=Limits(parts=3))
    assert states(read(holding({f"{n}.docx": notice(n) for n in range(4)}), tmp_path, forms, few)) == {
        "outer.pdf": "not-a-form", "outer.pdf/0.docx": "not-a-form", "outer.pdf/1.docx": "not-a-form",
        "outer.pdf/2.docx": "too-large", "outer.pdf/3.docx": "too-large",
    }  # fmt: skip
    data = holding({"big.docx": bytes(200_000)})
    small = Options(limits=Limits(file_bytes=len(data)))
    assert len(data) < 200_000
    assert states(read(data, tmp_path, forms, small))["outer.pdf/big.docx"] == "too-large"


def test_files_of_one_name_are_told_apart(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    names = list(
        states(
            read(holding({"a/x.docx": notice(1), "b/x.docx": notice(2), "..": notice(3)}), tmp_path, forms)
        )
    )
    assert sorted(names[1:]) == ["outer.pdf/x.docx", "outer.pdf/x.docx（2）", "outer.pdf/附件"]
