"""What each key that a page shows says that it does, and whether it did that: asked of the page, and of the
service."""

import re
from collections.abc import Mapping

from playwright.sync_api import expect

from tests.service.pages.keyboard import HEAR_CHOOSING, Desk, Effect, Press
from tests.service.pages.walking import field_of


def _chooses(number: int) -> Effect:
    """The option is chosen, no other is, and nothing is saved before somebody says so; choosing it again
    changes nothing."""

    def effect(desk: Desk, press: Press) -> None:
        before = desk.held()
        for _ in range(2):
            press()
            options = desk.card.locator("input[type=radio]")
            expect(options.nth(number - 1)).to_be_checked()
            assert options.evaluate_all("(all) => all.filter((one) => one.checked).length") == 1
        assert desk.held() == before

    return effect


def _opens(selector: str) -> Effect:
    def effect(desk: Desk, press: Press) -> None:
        expect(desk.page.locator(selector)).to_be_hidden()
        press()
        expect(desk.page.locator(selector)).to_be_visible()

    return effect


def _shows_the_sheet(desk: Desk, press: Press) -> None:
    _opens("#keys")(desk, press)
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator("#keys")).to_be_hidden()


def _goes(pattern: str) -> Effect:
    def effect(desk: Desk, press: Press) -> None:
        press()
        desk.page.wait_for_url(re.compile(pattern))

    return effect


def _confirms(desk: Desk, press: Press) -> None:
    """What is seen is what is kept, and nothing else."""
    card = desk.card
    wanted = (
        card.locator("input:checked").get_attribute("value")
        if card.locator("input[type=radio]").count()
        else desk.answer.input_value()
    )
    name, number = card.get_attribute("data-field") or desk.field, desk.submission["id"]
    press()
    expect(desk.page.locator("#saving")).to_have_text("已保存")
    held = field_of(desk.person, number, name)
    assert held["state"] in ("confirmed", "corrected")
    assert wanted in (held["text"], *(held["value"] if isinstance(held["value"], list) else ()))


def _says_what_is_missing(desk: Desk, press: Press) -> None:
    press()
    expect(desk.page.locator("#messages")).to_contain_text(re.compile(r"还有 \d 项待核对"))
    assert desk.now()["status"] == "in-review"
    assert desk.held()["state"] == "doubtful"


def _accepts(desk: Desk, press: Press) -> None:
    if desk.held()["state"] == "doubtful":
        _says_what_is_missing(desk, press)
    else:
        amiss = desk.now()["errors"]
        press()
        if amiss:
            reason = desk.page.locator("#reason")
            expect(reason).to_be_focused()
            assert desk.now()["status"] == "in-review", "something is wrong, so that a reason is asked for"
            reason.fill("电话核实，原件已补章")
            desk.page.keyboard.press("Control+Enter")
        expect(desk.page.locator("#messages")).to_contain_text("受理")
        assert desk.now()["status"] == "accepted"


def _gives_up(desk: Desk, press: Press) -> None:
    before = desk.held()
    card = desk.page.locator(".unsaved")
    expect(card).to_be_visible()
    press()
    expect(card).to_be_hidden()
    assert desk.held() == before


def _edits(desk: Desk, press: Press) -> None:
    before = desk.answer.input_value()
    press()
    expect(desk.answer).to_be_editable()
    expect(desk.answer).to_be_focused()
    desk.page.keyboard.type("末")
    expect(desk.answer).to_have_value(f"{before}末")


def _empties(desk: Desk, press: Press) -> None:
    before = desk.held()
    card = desk.card
    press()
    expect(card).to_contain_text("未保存：没有填写")
    assert desk.held() == before


def _turns_seal(desk: Desk, press: Press) -> None:
    button = desk.page.locator("#seal-off")
    before = button.get_attribute("aria-pressed")
    press()
    expect(button).not_to_have_attribute("aria-pressed", before or "")


