"""The HTML pages: templates, filled with who is signed in and with the words of the interface. A page fetches
all its data from the API.

A page is a line in `PAGES` and a template that extends base.html; its look is static/css/<name>.css, its
behaviour static/js/<name>.js. The pages share these modules of static/js: api.js (requests, problems,
`upload`, `download`), outbox.js (changes that must not be lost), live.js (server-sent events), keys.js
(`bind`, the list of keys), toast.js (`say` with a way back, `tell` a problem), drop.js, dom.js, words.js.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from models.errors import UnreadableFile
from models.fields import KINDS
from service.export.files import FORMATS
from service.store import accounts, statuses
from service.store.accounts import Actor
from service.store.database import Database
from service.store.tables import submissions, users
from service.web import guide
from service.web.context import Context
from service.web.security import Visitor, visitor

_HERE = Path(__file__).parent
_API = "/api/"
# Of a number that a database can hold.
_LARGEST = (1 << 63) - 1
MOVES: dict[statuses.Move, str] = {
    "accept": "受理", "return": "退回补正", "reject": "不予受理", "withdraw": "撤回", "reopen": "重新打开",
    "retry": "重新读取",
}  # fmt: skip
ROLES: dict[accounts.Role, str] = {"clerk": "经办员", "reviewer": "复核员", "administrator": "管理员"}
SCOPES: dict[accounts.Scope, str] = {
    "upload": "上传", "see": "查看", "correct": "更正", "decide": "决定", "export": "导出",
    "unmask": "看遮盖的内容", "admin": "管理",
}  # fmt: skip

# The words for the actions in the log, and for the events that webhooks can be sent.
ACTIONS: Mapping[str, str] = {
    **{str(move): word for move, word in MOVES.items()}, "read": "读取", "correct": "更正",
    "undo": "撤销更正",
    "upload": "上传", "purge": "清除", "login": "登录", "password": "设置密码", "user-created": "新建用户",
    "second-factor": "设置动态验证码", "second-factor-removed": "停用动态验证码",
    "recovery-code": "使用恢复码", "session-ended": "结束登录", "view": "查看", "login-refused": "拒绝登录",
    "user-changed": "修改用户", "user-invited": "生成链接", "user-locked": "锁定用户",
    "token-created": "新建令牌",
    "token-revoked": "停用令牌",
    "form": "启用表格定义", "preset": "保存方案", "preset-deleted": "删除方案", "webhook": "新建推送",
    "webhook-changed": "修改推送", "webhook-deleted": "删除推送", "export": "导出", "dossier": "下载档案",
    "correction": "生成补正通知", "notice": "补正通知编号", "notice-sending": "开始发送补正通知",
    "notice-sent": "发送补正通知",
    "answered": "收到补正", "propose-reject": "提出不予受理", "assign": "转交",
    "backup": "备份",
    "restore": "恢复", "replaces": "替换原来的", "replaced": "被替换", "another": "确认是另一份",
    "draw": "抽取抽查", "sample": "抽查有误", "tighten": "收紧复核", "loosen": "放宽复核",
    "learn": "试算识别把握", "lesson-live": "采用识别把握", "lesson-ended": "退回原来的识别把握",
    "seek-aliases": "查找栏目的其他写法", "alias-live": "采用栏目的其他写法", "alias-ended": "停用栏目的其他写法",
    "unsettle": "撤销重复的处理", "ruling": "活动意见", "announce": "导入上级名单",
    "match": "对应上级名单", "place": "归入活动",
    "reread": "按新的分组读取", "merged": "页面归到别的申请", "grouped": "分出新的申请", "restored": "撤销分组",
    "carried": "沿用已核对的内容",
}  # fmt: skip
SUBJECTS: Mapping[str, str] = {
    "submission": "申请", "user": "用户", "token": "令牌", "form": "表格", "preset": "方案",
    "webhook": "推送", "export": "导出",
    "service": "服务", "campaign": "活动",
}  # fmt: skip
EVENTS: Mapping[str, str] = {
    "webhook.test": "测试", "submission.read": "读取完成", "submission.unreadable": "无法读取",
    "submission.accepted": "已受理", "submission.returned": "已退回补正", "submission.rejected": "不予受理",
    "submission.withdrawn": "已撤回", "submission.reopened": "重新打开", "submission.purged": "已清除",
}  # fmt: skip


def _advice(cls: type[UnreadableFile] = UnreadableFile) -> dict[str, str]:
    """Returns the advice on files that can't be read, by the code of the error."""
    return {cls.code: cls.alone or cls.advice} | {
        code: text for sub in cls.__subclasses__() for code, text in _advice(sub).items()
    }


