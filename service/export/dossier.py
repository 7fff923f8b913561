"""The dossier of a submission: one .zip with the files that arrived, the record, and the log of who did what
to it.

It is made to be kept and printed: it can be used without this service, and it holds no file name that an
applicant could choose freely.
"""

import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import sqlalchemy as sa
from jinja2 import Environment, FileSystemLoader

from extractor import Source, around
from models.errors import NotFound
from models.form import FormDefinition
from service.blobs import Blobs
from service.export.cutouts import Crop
from service.export.files import Shape, to_json, write_records
from service.results import Line, PartJson
from service.store import exports, listing
from service.store.exports import Kept
from service.store.statuses import WORDS
from service.store.tables import audit_log, audit_values
from service.store.uploads import StoredFile

_TEMPLATES = Path(__file__).parent / "templates"
_ORIGINALS, _CROPS = "原件", "字段截图"
_NAMELESS = "未命名"
# Usual file systems allow 255 bytes in a name. The number and the folder need some of them.
_LONGEST_NAME = 180
_FORBIDDEN = frozenset('<>:"|?*/\\')
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")

_ACTIONS = {
    "upload": "接收", "read": "识别", "correct": "更正、确认", "undo": "撤销修改", "accept": "受理",
    "return": "退回补正",
    "reject": "不予受理", "withdraw": "撤回", "reopen": "重新打开", "retry": "重新读取", "purge": "清除内容",
    "dossier": "导出档案", "correction": "生成补正通知",
    "replaces": "替换原来的", "replaced": "被替换", "another": "确认是另一份", "unsettle": "撤销重复的处理",
}  # fmt: skip
_LABELS = {
    "status": "状态",
    "reason": "理由",
    "error": "错误",
    "files": "文件",
    "channel": "来源",
    "replaces": "替代",
    "upload": "批次",
    "twin": "疑似重复的编号",
}
_CHANNELS = {"page": "网页", "api": "接口", "mail": "邮件"}
_SIDES = {"before": 0, "after": 1}
_ERASED = "（已清除）"
_OTHERS = "（同批另有 {} 个文件，不属于本申请）"


@dataclass(frozen=True)
class Known:
    """All data that a dossier is made of. `files` are the uploaded files that are the application's own.
    `inside` holds those of its parts that lie in files which also hold the papers of others."""

    kept: Kept
    form: FormDefinition | None
    line: Line | None
    files: Sequence[StoredFile]
    inside: Sequence[PartJson]
    uploaded: Sequence[StoredFile]
    log: Sequence["Entry"]
    names: Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """One entry of the audit log, with each value that it is about before and after the change."""

    seq: int
    at: datetime
    who: str
    action: str
    hash: str
    previous: str
    changes: Sequence[tuple[str, str, str]]


def gather(connection: sa.Connection, submission: int, form: FormDefinition | None) -> Known:
    """Collects what is known of a submission. `form` is the definition that it was read with.

    Raises:
        NotFound: there is no such submission.
    """
    kept = exports.one(connection, submission)
    found = listing.whole(connection, submission)
    uploaded = [StoredFile(file.name, file.sha256, file.bytes) for file in found.files]
    files, inside = (
        (uploaded, []) if found.is_alone or not found.line else _own_files(uploaded, found.line["parts"])
    )
    names = listing.people(connection, None)
    # The result line must not name files of others either, so its source is replaced.
    line: Line | None = {**found.line, "source": kept.name} if found.line else None
    return Known(
        kept, form, line, files, inside, uploaded, _log(connection, submission, form, names, files), names
    )


