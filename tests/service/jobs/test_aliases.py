"""Labels that copies in use print in other words: proposed from corrections with their evidence, tried on
what is kept, in use once another person says so, and taken back."""

import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from docx import Document

from models.errors import Conflict, NotFound
from models.writing import key
from service.forms.definitions import load_forms
from service.proof import aliases
from service.store import audit, listing, records, replay
from service.store.records import Change
from service.store.versions import Editor
from tests.service.jobs.office import WORD, Office
from tests.service.submissions import version

FORM = load_forms()["pilot-application"]
ADDRESS = next(name for name, one in FORM.fields.items() if one.kind == "address")
LABEL = next(cell.label for cell in FORM.cells() if any(one.name == ADDRESS for one in cell.fields))
OTHER = "单位住所"
ONE_DATABASE = pytest.mark.parametrize("office", ["sqlite"], indirect=True)
_LONG = 180.0  # seconds, on a machine that has other things to do
_OLD_UNIT = "临江市青浦镇循环经济产业园开发有限公司"


def _place(number: int) -> str:
    return f"临江市青浦镇文化路{100 + number}号"


def _returned(
    number: int, labels: Mapping[str, str], more: tuple[str, str] | None = None
) -> tuple[str, bytes]:
    """A form filled in by a unit of its own, with other words for some labels, and a further row."""
    document = Document(str(WORD))
    table = document.tables[0]
    for cell in {id(cell._tc): cell for row in table.rows for cell in row.cells}.values():
        text = cell.text
        if key(text) in map(key, labels):
            text = next(new for old, new in labels.items() if key(old) == key(text))
        elif key(text).startswith(key("临江市青浦镇文化路")):
            text = _place(number)
        text = text.replace(_OLD_UNIT, f"临江市第{number}开发有限公司")
        if text != cell.text:
            cell.text = text
    if more:
        row = table.add_row()
        row.cells[0].text, row.cells[1].text = more
        address = next(row for row in table.rows if key(row.cells[1].text) == key(_place(number)))
        address._tr.addnext(row._tr)
    data = io.BytesIO()
    document.save(data)
    return f"申请{number}.docx", data.getvalue()


def _read(office: Office, files: list[tuple[str, bytes]]) -> list[int]:
    sent = [office.send(file) for file in files]
    office.wait_until(lambda: office.are_done(sent), _LONG)
    return [office.submissions(upload)[0].id for upload in sent]


def _settle(office: Office, submission: int, text: str, by: str) -> None:
    with office.database.write() as connection:
        found = version(connection, submission)
        editor = Editor(by, datetime.now(UTC))
        records.correct(connection, submission, found, [Change(ADDRESS, text=text)], FORM, editor)


def _sought(office: Office) -> list[aliases.Known]:
    with office.database.write() as connection:
        aliases.ask(connection, Editor("user:9", datetime.now(UTC)))
    office.wait_until(lambda: not _is_waiting(office), _LONG)
    with office.database.read() as connection:
        return aliases.latest(connection)


def _is_waiting(office: Office) -> bool:
    with office.database.read() as connection:
        return aliases.is_waiting(connection)


@ONE_DATABASE
def test_a_label_in_other_words_is_proposed_tried_used_and_taken_back(office: Office) -> None:
    worker = office.hire("w1")
    plain = [_returned(n, {}) for n in (1, 2)]
    reworded = [_returned(n, {LABEL: OTHER}) for n in (3, 4, 5)]
    submissions = _read(office, [*plain, *reworded])
    for number, submission in enumerate(submissions[2:], 3):
        _settle(office, submission, _place(number), "user:1")
    _settle(office, submissions[0], _place(1), "user:2")

    (found,) = _sought(office)
    assert (found.alias.field, found.alias.place, found.alias.text) == (ADDRESS, "label", OTHER)
    assert list(found.submissions) == submissions[2:]
    assert list(found.people) == ["user:1"]
    assert found.report["against"] == []
    assert found.report["silent"] == [0, 0]
    assert found.report["review"] == [3, 0]
    assert {one["submission"] for one in found.report["changed"]} == set(submissions[2:])
    later = datetime.now(UTC) + timedelta(minutes=1)
    with office.database.write() as connection, pytest.raises(Conflict):
        aliases.go_live(connection, found.id, Editor("user:1", later))
    with office.database.write() as connection, pytest.raises(NotFound):
        aliases.go_live(connection, found.id + 1, Editor("user:2", later))
    assert _address_read(office, 6) is None, "nothing changes before a person says so"
    with office.database.write() as connection:
        aliases.go_live(connection, found.id, Editor("user:2", later))
    assert _address_read(office, 7) == (_place(7), "accept")
    assert [one.is_live for one in _sought(office)] == [True], "what is in use is not proposed again"
    with office.database.write() as connection:
        aliases.go_back(connection, found.id, Editor("user:2", later))
    assert _address_read(office, 8) is None
    with office.database.write() as connection, pytest.raises(Conflict):
        aliases.go_back(connection, found.id, Editor("user:2", later))
    office.dismiss(worker)
    with office.database.snapshot() as connection:
        assert not audit.verify(connection)[2]
        assert not list(replay.departures(connection))


def _address_read(office: Office, number: int) -> tuple[str, str] | None:
    (submission,) = _read(office, [_returned(number, {str(LABEL): OTHER})])
    with office.database.read() as connection:
        line = listing.whole(connection, submission).line
    assert line is not None
    read = line["fields"][ADDRESS]
    return (read["value"], read["decision"]) if read["value"] is not None else None


@ONE_DATABASE
def test_corrections_that_are_wrong_on_purpose_get_no_label_through(office: Office) -> None:
    """Somebody puts in what stands beside another label, in more applications than anybody else corrects."""
    foreign = "法人户籍"
    labels = {str(LABEL): OTHER}
    files = [_returned(n, labels, (foreign, f"远山县河口镇{n}组")) for n in range(1, 10)]
    office.hire("w1")
    submissions = _read(office, files)
    for number, submission in enumerate(submissions[:4], 1):
        _settle(office, submission, f"远山县河口镇{number}组", "user:1")
    for number, submission in enumerate(submissions[4:], 5):
        _settle(office, submission, _place(number), "user:2")
    found = {one.alias.text: one for one in _sought(office)}
    assert set(found) == {OTHER, foreign}
    assert found[foreign].report["against"]
    with office.database.write() as connection, pytest.raises(Conflict):
        aliases.go_live(connection, found[foreign].id, Editor("user:3", datetime.now(UTC)))
