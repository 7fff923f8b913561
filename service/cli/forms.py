"""The commands about forms: which there are, whether a definition is right, blank ones and prefilled ones."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import SealformError
from service.cli.base import (
    FormsFolder,
    Overwrite,
    check_suffix,
    choose,
    is_path,
    known_forms,
    read_settings,
    say,
)
from service.cli.completion import form_names
from service.cli.help import command, in_columns

if TYPE_CHECKING:
    from generator import Kind
    from models.form import FormDefinition
    from models.template import Unplaced
    from service.forms.templates import Template
    from service.forms.trials import Report

FormName = Annotated[
    str,
    typer.Argument(
        metavar="FORM",
        help="表格的名称或标题（见 sealform forms），或定义文件 .yaml 的路径",
        autocompletion=form_names,
    ),
]
Flat = Annotated[bool, typer.Option("--flat", help="PDF 只供打印，不能在屏幕上填写")]


def register(app: typer.Typer) -> None:
    """Adds these commands to `app`."""
    command(
        app,
        "sealform blank 表格标题 -o 空白表.docx",
        "sealform blank 表格标题 -o 空白表.pdf --flat",
    )(blank)
    command(app, "sealform roster 表格标题 -o 名册.xlsx")(roster)
    command(
        app,
        "sealform prefill 表格标题 名册.xlsx -o 预填",
        "sealform prefill 表格标题 名册.xlsx -o 预填 --to pdf",
    )(prefill)
    command(app, "sealform check 申请表.yaml")(check)
    command(app, "sealform forms", "sealform forms --add 申请表.yaml", name="forms")(list_forms)


def blank(
    form: FormName,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="输出文件，.docx 或 .pdf")],
    flat: Flat = False,
    forms: FormsFolder = None,
    overwrite: Overwrite = False,
) -> None:
    """生成空白申请表：Word，或可在屏幕上填写的 PDF。

    定义中写有 template 的，填在那份 Word 文件里，样子不变；它的 PDF 只供打印。放不进去的栏目会列出。
    """
    from service.forms.documents import kind_of, make

    kind = kind_of(output, flat)
    definition = _form(form, forms)
    template = _template(definition, form, forms)
    _tell(make(definition, output, kind, overwrite=overwrite, template=template), output)


def roster(
    form: FormName,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.xlsx", help="名册文件")],
    forms: FormsFolder = None,
    overwrite: Overwrite = False,
) -> None:
    """生成空的名册：每个栏目一列，可选的有下拉列表，必填的有标记，附一行示例。填好后用 sealform prefill 预填。"""
    from generator.roster_template import write_template
    from service.atomic_files import check_targets, write_whole

    check_suffix("-o", output, ".xlsx")
    check_targets(output, replace=overwrite)
    definition = _form(form, forms)
    write_whole(output, write_template(definition))
    say(f"已生成：{output}")


def prefill(
    form: FormName,
    data: Annotated[
        Path,
        typer.Argument(
            metavar="ROSTER",
            help="名册 .xlsx、.xls 或 .csv（每行一份），或一份记录 .json",
            exists=True,
            dir_okay=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="名册的输出文件夹，或单份记录的输出文件")
    ],
    to: Annotated[str, typer.Option("--to", metavar="docx|pdf", help="按名册生成哪一种文件")] = "docx",
    flat: Flat = False,
    forms: FormsFolder = None,
    overwrite: Overwrite = False,
) -> None:
    """按名册逐家生成预填好的申请表；有问题的行会列出，其余照常生成。"""
    from service.forms.documents import kind_of, make, read_record

    definition = _form(form, forms)
    template = _template(definition, form, forms)
    if data.suffix.lower() == ".json":
        kind, record = kind_of(output, flat), read_record(definition, data)
        _tell(make(definition, output, kind, record, overwrite=overwrite, template=template), output)
    else:
        _prefill_roster(definition, data, output, kind_of(Path(f"a.{to}"), flat), overwrite, template)


def _prefill_roster(
    definition: "FormDefinition",
    roster: Path,
    folder: Path,
    kind: "Kind",
    overwrite: bool,
    template: "Template | None",
) -> None:
    from service.forms.documents import make_each, roster_of
    from service.terminal import progress, to_stderr

    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"应为文件夹：{folder}", param_hint="-o")
    found, console = roster_of(definition, roster), to_stderr()
    rows = found.rows
    if found.left_out:
        console.print(f"没有使用的列，表格中没有这些栏目：{'、'.join(found.left_out)}")
    made = bad = 0
    lacking = False
    with progress(console, "生成", len(rows)) as advance:
        for each in make_each(definition, rows, folder, kind, overwrite=overwrite, template=template):
            made, bad = made + (each.path is not None), bad + (each.path is None)
            lacking |= each.path is not None and bool(each.problems)
            for problem in each.problems:
                console.print(problem)
            advance(f"有问题的行 {bad}")
    if not rows:
        console.print("名册里还没有填写单位（示例一行不算），没有生成文件")
        return
    console.print(
        f"共 {len(rows)} 行，生成 {made} 份，有问题的 {bad} 行" + (f"；文件在 {folder}" if made else "")
    )
    if bad or lacking:
        raise typer.Exit(1)


def list_forms(
    forms: FormsFolder = None,
    add: Annotated[
        Path | None,
        typer.Option(
            "--add",
            metavar="FILE.yaml",
            help="在服务中启用这份定义，先试填试读一遍",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="读不好也要启用的理由，记入操作日志")
    ] = None,
) -> None:
    """列出已有的表格：名称、版本、标题、字段数；加上 --add 在服务中启用一份定义。

    启用前自动填写、做成 Word、PDF 和扫描件再读回；读不好的不启用，除非用 --reason 写明理由。
    """
    if add is not None:
        _publish(add, (reason or "").strip())
        return
    rows: list[tuple[str, ...]] = [
        (form.name, form.version, form.title, f"{len(form.fields)} 个字段")
        for form in known_forms(forms).values()
    ]
    if sys.stdout.isatty():
        rows = in_columns([("名称", "版本", "标题", "字段数"), *rows])
    for row in rows:
        typer.echo("\t".join(row))


def _publish(file: Path, reason: str) -> None:
    """Puts a definition in force in the service that works on this machine's data."""
    from service.cli.operations import kept
    from service.drafting.publishing import publish
    from service.forms.definitions import load_form
    from service.store.forms import FormStore

    form = load_form(file, is_new=True)
    with kept() as place:
        publish(FormStore(place.database), form, _Trials(), reason, "cli", place.database.now)
    say(f"已启用：{form.title} {form.version} 版")