def _zooms(more: int) -> Effect:
    def effect(desk: Desk, press: Press) -> None:
        sheet = desk.page.locator(".sheet").first
        fitting = sheet.evaluate("(one) => one.offsetWidth")
        if not more:
            desk.page.keyboard.press("Alt+=")
        width = sheet.evaluate("(one) => one.offsetWidth") if more else fitting
        press()
        desk.page.wait_for_timeout(100)
        now = sheet.evaluate("(one) => one.offsetWidth")
        assert (now > width) - (now < width) == more

    return effect


def _turns_page(desk: Desk, press: Press) -> None:
    now = desk.page.locator("#page-now")
    before = now.inner_text()
    press()
    expect(now).not_to_have_text(before)
    desk.page.keyboard.press("Alt+PageUp" if before.startswith("第 1") else "Alt+PageDown")
    expect(now).to_have_text(before)


def _takes_files(desk: Desk, press: Press) -> None:
    desk.page.evaluate(HEAR_CHOOSING)
    press()
    desk.page.wait_for_function("() => window.choosing")


def _downloads(desk: Desk, press: Press) -> None:
    with desk.page.expect_download():
        press()


def _is_no_field(desk: Desk, press: Press) -> None:
    fields = desk.page.locator(".field-line")
    before = fields.count()
    press()
    expect(fields).to_have_count(before - 1)


def _searches(desk: Desk, press: Press) -> None:
    press()
    expect(desk.page.get_by_role("searchbox")).to_be_focused()


def _selects_all(desk: Desk, press: Press) -> None:
    press()
    expect(desk.page.locator("#count")).to_contain_text("已选")


def _returns(desk: Desk, press: Press) -> None:
    reason = desk.page.locator("#reason").input_value()
    press()
    expect(desk.page.locator("#messages")).to_contain_text("退回补正")
    assert desk.now()["status"] == "returned"
    assert (
        desk.person.ask("GET", f"/submissions/{desk.submission['id']}/history")["items"][0]["reason"]
        == reason.strip()
    )


def _closes(selector: str) -> Effect:
    def effect(desk: Desk, press: Press) -> None:
        expect(desk.page.locator(selector)).to_be_visible()
        press()
        expect(desk.page.locator(selector)).to_be_hidden()

    return effect


def _brings_back(desk: Desk, press: Press) -> None:
    expect(desk.page.locator(".unsaved")).to_be_hidden()
    press()
    expect(desk.page.locator(".unsaved")).to_be_visible()


OPTIONS = ("城镇", "商业", "园区", "校园", "社区", "企事业单位")
VERDICTS = ("有印章，与单位名称一致", "有印章，与单位名称不一致", "有印章，看不清或未核对", "没有印章")

# By what a key stands beside.
EFFECTS: Mapping[str, Effect] = {
    "按键": _shows_the_sheet, "关闭": _closes("#keys"), "历史": _opens("#history"), "去掉印章": _turns_seal,
    "受理": _accepts, "受理并打开下一份": _accepts, "说明理由后受理": _accepts, "退回补正": _opens("#reason"), "退回并复制说明": _returns,
    "取消": _closes("#reason"),
    "确认": _confirms, "保存": _confirms, "保存这一份": _confirms, "放弃修改": _gives_up, "修改": _edits,
    "没有填写": _empties,
    "调整分组": _goes(r"/submissions/\d+/grouping$"),
    "撤销": _brings_back, "打开": _goes(r"/submissions/\d+$"), "全选": _selects_all,
    "放大": _zooms(1), "缩小": _zooms(-1), "适合宽度": _zooms(0), "下一页": _turns_page,
    "上一页": _turns_page,
    "上传文件": _takes_files, "选择名册": _takes_files, "选择文件": _takes_files,
    "试填试读": _opens("#wrong"), "启用": _opens("#wrong"),
    "不是栏目，只是印好的字": _is_no_field,
    "生成并下载": _downloads, "下载": _downloads,
    "搜索单位、文件名和填写内容": _searches,
    **{words: _chooses(number) for choices in (OPTIONS, VERDICTS) for number, words in enumerate(choices, 1)},
}  # fmt: skip
# After these the page is in the state that it was in before, or in one in which the same keys mean the same.
SAFE = ("按键", "去掉印章", "放大", "缩小", "适合宽度", "下一页", "上一页", *OPTIONS, *VERDICTS)
