"""The results file: JSON lines, one object for each application. The lines of a submission are appended
together, as soon as it is read."""

import fcntl
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType, UnionType
from typing import IO, Any, Literal, NotRequired, Self, TypedDict, cast

from extractor import Source
from models.errors import BadUsage, is_lasting
from models.findings import Finding, Severity
from models.record import Decision, PartState, Result
from service.atomic_files import has_content, is_stream, naming, write_whole
from service.sources import digests


class CellJson(TypedDict):
    """The address of a table cell in a Word file."""

    table: int
    row: int
    column: int


class EvidenceJson(TypedDict):
    """The place where a value was seen; `box` is x0, y0, x1, y1 in points."""

    part: str
    page: NotRequired[int]
    box: NotRequired[Sequence[float]]
    cell: NotRequired[CellJson]


class FieldJson(TypedDict):
    """The reading of one field; its value is JSON of the field's kind."""

    value: Any
    raw: str | None
    confidence: float
    decision: Decision
    evidence: Sequence[EvidenceJson]
    alternatives: Sequence[Any]
    unweighed: NotRequired[Sequence[str]]


class PageJson(TypedDict):
    """A page of a part."""

    number: int
    width: float
    height: float
    frame: Mapping[str, Any] | None
    quarters: NotRequired[int]


class PartJson(TypedDict):
    """A file that arrived, or a file inside one."""

    name: str
    sha256: str
    state: PartState
    applications: NotRequired[Sequence[int]]
    pages: NotRequired[Sequence[PageJson]]


class FindingJson(TypedDict):
    """A finding: one thing that a person should know."""

    code: str
    field: str | None
    severity: Severity
    message: str


class ErrorJson(TypedDict):
    """The reason why there is no record."""

    code: str
    message: str


class MessageJson(TypedDict):
    """The mail that a file came with."""

    sender: str | None
    address: str | None
    time: str | None
    received: NotRequired[str]
    subject: str | None
    body: str
    references: NotRequired[Sequence[str]]


class Parted(TypedDict):
    """The keys of a line that tell which parts belong to its application."""

    application: NotRequired[int]
    parts: Sequence[PartJson]


class Line(Parted):
    """One object of a results file, as `models.record.Result.to_json` makes it. Keys that are not required
    were added later, so lines that an earlier version kept may lack them."""

    source: str
    form: str | None
    version: str | None
    instance: NotRequired[str | None]
    message: NotRequired[MessageJson | None]
    status: Literal["clear", "review", "failed"]
    fields: Mapping[str, FieldJson]
    findings: Sequence[FindingJson]
    error: ErrorJson | None


# What a status is called before staff.
STATUS = {"clear": "无需人工", "review": "需复核", "failed": "读取失败"}
# The bytes that each line begins with; and the keys that a line must have, because later steps rely on them.
_START = b'{"source": '
_SHAPE: Mapping[str, type | UnionType] = {
    "source": str, "parts": list, "form": str | None, "fields": dict, "findings": list, "status": str,
    "error": dict | None,
}  # fmt: skip


def line_of(result: Result) -> Line:
    """Returns `result` as a line. A test holds that `to_json` makes this shape: `models` cannot name the
    type, because it belongs to the service."""
    return cast(Line, result.to_json())


def finding_of(finding: Finding) -> FindingJson:
    """Returns `finding` as it stands in a line."""
    return {
        "code": finding.code,
        "field": finding.field,
        "severity": finding.severity,
        "message": finding.message,
    }


def for_review(line: Line, told: Mapping[str, Finding]) -> Line:
    """Returns `line` with the fields that `told` names for a person, and the finding that says why for
    each; as it is where none is named."""
    if not told:
        return line
    fields: dict[str, FieldJson] = {
        name: {**read, "decision": "review"} if name in told else read
        for name, read in line["fields"].items()
    }
    findings = [*line["findings"], *map(finding_of, told.values())]
    return {**line, "fields": fields, "findings": findings, "status": "review"}


def encode(lines: Iterable[Line]) -> bytes:
    """Returns `lines` as JSON lines in UTF-8."""
    return b"".join(
        json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n" for line in lines
    )


