"""How well forms of another writer are drafted, and how well the drafts then read what was filled in."""

import argparse
import hashlib
import io
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pypdfium2
from pydantic import ValidationError

from benchmarks.drafts.forms import Asked, Form
from benchmarks.drafts.written import add_forms, forms_asked
from benchmarks.office import converted
from extractor import Options, Source, draft_form, extract, print_docx
from extractor.limits import Limits
from extractor.scan.ocr import PaddleOcr
from extractor.scan.recorded import RecordedOcr
from models.errors import Unparsable, UnreadableFile
from models.form import FormDefinition
from models.writing import key
from service.forms.drafts import field_name

_WRITTEN = ("text", "prose", "phone", "email", "address", "date", "period", "number", "choice",
            "credit-code", "id-card", "bank-account", "postcode")  # fmt: skip

_UNPARSABLE = object()

_PATIENT = Options(limits=Limits(conversion_seconds=240))  # for a machine that is busy with other work


@dataclass
class Score:
    """What was counted over all forms."""

    labels: Counter[bool] = field(default_factory=Counter)
    kinds: Counter[bool] = field(default_factory=Counter)
    options: Counter[bool] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    changes: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    labels: tuple[str, ...]
    kind: str
    item: dict[str, Any]
    beside: str | None = None


def measure(
    form: Form, suffix: str, score: Score, *, reads: bool, how: Options = _PATIENT, kept: Path | None = None
) -> None:
    """Draft a form in the format of `suffix`, and read its filled copy."""
    blank, filled = (_as(data, suffix, kept) for data in (form.blank, form.filled))
    try:
        drafted = draft_form(blank, "drafted", field_name, how)
        definition = FormDefinition.model_validate(drafted.form)
    except (UnreadableFile, ValidationError) as error:  # a draft that is no definition is none
        score.told.append(f"{form.title}：{error}")
        score.labels[False] += len(form.truth)
        score.changes.append(len(form.truth))
        return
    found = list(_found(drafted.form))
    changes = 0
    matched: list[tuple[Asked, _Found]] = []
    left = list(found)
    for asked in form.truth:
        own = [
            one
            for one in left
            if any(_same(label, asked.label) for label in one.labels)
            and (one.beside is None) == (asked.beside is None)
        ]
        kinds = asked.kind.split("/")
        one = next((one for one in own if one.kind in kinds), own[0] if own else None)
        score.labels[one is not None] += 1
        if one is None:
            score.told.append(f"{form.title}：没有“{asked.label}”（{asked.kind}）")
            changes += 1
            continue
        left.remove(one)
        matched.append((asked, one))
        right = one.kind in kinds
        score.kinds[right] += 1
        if not right:
            score.told.append(f"{form.title}：“{asked.label}”是 {asked.kind}，拟成 {one.kind}")
        options = [key(option) for option in one.item.get("options", ())] == [
            key(option) for option in asked.options
        ]
        if "choice" in kinds:
            score.options[options] += 1
            if not options:
                score.told.append(
                    f"{form.title}：“{asked.label}”{asked.options}，拟成 {one.item.get('options')}"
                )
        changes += not (right and options)
    for one in left:
        score.told.append(f"{form.title}：多出“{one.labels[0]}”（{one.kind}）")
    score.changes.append(changes + len(left))
    if reads:
        _read(form, definition, filled, suffix, matched, score, how)


def _read(
    form: Form, definition: FormDefinition, data: bytes, suffix: str, matched: list[tuple[Asked, _Found]],
    score: Score, how: Options,
) -> None:  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"filled{suffix}")
        path.write_bytes(data)
        results = list(extract(Source(path.name, path), {definition.name: definition}, how))
    if len(results) != 1 or results[0].error:
        score.told.append(f"{form.title}：没有读成 {[one.error for one in results]}")
        score.read["wrong"] += sum(asked.value is not None for asked, _ in matched)
        return
    for asked, one in matched:
        if asked.value is None or one.kind not in _WRITTEN or asked.beside is not None:
            continue
        field_of, result = definition.fields[one.item["name"]], results[0].fields[one.item["name"]]
        try:
            wanted: Any = field_of.parse(asked.value)
        except Unparsable:
            wanted = _UNPARSABLE
        right = (
            result.value == wanted or key(field_of.format(result.value or "")) == key(asked.value)
            if isinstance(result.value, str)
            else result.value == wanted or _chosen(result.value) == [key(asked.value)]
        )
        state = "right" if right else "silent" if result.decision == "accept" else "wrong"
        score.read[state] += 1
        if state != "right":
            score.told.append(
                f"{form.title}：“{asked.label}”填 {asked.value}，读成 {result.value}（{state}）"
                f" {[result.decision, result.confidence]}"
            )


