"""The inbox: files onto the page, each on its way, the list live, by keyboard, filtered, many at once."""

import base64
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from service.store import uploads
from service.store.database import Database
from service.store.uploads import Arrival, StoredFile
from tests.extractor.documents import docx, paragraph
from tests.service.pages.conftest import Visit
from tests.service.pages.samples import filled
from tests.service.pages.serving import ROOT, Service, now

INBOX = ROOT / "fixtures/inbox"
READ = 60_000  # ms: the worker reads its first file only after it has loaded what reading takes


def _drop(page: Page, *paths: Path) -> None:
    """Drops files on the middle of the page, as a hand would."""
    files = [{"name": path.name, "data": base64.b64encode(path.read_bytes()).decode()} for path in paths]
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const { name, data } of files) {
                transfer.items.add(new File([Uint8Array.from(atob(data), (one) => one.charCodeAt(0))], name));
            }
            return transfer;
        }""",
        files,
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("#main", event, {"dataTransfer": transfer})


def _row(page: Page, text: str) -> Locator:
    return page.locator("#rows tr").filter(has_text=text)


@pytest.fixture(scope="module")
def read(service: Service, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of three files without a doubt that were read, and of one with errors."""
    folder = tmp_path_factory.mktemp("sent")
    paths = [filled(folder, seed) for seed in (1, 2, 3)]
    paths.append(filled(folder, 4, {"reporter_email": "no address"}))
    for upload in service.administrator.upload(*paths):
        service.administrator.read(upload)
    return [path.name for path in paths]


def test_a_file_dropped_anywhere_is_read_and_its_row_appears_in_every_window(
    service: Service, visit: Visit, tmp_path: Path
) -> None:
    watching, page = visit("/", service.person("watcher", "reviewer")), visit("/")
    path = filled(tmp_path, 11)
    _drop(page, path)
    sent = page.get_by_role("region", name="本次上传")
    expect(sent.get_by_text("个文件都已处理")).to_be_visible(timeout=READ)
    expect(sent.get_by_role("listitem").locator(".status")).to_have_text("待复核")
    for one in (page, watching):
        expect(_row(one, path.name).locator(".status")).to_have_text("待复核")