_WORDS: Mapping[str, Any] = {
    "statuses": statuses.WORDS, "moves": MOVES, "roles": ROLES, "scopes": SCOPES, "actions": ACTIONS,
    "subjects": SUBJECTS,
    "events": EVENTS,
    "unreadable": _advice(),
    "kinds": {name: kind.called.removesuffix("类") for name, kind in KINDS.items()},
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A page at `path` (in FastAPI's notation), for those who have the right `scope`. `current` is the entry
    of the navigation bar that it belongs to."""

    path: str
    template: str
    scope: accounts.Scope | None = "see"
    current: str | None = None
    # Whether its `id` is that of a submission, without which there is nothing to show.
    is_of_one: bool = False
    # The section of the guide that explains the page.
    section: str = ""
    # The text that it shows, where it is one of the guide.
    text: str = ""


PAGES = (
    Page("/", "inbox.html", current="/", section="上传的工作人员"),
    Page("/submissions/{id:int}", "review.html", current="/", is_of_one=True, section="复核人"),
    Page(
        "/submissions/{id:int}/grouping", "grouping.html", "correct", "/", is_of_one=True, section="调整分组"
    ),
    Page("/questions", "questions.html", "correct", "/questions", section="按题复核"),
    Page("/questions/{form}/{field}", "wall.html", "correct", "/questions", section="按题复核"),
    Page("/samples", "samples.html", "correct", "/samples", section="抽查和准确率"),
    Page("/quality", "quality.html", current="/quality", section="抽查和准确率"),
    Page("/forms", "forms.html", current="/forms", section="发出表格"),
    Page("/forms/new", "making.html", "admin", "/forms", section="新建表格"),
    Page("/campaigns", "campaigns.html", current="/campaigns", section="管一次申报活动的人"),
    Page("/export", "export.html", "export", "/export", section="导出对接的同事"),
    Page("/admin", "admin.html", "admin", "/admin", section="导出对接的同事"),
    Page("/password", "password.html", None),
    Page("/security", "security.html", None),
    *(Page(guide.path_of(name), "guide.html", None, text=name) for name in (guide.GUIDE, *guide.OTHERS)),
)
# Path, name, and the right that one needs to see the entry.
NAVIGATION = (
    ("/", "收件箱", "see"), ("/questions", "按题复核", "correct"), ("/forms", "表格", "see"),
    ("/samples", "抽查", "correct"), ("/quality", "准确率", "see"),
    ("/campaigns", "活动", "see"),
    ("/export", "导出", "export"),
    ("/admin", "管理", "admin"),
)  # fmt: skip


def _edition() -> str:
    """Returns a digest that changes with any of the static files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in (_HERE / "static").rglob("*") if path.is_file()):
        digest.update(path.relative_to(_HERE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


_EDITION = _edition()
_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["static"] = f"/static/{_EDITION}"
_templates.globals["formats"] = FORMATS
_templates.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
router = APIRouter(include_in_schema=False)


def install(app: FastAPI) -> None:
    """Adds the pages and their static files to `app`."""
    app.include_router(router)
    _refuse_people_in_words(app)
    app.mount("/static", _Static(directory=_HERE / "static"), name="static")


def render(
    template: str,
    who: Actor | None,
    *,
    status: int = 200,
    current: str | None = None,
    section: str = "",
    **values: Any,
) -> HTMLResponse:
    """Renders a template of this folder as a page; `values` are the template's own. Browsers must not store a
    page, because it holds a secret of the session, and another user may not be allowed to see it."""
    user = {"id": who.id, "name": who.name, "can": sorted(who.can)} if who else None
    common = {
        "user": user,
        "csrf": who.csrf if who else None,
        "provided": who is not None and who.provided,
        "listed": who is not None and who.listed,
        "words": _WORDS,
        "navigation": NAVIGATION,
        "current": current,
        "help": guide.path_of(guide.GUIDE) + (f"#{section}" if section else ""),
    }
    text = _templates.get_template(template).render(common | values)
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


@router.get("/login")
def login(request: Request, who: Visitor) -> Response:
    """The page for signing in."""
    if who:
        return RedirectResponse("/", 303)
    return login_page(request.app.state.context, wanted=request.query_params.get("next", "/"))


def login_page(context: Context, *, wanted: str = "/", told: str = "", status: int = 200) -> Response:
    """The page for signing in, from which one comes to `wanted`; `told` is why one is not in yet."""
    known = context.settings.oidc
    other = {"button": known.button, "path": f"/login/provider?next={quote(wanted)}"} if known else None
    listing = context.settings.ldap is not None
    return render("login.html", None, status=status, other=other, listing=listing, told=told)


@router.get("/link/{secret}")
def link(secret: str) -> Response:
    """The page that a one-time link leads to. A new user, or one who forgot the password, sets a password
    there."""
    return render("password.html", None, link=secret)


def _shown(page: Page) -> Callable[..., Response]:
    def show(request: Request, who: Visitor) -> Response:
        if who is None:
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(asked)}", 303)
        if who.owes and page.scope is not None:
            return RedirectResponse("/security", 303)
        if page.scope is not None and page.scope not in who.can:
            return render("forbidden.html", who, status=403)
        context = request.app.state.context
        if page.is_of_one and not _is_there(context.database, request.path_params["id"]):
            return _missing(who, "没有这份申请", "编号可能有误，内容也可能已按期清除。")
        settings = context.settings
        most = {"files": settings.limits().parts, "bytes": settings.request_bytes}
        start = _start(context, who) if page.path == "/" else None
        sends = settings.smtp is not None
        about = {"most": most, "start": start, "sends": sends, **request.path_params}
        if page.text:
            about["text"] = guide.text(page.text)
        return render(page.template, who, current=page.current, section=page.section, **about)

    return show


def _refuse_people_in_words(app: FastAPI) -> None:
    """An address that there is not is a page for whoever looks at pages; programs get a problem as ever."""
    refuse = app.exception_handlers[HTTPException]

    def answer(request: Request, error: Exception) -> Any:
        is_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_API)
        if getattr(error, "status_code", 0) != HTTPStatus.NOT_FOUND or not is_page:
            return refuse(request, error)
        who = visitor(request, request.app.state.context)
        return _missing(who, "没有这个页面", "地址可能有误，或者这一页已经改了地方。")

    app.add_exception_handler(HTTPException, answer)


def _missing(who: Actor | None, title: str, why: str) -> Response:
    return render("missing.html", who, status=HTTPStatus.NOT_FOUND, title=title, why=why)


def _is_there(database: Database, submission: int) -> bool:
    if submission > _LARGEST:
        return False
    with database.read() as connection:
        wanted = sa.select(submissions.c.id).where(submissions.c.id == submission)
        return connection.scalar(wanted) is not None


def _start(context: Context, who: Actor) -> Mapping[str, Any] | None:
    """What there is to do first, where nothing has arrived yet; None once something has."""
    with context.database.read() as connection:
        if connection.scalar(sa.select(submissions.c.id).limit(1)) is not None:
            return None
        people = connection.scalar(sa.select(sa.func.count()).select_from(users)) or 0
    return {"people": people, "forms": [form.title for form in context.forms.current().values()]}


for _page in PAGES:
    router.add_api_route(_page.path, _shown(_page), methods=["GET"], name=_page.template)


class _Static(StaticFiles):
    """The static files, under the edition that they belong to. Browsers keep a file of an edition for good,
    and an upgrade never leaves a page with half of its old files. A file without an edition is checked again
    at each visit."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        inner = path.removeprefix(f"{_EDITION}/")
        response = await super().get_response(inner, scope)
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if inner != path else "no-cache"
        )
        return response
