"""Does what was read bear the name: right under OCR's errors, strict about another unit's."""

import pytest

from extractor.weighing.seal_names import bears
from models.page import Run

NAME = "武汉云栖科技股份有限公司"


def _read(text: str, doubts: dict[int, tuple[float, dict[str, float]]] | None = None) -> tuple[Run, ...]:
    """Runs as the recogniser gives them: sure, but for `doubts`, each with its confidence and rivals."""
    runs = []
    for i, char in enumerate(text):
        confidence, rivals = (doubts or {}).get(i, (0.99, {}))
        runs.append(Run(text=char, confidence=confidence, others=tuple(rivals.items())))
    return tuple(runs)


def test_the_name_itself_is_borne() -> None:
    assert bears([_read(NAME)], NAME) is True


def test_the_reading_may_begin_anywhere_on_the_ring() -> None:
    assert bears([_read("有限公司武汉云栖科技股份")], NAME) is True


def test_an_error_whose_rival_is_right_is_forgiven() -> None:
    assert bears([_read("武汉云梧科技股份有限公司", {3: (0.6, {"栖": 0.2})})], NAME) is True


@pytest.mark.parametrize(
    ("read", "name"),
    [
        ("武汉晴川科技股份有限公司", NAME),
        ("武汉云栖水务集团有限公司", NAME),
        ("武汉市梅花岭小学", "武汉市梅花岭中学"),
        ("武汉市梅花岭研究院", "武汉市花山研究院"),
        ("江夏区生态环境分局", "江岸区生态环境分局"),
    ],
)
def test_another_name_is_told_even_where_most_characters_are_shared(read: str, name: str) -> None:
    assert bears([_read(read)], name) is False


def test_a_character_more_or_less_is_not_the_name() -> None:
    assert bears([_read("武汉云栖科技股份公司")], NAME) is not True
    assert bears([_read(NAME)], "武汉云栖科技有限公司") is not True


def test_two_units_of_one_group_are_not_mixed_up_by_one_doubtful_character() -> None:
    seen = _read("武汉市梅花岭小学", {6: (0.7, {"少": 0.1, "示": 0.05})})
    assert bears([seen], "武汉市梅花岭中学") is not True


def test_what_was_read_badly_says_nothing() -> None:
    garbled = _read("攀制医沙浙社团糕民", dict.fromkeys(range(9), (0.5, {})))
    assert bears([garbled], NAME) is None
    assert bears([], NAME) is None
    assert bears([_read("武汉")], NAME) is None


def test_nothing_can_be_compared_with_an_empty_name() -> None:
    assert bears([_read(NAME)], "") is None


def test_a_number_on_the_rim_does_not_count_against_the_name() -> None:
    assert bears([_read(NAME + "4")], NAME) is True


def test_of_several_readings_one_is_enough() -> None:
    assert (
        bears([_read("武汉元栖料技股份有限公司", dict.fromkeys((2, 4), (0.5, {}))), _read(NAME)], NAME)
        is True
    )
