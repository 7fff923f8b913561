"""Submissions of every kind end in a named state, and say so in the contract's words."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from extractor import Limits, Options, Source, extract
from generator import generate, new_identity
from models.errors import UnknownForm
from models.form import FormDefinition
from models.writing import key
from tests.conftest import FIXTURES
from tests.extractor.documents import docx, paragraph
from tests.records import random_record

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
TRUTH = json.loads((FIXTURES / "inbox-truth.json").read_text("utf-8"))
PNG = bytes.fromhex("89504e470d0a1a0a") + b"x" * 100


@pytest.fixture
def filled(forms: Mapping[str, FormDefinition]) -> bytes:
    form = next(iter(forms.values()))
    return generate(form, "docx", new_identity(form), random_record(form, 7)).data


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "code", "state"),
    [
        (b"", "damaged", "unreadable"),
        (b"\0" * 100, "damaged", "unreadable"),
        (b"hello", "unsupported-kind", "unreadable"),
        (PNG[:30], "damaged", "unreadable"),
        (b"\x1aE\xdf\xa3" + bytes(50), "other-kind", "not-a-form"),
        (OLE + b"x" * 600, "damaged", "unreadable"),
        ((FIXTURES / "inbox" / "T44_encrypted_123456.docx").read_bytes(), "encrypted", "encrypted"),
        (docx(paragraph("甲"))[:-80], "damaged", "unreadable"),
        (docx(paragraph("会议通知")), "not-a-form", "not-a-form"),
    ],
)
def test_a_file_that_cannot_be_read_fails_with_its_own_code_and_advice(
    data: bytes, code: str, state: str, tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    results = extract(Source.at(write(tmp_path, "a.docx", data)), forms)
    assert len(results) == 1
    assert results[0].status == "failed"
    assert results[0].error is not None
    assert results[0].error.code == code
    assert "。" in results[0].error.message
    assert [part.state for part in results[0].parts] == [state]


def test_a_file_over_the_limit_is_named_so(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    path = write(tmp_path, "big.docx", b"x" * 2000)
    result = extract(Source.at(path), forms, Options(limits=Limits(file_bytes=1000)))[0]
    assert result.error is not None
    assert result.error.code == "too-large"
    assert result.parts[0].state == "too-large"


def test_a_file_that_is_gone_is_a_failure_not_a_crash(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    result = extract(Source.at(tmp_path / "gone.docx"), forms)[0]
    assert result.error is not None
    assert result.error.code == "damaged"


def test_an_empty_folder_is_a_failure_not_a_crash(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    assert extract(Source.at(tmp_path), forms)[0].status == "failed"


def test_a_result_has_the_keys_of_the_contract(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: bytes
) -> None:
    path = write(tmp_path, "a.docx", filled)
    data = json.loads(
        json.dumps(extract(Source.at(path, "inbox/a.docx"), forms)[0].to_json(), ensure_ascii=False)
    )
    form = forms[data["form"]]
    assert data["source"] == "inbox/a.docx"
    assert {
        "source",
        "application",
        "parts",
        "form",
        "version",
        "status",
        "fields",
        "findings",
        "error",
        "message",
    } <= data.keys()
    assert list(data["fields"]) == list(form.fields)
    for field in data["fields"].values():
        assert set(field) == {"value", "raw", "confidence", "decision", "evidence", "alternatives"}
        assert field["decision"] in ("accept", "review")
        assert field["evidence"][0]["part"] == "a.docx"
        assert set(field["evidence"][0]["cell"]) == {"table", "row", "column"}
    assert all(set(finding) == {"code", "field", "severity", "message"} for finding in data["findings"])
    assert data["parts"][0]["state"] == "read"
    assert len(data["parts"][0]["sha256"]) == 64


def test_a_folder_is_one_submission_and_no_part_of_it_is_lost(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: bytes
) -> None:
    write(tmp_path, "s/form.docx", filled)
    write(tmp_path, "s/notice.docx", docx(paragraph("会议通知")))
    write(tmp_path, "s/more/broken.docx", filled[:-200])
    results = extract(Source.at(tmp_path / "s", "s"), forms)
    assert len(results) == 1
    assert {part.name: part.state for part in results[0].parts} == {
        "form.docx": "read", "notice.docx": "not-a-form", "more/broken.docx": "unreadable",
    }  # fmt: skip
    assert {"part-unreadable", "part-not-form"} <= {finding.code for finding in results[0].findings}


def test_progress_is_told_of_each_part(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: bytes
) -> None:
    form = next(iter(forms.values()))
    write(tmp_path, "a.docx", filled)
    write(tmp_path, "b.docx", generate(form, "docx", new_identity(form), random_record(form, 8)).data)
    told: list[str] = []
    extract(Source.at(tmp_path), forms, progress=told.append)
    assert told == ["a.docx", "b.docx"]


def test_a_form_that_was_asked_for_must_exist(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    with pytest.raises(UnknownForm):
        extract(Source.at(tmp_path), forms, Options(form="no-such-form"))


def test_an_identity_is_read_back(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    for form in forms.values():
        identity = new_identity(form)
        result = extract(
            Source.at(write(tmp_path, f"{form.name}.docx", generate(form, "docx", identity).data)), forms
        )[0]
        assert result.form is form
        assert result.instance == identity.instance


@pytest.mark.parametrize("name", sorted(name for name, truth in TRUTH.items() if "scan" not in truth))
def test_every_file_of_the_inbox_is_read_right_or_refused(
    name: str, forms: Mapping[str, FormDefinition], request: pytest.FixtureRequest
) -> None:
    path, truth = FIXTURES / "inbox" / name, TRUTH[name]
    if path.read_bytes().startswith(OLE) and not truth["refused"]:
        request.getfixturevalue("soffice")
    result = extract(Source.at(path), forms)[0]
    assert (result.status == "failed") == truth["refused"], result.error
    if truth["refused"]:
        return
    assert result.form is not None
    got = result.record().to_json(result.form)
    in_doubt = (
        {field.name for field in result.form.fields.values() if field.kind == "choice"}
        if truth["types_to_review"]
        else set()
    )
    for field, want in truth["fields"].items():
        if field in in_doubt:
            assert result.fields[field].decision == "review"
        else:
            assert (key(str(got[field])), result.fields[field].decision) == (key(str(want)), "accept"), field


@pytest.mark.parametrize("name", sorted(name for name, truth in TRUTH.items() if "scan" in truth))
def test_pictures_are_read_by_the_real_engine(name: str, forms: Mapping[str, FormDefinition]) -> None:
    truth = TRUTH[name]
    result = extract(Source.at(FIXTURES / "inbox" / name), forms)[0]
    assert result.error is None
    assert result.form is not None
    got = result.record().to_json(result.form)
    seen = {field: key(str(got[field])) == key(str(want)) for field, want in truth["fields"].items()}
    seen |= {field: got[field]["present"] == want for field, want in truth["marks"].items()}
    long = {field.name for field in result.form.fields.values() if field.kind == "prose"}
    assert sum(seen.values()) >= 0.8 * len(seen), seen
    assert {
        field for field, right in seen.items() if not right and result.fields[field].decision == "accept"
    } <= long
    assert all(one.page and one.box for field in seen for one in result.fields[field].evidence), (
        "each has its place on a page"
    )
    parts = {one.part for field in result.fields.values() for one in field.evidence}
    assert parts == {part.name for part in result.parts}


def test_no_network_is_touched_by_reading(
    monkeypatch: pytest.MonkeyPatch, forms: Mapping[str, FormDefinition]
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", cut)
    monkeypatch.setattr(socket, "getaddrinfo", cut)
    for name in ("scan_fax.tif", "A08_printed.pdf", "A01_lit_ballot_check.docx"):
        assert extract(Source.at(FIXTURES / "inbox" / name), forms)[0].error is None


def test_the_truth_speaks_of_every_file_of_the_inbox() -> None:
    assert {path.name for path in (FIXTURES / "inbox").iterdir()} == set(TRUTH)
