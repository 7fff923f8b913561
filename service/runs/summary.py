"""The summary on standard error at the end of a run: the counts, the doubtful fields, the slowest
submissions, and the failures with their reasons."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from models.form import FormDefinition
from service.results import STATUS, Line

_OTHER = "其他"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SLOWEST = 10
_NAMES = 20  # of the files that failed for one reason; the results and the sheet name all of them


def counts(lines: Iterable[Line]) -> Counter[str]:
    """Returns how many lines have each status."""
    return Counter(line["status"] for line in lines)


def in_words(counted: Mapping[str, int]) -> str:
    """Returns the counts of the statuses in the summary sheet's words."""
    return "，".join(f"{words} {counted.get(status, 0)}" for status, words in STATUS.items())


def details(
    lines: Sequence[Line],
    seconds: Mapping[str, float],
    left_out: Iterable[tuple[str, str]],
    forms: Mapping[str, FormDefinition],
) -> Iterator[str]:
    """Yields the summary's lines of text on the result lines `lines`. `seconds` holds the reading time of
    each source in this run; `left_out` holds (name, reason)."""
    left = (f"未读取 {name}：{reason}" for name, reason in left_out)
    # A file's name may hold control characters, which a terminal would obey.
    yield from (
        _CONTROL.sub("�", line)
        for line in chain(
            left, _of_another_form(lines), _doubtful(lines, forms), _slowest(seconds), _failures(lines)
        )
    )


def _doubtful(lines: Iterable[Line], forms: Mapping[str, FormDefinition]) -> Iterator[str]:
    kinds: Counter[str] = Counter()
    for line in lines:
        form = forms.get(str(line["form"]))
        for name, result in line["fields"].items():
            if result["decision"] == "review":
                known = form.fields.get(name) if form else None
                kinds[known.called if known else _OTHER] += 1
    if kinds:
        yield f"需复核的栏目共 {kinds.total()} 处：" + "，".join(
            f"{kind} {count}" for kind, count in kinds.most_common()
        )


def _slowest(seconds: Mapping[str, float]) -> Iterator[str]:
    slowest = sorted(seconds.items(), key=lambda one: -one[1])[:_SLOWEST]
    if len(seconds) > 1:
        yield f"最慢的 {len(slowest)} 份："
        yield from (f"  {time:.1f} 秒  {name}" for name, time in slowest)


def _of_another_form(lines: Iterable[Line]) -> Iterator[str]:
    """Tells of the files that bear another form's labels than that of the form that was asked for."""
    told = (
        (one["message"], line["source"])
        for line in lines
        for one in line["findings"]
        if one["code"] == "other-form"
    )
    yield from _by_message("不像指定的表格：", told)


def _failures(lines: Iterable[Line]) -> Iterator[str]:
    """Groups the failures by message, which ends in its advice."""
    told = ((line["error"]["message"], line["source"]) for line in lines if line["error"])
    yield from _by_message("读取失败的：", told)


def _by_message(heading: str, told: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The sources that a message was told of, under each message; the most frequent one comes first."""
    failed: dict[str, list[str]] = {}
    for message, source in told:
        failed.setdefault(message, []).append(source)
    if failed:
        yield heading
    for message, names in sorted(failed.items(), key=lambda one: -len(one[1])):
        yield f"  {message}（{len(names)} 份）"
        yield from (f"    {name}" for name in names[:_NAMES])
        if len(names) > _NAMES:
            yield f"    等 {len(names)} 份，全部见结果和汇总表"
