"""The types that the service gives the objects of a line are what reading really leaves there, no key more
and none less."""

import json
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from extractor import Options, Source
from models.base import Model
from models.findings import Finding
from models.page import CellAddress
from models.record import Evidence, Failure, FieldResult, Message, Part, PartPage, Result
from service.forms.definitions import load_forms
from service.processes.pool import read_submission
from service.results import (
    CellJson,
    ErrorJson,
    EvidenceJson,
    FieldJson,
    FindingJson,
    Line,
    MessageJson,
    PageJson,
    PartJson,
    encode,
    finding_of,
)  # fmt: skip

INBOX = Path(__file__).parents[2] / "fixtures/inbox"
# Read together, these leave every key of every shape: a Word file, a PDF, a scan, a mail and what can't be
# read.
FILES = (
    "A01_lit_ballot_check.docx", "fillable_returned.pdf", "scan_clean.pdf", "mail_word_and_logo.eml",
    "T44_encrypted_123456.docx",
)  # fmt: skip
SHAPES: Mapping[type, type[Model]] = {
    CellJson: CellAddress, EvidenceJson: Evidence, FieldJson: FieldResult, PageJson: PartPage, PartJson: Part,
    FindingJson: Finding, ErrorJson: Failure, MessageJson: Message, Line: Result,
}  # fmt: skip


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    forms = load_forms()
    places = [_as_reply(INBOX / name, tmp_path_factory.mktemp("mail")) for name in FILES]
    return [line for place in places for line in read_submission(Source.at(place), forms, Options())]


def _as_reply(place: Path, folder: Path) -> Path:
    """A mail as one that replies to another; any other file as it is."""
    if place.suffix != ".eml":
        return place
    reply = folder / place.name
    reply.write_bytes(b"In-Reply-To: <notice@bureau.example>\r\n" + place.read_bytes())
    return reply


def _faults(value: Any, kind: Any, where: str, seen: set[tuple[Any, str]]) -> Iterator[str]:
    """Where `value` is not of the type `kind`; `seen` gets the (shape, key) of all that was looked at."""
    origin, inner = get_origin(kind), get_args(kind)
    is_mapping = is_typeddict(kind) or (
        origin is not None and isinstance(origin, type) and issubclass(origin, Mapping)
    )
    if kind is Any:
        return
    if is_mapping and not isinstance(value, Mapping):
        yield f"{where} is {value!r}"
    elif origin is NotRequired:
        yield from _faults(value, inner[0], where, seen)
    elif is_typeddict(kind):
        hints = get_type_hints(kind)
        yield from (f"{where} lacks {key}" for key in sorted(kind.__required_keys__ - value.keys()))
        yield from (f"{where} has {key}" for key in sorted(value.keys() - hints.keys()))
        for key in hints.keys() & value.keys():
            seen.add((kind, key))
            yield from _faults(value[key], hints[key], f"{where}.{key}", seen)
    elif origin in (Union, types.UnionType):
        faults = [list(_faults(value, one, where, seen)) for one in inner]
        yield from min(faults, key=len)
    elif origin is Literal:
        yield from () if value in inner else (f"{where} is {value!r}",)
    elif is_mapping:
        for key, one in value.items():
            yield from _faults(one, inner[1], f"{where}.{key}", seen)
    elif origin is not None and issubclass(origin, Sequence):
        yield from () if isinstance(value, list | tuple) else (f"{where} is no list",)
        for one in value:
            yield from _faults(one, inner[0], where, seen)
    elif not isinstance(value, (int, float) if kind is float else kind):
        yield f"{where} is {value!r}"


def test_real_results_have_the_shape_that_is_written_down_before_and_after_they_were_kept(
    lines: list[Line],
) -> None:
    seen: set[tuple[Any, str]] = set()
    kept = [json.loads(one) for one in encode(lines).splitlines()]
    assert [fault for line in (*lines, *kept) for fault in _faults(line, Line, "line", seen)] == []
    every = {(shape, key) for shape in SHAPES for key in get_type_hints(shape)}
    assert {(shape.__name__, key) for shape, key in every - seen} == set(), "no file here leaves these"


def test_a_shape_that_is_not_the_real_one_is_found(lines: list[Line]) -> None:
    spoiled = json.loads(encode(lines[:1]))
    del spoiled["parts"][0]["sha256"]
    spoiled["errors"] = spoiled["status"] = "none"
    found = sorted(_faults(spoiled, Line, "line", set()))
    assert found == ["line has errors", "line.parts lacks sha256", "line.status is 'none'"]


@pytest.mark.parametrize(
    ("shape", "model"), [pytest.param(*both, id=both[0].__name__) for both in SHAPES.items()]
)
def test_a_shape_has_the_fields_of_what_it_is_made_of(shape: type, model: type[Model]) -> None:
    # What weighs a reading is of no use once it was weighed; of a form, a line has the name and the version,
    # and its own status.
    apart = {FieldResult: {"signs"}, Result: {"version", "status"}}.get(model, set())
    assert get_type_hints(shape).keys() ^ model.model_fields.keys() == apart


def test_a_finding_of_a_rule_is_written_as_one_of_the_reader_is() -> None:
    finding = Finding.of("label-missing", "unit", title="单位")
    assert finding_of(finding) == finding.model_dump()
    assert list(finding_of(finding)) == list(finding.model_dump())
