"""`sealform demo`: the loop once through, with the shipped forms and samples, and a table of what came
out."""

from collections.abc import Mapping, Sequence
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
from service.export.summary_sheet import STATUS
from service.forms.definitions import SHIPPED
from service.forms.documents import kind_of, make, make_each, roster_of
from service.processes.pool import Limits, cores
from service.results import Line
from service.runs.extraction import Targets, read
from service.settings import Settings
from service.sources import select

_FIXTURES = SHIPPED.parent
_PREFILLED = 2
_WIDTH = 160  # where no terminal says how wide it is
_COLOURS = {"clear": "green", "review": "yellow", "failed": "red"}


def run(
    folder: Path, forms: Mapping[str, FormDefinition], settings: Settings, talk: Console, *, overwrite: bool
) -> None:
    """Makes the blank form and two prefilled ones, reads the sample inbox, and leaves everything in `folder`.

    Raises:
        BadUsage: without `overwrite`, one of the files is there already.
        RosterError: the sample roster fits none of `forms`.
    """
    form, rows = _form_of_roster(forms, _FIXTURES / "roster.xlsx")
    blanks = [folder / f"{form.title}.docx", folder / f"{form.title}.pdf"]
    targets = Targets(folder / "results.jsonl", folder / "汇总表.xlsx", overwrite=overwrite)
    outputs = [path for path in (*blanks, targets.lines, targets.sheet) if path]
    check_targets(*outputs, replace=overwrite, advice=ANOTHER_FOLDER)
    for blank in blanks:
        make(form, blank, kind_of(blank), overwrite=overwrite)
    good = list(islice((row for row in rows if row.record and not row.problems), _PREFILLED))
    made = [
        each.path
        for each in make_each(form, good, folder / "prefilled", "docx", overwrite=overwrite)
        if each.path
    ]
    limits = Limits(cores(), settings.time_limit, settings.memory_limit)
    inbox = _FIXTURES / "inbox"
    inbox = inbox.relative_to(Path.cwd()) if inbox.is_relative_to(Path.cwd()) else inbox
    outcome = read(
        select([inbox]), forms, Options(limits=settings.limits()), limits, targets, lambda lines: None, talk
    )
    console = Console(highlight=False, width=None if talk.is_terminal else _WIDTH)
    console.print(_table(outcome.lines, forms))
    for words, paths in (
        ("空白申请表", blanks),
        ("预填申请表", made),
        ("读取结果", [targets.lines]),
        ("汇总表", [targets.sheet]),
    ):
        for path in paths:
            console.print(f"{words}：{path}", markup=False, soft_wrap=True)


def _form_of_roster(
    forms: Mapping[str, FormDefinition], roster: Path
) -> tuple[FormDefinition, Sequence[RosterRow]]:
    """The form whose fields the roster's headings name, known by how many of its rows make a record."""
    best: tuple[int, FormDefinition, Sequence[RosterRow]] | None = None
    for form in forms.values():
        try:
            rows = roster_of(form, roster).rows
        except RosterError:
            continue
        good = sum(row.record is not None for row in rows)
        if good and (best is None or good > best[0]):
            best = good, form, rows
    if best is None:
        raise RosterError(f"{roster.name} 与已有的表格都对不上")
    return best[1], best[2]


def _table(lines: Sequence[Line], forms: Mapping[str, FormDefinition]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="读到了什么")
    for heading in ("来源", "状态", "接受", "有疑问的栏目", "为什么"):
        table.add_column(heading, overflow="fold")
    for line in sorted(lines, key=lambda line: line["source"]):
        form = forms.get(line["form"] or "")
        titles = form.titles if form else {}
        fields = line["fields"]
        doubtful = [
            titles.get(name, name) for name, result in fields.items() if result["decision"] == "review"
        ]
        accepted = f"{len(fields) - len(doubtful)}/{len(fields)}" if fields else ""
        error = line["error"]
        why = error["message"] if error else "；".join(finding["message"] for finding in line["findings"])
        state = Text(STATUS[line["status"]], style=_COLOURS[line["status"]])
        table.add_row(Text(Path(line["source"]).name), state, accepted, Text("、".join(doubtful)), Text(why))
    return table