class ResultsFile:
    """Appends to a results file, one submission at a time, so that a killed run loses at most the submission
    that it was writing. A device or a pipe is only written to."""

    def __init__(self, path: Path, kept: Iterable[Line] = ()) -> None:
        """Starts the file over with the lines `kept`, replacing it in one step. The existing file stays until
        there is a line to replace it with.

        Raises:
            BadUsage: another run is writing the file, and its results would be lost.
            OSError: the file can't be written.
        """
        self._path = path
        self._before: IO[bytes] | None = None
        self._file: IO[bytes] | None = None
        if is_stream(path):
            self._file = path.open("wb")
            return
        if path.is_file():
            self._before = path.open("rb")
            _claim(self._before, path)
        lines = encode(kept)
        if lines or not has_content(path):
            self._file = self._started(lines)

    def append(self, lines: Iterable[Line]) -> None:
        """Adds the lines of a submission. Raises an OSError that names the file."""
        encoded = encode(lines)
        if self._file is None:
            self._file = self._started(encoded)
            return
        with naming(self._path):
            self._file.write(encoded)
            self._file.flush()

    def _started(self, lines: bytes) -> IO[bytes]:
        write_whole(self._path, lines)
        file = self._path.open("ab")
        _claim(file, self._path)
        self._let_go()
        return file

    def _let_go(self) -> None:
        if self._before:
            self._before.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()
        if self._file is None:
            return
        with naming(self._path), self._file:
            self._file.flush()
            if stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                os.fsync(self._file.fileno())


def _claim(file: IO[bytes], path: Path) -> None:
    """Locks the file against other runs for as long as it is open. A file system without locks gives no such
    protection."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BadUsage(f"另一次读取正在写 {path}", advice="请等它结束，或用 -o 写到别的文件") from error
    except OSError:
        return


def read_results(path: Path) -> list[Line]:
    """Returns the lines of a results file. A last line that a killed run left incomplete is dropped, with the
    lines just before it that may belong to the same submission.

    Raises:
        BadUsage: a line other than the last is not a result, or an only line does not even begin like one.
    """
    whole, _, torn = path.read_bytes().rpartition(b"\n")
    if not whole and not (torn.startswith(_START) or _START.startswith(torn.rstrip(b"\0"))):
        raise _no_result(path, 1)
    lines = [_result(path, number, text) for number, text in enumerate(whole.split(b"\n"), 1) if text.strip()]
    if torn.strip() and lines:
        last = lines[-1]["source"]
        while lines and lines[-1]["source"] == last:
            lines.pop()
    return lines


def _result(path: Path, number: int, text: bytes) -> Line:
    try:
        line: Any = json.loads(text)
    except (ValueError, RecursionError):
        line = None
    if not (
        isinstance(line, dict) and all(isinstance(line.get(name), kind) for name, kind in _SHAPE.items())
    ):
        raise _no_result(path, number)
    return cast(Line, line)


def _no_result(path: Path, number: int) -> BadUsage:
    return BadUsage(
        f"{path} 第 {number} 行不是结果", advice="--resume 只能续写 sealform extract 写出的结果文件"
    )


def resume(lines: Iterable[Line], submissions: Iterable[Source]) -> tuple[list[Line], list[Source]]:
    """Returns the `lines` that still hold, and the `submissions` that must be read. These are the submissions
    that are not in `lines`, that have changed since, or that failed for a reason that lay in the run, such as
    a time limit or a missing program.

    Lines of submissions that are not asked for this time are kept.
    """
    by_source: dict[str, list[Line]] = {}
    for line in lines:
        by_source.setdefault(line["source"], []).append(line)
    to_read = []
    for submission in submissions:
        known = by_source.get(submission.name)
        if known is None or not all(map(_holds, known)) or not _is_same(known, submission):
            by_source.pop(submission.name, None)
            to_read.append(submission)
    return [line for group in by_source.values() for line in group], to_read


def _holds(line: Line) -> bool:
    error = line.get("error")
    return not isinstance(error, dict) or is_lasting(str(error.get("code")))


def _is_same(lines: Iterable[Line], submission: Source) -> bool:
    """Returns whether the files are the same as in the earlier run. A file may have been split into further
    parts, whose names begin with its own."""
    now, then = dict(digests(submission)), dict(_parts(lines))
    if "" in now.values():
        return False
    if not submission.path.is_dir():
        return set(now.values()) <= set(then.values())
    inside = tuple(f"{name}/" for name in now)
    return now.items() <= then.items() and all(name in now or name.startswith(inside) for name in then)


def _parts(lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    for line in lines:
        for part in line["parts"]:
            if isinstance(part, dict):
                yield str(part.get("name")), str(part.get("sha256"))
