"""Every key that a page shows, in every state that the page can be in, does what it stands beside, and
nothing else.

`MATRIX` says what is shown; a key that is shown and has no row, a row that is not shown, and a key without an
effect fail. The list of keys that each page has is held to the same in test_key_sheets.py.
"""

from collections.abc import Mapping, Sequence

import pytest

from tests.service.pages.key_effects import EFFECTS, OPTIONS, SAFE, VERDICTS
from tests.service.pages.keyboard import STATES, Effect, Sit, stroke

Rows = Sequence[tuple[str, str]]
_SCALE: Rows = [("Alt+=", "放大"), ("Alt+-", "缩小"), ("Alt+0", "适合宽度")]
_FIRST: Rows = [("Alt+PageDown", "下一页"), *_SCALE]
_LAST: Rows = [("Alt+PageUp", "上一页"), *_SCALE]
_SEEING: Rows = [("?", "按键"), ("h", "历史"), ("s", "去掉印章")]
_REGROUP: Rows = [("g", "调整分组")]
_LOOKING: Rows = [*_SEEING, *_REGROUP, ("Ctrl+Enter", "受理"), ("r", "退回补正")]
_BY_ALT: Rows = [("Alt+h", "历史"), ("Alt+s", "去掉印章"), ("Alt+g", "调整分组")]
_WRITING: Rows = [("F1", "按键"), *_BY_ALT, ("Alt+r", "退回补正")]
_CHOICES: Rows = [(str(number), words) for number, words in enumerate(OPTIONS, 1)]
_MARKS: Rows = [(str(number), words) for number, words in enumerate(VERDICTS, 1)]
_EMPTY: Rows = [("0", "没有填写")]
_TILE: Rows = [("?", "按键"), ("Ctrl+a", "全选"), ("o", "打开")]

MATRIX: Mapping[str, Rows] = {
    "review: a proposal in doubt": [*_LOOKING, *_FIRST, *_CHOICES, *_EMPTY, ("Enter", "确认")],
    "review: nothing chosen in a required field": [*_LOOKING, *_FIRST, *_CHOICES, *_EMPTY],
    "review: another option chosen": [
        *_LOOKING, *_FIRST, *_CHOICES, *_EMPTY, ("Enter", "保存"), ("Esc", "放弃修改"),
    ],
    "review: looking at a text": [*_LOOKING, *_FIRST, *_EMPTY, ("e", "修改")],
    "review: writing": [*_WRITING, *_FIRST, ("Ctrl+Enter", "受理")],
    "review: written": [*_WRITING, *_FIRST, ("Ctrl+Enter", "受理"), ("Enter", "保存"), ("Esc", "放弃修改")],
    "review: gone elsewhere from what was written": [*_LOOKING, *_FIRST],
    "review: looking at a mark": [*_LOOKING, *_LAST, *_MARKS],
    "review: all settled": [
        *_LOOKING, *_FIRST, ("r", "已全部核对，仍有 3 个问题，可以退回补正"),
        ("Ctrl+Enter", "说明理由后受理"),
    ],
    "review: giving a reason": [("F1", "按键"), *_BY_ALT, *_FIRST, ("Ctrl+Enter", "退回并复制说明"), ("Esc", "取消")],
    "review: a change was given up": [*_LOOKING, *_FIRST, *_CHOICES, *_EMPTY, ("Enter", "确认"), ("z", "撤销")],
    "review: letters switched off": [
        ("?", "按键"), *_BY_ALT, ("Alt+r", "退回补正"), ("Ctrl+Enter", "受理"), *_FIRST, *_EMPTY,
        ("e", "修改"),
    ],
    "review: a clerk": [*_SEEING, *_FIRST],
    "inbox": [("?", "按键"), ("u", "上传文件"), ("/", "搜索单位、文件名和填写内容")],
    "inbox: on a row": [("?", "按键"), ("u", "上传文件"), ("/", "搜索单位、文件名和填写内容")],
    "inbox: searching": [("F1", "按键"), ("Alt+u", "上传文件")],
    "inbox: the sheet of keys": [("Esc", "关闭")],
    "inbox: one status": [("?", "按键"), ("u", "上传文件"), ("/", "搜索单位、文件名和填写内容")],
    "questions": [("?", "按键")],
    "questions: further down": [("?", "按键")],
    "wall: on a tile": [*_TILE, *_CHOICES, *_EMPTY, ("Enter", "确认")],
    "wall: another option chosen": [*_TILE, *_CHOICES, *_EMPTY, ("Enter", "确认"), ("Esc", "放弃修改")],
    "wall: selected": [*_TILE, *_CHOICES, *_EMPTY, ("Enter", "确认所选 1 份")],
    "wall: looking at a text": [*_TILE, *_EMPTY, ("Enter", "确认"), ("e", "修改")],
    "wall: writing": [("F1", "按键"), ("Alt+o", "打开"), ("Enter", "保存这一份")],
    "wall: written": [("F1", "按键"), ("Alt+o", "打开"), ("Enter", "保存这一份"), ("Esc", "放弃修改")],
    "forms": [("?", "按键"), ("u", "选择名册")],
    "forms: a roster is there": [("?", "按键"), ("u", "选择名册"), ("g", "生成并下载")],
    "making": [("?", "按键"), ("u", "选择文件")],
    "making: a draft is there": [("?", "按键"), ("t", "试填试读"), ("Ctrl+Enter", "启用")],
    "making: on a field": [
        ("?", "按键"), ("t", "试填试读"), ("Ctrl+Enter", "启用"), ("p", "不是栏目，只是印好的字"),
    ],
    "making: on a box": [("?", "按键"), ("t", "试填试读"), ("Ctrl+Enter", "启用")],
    "making: a box picked up": [("?", "按键"), ("t", "试填试读"), ("Ctrl+Enter", "启用")],
    "making: writing": [("F1", "按键"), ("Alt+t", "试填试读"), ("Ctrl+Enter", "启用")],
    "export": [("?", "按键"), ("d", "下载")],
    "export: on a column": [("?", "按键"), ("d", "下载")],
    "admin": [("?", "按键")],
    "password": [("?", "按键")],
    "security": [("?", "按键")],
}  # fmt: skip


def test_every_state_has_its_rows() -> None:
    assert list(MATRIX) == list(STATES)


@pytest.mark.parametrize("name", MATRIX)
def test_every_key_that_is_shown_does_what_it_stands_beside(name: str, sit: Sit) -> None:
    desk = sit(name)
    assert sorted(desk.shown()) == sorted(MATRIX[name])
    # Those that leave the page as it is come first.
    for key, words in sorted(MATRIX[name], key=lambda row: row[1] not in SAFE):
        told = f"{key} beside {words}"
        if words not in SAFE:
            desk = sit(name)
        try:
            _effect(words)(desk, lambda key=key, desk=desk: desk.page.keyboard.press(stroke(key)))
        except Exception as error:
            raise AssertionError(told) from error


def _effect(words: str) -> Effect:
    """By the words, or where these tell more, by how they begin or end."""
    if words in EFFECTS:
        return EFFECTS[words]
    return next(
        effect for known, effect in EFFECTS.items() if words.startswith(known) or words.endswith(known)
    )
