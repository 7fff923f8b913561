"""`sealform demo`: the loop once through, with the shipped forms and samples, and what came out: one
sentence, a short table, the files, and what to do next."""

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from extractor import Options
from generator.roster import RosterRow
from models.errors import RosterError
from models.form import FormDefinition
from service.atomic_files import ANOTHER_FOLDER, check_targets
from service.forms.documents import kind_of, make, make_each, roster_of
from service.forms.shipped import ROSTER, SAMPLES
from service.processes.pool import Limits, cores
from service.results import STATUS, Line
from service.runs.extraction import Outcome, Targets, read
from service.settings import Settings
from service.sources import select

_PREFILLED = 2
_WIDTH = 80
_COLOURS = {"clear": "green", "review": "yellow", "failed": "red"}
# Reasons that stand in a row of the table; the 汇总表 has all of them.
_REASONS = 2


def run(
    folder: Path, forms: Mapping[str, FormDefinition], settings: Settings, talk: Console, *, overwrite: bool
) -> None:
    """Makes the blank form and two prefilled ones, reads the samples, and leaves everything in `folder`.

    Raises:
        BadUsage: without `overwrite`, one of the files is there already.
        RosterError: the sample roster fits none of `forms`.
    """
    form, rows = _form_of_roster(forms, ROSTER)
    blanks = [folder / f"{form.title}.docx", folder / f"{form.title}.pdf"]
    targets = Targets(folder / "results.jsonl", folder / "汇总表.xlsx", overwrite=overwrite)
    outputs = [path for path in (*blanks, targets.lines, targets.sheet) if path]
    check_targets(*outputs, replace=overwrite, advice=ANOTHER_FOLDER)
    talk.print(f"1/3 生成空白的《{form.title}》：Word 和可填写的 PDF")
    for blank in blanks:
        make(form, blank, kind_of(blank), overwrite=overwrite)
    good = list(islice((row for row in rows if row.record and not row.problems), _PREFILLED))
    talk.print(f"2/3 按名册预填 {len(good)} 份")
    made = [
        each.path
        for each in make_each(form, good, folder / "prefilled", "docx", overwrite=overwrite)
        if each.path
    ]
    selection = select([_from_here(SAMPLES)])
    total = len(selection.submissions)
    talk.print(f"3/3 读取 {total} 份收回的样例；扫描件要逐字识别，比其他的慢得多")
    done: list[Line] = []

    def tell(lines: Iterable[Line]) -> None:
        done.extend(lines)
        last = done[-1]
        talk.print(f"    {len(done)}/{total} {Path(last['source']).name}：{STATUS[last['status']]}")

    limits = Limits(cores(), settings.time_limit, settings.memory_limit)
    options = Options(limits=settings.limits())
    outcome = read(selection, forms, options, limits, targets, tell, talk, brief=True)
    _tell(
        outcome, forms, Console(highlight=False, width=min(talk.width, 100) if talk.is_terminal else _WIDTH)
    )
    paths: dict[str, Sequence[Path | None]] = {
        "空白表": blanks,
        "预填的表": made,
        "读取结果": [targets.lines],
        "汇总表": [targets.sheet],
    }
    _tell_files(paths, form)


def _tell(outcome: Outcome, forms: Mapping[str, FormDefinition], console: Console) -> None:
    counts = Counter(line["status"] for line in outcome.lines)
    console.print()
    console.print(
        f"{len(outcome.lines)} 份样例：{counts['clear']} 份不用人看，"
        f"{counts['review']} 份要人看（指明了哪里），{counts['failed']} 份读不了（说明了原因）。"
    )
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for heading, width in (("文件", 18), ("结果", 8), ("为什么", None)):
        table.add_column(heading, overflow="fold", width=width)
    order = list(STATUS)
    for line in sorted(outcome.lines, key=lambda line: (order.index(line["status"]), line["source"])):
        state = Text(STATUS[line["status"]], style=_COLOURS[line["status"]])
        why = _why(line, forms.get(line["form"] or ""))
        table.add_row(Text(Path(line["source"]).name), state, Text(why))
    console.print(table)


def _why(line: Line, form: FormDefinition | None) -> str:
    if line["error"]:
        return line["error"]["message"]
    fields = line["fields"]
    if line["status"] == "clear":
        return f"{len(fields)} 栏全部读出，没有疑问"
    titles = form.titles if form else {}
    doubtful = {name for name, result in fields.items() if result["decision"] == "review"}
    # What is doubtful stands before what is amiss, and what is only remarked is left to the 汇总表.
    found = sorted(line["findings"], key=lambda one: one["field"] not in doubtful)
    told = [one["message"] for one in found if one["severity"] == "error" or one["field"] in doubtful]
    unsaid = [titles.get(name, name) for name in fields if name in doubtful]
    unsaid = [title for title in unsaid if not any(f"“{title}”" in message for message in told)]
    more = f"等 {len(told)} 处" if len(told) > _REASONS else ""
    look = f"请核对{'、'.join(unsaid)}。" if unsaid else ""
    return look + "；".join(told[:_REASONS]) + more


def _tell_files(paths: Mapping[str, Sequence[Path | None]], form: FormDefinition) -> None:
    plain = Console(highlight=False, markup=False, soft_wrap=True)
    for words, some in paths.items():
        for path in some:
            plain.print(f"{words}：{path}")
    command = _command()
    plain.print("\n接下来可以：")
    plain.print(f"  {command} blank {form.title} -o 空白表.docx")
    plain.print(f"  {command} extract 放收件的文件夹 -o results.jsonl --xlsx 汇总表.xlsx")
    plain.print(f"  {command} serve")


def _command() -> str:
    """How this program is called from here."""
    if shutil.which("sealform"):
        return "sealform"
    own = Path(sys.argv[0])
    return (
        _from_here(own.resolve()).as_posix() if own.name == "sealform" else f"{sys.executable} -m service.cli"
    )


def _from_here(path: Path) -> Path:
    here = Path(os.getcwd())
    return path.relative_to(here) if path.is_relative_to(here) else path


def _form_of_roster(
    forms: Mapping[str, FormDefinition], roster: Path
) -> tuple[FormDefinition, Sequence[RosterRow]]:
    """The form whose fields the roster's headings name, known by how few of its columns are left out."""
    best: tuple[int, FormDefinition, Sequence[RosterRow]] | None = None
    for form in forms.values():
        try:
            found = roster_of(form, roster)
        except RosterError:
            continue
        if best is None or len(found.left_out) < best[0]:
            best = len(found.left_out), form, found.rows
    if best is None:
        raise RosterError(f"{roster.name} 与已有的表格都对不上")
    return best[1], best[2]
