"""The list of keys that each page has is true: each row of it is here, and each of its keys does what the row
says.

A row that is not here, or one that no sheet has, fails. What is to be seen after a key must not be there
before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.service.pages.keyboard import HEAR_CHOOSING, Sit, stroke


@dataclass(frozen=True)
class Use:
    """A key, the state in which it is pressed, after the keys `first`, and what is to be seen then, as a
    condition of the page. In it, `was` is what the page was before: the address, the element in focus, the
    width of the page that is shown."""

    key: str
    state: str
    seen: str
    first: Sequence[str] = ()


@dataclass(frozen=True)
class Row:
    """A row of the sheet: what it says that its keys do, and each of them."""

    does: str
    uses: Sequence[Use]


def _row(does: str, keys: str, state: str, seen: str, *first: str) -> Row:
    """All keys do the same, in the same state."""
    return Row(does, [Use(key, state, seen, first) for key in keys.split(" / ")])


_BEFORE = """() => {
  window.was = {path: location.pathname, at: document.activeElement,
    width: document.querySelector('.sheet')?.offsetWidth};
}"""
_FOCUS, _MOVED = "document.activeElement", "document.activeElement !== was.at"
_WRITING = f"{_FOCUS}.matches('input[type=text], textarea') && !{_FOCUS}.readOnly"
_MESSAGE = "document.querySelector('#messages').textContent.includes('{}')"
# Whether some can be accepted depends on what other tests left.
_READY = (
    _MESSAGE.format("没有可以直接受理的申请") + " || (!document.querySelector('#bulk').hidden"
    " && document.querySelector('#bulk-count').textContent.includes('没有疑问'))"
)
_EMPTIED = "document.querySelector('.current, .tile:focus').textContent.includes('未保存：没有填写')"
_CHECKED = "document.querySelector('.current input, .tile:focus input').checked"
_DOUBT, _TILE = "review: a proposal in doubt", "wall: on a tile"
_FIELD = "making: on a field"
_LINES = "document.querySelectorAll('.field-line').length"
_LABELS = "document.querySelectorAll('#pages .box.label').length"
_GIVEN_BACK = "[...document.querySelectorAll('#pages .box.print')].some((one) => one.title.includes('{}'))"
_OPENED = "document.querySelector('#fields li.open')?.dataset.number === '{}'"

_COMMON = (
    _row("显示按键表", "? / F1", "questions", "document.querySelector('#keys').open"),
    _row(
        "撤销刚才的操作",
        "z / Ctrl+z",
        "review: a change was given up",
        "document.querySelector('.unsaved') !== null",
    ),
    _row("收件箱", "Alt+1", "password", "location.pathname === '/'"),
    _row("按题复核", "Alt+2", "password", "location.pathname === '/questions'"),
    _row("表格", "Alt+3", "password", "location.pathname === '/forms'"),
    _row("导出", "Alt+4", "password", "location.pathname === '/export'"),
)
SHEETS: dict[str, Sequence[Row]] = {
    "inbox": (
        _row("下一份", "j / ↓", "inbox", f"{_FOCUS}.matches('#rows .unit')"),
        _row("上一份", "k / ↑", "inbox", f"{_FOCUS}.matches('#rows .unit')"),
        _row("打开这份申请", "Enter", "inbox: on a row", "/submissions/.test(location.pathname)"),
        _row("选中或取消选中", "x / 空格", "inbox: on a row", "document.querySelector('#rows .picker').checked"),
        _row("选中没有疑问的", "A / Alt+a", "inbox", _READY),
        _row("搜索", "/ / Alt+/", "inbox", f"{_FOCUS}.name === 'q'"),
        _row("上传文件", "u / Alt+u", "inbox", "window.choosing === true"),
        _row("查看全部状态", "f / Alt+f", "inbox: one status", "!/status/.test(location.search)"),
    ),
    "questions": (
        _row("下一题", "↓ / j", "questions", _MOVED),
        _row("上一题", "↑ / k", "questions: further down", _MOVED),
        _row("打开这一题", "Enter", "questions", "/questions.+/.test(location.pathname)"),
    ),
    "forms": (
        _row("选择名册", "u / Alt+u", "forms", "window.choosing === true"),
        _row("生成并下载", "g / Alt+g", "forms: a roster is there", _MESSAGE.format("已下载")),
    ),
    "making: on a field": (
        _row("选择文件", "u / Alt+u", "making", "window.choosing === true"),
        _row("下一栏", "j / ↓", _FIELD, _OPENED.format(2)),
        _row("上一栏", "k / ↑", _FIELD, _OPENED.format(0)),
        _row("修改这一栏", "Enter / e", _FIELD, f"{_FOCUS}.id === 'edit-title'"),
        _row("回到栏目列表", "Esc", "making: writing", f"{_FOCUS}.matches('.field-line')"),
        _row("上移", "Alt+↑", _FIELD, _OPENED.format(0)),
        _row("下移", "Alt+↓", _FIELD, _OPENED.format(3)),
        _row("不是栏目，只是印好的字", "p", _FIELD, "document.querySelectorAll('.field-line').length === 14"),
        _row("去掉这一栏", "Delete", _FIELD, "document.querySelectorAll('.field-line').length === 14"),
        _row("拿起一个框，放到另一个框上", "空格", "making: on a box",
             "document.querySelector('#pages .box.held') !== null"),
        _row("框向右加大", "Shift+→", "making: on a box", f"{_LABELS} === 14"),
        _row("框从右边缩小", "Shift+←", "making: on a box", _GIVEN_BACK.format("统一社会信用代码"), "Shift+→"),
        _row("框向下加大", "Shift+↓", "making: on a box", f"{_LINES} === 14"),
        _row("框从下边缩小", "Shift+↑", "making: on a box", "document.querySelector('#pages .box.empty')",
             "Shift+↓"),
        _row("试填试读", "t / Alt+t", _FIELD, "!document.querySelector('#wrong').hidden"),
        _row("启用", "Ctrl+Enter", _FIELD, "!document.querySelector('#wrong').hidden"),
    ),
    "export": (
        _row("下载", "d / Ctrl+Enter", "export", _MESSAGE.format("已下载")),
        _row("所在的列上移", "Alt+↑", "export: on a column", f"{_FOCUS}.closest('li').matches(':first-child')"),
        _row("所在的列下移", "Alt+↓", "export: on a column", f"{_FOCUS}.closest('li').matches(':nth-child(3)')"),
    ),
    "admin": (),
    _DOUBT: (
        _row("确认这一栏（改过的同时保存），到下一处疑问", "Enter", _DOUBT, "document.querySelector('#settled.done') !== null"),
        _row("修改这一栏的文字", "e / F2", "review: looking at a text", _WRITING),
        _row("放弃这一栏没有确认的修改", "Esc", "review: written", "document.querySelector('.unsaved') === null"),
        _row("不再修改", "Esc", "review: writing", f"{_FOCUS}.readOnly"),
        _row("选第几项（1–9）", "1", _DOUBT, _CHECKED),
        _row("原件上没有填写（清空这一栏）", "0", _DOUBT, _EMPTIED),
        _row("受理并打开下一份；还有错误的，先写理由", "Ctrl+Enter", "review: all settled",
             "document.querySelector('#reason') !== null"),
        _row("撤销上一次修改", "u / Alt+z", "review: all settled", "document.querySelector('.doubtful') !== null"),
        _row("下一栏、上一栏", "↓ / ↑", _DOUBT, "document.querySelector('.current.doubtful') === null"),
        _row("先跳过，打开下一份", "n / Alt+n", _DOUBT, "location.pathname !== was.path"),
        _row("退回补正", "r / Alt+r", _DOUBT, "document.querySelector('#reason') !== null"),
        _row("历史", "h / Alt+h", _DOUBT, "!document.querySelector('#history').hidden"),
        _row("调整分组：哪些页是哪一份", "g / Alt+g", _DOUBT, "/grouping$/.test(location.pathname)"),
        _row("去掉印章，看下面的字", "s / Alt+s", _DOUBT, "document.querySelector('#seal-off').ariaPressed === 'true'"),
        Row("下一页、上一页", [
            Use("Alt+PageDown", _DOUBT, "document.querySelector('#page-now').textContent.startsWith('第 2')"),
            Use("Alt+PageUp", "review: looking at a mark",
                "document.querySelector('#page-now').textContent.startsWith('第 1')"),
        ]),
        _row("放大", "Alt+=", _DOUBT, "document.querySelector('.sheet').offsetWidth > was.width"),
        _row("缩小", "Alt+-", _DOUBT, "document.querySelector('.sheet').offsetWidth < was.width"),
        _row("适合宽度", "Alt+0", _DOUBT, "document.querySelector('.sheet').offsetWidth < was.width",
             "Alt+=", "Alt+="),
    ),
    _TILE: (
        Row("下一份、上一份", [Use("→", _TILE, _MOVED), Use("←", _TILE, _MOVED, ("→",))]),
        Row("下一行、上一行", [Use("↓", _TILE, _MOVED), Use("↑", _TILE, _MOVED, ("→",))]),
        _row("选中或取消", "空格", _TILE, "document.querySelector('.tile.selected') !== null"),
        _row("全选", "Ctrl+a", _TILE, "document.querySelector('.tile:not(.selected)') === null"),
        _row("确认所选，没有选择时确认这一份", "Enter", _TILE, "document.querySelector('.tile.settled') !== null"),
        _row("修改这一份的文字", "e / F2", "wall: looking at a text", _WRITING),
        _row("放弃这一份没有确认的修改", "Esc", "wall: written", "document.querySelector('.unsaved') === null"),
        _row("取消全部选择", "Esc", "wall: selected", "document.querySelector('.tile.selected') === null"),
        _row("选第几项（1–9）", "1", _TILE, _CHECKED),
        _row("原件上没有填写（清空这一份）", "0", _TILE, _EMPTIED),
        _row("打开这份申请", "o / Alt+o", _TILE, "/submissions/.test(location.pathname)"),
    ),
}  # fmt: skip


# The picture of the page may still be finding its size.
_STILL = """async () => {
  const wide = () => document.querySelector('.sheet')?.offsetWidth;
  for (let last = NaN; last !== wide(); await new Promise((done) => setTimeout(done, 150))) last = wide();
}"""


@pytest.mark.parametrize("page", SHEETS)
def test_the_sheet_of_a_page_has_these_rows_and_no_others(page: str, sit: Sit) -> None:
    assert sit(page).sheet() == [
        (row.does, [use.key for use in row.uses]) for row in (*_COMMON, *SHEETS[page])
    ]


@pytest.mark.parametrize(
    "row", [row for rows in (_COMMON, *SHEETS.values()) for row in rows], ids=lambda row: row.does
)
def test_each_key_of_a_row_does_what_the_row_says(row: Row, sit: Sit) -> None:
    for use in row.uses:
        page = sit(use.state).page
        for key in use.first:
            page.keyboard.press(stroke(key))
        page.evaluate(_STILL)
        page.evaluate(_BEFORE)
        page.evaluate(HEAR_CHOOSING)
        assert not page.evaluate(use.seen), f"{use.key}: seen before it was pressed"
        page.keyboard.press(stroke(use.key))
        page.wait_for_function(f"() => {use.seen}")
