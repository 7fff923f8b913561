"""What gave no application where several came: a failed result of its own, and held against none of them."""

import io
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest

from extractor import Limits, Options, Source, extract
from generator import generate, new_identity
from models.form import FormDefinition
from models.record import Result
from tests.conftest import FIXTURES
from tests.extractor.documents import docx, paragraph
from tests.extractor.papers import word_file
from tests.records import random_record

Forms = Mapping[str, FormDefinition]
LOCKED = (FIXTURES / "inbox/T44_encrypted_123456.docx").read_bytes()
LETTER = docx(paragraph("关于报送材料的函"))


@pytest.fixture
def form(forms: Forms) -> FormDefinition:
    return forms["pilot-application"]


def came(
    folder: Path, forms: Forms, files: Mapping[str, bytes], *, apart: bool, limits: Limits | None = None
) -> list[Result]:
    named = []
    for number, (name, data) in enumerate(files.items()):
        (path := folder / str(number)).write_bytes(data)
        named.append((name, path))
    return extract(Source.of("一批", folder, named, apart=apart), forms, Options(limits=limits or Limits()))


def codes(results: list[Result]) -> list[str | None]:
    return [result.error.code if result.error else None for result in results]


def told(result: Result) -> str:
    """What is said of files, and not of what stands in them."""
    of_files = ("part", "pages", "link", "form-blank")
    return " ".join(finding.message for finding in result.findings if finding.code.startswith(of_files))


def own(result: Result) -> list[str]:
    return [part.name for part in result.parts if result.application in part.applications]


def zipped(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, one in files.items():
            archive.writestr(name, one)
    return data.getvalue()


def mail(subject: str, files: Mapping[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "somebody@example.com", subject
    message.set_content("见附件")
    for name, data in files.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return bytes(message)


@pytest.mark.parametrize("apart", [True, False])
def test_a_damaged_file_beside_several_applications_is_a_result_of_its_own_and_no_error_of_theirs(
    tmp_path: Path, forms: Forms, form: FormDefinition, *, apart: bool
) -> None:
    files = {f"{n}.docx": word_file(form, random_record(form, n)) for n in (1, 2)}
    results = came(
        tmp_path, forms, {**files, "坏.docx": files["1.docx"][:-200], "锁.docx": LOCKED}, apart=apart
    )
    assert codes(results) == [None, None, "damaged", "encrypted"]
    assert [result.application for result in results] == [1, 2, 3, 4]
    assert [own(result) for result in results] == [["1.docx"], ["2.docx"], ["坏.docx"], ["锁.docx"]]
    assert [told(result) for result in results] == [""] * 4
    assert all(
        {part.name for part in result.parts} == {"1.docx", "2.docx", "坏.docx", "锁.docx"}
        for result in results
    )


def test_a_damaged_file_beside_a_single_application_is_told_to_it_if_they_came_from_one(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    files = {"1.docx": word_file(form, random_record(form, 1)), "锁.docx": LOCKED}
    (result,) = came(tmp_path, forms, files, apart=False)
    assert "锁.docx" in told(result)
    results = came(tmp_path, forms, files, apart=True)
    assert codes(results) == [None, "encrypted"]
    assert told(results[0]) == ""


def test_of_files_that_came_apart_each_that_gave_nothing_is_told(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    blank = generate(form, "docx", new_identity(form)).data
    files = {
        "1.docx": word_file(form, random_record(form, 1)),
        "函.docx": LETTER,
        "空.docx": blank,
        "锁.docx": LOCKED,
    }
    results = came(tmp_path, forms, files, apart=True)
    assert codes(results) == [None, "not-a-form", "not-a-form", "encrypted"]
    assert [own(result) for result in results] == [[name] for name in files]
    assert told(results[0]) == ""
    assert codes(came(tmp_path, forms, {"函.docx": LETTER, "锁.docx": LOCKED}, apart=True)) == [
        "not-a-form",
        "encrypted",
    ]


def test_a_letter_beside_several_applications_of_one_sender_fails_nothing(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    files = {f"{n}.docx": word_file(form, random_record(form, n)) for n in (1, 2)}
    results = came(tmp_path, forms, {**files, "函.docx": LETTER}, apart=False)
    assert codes(results) == [None, None]
    assert ("函.docx", "not-a-form", ()) in {
        (part.name, part.state, part.applications) for part in results[0].parts
    }
    assert [told(result) for result in results] == ["", ""]


def test_what_is_in_a_mail_with_one_application_is_that_ones_whatever_else_came(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    one, two = (word_file(form, random_record(form, n)) for n in (1, 2))
    mails = {
        "甲.eml": mail("甲", {"表.docx": one, "锁.docx": LOCKED}),
        "乙.eml": mail("乙", {"表.docx": two, "函.docx": LETTER}),
    }
    results = came(tmp_path, forms, mails, apart=True)
    by_subject = {result.message.subject: result for result in results if result.message}
    assert codes(results) == [None, None]
    assert "甲.eml/锁.docx" in told(by_subject["甲"])
    assert "乙.eml/函.docx" in told(by_subject["乙"])
    assert "甲.eml" not in told(by_subject["乙"])


def test_what_is_in_an_archive_with_several_applications_stands_alone(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    files = {f"{n}.docx": word_file(form, random_record(form, n)) for n in (1, 2)}
    results = came(
        tmp_path, forms, {"全.zip": zipped({**files, "锁.docx": LOCKED, "函.docx": LETTER})}, apart=False
    )
    assert codes(results) == [None, None, "encrypted"]
    assert own(results[2]) == ["全.zip/锁.docx"]


def test_the_same_file_twice_is_told_to_the_application_that_it_is(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    one, two = (word_file(form, random_record(form, n)) for n in (1, 2))
    results = came(tmp_path, forms, {"1.docx": one, "2.docx": two, "2再.docx": two}, apart=True)
    assert codes(results) == [None, None]
    assert ["2再.docx" in told(result) for result in results] == [False, True]


def test_files_that_came_apart_are_held_to_the_limits_each_by_itself(
    tmp_path: Path, forms: Forms, form: FormDefinition
) -> None:
    archives = {
        f"{n}.zip": zipped(
            {"表.docx": word_file(form, random_record(form, n)), "函.docx": docx(paragraph(f"函{n}"))}
        )
        for n in (1, 2)
    }
    few = Limits(parts=3)
    assert codes(came(tmp_path, forms, archives, apart=True, limits=few)) == [None, None]
    (result,) = came(tmp_path, forms, archives, apart=False, limits=few)
    assert ("2.zip", "too-large") in {(part.name, part.state) for part in result.parts}
