"""The same again: what is taken for it, what a person says of it, and what follows from that, on both
databases."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from models.errors import Conflict, NotFound, Stale
from models.form import FormDefinition
from service.forms.definitions import load_forms
from service.store import audit, exports, listing, records, replay, settling, twins
from service.store.database import Database
from service.store.exports import Selection
from service.store.listing import Filter
from service.store.tables import submissions, versions
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor
from tests.service.submissions import NOW, REVIEWER, correct, line, move, store

PILOT = load_forms()["pilot-application"]
UNIT = PILOT.applicant[0]
NAME = "武汉绿源产业园有限公司"
SAME_AGAIN = {UNIT: NAME}


def _arrive(
    database: Database, *lines: dict[str, Any], form: FormDefinition = PILOT, replaces: int | None = None
) -> list[int]:
    """Submissions of one upload, whose file is called and digested after the first line."""
    files = [StoredFile(lines[0]["source"], lines[0]["parts"][0]["sha256"], 100)]
    with database.write() as connection:
        upload, _ = create(connection, Arrival(files, "page", replaces=replaces), "user:1", NOW)
        begin_reading(connection, upload, NOW)
        return records.finish(connection, upload, lines, lambda *_: form, "w1", 1.5, NOW)


def _settle(database: Database, one: int, other: int, verdict: settling.Verdict | None) -> int:
    with database.write() as connection:
        version = _row(database, one).version
        return settling.settle(connection, one, other, version, verdict, REVIEWER, lambda *_: PILOT)


def _row(database: Database, submission: int) -> Any:
    with database.read() as connection:
        return connection.execute(submissions.select().where(submissions.c.id == submission)).one()


def _grounds(database: Database, submission: int) -> dict[int, str]:
    with database.read() as connection:
        return {one.id: one.ground for one in twins.kin(connection, submission) if one.verdict is None}


def _unsettled(database: Database) -> dict[int, list[int]]:
    with database.read() as connection:
        return dict(twins.unsettled(connection))


def _actions(database: Database, submission: int) -> list[str]:
    with database.read() as connection:
        kept = (
            sa.select(versions.c.action)
            .where(versions.c.submission_id == submission)
            .order_by(versions.c.version)
        )
        return list(connection.scalars(kept))


@pytest.mark.parametrize(
    ("second", "ground"),
    [
        ({"seed": 1}, "same-bytes"),
        ({"seed": 2, **SAME_AGAIN}, "same-unit"),
        ({"seed": 2, UNIT: "武汉 绿源产业园（有限公司）"}, "same-unit"),
        ({"seed": 2}, None),
    ],
)  # fmt: skip
def test_the_same_bytes_and_the_same_unit_are_noticed_on_both_sides(
    database: Database, second: dict[str, Any], ground: str | None
) -> None:
    first, again = store(database, PILOT, 1, **SAME_AGAIN), store(database, PILOT, **second)
    expected = {} if ground is None else {first: ground}
    assert _grounds(database, again) == expected
    assert _unsettled(database) == ({} if ground is None else {first: [again], again: [first]})


def test_the_same_unit_on_another_form_is_another_thing(database: Database) -> None:
    other = load_forms()["enterprise-filing"]
    store(database, PILOT, 1, **SAME_AGAIN)
    store(database, other, 2, **{other.caption[0]: NAME})
    assert _unsettled(database) == {}


def test_a_form_of_ours_that_comes_back_twice_is_noticed_whatever_the_unit_now_is(database: Database) -> None:
    one, two = line(PILOT, 1), line(PILOT, 1, **{UNIT: "改名以后的单位"})
    two["parts"][0]["sha256"] = "b" * 64
    ((first,), (again,)) = (_arrive(database, {**read, "instance": "7KX2"}) for read in (one, two))
    assert _grounds(database, again) == {first: "same-instance"}


def test_copies_of_one_blank_form_filled_in_by_many_are_not_the_same(database: Database) -> None:
    for seed in (1, 2, 3):
        _arrive(database, {**line(PILOT, seed), "instance": "7KX2"})
    assert _unsettled(database) == {}


def test_of_what_came_along_only_documents_that_were_read_for_it_count(database: Database) -> None:
    """A letter, and the archive in which two forms lay, come with each; the second form lies in both
    archives."""
    letter = {
        "name": "来信.docx",
        "sha256": "c" * 64,
        "state": "not-a-form",
        "applications": [1, 2],
        "pages": [],
    }

    def read(seed: int, archive: str, application: int) -> dict[str, Any]:
        one = line(PILOT, seed)
        one["parts"][0]["applications"] = [application]
        box = {
            "name": f"{archive}.zip",
            "sha256": archive * 64,
            "state": "read",
            "applications": [],
            "pages": [],
        }
        return {**one, "application": application, "parts": [box, letter, *one["parts"]]}

    _, second = _arrive(database, read(1, "d", 1), read(2, "d", 2))
    _, fourth = _arrive(database, read(3, "e", 1), read(2, "e", 2))
    assert _unsettled(database) == {second: [fourth], fourth: [second]}


def test_a_scan_of_several_applications_that_comes_twice_pairs_each_with_itself(database: Database) -> None:
    def read(application: int) -> dict[str, Any]:
        one = line(PILOT, application)
        one["parts"] = [
            {"name": "扫描.pdf", "sha256": "f" * 64, "state": "read", "applications": [1, 2, 3], "pages": []}
        ]
        return {**one, "application": application}

    once, twice = (_arrive(database, *(read(number) for number in (1, 2, 3))) for _ in range(2))
    assert _unsettled(database) == {
        one: [other] for one, other in (*zip(once, twice, strict=True), *zip(twice, once, strict=True))
    }


def test_a_file_that_can_t_be_read_and_comes_again_is_noticed(database: Database) -> None:
    failed = {
        **line(PILOT, 1),
        "form": None,
        "version": None,
        "fields": {},
        "findings": [],
        "parts": [],
        "error": {"code": "damaged", "message": "文件不完整"},
    }
    files = [StoredFile("坏的.docx", "9" * 64, 100)]
    made = []
    for _ in range(2):
        with database.write() as connection:
            upload, _ = create(connection, Arrival(files, "page"), "user:1", NOW)
            begin_reading(connection, upload, NOW)
            made += records.finish(connection, upload, [failed], lambda *_: PILOT, "w1", 1.5, NOW)
    assert _grounds(database, made[1]) == {made[0]: "same-bytes"}


def test_a_correction_that_makes_it_another_unit_s_is_noticed_and_one_that_unmakes_it_too(
    database: Database,
) -> None:
    first, other = store(database, PILOT, 1, **SAME_AGAIN), store(database, PILOT, 2)
    was = _row(database, other).unit
    correct(database, other, PILOT, UNIT, NAME)
    assert _unsettled(database) == {first: [other], other: [first]}
    changed = _row(database, first).changed
    correct(database, other, PILOT, UNIT, was)
    assert _unsettled(database) == {}
    assert _row(database, first).changed > changed


@pytest.mark.parametrize("gone", ["withdraw", "reject"])
def test_what_was_withdrawn_or_rejected_is_no_twin_until_it_is_taken_up_again(
    database: Database, gone: Any
) -> None:
    first, again = (store(database, PILOT, seed, **SAME_AGAIN) for seed in (1, 2))
    changed = _row(database, again).changed
    move(database, first, gone)
    assert _unsettled(database) == {}
    assert _row(database, again).changed > changed
    third = store(database, PILOT, 3, **SAME_AGAIN)
    assert _grounds(database, third) == {again: "same-unit"}
    changed = _row(database, again).changed
    move(database, first, "reopen")
    assert _row(database, again).changed > changed
    assert _unsettled(database) == {first: [again, third], again: [first, third], third: [first, again]}


def test_what_was_returned_is_a_twin_of_what_comes_back(database: Database) -> None:
    first = store(database, PILOT, 1, **SAME_AGAIN)
    move(database, first, "return", "缺章")
    again = store(database, PILOT, 2, **SAME_AGAIN)
    assert _grounds(database, again) == {first: "same-unit"}
    _settle(database, again, first, "replaces")
    assert (_row(database, first).status, _row(database, first).replaced_by) == ("returned", again)


def test_what_an_upload_replaces_is_said_already_and_can_be_taken_back(database: Database) -> None:
    first = store(database, PILOT, 1, **SAME_AGAIN)
    (again,) = _arrive(database, line(PILOT, 2, **SAME_AGAIN), replaces=first)
    assert _unsettled(database) == {}
    _settle(database, again, first, None)
    assert (_row(database, first).replaced_by, _row(database, again).replaces) == (None, None)
    assert _unsettled(database) == {first: [again], again: [first]}


def test_an_unsettled_twin_is_not_accepted_and_a_settled_one_is(database: Database) -> None:
    first, again = (store(database, PILOT, seed, **SAME_AGAIN) for seed in (1, 2))
    for submission in (first, again):
        with pytest.raises(Conflict, match="重复"):
            move(database, submission, "accept")
    _settle(database, again, first, "another")
    assert _unsettled(database) == {}
    for submission in (first, again):
        move(database, submission, "accept")
        assert _actions(database, submission) == ["read", "another", "accept"]


@pytest.mark.parametrize("side", [0, 1])
def test_the_later_one_replaces_the_earlier_from_whichever_side_it_is_said(
    database: Database, side: int
) -> None:
    first, again = (store(database, PILOT, seed, **SAME_AGAIN) for seed in (1, 2))
    pair = (first, again) if side == 0 else (again, first)
    assert _settle(database, *pair, "replaces") == 2
    old, new = _row(database, first), _row(database, again)
    assert (old.status, old.replaced_by, new.status, new.replaces) == ("withdrawn", again, "in-review", first)
    assert (_actions(database, first), _actions(database, again)) == (
        ["read", "replaced"],
        ["read", "replaces"],
    )
    with database.read() as connection:
        assert audit.verify(connection)[2] == []
        assert list(replay.departures(connection)) == []
    move(database, again, "accept")
    assert [kept.id for kept in _exported(database, accepted=False)] == [again]


def _exported(database: Database, **wanted: Any) -> list[exports.Kept]:
    with database.read() as connection:
        return list(exports.select(connection, Selection(**wanted)))


def test_what_was_said_can_be_taken_back_as_if_it_had_not_been_said(database: Database) -> None:
    first, again = (store(database, PILOT, seed, **SAME_AGAIN) for seed in (1, 2))
    for verdict in ("replaces", "another"):
        _settle(database, again, first, verdict)  # type: ignore[arg-type]
        _settle(database, first, again, None)
        old, new = _row(database, first), _row(database, again)
        assert (old.status, old.replaced_by, new.replaces) == ("in-review", None, None)
        assert _unsettled(database) == {first: [again], again: [first]}
    assert _actions(database, first) == ["read", "replaced", "unsettle", "another", "unsettle"]


def test_an_accepted_one_that_is_replaced_stays_accepted_and_leaves_the_export(database: Database) -> None:
    first = store(database, PILOT, 1, **SAME_AGAIN)
    move(database, first, "accept")
    again = store(database, PILOT, 2, **SAME_AGAIN)
    assert [kept.twins for kept in _exported(database)] == [[again]]
    with database.read() as connection:
        assert exports.count(connection, Selection()) == exports.Counted(records=1, unsettled=1, replaced=0)
    _settle(database, again, first, "replaces")
    assert _row(database, first).status == "accepted"
    assert _exported(database) == []
    assert [kept.id for kept in _exported(database, replaced=True)] == [first]
    with database.read() as connection:
        assert exports.count(connection, Selection()) == exports.Counted(records=0, unsettled=0, replaced=1)
    move(database, first, "reopen")
    with pytest.raises(Conflict, match="替换"):
        move(database, first, "accept")


def test_one_may_replace_several_and_each_is_taken_back_by_itself(database: Database) -> None:
    one, two, three = (store(database, PILOT, seed, **SAME_AGAIN) for seed in (1, 2, 3))
    _settle(database, three, two, "replaces")
    _settle(database, three, one, "replaces")
    assert [_row(database, number).replaced_by for number in (one, two)] == [three, three]
    assert _row(database, three).replaces == two
    _settle(database, three, two, None)
    assert _row(database, three).replaces == one
    assert _unsettled(database) == {two: [three], three: [two]}


def test_nothing_is_settled_that_is_not_open_or_is_not_there_or_was_changed(database: Database) -> None:
    first, again, other = (
        store(database, PILOT, 1, **SAME_AGAIN),
        store(database, PILOT, 2, **SAME_AGAIN),
        store(database, PILOT, 3),
    )
    with pytest.raises(Conflict):
        _settle(database, again, other, "another")
    with pytest.raises(NotFound):
        _settle(database, again, 999, "another")
    with pytest.raises(Conflict):
        _settle(database, again, again, "another")
    with pytest.raises(Conflict):
        _settle(database, again, first, None)
    with pytest.raises(Stale), database.write() as connection:
        settling.settle(connection, again, first, 7, "another", REVIEWER, lambda *_: PILOT)
    _settle(database, again, first, "another")
    with pytest.raises(Conflict):
        _settle(database, again, first, "replaces")
    assert _row(database, first).replaced_by is None


def test_nothing_is_settled_with_one_that_was_withdrawn_meanwhile(database: Database) -> None:
    first, again = (store(database, PILOT, seed, **SAME_AGAIN) for seed in (1, 2))
    move(database, first, "withdraw")
    with pytest.raises(Conflict):
        _settle(database, again, first, "replaces")


def test_the_list_shows_those_that_may_be_the_same(database: Database) -> None:
    first, other, again = (
        store(database, PILOT, 1, **SAME_AGAIN),
        store(database, PILOT, 2),
        store(database, PILOT, 3, **SAME_AGAIN),
    )
    with database.read() as connection:
        assert [row.id for row in listing.page(connection, Filter(twins=True), "received_at").rows] == [
            first,
            again,
        ]
        assert [row.id for row in listing.page(connection, Filter(twins=False)).rows] == [other]


def test_two_that_are_read_at_the_same_moment_see_each_other(database: Database) -> None:
    start = threading.Barrier(4)

    def work(seed: int) -> None:
        start.wait()
        store(database, PILOT, seed, **SAME_AGAIN)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: len(others) for number, others in _unsettled(database).items()} == dict.fromkeys(
        range(1, 5), 3
    )


def test_while_some_decide_and_some_settle_nobody_waits_for_ever(database: Database) -> None:
    """Whoever changes one row makes others follow it; that must not lock two into each other."""
    numbers = [store(database, PILOT, seed, **SAME_AGAIN) for seed in range(1, 5)]
    failed: list[BaseException] = []

    def work(own: int) -> None:
        for step in range(6):
            try:
                with database.write() as connection:
                    version = connection.scalar(
                        sa.select(submissions.c.version).where(submissions.c.id == own)
                    )
                    if step % 3 < 2:
                        records.decide(
                            connection,
                            own,
                            version or 0,
                            "withdraw" if step % 3 == 0 else "reopen",
                            Editor(f"user:{own}", NOW),
                        )
                    else:
                        settling.settle(
                            connection,
                            own,
                            numbers[own % 4],
                            version or 0,
                            "another",
                            REVIEWER,
                            lambda *_: PILOT,
                        )
            except (Conflict, Stale):
                pass
            except sa.exc.DBAPIError as error:
                failed.append(error)

    threads = [threading.Thread(target=work, args=(own,)) for own in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_what_was_there_before_the_upgrade_is_known_again(database: Database) -> None:
    numbers = [store(database, PILOT, seed, **SAME_AGAIN) for seed in (1, 2, 3)]
    gone, other = store(database, PILOT, 4, **SAME_AGAIN), store(database, PILOT, 5)
    move(database, gone, "withdraw")
    (new,) = _arrive(database, line(PILOT, 6), replaces=other)
    with database.read() as connection:
        known = connection.execute(twins.traits.select().order_by(*twins.traits.c)).all()
    with database.write() as connection:
        for statement in (
            *(f"DROP TABLE proof_{name}" for name in ("aliases", "alias_runs", "lessons", "focus", "rules")),
            *(f"DROP TABLE proof_{name}" for name in ("answers", "samples", "counts", "draws")),
            *(f"DROP TABLE {name}" for name in ("moved_pieces", "regroupings", "readings", "groupings")),
            "ALTER TABLE upload_files DROP COLUMN home_id",
            "ALTER TABLE sessions DROP COLUMN issuer",
            "DROP TABLE errands",
            "DROP TABLE identities",
            "DROP INDEX IF EXISTS ix_submissions_unit_parts",
            "DROP TABLE notices",
            "DROP INDEX ix_submissions_assignee",
            "ALTER TABLE submissions DROP COLUMN assignee",
            "ALTER TABLE sessions DROP COLUMN agent",
            "ALTER TABLE sessions DROP COLUMN origin",
            "DROP TABLE recovery_codes",
            "DROP TABLE second_factors",
            "ALTER TABLE uploads DROP COLUMN arrived_at",
            "DROP TABLE belongings",
            "DROP TABLE announcements",
            "DROP TABLE rulings",
            "DROP TABLE kinships",
            "DROP TABLE traits",
            "UPDATE alembic_version SET version_num = '0002'",
        ):
            connection.execute(sa.text(statement))
    database.migrate()
    with database.read() as connection:
        assert connection.execute(twins.traits.select().order_by(*twins.traits.c)).all() == known
        assert [one.verdict for one in twins.kin(connection, new)] == ["replaces"]
    one, two, three = numbers
    assert _unsettled(database) == {one: [two], two: [one, three], three: [two]}
    _settle(database, three, two, "replaces")
    assert _unsettled(database) == {one: [three], three: [one]}
