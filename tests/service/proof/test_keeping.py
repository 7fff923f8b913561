"""Samples in the service: drawn once a day, keyed by people who see no value, and what follows of an error,
on both databases."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models.errors import Conflict, Invalid, NotFound
from models.form import FormDefinition
from service.forms.definitions import load_forms
from service.proof import drawing, holding, keying, tallies
from service.settings import Settings
from service.store import audit, records, replay, tables
from service.store.changes import Change
from service.store.database import Database
from service.store.forms import FormStore
from service.store.proof_tables import proof_answers, proof_counts, proof_rules, proof_samples
from service.store.tables import results, submissions
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor
from tests.service.submissions import NOW, line, move

FORM = load_forms()["enterprise-filing"]
LATER = NOW + timedelta(hours=1)
SETTINGS = Settings()
ONE, TWO, THREE = (Editor(f"user:{number}", LATER) for number in (1, 2, 3))


@pytest.fixture
def forms(database: Database) -> FormStore:
    known = FormStore(database)
    known.add({FORM.name: FORM}, "system", NOW)
    return known


def _read(form: FormDefinition, seed: int) -> dict[str, Any]:
    """A reading in which every value has its place; one waits for a person."""
    made = line(form, seed)
    for at, field in enumerate(made["fields"].values()):
        field["evidence"] = [{"part": made["parts"][0]["name"], "page": 1, "box": [10, 20 * at, 90, 20 * at]}]
    made["parts"][0]["pages"] = [{"number": 1, "width": 595, "height": 842, "frame": None}]
    list(made["fields"].values())[-1]["decision"] = "review"
    return made


def _arrive(database: Database, count: int, first: int = 1, **more: Any) -> list[int]:
    made = []
    for seed in range(first, first + count):
        with database.write() as connection:
            files = [StoredFile(f"s{seed}.docx", f"{seed:064x}", 100)]
            upload, submission = create(connection, Arrival(files, "page"), "user:1", NOW)
            begin_reading(connection, upload, NOW)
            read = {**_read(FORM, seed), **more}
            records.finish(connection, upload, [read], lambda *_: FORM, "w1", 1.5, NOW)
            made.append(submission)
    return made


def _samples(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(proof_samples.select().order_by(proof_samples.c.id)))


def _key(
    database: Database, forms: FormStore, number: int, by: Editor, value: Any, **more: Any
) -> keying.Answered:
    with database.write() as connection:
        change = Change("", data=value, has_data=True)
        return keying.answer(connection, forms, number, change, 3.0, by, SETTINGS.silent_target, **more)


def _is_sound(database: Database) -> bool:
    with database.snapshot() as connection:
        return not audit.verify(connection)[2] and not list(replay.departures(connection))


def test_a_draw_is_made_once_a_day_of_what_was_accepted_within_the_minutes(
    database: Database, forms: FormStore
) -> None:
    _arrive(database, 8)
    drawn = drawing.draw(database, forms, SETTINGS, LATER)
    assert drawn is not None
    assert drawn > 20
    assert drawing.draw(database, forms, SETTINGS, LATER + timedelta(minutes=5)) is None
    samples = _samples(database)
    assert len(samples) == drawn
    assert len({(one.submission_id, one.field) for one in samples}) == drawn
    waiting = list(FORM.fields)[-1]
    assert waiting not in {one.field for one in samples}
    with database.read() as connection:
        sums = sa.select(sa.func.sum(proof_counts.c.accepted), sa.func.sum(proof_counts.c.left_out))
        accepted, left_out = connection.execute(sums).one()
        assert accepted == 8 * (len(FORM.fields) - 1)
        assert left_out < accepted
        assert {one.source for one in samples} == {"pdf"}
        days = tallies.by_day(connection, LATER.date() - tallies.WINDOW)
        assert sum(count.looked for day in days.values() for count in day.values()) == 0
        days = tallies.by_day(connection, LATER.date() - tallies.WINDOW, waiting=True)
        assert sum(count.looked for day in days.values() for count in day.values()) == drawn
    # The next day there is nothing new, and what waits takes its minutes.
    assert drawing.draw(database, forms, SETTINGS, LATER + timedelta(days=1)) == 0
    assert _is_sound(database)


def test_few_minutes_draw_few_and_none_draw_none(database: Database, forms: FormStore) -> None:
    _arrive(database, 3)
    assert drawing.draw(database, forms, Settings(sample_minutes=0), LATER) is None
    assert drawing.draw(database, forms, Settings(sample_minutes=0.5), LATER) in (3, 4, 5, 6, 7)


def test_an_agreement_settles_a_sample_and_a_disagreement_goes_to_somebody_else(
    database: Database, forms: FormStore
) -> None:
    (submission,) = _arrive(database, 1)
    drawing.draw(database, forms, SETTINGS, LATER)
    by_field = {one.field: one for one in _samples(database)}
    name = FORM.caption[0]
    other = next(one for field, one in by_field.items() if field != name)
    assert _key(database, forms, other.id, ONE, other.value).state == "right"
    with pytest.raises(Conflict):
        _key(database, forms, other.id, TWO, other.value)
    wrong = by_field[name]
    assert _key(database, forms, wrong.id, ONE, "武汉某某甲公司").state == "second"
    with pytest.raises(Conflict):
        _key(database, forms, wrong.id, ONE, wrong.value)
    with database.read() as connection:
        (first,) = keying.upcoming(connection, TWO.actor, 10, LATER)
        assert first.id == wrong.id, "what somebody disagreed with comes first"
        mine = keying.upcoming(connection, ONE.actor, 10, LATER, 50)
        assert wrong.id not in [one.id for one in mine]
    assert _key(database, forms, wrong.id, TWO, "武汉某某甲公司").state == "wrong"
    with database.read() as connection:
        content, marks = connection.execute(
            sa.select(records.records.c.content, records.records.c.marks).where(
                records.records.c.submission_id == submission
            )
        ).one()
        assert content[name] == "武汉某某甲公司"
        assert marks[name]["state"] == "corrected"
        assert keying.to_correct(connection, 10) == []
    assert _is_sound(database)
    with pytest.raises(NotFound):
        _key(database, forms, 999_999, ONE, None)
    third = next(one for one in by_field.values() if one.kind == "date")
    with database.write() as connection, pytest.raises(Invalid):
        keying.answer(connection, forms, third.id, Change("", text="不是日期"), 1, ONE, 0.001)


def test_an_error_in_what_was_decided_waits_for_a_person_who_opens_it_again(
    database: Database, forms: FormStore
) -> None:
    (submission,) = _arrive(database, 1)
    drawing.draw(database, forms, SETTINGS, LATER)
    move(database, submission, "return", "补正")
    name = FORM.caption[0]
    sample = next(one for one in _samples(database) if one.field == name)
    for by in (ONE, TWO):
        _key(database, forms, sample.id, by, "武汉某某甲公司")
    with database.read() as connection:
        (waits,) = keying.to_correct(connection, 10)
        assert (waits.submission_id, waits.status, waits.field) == (submission, "returned", name)
    move(database, submission, "reopen", "抽查")
    with database.write() as connection:
        version = connection.scalar(sa.select(submissions.c.version).where(submissions.c.id == submission))
        change = [Change(name, text="武汉某某甲公司")]
        records.correct(
            connection, submission, version or 0, change, FORM, Editor("user:3", LATER + timedelta(hours=1))
        )
        assert keying.to_correct(connection, 10) == []


def test_no_more_is_asked_once_the_minutes_of_the_day_are_used_up(
    database: Database, forms: FormStore
) -> None:
    _arrive(database, 1)
    drawing.draw(database, forms, SETTINGS, LATER)
    first, *_ = _samples(database)
    with database.write() as connection:
        keying.answer(connection, forms, first.id, None, 10_000, ONE, 0.001)
        now = keying.today(connection, TWO.actor, 2, LATER)
        assert now.spent == 120, "who was away for hours has not used up everything"
        assert now.is_over
        assert keying.upcoming(connection, TWO.actor, 2, LATER) == []
        assert len(keying.upcoming(connection, TWO.actor, 3, LATER, 2)) == 2
        assert keying.upcoming(connection, TWO.actor, 2, LATER + timedelta(days=1)) != []


def _find_wrong(database: Database, forms: FormStore, kind: str, count: int) -> list[holding.Rule]:
    made: list[holding.Rule] = []
    for one in [one for one in _samples(database) if one.kind == kind][:count]:
        _key(database, forms, one.id, ONE, "0717-6543210")
        made += _key(database, forms, one.id, TWO, "0717-6543210").rules
    return made


def test_errors_tighten_what_is_like_them_until_a_person_loosens_it(
    database: Database, forms: FormStore
) -> None:
    _arrive(database, 12)
    drawing.draw(database, forms, SETTINGS, LATER)
    for one in _samples(database):
        if one.kind != "phone":
            _key(database, forms, one.id, ONE, one.value)
    (rule,) = _find_wrong(database, forms, "phone", 2)
    assert (rule.scope.kind, rule.least) == ("phone", 1.01)
    new = _read(FORM, 99)
    with database.read() as connection:
        known = holding.rules(connection)
    held = holding.held_back(new, FORM, known)  # type: ignore[arg-type]
    phones = {name for name, field in FORM.fields.items() if field.kind == "phone"}
    assert {name for name in phones if held["fields"][name]["decision"] == "accept"} == set()
    assert {one["field"] for one in held["findings"] if one["code"] == "held-back"} == phones
    untouched = [name for name in FORM.fields if name not in phones]
    assert all(held["fields"][name] == new["fields"][name] for name in untouched)
    with database.write() as connection:
        assert holding.watch(connection, 0.001, LATER) == [], "the same errors are answered once"
        with pytest.raises(Invalid):
            holding.loosen(connection, rule.id, " ", ONE)
        by = Editor("user:1", LATER + timedelta(hours=1))
        holding.loosen(connection, rule.id, "扫描仪已修好", by)
        with pytest.raises(Conflict):
            holding.loosen(connection, rule.id, "扫描仪已修好", by)
        assert holding.rules(connection) == []
        assert holding.watch(connection, 0.001, LATER) == [], "who loosened it knew of them"
        actions = list(connection.scalars(sa.select(audit.audit_log.c.action)))
        assert actions.count("tighten") == actions.count("loosen") == 1
    assert _is_sound(database)


def test_a_purge_erases_values_and_leaves_how_samples_came_out(database: Database, forms: FormStore) -> None:
    (submission,) = _arrive(database, 1)
    drawing.draw(database, forms, SETTINGS, LATER)
    first, *rest = _samples(database)
    _key(database, forms, first.id, ONE, first.value)
    with database.write() as connection:
        keying.answer(connection, forms, rest[0].id, None, 1, ONE, 0.001)
        keying.forget(connection, submission)
        left = connection.execute(proof_samples.select()).all()
        assert [(one.id, one.state, one.value) for one in left] == [(first.id, "right", None)]
        assert [one.value for one in connection.execute(proof_answers.select())] == [None]
        assert connection.execute(proof_rules.select()).all() == []


def test_a_tightening_reaches_back_to_what_was_accepted_before_it_the_least_sure_first(
    database: Database, forms: FormStore
) -> None:
    _arrive(database, 2)
    drawing.draw(database, forms, Settings(sample_minutes=0.1), LATER)
    drawn = {(one.submission_id, one.field) for one in _samples(database)}
    tomorrow = LATER + timedelta(days=1)
    with database.write() as connection:
        for number, row in enumerate(connection.execute(results.select()).all()):
            read = dict(row.line)
            for name, field in read["fields"].items():
                field["confidence"] = 0.98 - number / 1000 if FORM.fields[name].kind == "text" else 0.999
            mine = results.c.submission_id == row.submission_id
            connection.execute(results.update().where(mine).values(line=read))
        rule = {"kind": "text", "least": 0.99, "since": LATER, "by": "system", "reason": "有误"}
        connection.execute(proof_rules.insert().values(rule))
    drawing.draw(database, forms, Settings(sample_minutes=1), tomorrow)
    back = [one for one in _samples(database) if one.purpose == "back"]
    assert back
    assert {one.kind for one in back} == {"text"}
    assert not {(one.submission_id, one.field) for one in back} & drawn
    assert [one.confidence for one in back] == sorted(one.confidence for one in back)
    assert sum(8 for _ in back) <= 60 / 2, "never more than half of the minutes"
    with database.read() as connection:
        first = keying.upcoming(connection, ONE.actor, 1, tomorrow)[0]
        counted = tallies.by_day(connection, tomorrow.date() - tallies.WINDOW, waiting=True)
        assert sum(one.looked for day in counted.values() for one in day.values()) == len(drawn)
    assert first.purpose == "back"
    # An error there is corrected or listed, and makes no alarm: the rule has answered it.
    for who in (ONE, TWO):
        answered = _key(database, forms, first.id, who, "别的内容")
    assert (answered.state, list(answered.rules)) == ("wrong", [])
    with database.read() as connection:
        mark = connection.execute(tables.records.select()).all()
    assert any("别的内容" in str(row.content) for row in mark)
    # What nobody has settled is not asked for twice.
    drawing.draw(database, forms, Settings(sample_minutes=60), tomorrow + timedelta(days=1))
    pairs = [(one.submission_id, one.field) for one in _samples(database) if one.purpose == "back"]
    assert len(pairs) == len(set(pairs)) > len(back)
    assert _is_sound(database)
