"""Fields that two people key: what was read waits for them, a third decides, and each person's slips are
counted."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models.form import FormDefinition
from service.forms.definitions import load_forms
from service.proof import keying, twice
from service.proof.judgement.interval import clopper_pearson
from service.store import records
from service.store.changes import Change
from service.store.database import Database
from service.store.forms import FormStore
from service.store.proof_tables import proof_samples
from service.store.tables import submissions
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor
from tests.service.submissions import NOW, line

PLAIN = load_forms()["enterprise-filing"]
NAME = next(name for name, field in PLAIN.fields.items() if field.kind == "number")
ONE, TWO, THREE = (Editor(f"user:{n}", NOW + timedelta(hours=1)) for n in (1, 2, 3))


def _form() -> FormDefinition:
    """The form with one field that two people key."""
    data = PLAIN.model_dump(mode="json")
    for row in data["rows"]:
        for cell in row["cells"]:
            for item in cell["content"]:
                item.update({"keyed_twice": True} if item.get("name") == NAME else {})
    return FormDefinition.model_validate({**data, "version": "twice"})


FORM = _form()


def _line(seed: int = 1) -> dict[str, Any]:
    made = line(FORM, seed)
    for field in made["fields"].values():
        field["evidence"] = [{"part": made["parts"][0]["name"], "page": 1, "box": [10, 20, 90, 40]}]
    return made


@pytest.fixture
def asked(database: Database) -> tuple[FormStore, int, Any]:
    """(forms, submission, the sample) after a reading was kept."""
    forms = FormStore(database)
    forms.add({FORM.name: FORM}, "system", NOW)
    with database.write() as connection:
        upload, _ = create(connection, Arrival([StoredFile("a.pdf", "a" * 64, 9)], "page"), "user:1", NOW)
        begin_reading(connection, upload, NOW)
        read = twice.marked(_line(), FORM)  # type: ignore[arg-type]
        (number,) = records.finish(connection, upload, [read], lambda *_: FORM, "w1", 1.0, NOW)
        twice.ask(connection, [number], forms.get, NOW)
        # A worker that was thought dead comes back later: nothing was kept anew, so nothing is asked anew.
        twice.ask(connection, [number], forms.get, NOW + timedelta(minutes=1))
        (sample,) = connection.execute(proof_samples.select()).all()
    return forms, number, sample


def _key(database: Database, forms: FormStore, sample: Any, by: Editor, text: str) -> str:
    with database.write() as connection:
        change = Change("", text=text)
        return keying.answer(connection, forms, sample.id, change, 3, by, 0.001).state


def _mark(database: Database, number: int) -> tuple[Any, str, int]:
    with database.read() as connection:
        record = connection.execute(
            records.records.select().where(records.records.c.submission_id == number)
        ).one()
        waiting = connection.scalar(sa.select(submissions.c.doubtful).where(submissions.c.id == number))
    return record.content[NAME], record.marks[NAME]["state"], waiting or 0


def test_a_field_waits_until_two_people_keyed_the_same(
    database: Database, asked: tuple[FormStore, int, Any]
) -> None:
    forms, number, sample = asked
    read = _mark(database, number)
    assert (read[1], read[2]) == ("doubtful", 1)
    text = FORM.fields[NAME].format(FORM.fields[NAME].from_json(sample.value))
    assert _key(database, forms, sample, ONE, text) == "second", (
        "that it agrees with the reading is not enough"
    )
    assert _mark(database, number)[1] == "doubtful"
    assert _key(database, forms, sample, TWO, text) == "right"
    assert _mark(database, number) == (read[0], "confirmed", 0)
    with database.read() as connection:
        (one, two) = twice.keyers(connection, forms)
        assert [(one.who, one.keyed, one.wrong), (two.who, two.keyed, two.wrong)] == [
            ("user:1", 1, 0),
            ("user:2", 1, 0),
        ]


def test_a_third_decides_and_whoever_slipped_is_counted(
    database: Database, asked: tuple[FormStore, int, Any]
) -> None:
    forms, number, sample = asked
    assert _key(database, forms, sample, ONE, "123") == "second"
    assert _key(database, forms, sample, TWO, "128") == "third"
    assert _key(database, forms, sample, THREE, "123") == "right"
    value, state, waiting = _mark(database, number)
    assert (FORM.fields[NAME].format(FORM.fields[NAME].from_json(value)), state, waiting) == (
        "123吨标准煤",
        "corrected",
        0,
    )
    with database.read() as connection:
        (mine,) = twice.keyers(connection, forms, TWO.actor)
        assert (mine.keyed, mine.wrong, mine.interval) == (1, 1, clopper_pearson(1, 1))
        assert len(twice.keyers(connection, forms)) == 3


def test_a_form_that_asks_for_nothing_is_left_alone(database: Database) -> None:
    read = line(PLAIN)
    assert twice.marked(read, PLAIN) is read  # type: ignore[arg-type]


def test_a_campaign_names_fields_beside_those_of_the_form(database: Database) -> None:
    other = next(name for name, field in FORM.fields.items() if field.kind == "text")
    forms = FormStore(database)
    forms.add({FORM.name: FORM}, "system", NOW)
    with database.write() as connection:
        upload, _ = create(connection, Arrival([StoredFile("a.pdf", "a" * 64, 9)], "page"), "user:1", NOW)
        begin_reading(connection, upload, NOW)
        read = twice.marked(_line(), FORM, {other})  # type: ignore[arg-type]
        assert {name for name, one in read["fields"].items() if one["decision"] == "review"} == {NAME, other}
        (number,) = records.finish(connection, upload, [read], lambda *_: FORM, "w1", 1.0, NOW)
        twice.ask(connection, [number], forms.get, NOW, lambda form: {other} if form == FORM.name else ())
        assert twice.waiting(connection, number) == {NAME, other}