class _Trials:
    """Trials in this process, none of which are kept."""

    def kept(self, form: "FormDefinition") -> None:
        """Nothing is kept."""

    def report(self, form: "FormDefinition") -> "Report":
        """Fills the form in, prints it and reads it back."""
        from service.forms.trials import WAYS, Report, trial
        from service.processes.pool import options_of
        from service.terminal import progress, to_stderr

        with progress(to_stderr(), "试读", WAYS) as advance:
            readings = list(
                trial(
                    form,
                    None,
                    options_of(read_settings()),
                    copies=1,
                    scanned=True,
                    advance=lambda: advance(""),
                )
            )
        return Report.of(readings)


def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE.yaml...", help="表格定义文件", exists=True, dir_okay=False)
    ],
    trial: Annotated[
        bool, typer.Option("--trial", help="没有问题的再试一遍：自动填写、打印、读回，列出读不好的栏目")
    ] = False,
    copies: Annotated[
        int, typer.Option("--copies", metavar="N", help="--trial 每种文件试几份", min=1, max=100)
    ] = 3,
    scan: Annotated[bool, typer.Option("--scan", help="--trial 也试扫描件，每份约需半分钟")] = False,
) -> None:
    """检查表格定义，一次列出所有问题；加上 --trial 还试填、试读一遍。"""
    from service.forms.definitions import problems_of

    found = problems_of(files) or [problem for file in files for problem in _template_problems(file)]
    for problem in found:
        typer.echo(problem)
    say(f"检查了 {len(files)} 个文件，" + (f"有 {len(found)} 处问题" if found else "没有问题"))
    if found:
        raise typer.Exit(2)
    passed = [_passes(file, copies, scan) for file in files] if trial else []
    if not all(passed):
        raise typer.Exit(1)


def _passes(file: Path, copies: int, scanned: bool) -> bool:
    """Whether a form that is filled by itself is read back right and without a person; tells what isn't."""
    from service.forms.definitions import load_form
    from service.forms.templates import template_of
    from service.forms.trials import WAYS, Report, trial
    from service.processes.pool import options_of
    from service.terminal import progress, to_stderr

    form, options, console = load_form(file), options_of(read_settings()), to_stderr()
    template = template_of(form, file.parent, options)
    with progress(console, "试读", copies * (WAYS if scanned and template is None else WAYS - 1)) as advance:
        readings = list(
            trial(form, template, options, copies=copies, scanned=scanned, advance=lambda: advance(""))
        )
    report = Report.of(readings)
    for told in report.told:
        typer.echo(f"{file}：{told}")
    say(f"{form.title}：{report.summary}")
    return not report.told


def _template_problems(file: Path) -> list[str]:
    """What is wrong with the template of a definition that is right by itself."""
    from service.forms.definitions import load_form
    from service.forms.templates import template_of
    from service.processes.pool import options_of

    try:
        template = template_of(load_form(file), file.parent, options_of(read_settings()))
    except SealformError as error:
        return [f"{file}:1:1: template：{error}"]
    return [f"{file}:1:1: template：{one}" for one in template.unplaced] if template else []


def _form(name: str, folder: Path | None) -> "FormDefinition":
    """The definition that FORM means. A path needs no folder of definitions."""
    return choose(name, {} if is_path(name) else known_forms(folder))


def _template(form: "FormDefinition", name: str, folder: Path | None) -> "Template | None":
    """The Word file of the form that FORM means, which lies where its definition does."""
    if form.template is None:
        return None
    from service.forms.shipped import FORMS
    from service.forms.templates import template_of
    from service.processes.pool import options_of

    settings = read_settings()
    beside = Path(name).parent if is_path(name) else folder or settings.forms or FORMS
    return template_of(form, beside, options_of(settings))


def _tell(unplaced: "tuple[Unplaced, ...]", output: Path) -> None:
    """Says that a document was made, and what has no place in it, which whoever sends it must know."""
    for one in unplaced:
        say(str(one))
    say(f"已生成：{output}" + (f"，有 {len(unplaced)} 栏没有放进去" if unplaced else ""))
    if unplaced:
        raise typer.Exit(1)
