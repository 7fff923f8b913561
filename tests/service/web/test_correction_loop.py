"""The whole way of a correction through the real service: applications with known defects are returned, their
forms are filled in as applicants do it, and what comes back is accepted."""

import email
import email.policy
import io
import random
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from generator import generate, new_identity
from models.form import FormDefinition
from models.record import Record
from models.writing import key
from service.forms.definitions import load_forms
from tests.records import random_record
from tests.service import applicants
from tests.service.pages.serving import Person, Service, running

FORMS = load_forms()
TYPED, SEALED = FORMS["enterprise-filing"], FORMS["pilot-application"]
_NO_DATE = "2021年13月45日"
OTHER_UNIT = "平澜市滨江新区环境监测站"
_MARKS = [name for name, one in SEALED.fields.items() if one.is_mark]
_SEALS = [name for name in _MARKS if SEALED.fields[name].kind == "seal"]
_SIGNED = [name for name in _MARKS if SEALED.fields[name].kind == "signature"]
(_OWN_SEAL,) = [name for name in _SEALS if SEALED.fields[name].mentions]  # type: ignore[union-attr]


@dataclass
class Case:
    """An application with planted defects: what stands on it, what should, and how it is sent each time.
    `texts` are written as they are, since they are no values."""

    form: FormDefinition
    seed: int
    how: str
    truth: dict[str, Any]
    wrong: dict[str, Any]
    seals: dict[str, str | None] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def planted(self) -> set[str]:
        return {*self.wrong, *self.seals}

    def first(self, folder: Path) -> Path:
        """The file that comes first."""
        record = Record(form=self.form.name, version=self.form.version, values={**self.truth, **self.wrong})
        kind = "docx" if self.how != "paper" else "pdf-flat"
        data = generate(self.form, kind, new_identity(self.form), record).data
        if self.how != "paper":
            data = applicants.typed_in_word(data, self.texts)
            return applicants.write(folder, f"{self.seed}.docx", data)
        seals = {name: text for name, text in {**self._seals(), **self.seals}.items() if text}
        scan = applicants.on_paper(data, self.form, seals, _SIGNED, self.seed)
        return applicants.write(folder, f"{self.seed}.tif", scan)

    def answer(self, folder: Path, papers: Mapping[str, bytes]) -> Path:
        """The form that went with the notice, with only that filled in which it lacks."""
        missing = {name: self.truth[name] for name in self.wrong}
        if self.how == "word":
            data = applicants.in_word(papers["申请表（待补正）.docx"], self.form, missing)
            return applicants.write(folder, f"{self.seed}-补正.docx", data)
        data = applicants.in_pdf(papers["申请表（待补正）.pdf"], self.form, missing)
        if self.how == "pdf":
            return applicants.write(folder, f"{self.seed}-补正.pdf", data)
        scan = applicants.on_paper(data, self.form, self._seals(), _SIGNED, self.seed + 1)
        return applicants.write(folder, f"{self.seed}-补正.tif", scan)

    def _seals(self) -> dict[str, str]:
        unit = str(self.truth[SEALED.applicant[0]])
        return {name: unit if name == _OWN_SEAL else "平澜市生态环境局" for name in _SEALS}


def make(seed: int) -> Case:
    """Every fifth on paper with a seal that lacks or is another unit's, the others typed: by Word, by PDF."""
    dice = random.Random(seed)
    on_paper = seed % 5 == 4
    form = SEALED if on_paper else TYPED
    truth = {name: value for name, value in random_record(form, seed).values.items() if value is not None}
    # Nobody else applies for the same unit.
    truth[form.applicant[0] if form.applicant else form.caption[0]] = (
        f"平澜市第{seed}{'产业园管理委员会' if on_paper else '机械厂'}"
    )
    kinds = {one.kind: name for name, one in reversed(form.fields.items())}
    choice, phone, mail, date = (kinds[kind] for kind in ("choice", "phone", "email", "date"))
    one_of = form.fields[choice]
    wrong: dict[str, Any] = {
        choice: tuple(one_of.options[:2]) if getattr(one_of, "max", None) == 1 else (),
        phone: "看不清",
        mail: "office@nowhere",
        date: None,
    }
    chosen = {name: wrong[name] for name in dice.sample(sorted(wrong), dice.randint(1, 3))}
    if not on_paper:
        # Every other wrong date is one that the calendar does not have, the others are left out.
        texts = {name: _NO_DATE for name in chosen if name == date and seed % 2}
        return Case(form, seed, "pdf" if seed % 3 == 1 else "word", truth, chosen, texts=texts)
    lacking: dict[str, str | None] = {_OWN_SEAL: dice.choice([None, OTHER_UNIT])}
    return Case(form, seed, "paper", truth, {name: chosen[name] for name in list(chosen)[:1]}, lacking)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("loop"), {"SEALFORM_CONTACT": "王工 027-85807053"}) as service:
        # The papers are printed by LibreOffice, which on a busy machine takes its time.
        service.administrator.client.timeout = 240
        yield service