def _chosen(value: object) -> list[str]:
    """The keys of chosen options: a statement has commas, at which written options are parted."""
    return [key(option) for option in value] if isinstance(value, tuple) else []


def _found(form: dict[str, Any]) -> Iterator[_Found]:
    for row in form["rows"]:
        for cell in row["cells"]:
            for item in cell.get("content", ()):
                if item["kind"] == "printed":
                    continue
                labels = tuple(dict.fromkeys((item.get("label", cell["label"]), cell["label"])))
                yield _Found(labels, item["kind"], item)
                for column in item.get("columns", ()):
                    named = (column["label"],)
                    yield _Found(named, column["field"]["kind"], column["field"], cell["label"])


def _same(found: str, wanted: str) -> bool:
    """Whether a label is the one that is wanted, in one of the ways in which it may be said."""
    said = [key(found) == key(one) for one in (wanted, *re.split(r"(?<=[^/])/(?=[^/])", wanted))]
    return any(said) or (wanted == "本人承诺" and key(found).startswith(wanted))


def _as(data: bytes, suffix: str, kept: Path | None = None) -> bytes:
    if suffix == ".docx":
        return data
    if suffix == ".doc":
        return _old_word(data)
    pdf = _printed(data, kept)
    if suffix == ".pdf":
        return pdf
    pages = [page.render(scale=200 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    file = io.BytesIO()
    pages[0].save(
        file, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw", dpi=(200, 200)
    )
    return file.getvalue()


def _printed(data: bytes, kept: Path | None) -> bytes:
    """What LibreOffice prints, or printed before."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:  # its own bytes say when it was made
        said = hashlib.sha256(b"".join(parts.read(name) for name in sorted(parts.namelist()))).hexdigest()
    path = kept and kept / f"{said[:16]}.pdf"
    if path and path.exists():
        return path.read_bytes()
    pdf = print_docx(data, _PATIENT)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pdf)
    return pdf


def _old_word(data: bytes) -> bytes:
    """The .doc that LibreOffice makes of a .docx."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.docx").write_bytes(data)
        return converted([Path(folder, "a.docx")], "doc")[0].read_bytes()


def main() -> None:
    """Print the shares, and with `--told` every case that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_forms(parser)
    parser.add_argument("--suffix", choices=(".docx", ".doc", ".pdf", ".tif"), default=".docx")
    parser.add_argument("--told", action="store_true")
    parser.add_argument("--no-reading", action="store_true")
    parser.add_argument("--ocr", type=Path, help="a file that keeps what the engine said, and says it again")
    parser.add_argument("--kept", type=Path, help="a folder that keeps what LibreOffice printed")
    given = parser.parse_args()
    score = Score()
    options = Options(ocr=RecordedOcr(given.ocr, PaddleOcr())) if given.ocr else Options()
    for form in forms_asked(given):
        measure(form, given.suffix, score, reads=not given.no_reading, how=options, kept=given.kept)
    for name, counts in (("labels", score.labels), ("kinds", score.kinds), ("options", score.options)):
        print(f"{name:8} {100 * counts[True] / max(1, counts.total()):6.2f} %  of {counts.total()}")
    total = max(1, score.read.total())
    print(f"{'read':8} {100 * score.read['right'] / total:6.2f} %  of {total}, silent {score.read['silent']}")
    print(f"changes  median {median(score.changes)}, {score.changes}")
    if given.told:
        print("\n".join(score.told))


if __name__ == "__main__":
    main()
