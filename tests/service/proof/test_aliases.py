"""Aliases of labels, as far as they follow from what was found: what is proposed, and what must not go
live."""

from models.aliases import Alias
from service.proof.judgement.aliases import Answer, Seen, Tried, against, proposals

ALIAS = Alias("filing", "address", "label", "单位住所")
LOST, FOUND = Answer(None, False, False), Answer("甲路1号", True, True)
WRONG, UNSURE = Answer("乙", False, True), Answer("乙", False, False)


def _seen(alias: Alias, submissions: range, who: str = "user:1") -> list[Seen]:
    return [Seen(alias, number, who) for number in submissions]


def test_words_are_proposed_from_three_applications_on_with_who_corrected_these() -> None:
    assert proposals(_seen(ALIAS, range(2))) == []
    (found,) = proposals([*_seen(ALIAS, range(2)), *_seen(ALIAS, range(1, 4), "user:2")])
    assert (found.alias, found.submissions, found.people) == (ALIAS, (0, 1, 2, 3), ("user:1", "user:2"))


def test_one_application_counts_once_and_blanks_make_no_other_words() -> None:
    spaced = Alias("filing", "address", "label", "单位 住所：")
    assert proposals(_seen(ALIAS, range(1)) * 5) == []
    (found,) = proposals([*_seen(ALIAS, range(2)), *_seen(spaced, range(2, 3))])
    assert found.alias == ALIAS


def test_words_that_stand_for_two_fields_tell_neither() -> None:
    other = Alias("filing", "contact", "label", "单位住所")
    assert proposals([*_seen(ALIAS, range(5)), *_seen(other, range(5, 6))]) == []


def test_at_most_ten_are_tried_the_most_frequent_ones() -> None:
    some = [Alias("filing", "address", "label", f"写法{chr(0x4E00 + n)}") for n in range(12)]
    found = proposals(one for n, alias in enumerate(some) for one in _seen(alias, range(3 + n)))
    assert [len(one.submissions) for one in found] == list(range(14, 4, -1))


def test_what_is_found_where_nothing_was_read_may_go_live() -> None:
    assert against([Tried(n, "address", LOST, FOUND) for n in range(3)], ALIAS) == []


def test_more_silent_errors_no_less_review_or_spoilt_readings_are_against_it() -> None:
    gain = [Tried(n, "address", LOST, FOUND) for n in range(9)]
    silent = against([*gain, Tried(9, "address", LOST, WRONG)], ALIAS)
    assert silent == ["漏过的错误会增加"]
    spoilt = against([*gain, Tried(9, "phone", Answer("1", True, False), UNSURE)], ALIAS)
    assert spoilt == ["原来读对的，有 1 项会读错"]
    assert against([Tried(1, "address", FOUND, FOUND)], ALIAS) == ["要人看的不会减少"]


def test_words_beside_which_other_things_stand_as_often_are_another_label() -> None:
    mixed = [Tried(1, "address", LOST, FOUND), Tried(2, "address", LOST, UNSURE)]
    assert against(mixed, ALIAS) == ["这样读出的 2 项中，有 1 项与核对过的内容不同"]
