"""Inboxes as a bad day brings them: forms of every kind, and among them what breaks readers or was made
to."""

import io
import random
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from generator import Kind, generate, new_identity
from models.form import FormDefinition
from tests.extractor.documents import docx, paragraph
from tests.extractor.pdfs import say, written
from tests.records import random_record
from tests.service.readers import ORDER

FIXTURES = Path(__file__).parents[2] / "fixtures/inbox"

_WORD = (
    "A01_lit_ballot_check.docx",
    "A06_lit_tick_before_box_mid_nospace.docx",
    "C01_w14_checkbox_default.docx",
)
_PDF = ("A08_printed.pdf", "fillable_returned.pdf")
_LEGACY = ("X01_lo_A01_lit_ballot_check.doc", "T36_word2003xml_renamed.doc", "T37_html_gbk_renamed.doc")
_SCANS = ("scan_clean.pdf", "scan_fax.tif")

Forms = Mapping[str, FormDefinition]


@dataclass(frozen=True)
class Share:
    """How many of an inbox's files are of which kind; all others are Word files of our own."""

    files: int
    hostile: int
    pdf: int = 0
    legacy: int = 0
    scans: int = 0
    orders: tuple[str, ...] = ("kill", "hang", "office", "hog", "raise", "segfault")


@dataclass(frozen=True)
class Inbox:
    """A folder of submissions, and the names of those that must fail."""

    folder: Path
    names: tuple[str, ...]
    hostile: frozenset[str]


def make_inbox(folder: Path, forms: Forms, share: Share, seed: int) -> Inbox:
    """The same seed gives the same inbox, but for the instances of the forms. Each kind is spread evenly over
    it."""
    folder.mkdir()
    dice = random.Random(seed)
    kinds: list[tuple[float, str]] = []
    for kind, count in (
        ("hostile", share.hostile),
        ("pdf", share.pdf),
        ("legacy", share.legacy),
        ("scan", share.scans),
    ):
        kinds += [((number + dice.random()) / count, kind) for number in range(count)]
    word = share.files - len(kinds)
    kinds += [((number + dice.random()) / word, "word") for number in range(word)]
    makers = {
        kind: _makers(kind, forms, share.orders) for kind in ("hostile", "pdf", "legacy", "scan", "word")
    }
    names, hostile = [], set()
    for number, (_, kind) in enumerate(sorted(kinds)):
        every = makers[kind]
        label, suffix, make = every[sum(name.split("-")[1] == kind for name in names) % len(every)]
        names.append(f"{number:04}-{kind}-{label}{suffix}")
        make(folder / names[-1], number)
        if kind == "hostile":
            hostile.add(names[-1])
    return Inbox(folder, tuple(names), frozenset(hostile))


Maker = Callable[[Path, int], object]


def _makers(kind: str, forms: Forms, orders: tuple[str, ...]) -> list[tuple[str, str, Maker]]:
    """(label, suffix, what writes such a file at a path, of a number) for each file of the kind, in turn."""
    if kind == "hostile":
        made = [(label, suffix, _writer(data)) for label, suffix, data in _broken()]
        # By turns, so that a few of each come early.
        told = [(order, ".docx", _writer(ORDER + order.encode())) for order in orders]
        return (
            [one for pair in zip(told, made, strict=False) for one in pair]
            + made[len(told) :]
            + told[len(made) :]
        )
    if kind in ("legacy", "scan"):
        return [_copy(name) for name in (_LEGACY if kind == "legacy" else _SCANS)]
    wanted: tuple[Kind, ...] = ("docx",) if kind == "word" else ("pdf-flat", "pdf")
    own = [_generated(form, one) for form in forms.values() for one in wanted]
    copies = [_copy(name) for name in (_WORD if kind == "word" else _PDF)]
    # Three of our own for one that somebody typed.
    return [*own, *own, *own, *copies] if kind == "word" else [*own, *copies]


def _copy(name: str) -> tuple[str, str, Maker]:
    path = FIXTURES / name
    return path.stem[:3], path.suffix, lambda target, number: shutil.copy(path, target)


def _generated(form: FormDefinition, kind: Kind) -> tuple[str, str, Maker]:
    def make(target: Path, number: int) -> None:
        target.write_bytes(generate(form, kind, new_identity(form), random_record(form, number)).data)

    return f"{form.name}-{kind}", ".docx" if kind == "docx" else ".pdf", make


def _writer(data: bytes) -> Maker:
    return lambda target, number: target.write_bytes(data)


def _broken() -> list[tuple[str, str, bytes]]:
    """(label, suffix, content) of files that no reader can make a form of."""
    word = (FIXTURES / _WORD[0]).read_bytes()
    nested = "<w:tbl><w:tr><w:tc>" * 3000 + paragraph("底") + "</w:tc></w:tr></w:tbl>" * 3000
    return [
        ("truncated", ".docx", word[: len(word) // 2]),
        ("bomb", ".docx", _bomb()),
        ("truncated", ".pdf", (FIXTURES / _PDF[0]).read_bytes()[:3000]),
        ("nested", ".docx", docx(nested)),
        ("loop", ".pdf", _loop()),
        ("suffix", ".docx", b"\x89PNG\r\n\x1a\n" + bytes(500)),
        ("entities", ".docx", docx("", parts={"word/document.xml": _ENTITIES})),
        ("truncated", ".jpg", (FIXTURES / "photos/1.jpg").read_bytes()[:400]),
        ("suffix", ".pdf", docx(paragraph("一封信"))),
        ("empty", ".docx", b""),
    ]


_ENTITIES = (
    '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;">]><a>&d;</a>'
)


def _bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        with package.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(200):
                part.write(bytes(1 << 20))
    return stream.getvalue()


def _loop() -> bytes:
    """A drawing that draws itself."""
    drawing = (
        "/Type/XObject/Subtype/Form/BBox[0 0 400 300]/Resources<</XObject<</X 100 0 R>>>>",
        "/X Do /X Do",
    )
    return written(say("x") + "/X Do", resources="/XObject<</X 100 0 R>>", streams={100: drawing})
