"""A real browser before the real service. A test fails too when a page logged an error: a refused script, a
broken request."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.service.pages.keyboard import STATES, Desk, Sit
from tests.service.pages.serving import ROOT, Person, Service, running
from tests.service.pages.walking import alone, arrived

# The shell without windows draws the same pages for a part of the work.
_BROWSERS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
SIZE = (1366, 768)
_PATIENCE = 15_000  # ms
_SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_INSTALL_SECONDS = 60

# Opens a page of the service as somebody: `visit("/forms", who)`; the administrator where nobody is named.
Visit = Callable[..., Page]
Contexts = Callable[..., BrowserContext]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots", action="store_true", help="write a picture of each page into docs/screenshots"
    )


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for path in _BROWSERS if path.exists()), None)
    if found is None:
        pytest.skip(f"needs chromium: there is neither {_BROWSERS[0]} nor {_BROWSERS[1]}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_SWITCHES))
        yield browser
        browser.close()


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Contexts]:
    """Makes windows of their own, as of several people at several desks; all that they log is checked at the
    end."""
    opened: list[BrowserContext] = []
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # That a request was refused is logged by the browser itself, and for a page to deal with.
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    def make(person: Person | None, *, dark: bool = False, size: tuple[int, int] = SIZE) -> BrowserContext:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(_PATIENCE)
        context.on("console", heard)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        if person is not None:
            context.add_cookies(person.cookies)  # type: ignore[arg-type]
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()
    assert errors == []


@pytest.fixture
def visit(service: Service, contexts: Contexts) -> Visit:
    def visit(
        path: str, person: Person | None = None, *, dark: bool = False, size: tuple[int, int] = SIZE
    ) -> Page:
        page = contexts(person or service.administrator, dark=dark, size=size).new_page()
        page.goto(service.url + path)
        return page

    return visit


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, as package-lock.json pins it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm: it is not on the path")
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(Path(__file__).parent / name, folder)
    subprocess.run(
        [npm, "ci", "--ignore-scripts"], cwd=folder, check=True, capture_output=True, timeout=_INSTALL_SECONDS
    )
    return (folder / "node_modules/axe-core/axe.min.js").read_text("utf-8")


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest) -> Path:
    if not request.config.getoption("--screenshots", default=False):
        pytest.skip("pictures are only made with --screenshots")
    folder = ROOT / "docs/screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def submissions(service: Service) -> dict[Path, dict[str, Any]]:
    """One submission for each file that the keyboard's states need, put back after each use."""
    files = list(dict.fromkeys(state.file for state in STATES.values()))
    return dict(zip(files, alone(service.administrator, arrived(service.administrator, *files)), strict=True))


@pytest.fixture
def sit(service: Service, contexts: Contexts, submissions: dict[Path, dict[str, Any]]) -> Iterator[Sit]:
    """Sits down before a page in the state of that name."""
    pages: dict[str, Page] = {}
    used: list[Desk] = []

    def leave() -> None:
        for desk in used:
            desk.leave()
        for desk in used:
            desk.put_back(service.administrator)
        used.clear()

    def make(name: str) -> Desk:
        leave()
        state = STATES[name]
        person = (
            service.administrator if state.role == "administrator" else service.person(state.role, state.role)
        )
        if state.role not in pages:
            pages[state.role] = contexts(person).new_page()
        page = pages[state.role]
        desk = Desk(page, service, person, submissions[state.file])
        used.append(desk)
        state.prepare(desk)
        return desk

    yield make
    leave()
