"""`sealform draft`: a definition to start from, out of a form that somebody else made."""

from pathlib import Path
from typing import Annotated

import typer

from models.errors import TooLarge
from service.cli.base import Overwrite, check_suffix, read_settings, say
from service.cli.help import command


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    command(
        app,
        "sealform draft 申请表.docx -o 申请表.yaml",
        "sealform draft 扫描件.pdf -o filing.yaml --name filing",
        "sealform draft 甲单位.docx 乙单位.docx -o 申请表.yaml",
    )(draft)


def draft(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="空白或填好的表格：Word、PDF、扫描件或照片")],
    copies: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[COPY]...", help="同一张表另外几份填好的：各份不同的字就是填写的内容"),
    ] = None,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FORM.yaml", help="写到这个文件")],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="表格的名称，默认由表名的拼音而来")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="OLD.yaml",
            help="与这份旧版定义对照：相同的栏目沿用名称，列出变化",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """由一份表格拟出定义：标题、栏目、类型、选项、内表，每处都写明依据。

    只有填好的表时，多给几份更准：各份不同的字是填写的内容，相同的是印好的。
    有旧版定义的加上 --against：相同的栏目沿用它的名称，新增、去掉、改名、移位、选项和类型的变化逐项列出。
    拿不准的地方写在文件的注释里，也列在屏幕上。拟出的定义能直接使用，但请先逐项核对。
    """
    from extractor import draft_form
    from service.atomic_files import check_targets, write_whole
    from service.forms.definitions import load_form, problems
    from service.forms.drafts import as_yaml, field_name, form_name
    from service.processes.pool import options_of

    check_suffix("-o", output, ".yaml", ".yml")
    settings = read_settings()
    check_targets(output, replace=overwrite, advice="请换一个文件名，或加上 --overwrite 覆盖")
    most = settings.limits().file_bytes
    data, *others = [_read(path, most) for path in (file, *(copies or ()))]
    old = load_form(against) if against else None
    found = draft_form(data, name or "draft", field_name, options_of(settings), old, others)
    if name is not None:
        found.form["name"] = name
    elif old is None:
        found.form["name"] = form_name(str(found.form["title"]))
    write_whole(output, as_yaml(found, file.name).encode())
    for guess in (one for one in found.guesses if one.is_doubt or one.is_change):
        where = "" if guess.place is None else f"第 {guess.place + 1} 行："
        typer.echo(f"{'变化' if guess.is_change else '请核对'}：{where}{guess.text}", err=True)
    for problem in problems(output):
        say(problem)
    changes = sum(one.is_change for one in found.guesses)
    rows = len(found.form["rows"])
    typer.echo(
        f"已拟出 {rows} 行，其中 {sum(one.is_doubt for one in found.guesses)} 处请核对"
        + (f"，与旧版有 {changes} 处不同" if old else "")
        + f"：{output}",
        err=True,
    )


def _read(path: Path, most: int) -> bytes:
    """The bytes of a file. Raises TooLarge where it has more than `most`."""
    with path.open("rb") as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise TooLarge(f"文件超过 {most >> 20} MiB")
    return data
