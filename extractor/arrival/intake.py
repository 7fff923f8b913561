"""From a submission to its parts. Containers are opened, every part is held to the limits, and none is
lost."""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from extractor.arrival.containers import open_container
from extractor.arrival.containers.base import Contents, Inner, megabytes
from extractor.arrival.containers.charsets import path_like
from extractor.arrival.kinds import CONTAINERS, kind_of
from extractor.arrival.source import Attachment, Source, digest, is_left_out, told_apart
from extractor.limits import ContainerLimits, Limits
from extractor.scan.decode import size_of
from models.errors import Damaged, Encrypted, NotAForm, OtherKind, TooDeep, TooLarge, TooMany, UnreadableFile
from models.findings import Finding
from models.record import Message, Part, PartState

# A picture shown in a message's text counts as a page only with at least so many pixels in all, and so many
# on its shorter side.
_LEAST_PIXELS, _LEAST_SIDE = 500_000, 500


def outermost(name: str) -> str:
    """Return the name of the file that arrived, for any part that lay in it."""
    return name.partition("/")[0]


@dataclass(frozen=True)
class Arrived:
    """A part as it arrived: its bytes, or the error that prevented reading them.

    `name` is path-like, and `folder` is all but its last step: the container that the part lay in, and the
    folder inside that. `depth` counts the files around the part. `message` is the mail that it came with.
    `inline` says that this mail shows the part in its text, and `is_body` that the part is that text. A
    `settled` part ended in that state and is not read.
    """

    name: str
    sha256: str
    data: bytes = b""
    error: UnreadableFile | None = None
    depth: int = 0
    inline: bool = False
    is_body: bool = False
    message: Message | None = None
    settled: PartState | None = None

    @property
    def folder(self) -> str:
        return self.name.rpartition("/")[0]

    def part(self, state: PartState) -> Part:
        """Return the part in the state that it ended in."""
        return Part(name=self.name, sha256=self.sha256, state=state)


def state_of(error: UnreadableFile) -> PartState:
    """Return the named state of a part that could not be read."""
    if isinstance(error, TooLarge):
        return "too-large"
    if isinstance(error, Encrypted):
        return "encrypted"
    return "not-a-form" if isinstance(error, NotAForm | OtherKind) else "unreadable"