def write_dossier(
    target: IO[bytes],
    known: Known,
    blobs: Blobs,
    crops: Sequence[Crop],
    now: datetime,
    inner: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """Writes the .zip: the originals, the record as JSON and as a sheet, `crops` of the places where values
    were read, and the log as a page. `inner` holds the bytes of parts inside other files, by name. The record
    and the page name the originals that are no longer there."""
    made = now.astimezone()
    parts = [
        StoredFile(part["name"], part["sha256"], len(inner.get(part["name"], b""))) for part in known.inside
    ]
    known = replace(known, files=[*known.files, *parts], inside=())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        missing = []
        for number, file in enumerate(known.files, 1):
            name = f"{_ORIGINALS}/{safe_name(file.name, number)}"
            if file in parts and file.name in inner:
                _add(archive, name, made, inner[file.name])
            elif not _add_original(archive, name, blobs, file, made):
                missing.append(file.name)
        titles = known.form.titles if known.form else {}
        for number, crop in enumerate(crops, 1):
            name = safe_name(f"{titles.get(crop.field, crop.field)}-第{crop.page}页.webp", number)
            _add(archive, f"{_CROPS}/{name}", made, crop.picture)
        _add(archive, "record.json", made, _record(known, missing))
        if known.form is not None and known.kept.has_record:
            with archive.open(_entry("汇总表.xlsx", made), "w") as sheet:
                write_records("xlsx", sheet, [known.kept], Shape({known.form.name: known.form}, known.names))
        _add(archive, "审核记录.html", made, audit_page(known, missing, made).encode())


def safe_name(name: str, number: int) -> str:
    """Returns a file name that is safe on any disk: without a path, without characters that hide or reverse
    text, and none that Windows reserves. `number` tells apart names that are alike."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(_replacement(character) for character in last).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix.encode()) > 10:
        stem, dot, suffix = plain, "", ""
    short = stem.encode()[: _LONGEST_NAME - len(suffix.encode())].decode("utf-8", "ignore").rstrip(" .")
    return f"{number:02d}-{short or _NAMELESS}{dot}{suffix}"


def audit_page(known: Known, missing: Sequence[str], made: datetime) -> str:
    """Returns the log as a page that needs no other file: who did what and when, the values before and after,
    and the hashes that bind the entries."""
    pages = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    title = known.form.title if known.form else known.kept.name
    return pages.get_template("audit.html").render(
        kept=known.kept,
        title=title,
        status=WORDS[known.kept.status],
        log=known.log,
        files=known.files,
        missing=missing,
        made=made,
    )


def _replacement(character: str) -> str:
    return "_" if character in _FORBIDDEN or unicodedata.category(character) in _INVISIBLE else character


def _add_original(
    archive: zipfile.ZipFile, name: str, blobs: Blobs, file: StoredFile, made: datetime
) -> bool:
    chunks = blobs.chunks(file.sha256)
    try:
        first = next(chunks, b"")
    except NotFound:
        return False
    with archive.open(_entry(name, made), "w", force_zip64=file.bytes > 1 << 31) as entry:
        entry.write(first)
        for chunk in chunks:
            entry.write(chunk)
    return True


def _add(archive: zipfile.ZipFile, name: str, made: datetime, data: bytes) -> None:
    archive.writestr(_entry(name, made), data)


def _entry(name: str, made: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, made.timetuple()[:6])
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o640 << 16
    return entry


def _record(known: Known, missing: Sequence[str]) -> bytes:
    files = [
        {"name": one.name, "sha256": one.sha256, "bytes": one.bytes, "missing": one.name in missing}
        for one in known.files
    ]
    data = {
        **to_json(known.kept, known.names),
        "marks": known.kept.marks,
        "files": files,
        "reading": known.line,
    }
    return json.dumps(data, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")


def _own_files(
    files: Sequence[StoredFile], parts: Sequence[PartJson]
) -> tuple[list[StoredFile], list[PartJson]]:
    """Returns the files among an application's own `parts`, and its own parts that lie in files which are not
    its own."""
    # Parts are known by the names that reading gives them: safe for a file system, and no two alike.
    read = Source.of("", Path(), [(file.name, Path(str(number))) for number, file in enumerate(files)])
    known = {part["name"] for part in parts}
    kept = {name: file for file, (name, _) in zip(files, read.parts, strict=True) if name in known}
    return [*kept.values()], [
        part for part in parts if part["name"] not in kept and known.isdisjoint(around(part["name"]))
    ]


def _log(
    connection: sa.Connection,
    submission: int,
    form: FormDefinition | None,
    names: Mapping[str, str],
    files: Sequence[StoredFile],
) -> list[Entry]:
    mine = audit_log.c.subject == f"submission:{submission}"
    values: dict[int, dict[str, str]] = {}
    for row in connection.execute(sa.select(audit_values).join(audit_log).where(mine)):
        values.setdefault(row.seq, {})[row.label] = row.value
    return [
        Entry(
            row.seq, row.at.astimezone(), names.get(row.actor, row.actor),
            _ACTIONS.get(row.action, row.action), row.hash,
            row.previous, list(_changes(row.digests, values.get(row.seq, {}), form, files)),
        )
        for row in connection.execute(audit_log.select().where(mine).order_by(audit_log.c.seq))
    ]  # fmt: skip


def _changes(
    digests: Mapping[str, str],
    values: Mapping[str, str],
    form: FormDefinition | None,
    files: Sequence[StoredFile],
) -> Iterator[tuple[str, str, str]]:
    """Yields (title, before, after) for each value of an entry: first the values about the whole submission,
    then the fields in the order of the form. Of the uploaded files only `files` are named."""
    told: dict[tuple[int, str], list[str]] = {}
    order = list(form.fields) if form else []
    for label in digests:
        kind, _, rest = label.partition(":")
        name, _, side = rest.partition(":")
        text = _told(kind, name, values[label], form, files) if label in values else _ERASED
        title = (
            (form.titles.get(name, name) if form else name) if kind == "field" else _LABELS.get(label, label)
        )
        place = order.index(name) if name in order else -1
        told.setdefault((place, title), ["", ""])[_SIDES.get(side, 1)] = text
    for (_, title), (before, after) in sorted(told.items()):
        if before or after:
            yield title, before, after


def _told(kind: str, name: str, text: str, form: FormDefinition | None, files: Sequence[StoredFile]) -> str:
    """Returns a value of the log as a person reads it."""
    data = json.loads(text)
    if data is None:
        return ""
    if kind == "status":
        return WORDS.get(data, str(data))
    if kind == "channel":
        return _CHANNELS.get(data, str(data))
    if kind == "files":
        own = [str(name) for name, sha256 in data if any(sha256 == file.sha256 for file in files)]
        return "\n".join([*own, *([_OTHERS.format(len(data) - len(own))] if len(own) < len(data) else [])])
    field = form.fields.get(name) if form and kind == "field" else None
    if field is not None:
        try:
            value: Any = field.from_json(data)
        except ValueError:
            value = None
        if value is not None:
            return field.format(value)
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
