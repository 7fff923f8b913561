"""Labels within lines that were read off a picture, where gaps are told by boxes alone."""

from extractor.answers.units import Sought, units_of
from models.page import Line, Page, Pages, Run
from tests.extractor.answers.sheets import FRAME, words


def _found(gap: float) -> list[str]:
    """What is found of 专业 in 会计学 专业：法学, which stand apart by so many points."""
    spans = words("会计学", 50, 50) + words("专业：法学", 86 + gap, 50)
    box = spans[0].box
    assert box is not None
    line = Line(spans=spans, box=box.model_copy(update={"x1": 300}))
    page = Page(number=1, width=595, height=842, blocks=(line,), frame=FRAME)
    (unit,) = units_of(Pages(reader="scan", pages=(page,)))
    return [unit.passage.text[hit.start : hit.end] for hit in unit.hits(Sought(("专业",)))]


def test_a_label_well_apart_from_an_answer_before_it_is_found() -> None:
    assert _found(12) == ["专业："]


def test_a_label_that_an_answer_runs_into_is_part_of_it() -> None:
    assert _found(1) == []


def test_a_label_without_a_colon_begins_a_line_whose_rest_is_underlined() -> None:
    for emphasis, found in ((frozenset({"underline"}), ["课 题 名 称"]), (frozenset(), [])):
        spans = (Run(text="课 题 名 称 "), Run(text="复式教学研究", emphasis=emphasis))
        page = Page(number=1, blocks=(Line(spans=spans),))
        (unit,) = units_of(Pages(reader="word", pages=(page,)))
        assert [unit.passage.text[hit.start : hit.end] for hit in unit.hits(Sought(("课题名称",)))] == found
