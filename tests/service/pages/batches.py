"""Batches of files that were grouped wrong on purpose: what came, how it was grouped wrong, the keys that put
it right, and how it is right."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pypdf

from generator import generate, new_identity
from models.form import FormDefinition
from models.record import Record
from service.forms.definitions import load_forms
from tests.records import random_record

# Of a file its name and its page; None: a file without pages.
Place = tuple[str, int | None]
LETTER, OTHER = "说明.pdf", "备案.docx"


@dataclass(frozen=True)
class Batch:
    """Files by name, the groups as they are wrong (`rest`: the places of none are what is left), the keys,
    and the groups as they are right. `said`: the forms that were said wrongly, by the number of their
    group."""

    name: str
    files: Mapping[str, bytes]
    wrong: Sequence[Sequence[Place]]
    keys: Sequence[str]
    right: Sequence[Sequence[Place]]
    said: Mapping[int, str] = field(default_factory=dict)


def form() -> FormDefinition:
    """The form of most batches: two pages."""
    return load_forms()["pilot-application"]


def unit(seed: int) -> str:
    """The unit that applies in the papers of that seed."""
    return f"武汉{'甲乙丙丁戊己庚辛'[seed % 8]}{seed}号产业园有限公司"


def typed(seed: int, kind: str = "pdf", of: FormDefinition | None = None) -> bytes:
    """A form that was filled in, without a number of ours that would tell whose its pages are."""
    form_ = of or form()
    values = {**random_record(form_, seed).values, (*form_.applicant, *form_.fields)[0]: unit(seed)}
    record = Record(form=form_.name, version=form_.version, values=values)
    return generate(form_, kind, new_identity(form_), record).data  # type: ignore[arg-type]


def pages(data: bytes) -> list[bytes]:
    """Each page of a PDF as a file."""
    made = []
    for page in pypdf.PdfReader(io.BytesIO(data)).pages:
        writer, out = pypdf.PdfWriter(), io.BytesIO()
        writer.add_page(page)
        writer.write(out)
        made.append(out.getvalue())
    return made


def whole(*parts: bytes) -> bytes:
    """Several PDFs as one."""
    writer, out = pypdf.PdfWriter(), io.BytesIO()
    for data in parts:
        for page in pypdf.PdfReader(io.BytesIO(data)).pages:
            writer.add_page(page)
    writer.write(out)
    return out.getvalue()


def letter() -> bytes:
    """A page that is no form."""
    writer, out = pypdf.PdfWriter(), io.BytesIO()
    writer.add_blank_page(595, 842)
    writer.write(out)
    return out.getvalue()


def _loose(*seeds: int) -> dict[str, bytes]:
    return {
        f"{seed}-{number}.pdf": data for seed in seeds for number, data in enumerate(pages(typed(seed)), 1)
    }


def _of(seed: int, *numbers: int) -> list[Place]:
    return [(f"{seed}-{number}.pdf", 1) for number in numbers or (1, 2)]


def _in(name: str, *numbers: int) -> list[Place]:
    return [(name, number) for number in numbers]


def batches() -> list[Batch]:
    """The twelve."""
    one = {"一起.pdf": whole(typed(11), typed(12), typed(13))}
    return [
        Batch(
            "second pages changed places", _loose(1, 2),
            [[*_of(1, 1), *_of(2, 2)], [*_of(2, 1), *_of(1, 2)]],
            ["ArrowRight", "2", "ArrowLeft", "1"], [_of(1), _of(2)],
        ),
        Batch(
            "two are one", _loose(3, 4), [[*_of(3), *_of(4)]], ["ArrowRight", "ArrowRight", "n"],
            [_of(3), _of(4)],
        ),
        Batch("one is two", _loose(5), [_of(5, 1), _of(5, 2)], ["ArrowDown", "j"], [_of(5)]),
        Batch("a page is with none", _loose(6), [_of(6, 1)], ["ArrowDown", "1"], [_of(6)]),
        Batch(
            "a Word file is with another", {"7.docx": typed(7, "docx"), **_loose(8)},
            [[*_of(8), ("7.docx", None)]], ["ArrowRight", "ArrowRight", "n"], [_of(8), [("7.docx", None)]],
        ),
        Batch(
            "a letter is with the form", {LETTER: letter(), **_loose(9)}, [[(LETTER, 1), *_of(9)]],
            ["0"], [_of(9)],
        ),
        Batch(
            "the second page comes first", _loose(10), [_of(10, 2, 1)], ["]"], [_of(10)],
        ),
        Batch(
            "one file of three is cut wrongly", one,
            [_in("一起.pdf", 1, 2, 3), _in("一起.pdf", 4), _in("一起.pdf", 5, 6)],
            ["ArrowRight", "ArrowRight", "2", "["],
            [_in("一起.pdf", 1, 2), _in("一起.pdf", 3, 4), _in("一起.pdf", 5, 6)],
        ),
        Batch(
            "all of a file of three is one", one, [_in("一起.pdf", 1, 2, 3, 4, 5, 6)],
            ["ArrowRight", "ArrowRight", "n", "ArrowRight", "ArrowRight", "n"],
            [_in("一起.pdf", 1, 2), _in("一起.pdf", 3, 4), _in("一起.pdf", 5, 6)],
        ),
        Batch(
            "read as another form", _loose(14), [_of(14)], ["f", "ArrowUp"], [_of(14)],
            said={0: "enterprise-filing"},
        ),
        Batch(
            "three are mixed", _loose(15, 16, 17),
            [[*_of(15, 1), *_of(16, 2)], [*_of(16, 1), *_of(17, 2)], [*_of(17, 1), *_of(15, 2)]],
            ["ArrowRight", "2", "ArrowLeft", "3", "ArrowLeft", "1"],
            [_of(15), _of(16), _of(17)],
        ),
        Batch(
            "one is none, and one is two", _loose(18, 19), [_of(18, 1), _of(18, 2)],
            ["ArrowDown", "j", "ArrowDown", "Space", "ArrowRight", "Space", "n"], [_of(18), _of(19)],
        ),
    ]  # fmt: skip


def write(folder: Path, batch: Batch) -> list[Path]:
    """The files of a batch on the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in batch.files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in batch.files]