def test_several_files_are_one_sender_s_or_one_each_where_somebody_says_so(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit("/")
    paths = [filled(tmp_path, 12), filled(tmp_path, 13)]
    letter = tmp_path / "来信.txt.docx"
    letter.write_bytes(docx(paragraph("关于报送材料的函")))
    page.get_by_label("同一份申请").check()
    _drop(page, *paths, letter)
    sent = page.get_by_role("region", name="本次上传")
    # By its name alone: while it is read, every file of the upload says that it is this one's turn.
    named = page.locator(".name", has_text=letter.name)
    expect(sent.get_by_role("listitem").filter(has=named)).to_contain_text("没有归入任何申请", timeout=READ)
    for path in paths:
        expect(_row(page, path.name)).to_have_count(1)
    expect(_row(page, letter.name)).to_have_count(0)
    page.get_by_label("每个文件一份").check()
    more = [filled(tmp_path, 14), filled(tmp_path, 15)]
    _drop(page, *more)
    for path in more:
        expect(_row(page, path.name)).to_have_count(1, timeout=READ)
    expect(page.get_by_text("5 个文件都已处理")).to_be_visible(timeout=READ)


def test_a_file_that_can_t_be_read_says_what_to_do(visit: Visit) -> None:
    page = visit("/")
    page.locator("#files").set_input_files(INBOX / "T44_encrypted_123456.docx")
    sent = page.get_by_role("region", name="本次上传")
    expect(sent.get_by_text("去除密码后重新提交")).to_be_visible(timeout=READ)
    expect(_row(page, "T44_encrypted").filter(has_text="去除密码后重新提交").first).to_be_visible()


def test_a_file_that_did_not_get_through_can_be_sent_again(visit: Visit, tmp_path: Path) -> None:
    page = visit("/")
    page.context.set_offline(True)
    path = filled(tmp_path, 16)
    page.locator("#files").set_input_files(path)
    again = page.get_by_role("button", name="重试")
    expect(again).to_be_visible()
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    again.click()
    expect(page.get_by_text("个文件都已处理")).to_be_visible(timeout=READ)
    expect(_row(page, path.name)).to_have_count(1)


def test_the_list_is_walked_and_opened_by_keyboard_alone(read: list[str], visit: Visit) -> None:
    page = visit("/")
    page.wait_for_selector("#rows tr")
    for key, at in (("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(page.locator("#rows tr").nth(at).locator(".unit")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("j")
    expect(page.get_by_role("searchbox")).to_have_value("j")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.wait_for_selector("#rows tr")
    page.keyboard.press("ArrowDown")
    number = page.locator("#rows tr").first.get_attribute("data-id")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/submissions/{number}$"))


def test_question_mark_lists_the_keys_and_letters_can_be_switched_off(read: list[str], visit: Visit) -> None:
    page = visit("/")
    page.wait_for_selector("#rows tr")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="按键")
    expect(sheet.get_by_text("选中没有疑问的")).to_be_visible()
    sheet.get_by_label("使用单键快捷键").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#rows .unit:focus")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#rows .unit:focus")).to_have_count(1)


def test_filters_narrow_the_list_and_stand_in_the_address(read: list[str], visit: Visit) -> None:
    page = visit("/")
    page.wait_for_selector("#rows tr")
    page.get_by_role("searchbox").fill(read[3])
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q="))
    page.reload()
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value(read[3])
    page.get_by_role("button", name="清除条件").click()
    page.get_by_role("button", name=re.compile("^已受理|^无法读取")).first.click()
    expect(page.locator("#rows tr .status.in-review")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^全部")).click()
    expect(page.get_by_label("只看有待核对的")).to_be_hidden()
    page.get_by_text("更多条件").click()
    page.get_by_label("只看有待核对的").check()
    expect(_row(page, read[0])).to_have_count(0)
    page.get_by_label("收到日期，从").fill("2030-01-01")
    expect(page.get_by_text("没有符合条件的申请")).to_be_visible()
    expect(page.get_by_text("更多条件（2）")).to_be_visible()


def test_what_blocks_stands_before_what_is_doubtful_and_that_before_what_is_clear(
    service: Service, read: list[str], visit: Visit
) -> None:
    service.administrator.read(service.administrator.upload(INBOX / "T43_truncated.docx")[0])
    page = visit("/")
    page.wait_for_selector("#rows tr")
    stages = page.locator("#rows .stage").evaluate_all("all => all.map((one) => one.dataset.stage)")
    assert stages[:3] == ["blocked", "doubtful", "clear"]
    names = page.locator("#rows tr").all_inner_texts()
    places = [next(n for n, text in enumerate(names) if name in text) for name in ("T43_", read[3], read[0])]
    assert places == sorted(places)
    page.get_by_label("排序").select_option("-received_at")
    expect(page.locator("#rows .stage")).to_have_count(0)
    expect(page.locator("#rows tr").first).to_contain_text("T43_")


def test_a_view_is_kept_and_its_deletion_can_be_undone(read: list[str], visit: Visit) -> None:
    page = visit("/?unit=nobody&sort=unit")
    expect(page.get_by_text("没有符合条件的申请")).to_be_visible()
    page.locator("#views summary").click()
    page.get_by_label("视图名称").fill("我的")
    page.keyboard.press("Enter")
    page.goto(page.url.partition("?")[0])
    page.wait_for_selector("#rows tr")
    page.locator("#views summary").click()
    page.get_by_role("button", name="我的", exact=True).click()
    expect(page).to_have_url(re.compile("unit=nobody&sort=unit"))
    page.locator("#views summary").click()
    page.get_by_role("button", name="删除常用视图 我的").click()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_role("button", name="我的", exact=True)).to_be_visible()


def test_what_has_no_doubt_is_accepted_at_once_and_can_be_undone(
    service: Service, read: list[str], visit: Visit
) -> None:
    page = visit("/?q=备案表00")
    page.wait_for_selector("#rows tr")
    page.keyboard.press("A")
    expect(page.locator("#bulk-count")).to_have_text("已选 3 份，其中 3 份没有疑问")
    page.get_by_role("button", name="受理没有疑问的 3 份").click()
    for name in read[:3]:
        expect(_row(page, name).locator(".status")).to_have_text("已受理")
    expect(_row(page, read[3]).locator(".status")).to_have_text("待复核")
    page.keyboard.press("z")
    for name in read[:3]:
        expect(_row(page, name).locator(".status")).to_have_text("待复核")


def test_what_somebody_changed_meanwhile_is_told_and_the_others_are_accepted(
    service: Service, read: list[str], visit: Visit
) -> None:
    page = visit("/?q=备案表00")
    page.wait_for_selector("#rows tr")
    page.keyboard.press("A")
    expect(page.locator("#bulk-count")).to_contain_text("3 份没有疑问")
    # The page must not hear of it before it is asked.
    page.route("**/api/v1/events", lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    number = _row(page, read[0]).get_attribute("data-id")
    page.route("**/api/v1/decisions", lambda route: (_withdraw(service, number), route.continue_()))
    page.locator("#bulk-accept").click()
    expect(page.locator("#bulk-result")).to_contain_text("1 份没有办成")
    for name in read[1:3]:
        expect(_row(page, name).locator(".status")).to_have_text("已受理")


def _withdraw(service: Service, number: str | None) -> None:
    version = service.administrator.ask("GET", f"/submissions/{number}")["version"]
    service.administrator.ask(
        "POST",
        f"/submissions/{number}/decision",
        json={"move": "withdraw"},
        headers={"If-Match": f'"{version}"'},
    )


def test_a_long_list_goes_on_by_itself(service: Service, visit: Visit) -> None:
    database = Database(f"sqlite:///{service.folder}/data/sealform.db")
    try:
        with database.write() as connection:
            for number in range(120):
                arrival = Arrival([StoredFile(f"long-{number:03}.pdf", "0" * 64, 1)], "api")
                uploads.create(connection, arrival, "system", now())
    finally:
        database.close()
    page = visit("/?q=long")
    expect(page.locator("#rows tr")).to_have_count(50)
    for count in (100, 120):
        page.locator("#more").scroll_into_view_if_needed()
        expect(page.locator("#rows tr")).to_have_count(count)
    expect(page.locator("#shown")).to_have_text("共 120 份")


def test_an_answer_that_breaks_off_is_told_as_no_answer(read: list[str], visit: Visit) -> None:
    page = visit("/")
    page.wait_for_selector("#rows tr")
    with _breaking_off() as url:
        page.route("**/api/v1/submissions?*", lambda route: route.continue_(url=url))
        page.goto(page.url)
        expect(page.locator("#alerts")).to_contain_text("连接不上服务")


@contextmanager
def _breaking_off() -> Iterator[str]:
    """The address of a server that hangs up in the middle of its answer."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"

    def answer() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(head + b'{"items": [')

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            # Closing alone would not wake who waits for the next connection.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_clerk_sees_no_button_for_what_others_decide(
    service: Service, read: list[str], visit: Visit
) -> None:
    page = visit("/", service.person("clerk", "clerk"))
    page.wait_for_selector("#rows tr")
    page.locator(".picker").first.check()
    expect(page.locator("#bulk-count")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^受理"))).to_have_count(0)


def test_the_chart_tells_its_numbers_to_screen_readers_too(read: list[str], visit: Visit) -> None:
    page = visit("/")
    table = page.get_by_role("table", name="最近 14 天")
    expect(table.get_by_role("row")).to_have_count(15)
    assert int(table.get_by_role("row").last.get_by_role("cell").first.inner_text()) >= len(read)


def test_at_twice_the_size_nothing_runs_off_to_the_side(read: list[str], visit: Visit) -> None:
    for path in ("/", "/forms", "/export", "/admin", "/password"):
        page = visit(path, size=(683, 384))
        page.wait_for_load_state("networkidle") if path not in ("/",) else page.wait_for_selector("#rows tr")
        wide = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        assert wide <= 0, f"{path}: {wide} px too wide"
