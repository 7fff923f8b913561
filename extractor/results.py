"""From all that was read of a submission to its results: one for each application, and one for each file that
belongs to no application.

The findings of an application tell of the unreadable files that came with it. Where several applications came
together, an unreadable file is a failed result of its own. A person then looks after it, and it counts
against none of the applications.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from extractor.applications import Belonging, Document, Loose, United, group, unite
from extractor.arrival import Arrived, Intake, Source, outermost, state_of
from extractor.limits import SILENT_TARGET
from extractor.weighing.decide import decide
from models.errors import Encrypted, LonePages, NotAForm, OtherKind, TooLarge, UnreadableFile
from models.findings import Finding
from models.page import Pages
from models.record import Failure, Message, Part, PartPage, PartState, Result

LONE = "只有申请表的个别页面，且无法确定属于哪份申请"
_BLANK = "表格没有填写"

# The parts that a finding is about, and the finding.
_Told = tuple[tuple[str, ...], Finding]


@dataclass(frozen=True)
class Read:
    """Files read together, and the outcome: the documents found in them, or the error. Where there was
    nothing to read, there is neither.

    `loose` is the page of a file with a single page, which may belong to another file's application. `blank`
    are documents that nobody filled in; they are left out beside filled ones. `seen` is everything that the
    reader saw.
    """

    files: tuple[Arrived, ...]
    documents: tuple[Document, ...] = ()
    error: UnreadableFile | None = None
    pages: Mapping[str, tuple[PartPage, ...]] = field(default_factory=dict)
    loose: Loose | None = None
    blank: tuple[Document, ...] = ()
    seen: Pages | None = None

    @property
    def name(self) -> str:
        """The name of the first file."""
        return self.files[0].name

    def parts(self) -> tuple[Part, ...]:
        """Return the files, each with the state that it ended in and its pages as they were read."""
        state: PartState = state_of(self.error) if self.error else "read"
        parts = (one.part(one.settled or state) for one in self.files)
        return tuple(part.model_copy(update={"pages": self.pages.get(part.name, ())}) for part in parts)


@dataclass(frozen=True)
class _Stray:
    """Files that gave no application and belong to none, and the reasons why they gave none."""

    names: tuple[str, ...]
    errors: tuple[UnreadableFile, ...]


def results(
    source: Source,
    intake: Intake,
    arrived: Sequence[Arrived],
    reads: Sequence[Read],
    silent_target: float = SILENT_TARGET,
) -> list[Result]:
    """Return a result for each application, then a failed one for each stray. Where there is neither, return
    one failed result. All parts stand in each result."""
    reads, applications = _grouped([read for read in reads if not (read.error and read.files[0].is_body)])
    strays = _strays(reads, _owners(applications), intake, source)
    if not applications and not strays:
        return [_of_nothing(source, intake, arrived, reads)]
    owners = _owners(applications, strays)
    belonging = Belonging(owners, apart=source.apart)
    parts = _in_order(_parts(reads, owners, applications), arrived)
    messages = {one.name: one.message for read in reads for one in read.files if one.message}
    held = {name for stray in strays for name in stray.names}
    notes = [note for read in reads if read.name not in held for note in _notes(read)]
    told = [*intake.findings, *_links(intake, belonging, len(applications)), *notes]
    united = [(one.names, decided(source.name, one, silent_target)) for one in applications]
    failed = [(one.names, _failed(source, one.errors, _hosts(intake, one))) for one in strays]
    found = []
    for number, (names, made) in enumerate((*united, *failed), 1):
        findings = (
            *made.findings,
            *(finding for about, finding in told if number in belonging.of_all(about)),
        )
        message = next((messages[name] for name in names if name in messages), None)
        about = {"application": number, "parts": parts, "findings": findings, "message": message}
        found.append(made.model_copy(update=about))
    return found


def decided(source: str, one: United, silent_target: float) -> Result:
    """Return the result of an application that came as `source`; its parts are not told yet."""
    made = decide(one.form, one.observations, one.findings, silent_target)
    return Result(
        source=source, form=one.form, instance=one.instance, fields=made.fields, findings=made.findings
    )


def _of_nothing(source: Source, intake: Intake, arrived: Sequence[Arrived], reads: Sequence[Read]) -> Result:
    """Return the result of a submission in which there is no application."""
    failed = _failed(source, [read.error for read in reads if read.error], [*intake.links.values()])
    told = [*intake.findings, *_links(intake, Belonging({}), 0)]
    message: Message | None = next((one.message for one in arrived if one.message), None)
    parts = _in_order(_parts(reads, {}, ()), arrived)
    return failed.model_copy(
        update={"parts": parts, "message": message, "findings": tuple(finding for _, finding in told)}
    )


def _grouped(reads: Sequence[Read]) -> tuple[list[Read], list[United]]:
    """Find the applications in all that was read. A page of a form that goes with none of them counts as no
    form. A blank form is a form, and was read to its end."""
    numbers = count(1)
    reads = [
        replace(read, documents=tuple(replace(one, number=next(numbers)) for one in read.documents))
        for read in reads
    ]
    applications = group([one for read in reads for one in read.documents])
    used = {one.number for application in applications for one in application.documents}
    settled = []
    for read in reads:
        if any(not one.is_blank for one in read.documents) and not used & {
            one.number for one in read.documents
        }:
            read = replace(read, documents=(), error=LonePages(LONE))
        settled.append(
            replace(
                read, blank=tuple(one for one in read.documents if one.is_blank and one.number not in used)
            )
        )
    return settled, [unite(application) for application in applications]


def _owners(*kinds: Sequence[United] | Sequence[_Stray]) -> dict[str, list[int]]:
    """Return the numbers of the results that each part belongs to."""
    numbers: dict[str, list[int]] = {}
    for number, one in enumerate((one for kind in kinds for one in kind), 1):
        for name in one.names:
            numbers.setdefault(name, []).append(number)
    return numbers


def _strays(
    reads: Sequence[Read], owners: Mapping[str, Sequence[int]], intake: Intake, source: Source
) -> list[_Stray]:
    """Return the files that belong to no application and that a person must look after.

    Of files that came apart, these are all that gave no application, as if each had come alone. Of other
    files, these are the ones that could not be read beside several applications.
    """
    if not owners and not source.apart:
        return []
    belonging = Belonging(owners, apart=source.apart)
    found: dict[str, list[tuple[str, UnreadableFile]]] = {}
    for read in reads:
        for name in (one.name for one in read.files if not belonging.of(one.name)):
            outer = outermost(name)
            is_all = source.apart and not belonging.of(outer)
            error = read.error or (_why_unused(read) if is_all else None)
            if error and (is_all or _is_grave(error) or name in intake.links):
                # Pictures that were read as one document fail as one.
                key = outermost(read.name) if is_all and read.error else read.name if read.error else name
                found.setdefault(key, []).append((name, error))
    return [
        _Stray(tuple(name for name, _ in some), tuple(dict.fromkeys(error for _, error in some)))
        for some in found.values()
    ]


def _why_unused(read: Read) -> UnreadableFile | None:
    """Return the reason why a file that was read is part of no application."""
    if not read.documents:
        return None
    return NotAForm(_BLANK) if all(one.is_blank for one in read.documents) else LonePages(LONE)


def _is_grave(error: UnreadableFile) -> bool:
    """Tell whether an application may be lost with this file. A letter that somebody wrote beside a form is
    no loss."""
    return isinstance(error, LonePages) or not isinstance(error, NotAForm | OtherKind)


def _hosts(intake: Intake, stray: _Stray) -> list[Sequence[str]]:
    return [hosts for part, hosts in intake.links.items() if part in stray.names]


def _parts(
    reads: Sequence[Read], owners: Mapping[str, Sequence[int]], applications: Sequence[United]
) -> list[Part]:
    """Return every part with the results that it belongs to."""
    again = {name for one in applications for name in one.duplicates}
    found = []
    for part in (part for read in reads for part in read.parts()):
        state = "duplicate" if part.name in again else part.state
        found.append(
            part.model_copy(update={"state": state, "applications": tuple(owners.get(part.name, ()))})
        )
    return found


def _in_order(parts: Sequence[Part], arrived: Sequence[Arrived]) -> tuple[Part, ...]:
    """Return the parts in the order they arrived, each file inside another behind that other file."""
    places = {one.name: place for place, one in enumerate(arrived)}

    def place(part: Part) -> int:
        name = part.name
        while name and name not in places:
            name = name.rpartition("/")[0]
        return places.get(name, len(places))

    return tuple(sorted(parts, key=place))


def _failed(source: Source, errors: Sequence[UnreadableFile], links: Sequence[Sequence[str]]) -> Result:
    """Return a failed result, because there is no application. The reason is the gravest of `errors`, or that
    the message only links to the files."""
    grave = [error for error in errors if not isinstance(error, NotAForm | OtherKind)]
    hosts = "、".join(host for found in links for host in found)
    if hosts and not grave:
        worst: UnreadableFile = NotAForm(
            f"没有申请表，邮件正文只有网盘链接（{hosts}）", advice="请打开链接下载文件后再读取"
        )
    else:
        worst = next(iter([*grave, *errors]), None) or NotAForm("没有可读取的文件")
    return Result(source=source.name, error=Failure(code=worst.code, message=str(worst)))


def _links(intake: Intake, belonging: Belonging, applications: int) -> list[_Told]:
    """Report the links in messages. The first `applications` results are applications."""
    told: list[_Told] = []
    for part, hosts in intake.links.items():
        is_beside = any(number <= applications for number in belonging.of(part))
        finding = Finding.of("link-besides" if is_beside else "link-only", part=part, hosts="、".join(hosts))
        told.append(((part,), finding))
    return told


def _notes(read: Read) -> Iterator[_Told]:
    """Yield the findings of `read` for the applications that it came with."""
    if read.error:
        yield (read.name,), note_of(read, read.error)
    for name, number in Counter(name for one in read.blank for name in one.names).items():
        yield (name,), Finding.of("form-blank", part=name, count=number)


def note_of(read: Read, error: UnreadableFile) -> Finding:
    """Return what to say of files that could not be read."""
    if isinstance(error, LonePages):
        return Finding.of("pages-alone", part="、".join(one.name for one in read.files))
    if isinstance(error, NotAForm):
        return Finding.of("part-not-form", part=read.name)
    if isinstance(error, OtherKind):
        return Finding.of("part-other-kind", part=read.name, reason=error.message)
    if isinstance(error, TooLarge):
        return Finding.of("part-too-large", part=read.name, reason=error.message)
    if isinstance(error, Encrypted):
        return Finding.of("part-encrypted", part=read.name)
    return Finding.of("part-unreadable", part=read.name, reason=error.message)