def _change(who: Person, number: int, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    version = who.ask("GET", f"/submissions/{number}")["version"]
    headers = {"If-Match": f'"{version}"'}
    return dict(who.ask(method, f"/submissions/{number}/{path}", json=body, headers=headers))


def _papers(who: Person, number: int, pdf: bool) -> dict[str, bytes]:
    answer = who.client.get(f"/api/v1/submissions/{number}/correction", params={"pdf": pdf})
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name.partition("-")[2]: archive.read(name) for name in archive.namelist()}


def _review(who: Person, number: int, case: Case, *, planted: bool) -> int:
    """Looks at each doubtful value beside the original: keeps what stands there, and mends what was misread;
    returns how many were looked at. What is `planted` stays as it is doubted."""
    shown = who.ask("GET", f"/submissions/{number}")
    changes = []
    for name, one in shown["fields"].items():
        if one["state"] != "doubtful" or (planted and name in case.planted):
            continue
        kind = case.form.fields[name]
        want = kind.to_json(case.truth.get(name))  # type: ignore[arg-type]
        changes.append(
            {"field": name} if kind.is_mark or want == one["value"] else {"field": name, "value": want}
        )
    if changes:
        _change(who, number, "PATCH", "fields", {"changes": changes})
    return len(changes)


def _is_right(name: str, one: Mapping[str, Any], case: Case) -> bool:
    """Whether a value is what was written. Where people are told that punctuation is unchecked, that may
    differ."""
    want = case.form.fields[name].to_json(case.truth.get(name))  # type: ignore[arg-type]
    if "punctuation" in one["unweighed"] and isinstance(want, str) and isinstance(one["value"], str):
        return key(want) == key(one["value"])
    return bool(one["value"] == want)


def _silent(shown: Mapping[str, Any], case: Case) -> list[str]:
    """The fields that nobody was asked about and that are not what was written."""
    return [
        name
        for name, one in shown["fields"].items()
        if not case.form.fields[name].is_mark and one["state"] == "read" and not _is_right(name, one, case)
    ]


def _looked_at(who: Person, path: Path) -> dict[str, Any]:
    (upload,) = who.upload(path)
    (made,) = who.read(upload, seconds=240)
    return dict(who.ask("GET", f"/submissions/{made['id']}"))


def walk(service: Service, case: Case, folder: Path) -> None:
    """One application the whole way."""
    who = service.administrator
    number = _looked_at(who, case.first(folder))["id"]
    _review(who, number, case, planted=True)
    letter = who.ask("GET", f"/submissions/{number}/letter")["text"]
    returned = _change(who, number, "POST", "decision", {"move": "return", "reason": letter})
    (notice,) = returned["correction"]["notices"]
    asked = {one["field"] for one in notice["asked"]}
    assert case.planted <= asked, f"not named: {case.planted - asked}"
    # On paper the recommending seal's name is no field's, so that nothing else can be asked of it.
    assert asked - case.planted == set(), f"asked for again though right: {asked - case.planted}"

    papers = _papers(who, number, pdf=case.how != "word")
    words = _words(papers["补正通知书.docx"])
    assert [name for name in case.planted if case.form.titles[name] not in words] == []
    assert notice["number"] in words
    mail = email.message_from_bytes(papers["补正通知.eml"], policy=email.policy.default)
    assert notice["number"] in mail["Subject"]

    again = _looked_at(who, case.answer(folder, papers))
    assert again["replaces"] == number
    answers = again["correction"]["answers"]
    assert (answers["number"], answers["state"], answers["ground"]) == (
        notice["number"],
        "answered",
        "instance",
    )
    assert _silent(again, case) == []
    verdicts = {one["field"]: one["verdict"] for one in again["correction"]["compared"]}
    doubtful = {name for name, one in again["fields"].items() if one["state"] == "doubtful"}
    assert {name for name, verdict in verdicts.items() if verdict == "unmade"} == set()
    assert {name for name, verdict in verdicts.items() if verdict == "unasked"} <= doubtful
    assert set(case.wrong) <= {name for name, verdict in verdicts.items() if verdict == "made"} | doubtful
    if case.how == "word":
        assert (verdicts, doubtful) == (dict.fromkeys(case.wrong, "made"), set())
    elif case.how == "pdf":
        # pypdf shows what it sets in a font that is not in the file, so that a person compares the two.
        assert doubtful <= set(case.wrong)
        assert set(verdicts) == set(case.wrong)
    seen = _review(who, again["id"], case, planted=False)
    ended = _change(who, again["id"], "POST", "decision", {"move": "accept"})
    assert ended["status"] == "accepted"
    for name, one in ended["fields"].items():
        if not case.form.fields[name].is_mark:
            assert _is_right(name, one, case), name
    errors = [
        one for one in ended["fields"].values() for one in one["findings"] if one["severity"] == "error"
    ]
    print(f"{case.seed} {case.how}: planted {len(case.planted)}, looked at {seen}, errors left {len(errors)}")
    assert errors == []


def _words(data: bytes) -> str:
    document = Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


_SAMPLE = (0, 1, 2)
_ACCEPT = [pytest.param(seed, marks=pytest.mark.accept) for seed in range(3, 40)]


@pytest.mark.parametrize("seed", [*_SAMPLE, *_ACCEPT])
def test_what_goes_back_with_defects_comes_back_right_and_is_accepted(
    service: Service, tmp_path: Path, seed: int
) -> None:
    walk(service, make(seed), tmp_path)
