"""Answers that are given again."""

import weakref
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from service.web import recent
from service.web.recent import Recent


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    with sa.create_engine("sqlite://").connect() as opened:
        yield opened


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("took", "later", "expected"), [(0.01, 0.0, 2), (1.0, 19.0, 1), (1.0, 21.0, 2)])
def test_what_took_long_is_given_again_for_a_while_though_something_changed(
    connection: sa.Connection,
    monkeypatch: pytest.MonkeyPatch,
    took: float,
    later: float,
    expected: int,
) -> None:
    clock, made, change = _Clock(), [0], [1]
    monkeypatch.setattr(recent.listing, "last_change", lambda _: change[0])

    def make() -> int:
        clock.now += took
        made[0] += 1
        return made[0]

    answers = Recent(clock)
    assert [answers.answer(connection, "one", make) for _ in range(2)] == [1, 1]
    clock.now, change[0] = took + later, 2
    assert answers.answer(connection, "one", make) == expected
    assert answers.answer(connection, "another", make) == expected + 1


def test_however_many_questions_there_are_only_the_last_answers_are_kept(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent.listing, "last_change", lambda _: 1)
    answers, made = Recent(_Clock()), list[str]()

    def ask(question: str) -> _Answer:
        def make() -> _Answer:
            made.append(question)
            return _Answer()

        return answers.answer(connection, question, make)

    first = ask("the first")
    gone = weakref.ref(first)
    del first
    for number in range(1000):
        ask("often")
        ask(str(number))
    assert gone() is None
    assert made.count("often") == 1, "what is asked again and again stays"


class _Answer:
    """Something that tells whether anybody still has it."""