class Intake:
    """The opening of one submission, which keeps count of its cost. `findings` are for a person, each with
    the parts that it is about. `links` maps a part to the hosts of the cloud disks that the message in it
    links to."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._apart = False
        self._count: Counter[str] = Counter()
        self._unpacked: Counter[str] = Counter()
        self._seen: dict[str, str] = {}
        self.findings: list[tuple[tuple[str, ...], Finding]] = []
        self.links: dict[str, tuple[str, ...]] = {}

    def arrivals(self, source: Source) -> list[Arrived]:
        """Return every part of the submission and of the containers in it; none is left out.

        Raises:
            Damaged: the folder is empty.
        """
        files = source.files()
        if not files:
            raise Damaged("文件夹是空的")
        self._apart = source.apart
        return [
            one
            for name, path in files
            for one in self._opened(self._counted(_arrival(name, path, self._limits)))
        ]

    def _purse(self, name: str) -> str:
        """Return the key of the account that a part's cost counts against. Files that came apart have an
        account each, as if each had come alone."""
        return outermost(name) if self._apart else ""

    def inside(
        self, outer: Arrived, files: Iterable[Attachment | Inner], message: Message | None = None
    ) -> list[Arrived]:
        """Return the files in a part as parts named after it, with the files of containers among them."""
        found: dict[str, Arrived] = {}
        within: list[Arrived] = []
        for file in files:
            inner = file if isinstance(file, Inner) else Inner(file.name, file.data)
            safe = path_like(inner.name)
            if any(map(is_left_out, safe.split("/"))):
                continue
            name = told_apart(f"{outer.name}/{safe}", found)
            found[name] = self._counted(
                self._inner(outer, name, inner, inner.message or message or outer.message)
            )
            within += self._opened(found[name])
        return within

    def _inner(self, outer: Arrived, name: str, file: Inner, message: Message | None) -> Arrived:
        depth = outer.depth + 1
        error = file.error
        if error is None and depth > self._limits.depth:
            error = TooDeep(f"文件套了 {depth} 层，超过 {self._limits.depth} 层")
        if error is None and len(file.data) > self._limits.file_bytes:
            error = TooLarge(
                f"文件有 {megabytes(len(file.data))} MB，超过 {megabytes(self._limits.file_bytes)} MB"
            )
        digest = hashlib.sha256(file.data).hexdigest()
        settled: PartState | None = "read" if file.opened and error is None else None
        data = b"" if error or settled else file.data
        return Arrived(name, digest, data, error, depth, file.inline, file.body, message, settled)

    def _counted(self, one: Arrived) -> Arrived:
        """Return the part, or an error in its place where there are too many parts."""
        purse = self._purse(one.name)
        self._count[purse] += not one.is_body
        if one.error is None and self._count[purse] > self._limits.parts:
            return replace(
                one, data=b"", settled=None, error=TooMany(f"一次提交的文件超过 {self._limits.parts} 个")
            )
        return one

    def _opened(self, one: Arrived) -> list[Arrived]:
        """Return the part, settled where it need not be read. The parts inside a container follow it."""
        if one.error or one.settled:
            return [one]
        if one.sha256 in self._seen and not one.is_body:
            other = self._seen[one.sha256]
            self.findings.append(
                ((one.name, other), Finding.of("part-duplicate", part=one.name, other=other))
            )
            return [replace(one, data=b"", settled="duplicate")]
        self._seen[one.sha256] = one.name
        if one.inline and (reason := _why_no_page(one.data)):
            self.findings.append(((one.name,), Finding.of("part-left-out", part=one.name, reason=reason)))
            return [replace(one, data=b"", settled="not-a-form")]
        try:
            kind = kind_of(one.data)
            if kind not in CONTAINERS:
                return [one]
            contents = open_container(one.data, kind, one.name, self._container_limits(one.name))
        except UnreadableFile as error:
            return [replace(one, data=b"", error=error)]
        return self._contents(one, contents)

    def _contents(self, one: Arrived, contents: Contents) -> list[Arrived]:
        self._unpacked[self._purse(one.name)] += sum(len(file.data) for file in contents.files)
        if contents.links:
            self.links[one.name] = contents.links
        # The file that Outlook packs does not name the sender; the mail around it does.
        named = contents.message and (contents.message.address or contents.message.sender)
        message = contents.message if named or not one.message else _with_words(one.message, contents.message)
        within = self.inside(one, contents.files, message)
        if not any(not inner.is_body for inner in within):
            outer = replace(
                one,
                data=b"",
                message=message,
                error=NotAForm("邮件中没有附件" if contents.message else "其中没有文件"),
            )
        else:
            outer = replace(one, data=b"", message=message, settled="read")
        return [outer, *within]

    def _container_limits(self, name: str) -> ContainerLimits:
        limits = self._limits
        room = max(limits.unpacked_bytes - self._unpacked[self._purse(name)], 0)
        return ContainerLimits(
            file_bytes=limits.file_bytes, unpacked_bytes=room, ratio=limits.ratio,
            seconds=limits.conversion_seconds
        )  # fmt: skip


def _with_words(message: Message, inner: Message | None) -> Message:
    """Return `message` with the text of the message inside its attachment, as in a signed message."""
    return message.model_copy(update={"body": inner.body}) if inner and not message.body else message


def _arrival(name: str, path: Path, limits: Limits) -> Arrived:
    most = limits.file_bytes
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(None, "不是普通文件")
        with path.open("rb") as stream:
            # The file may still be growing, so the bytes that were read count, not the size stated before.
            data = stream.read(most + 1)
            size = max(os.fstat(stream.fileno()).st_size, len(data))
        if size > most:
            return Arrived(
                name, digest(path), error=TooLarge(f"文件有 {megabytes(size)} MB，超过 {megabytes(most)} MB")
            )
    except OSError as error:
        unread = Damaged(
            f"文件无法打开：{error.strerror}", advice="请检查文件是否还在原处、是否有权读取，然后再读取一次"
        )
        return Arrived(name, hashlib.sha256().hexdigest(), error=unread)
    return Arrived(name, hashlib.sha256(data).hexdigest(), data)


def _why_no_page(data: bytes) -> str | None:
    """Return the reason why a picture in a message's text is no page of a form; None where it may be one, or
    is not a picture."""
    try:
        if kind_of(data) != "image":
            return None
        width, height = size_of(data)
    except UnreadableFile:
        return "邮件正文中的小图片，已损坏" if len(data) < 20_000 else None
    if width * height >= _LEAST_PIXELS and min(width, height) >= _LEAST_SIDE:
        return None
    return f"邮件正文中的小图片（{width}×{height} 像素），多为签名或图标"
