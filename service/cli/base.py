"""What the commands share: the options that mean the same everywhere, and how a form is named."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import BadUsage, UnknownForm

if TYPE_CHECKING:
    from models.form import FormDefinition
    from service.settings import Settings

_DOCUMENTS = (".xls", ".csv", ".et", ".ods", ".doc", ".docx", ".pdf")

Overwrite = Annotated[bool, typer.Option("--overwrite", help="覆盖已有的文件，不写则不动它")]
FormsFolder = Annotated[Path | None, typer.Option("--forms", metavar="DIR", help="改用此文件夹中的表格定义")]


def known_forms(folder: Path | None) -> "dict[str, FormDefinition]":
    """The definitions by name, of `folder` or of where the settings say.

    Raises:
        BadUsage: there is no such folder.
        DefinitionError: one of them is wrong.
    """
    from service.atomic_files import near
    from service.forms.definitions import load_forms

    folder, said = folder or read_settings().forms, "--forms" if folder else "SEALFORM_FORMS"
    if folder and not folder.is_dir():
        raise BadUsage(f"没有这个文件夹：{folder}{near(folder)}", advice=f"请检查 {said}")
    return load_forms(folder)


def choose(name: str, known: "dict[str, FormDefinition]") -> "FormDefinition":
    """The form of that name or title, or of that path.

    Raises:
        UnknownForm: there is none, or several bear the title.
    """
    from service.forms.definitions import load_form

    if is_path(name):
        return load_form(Path(name))
    if name in known:
        return known[name]
    titled = [form for form in known.values() if form.title == name.strip()]
    if len(titled) == 1:
        return titled[0]
    have = "、".join(f"{form.name}（{form.title}）" for form in titled or known.values())
    if titled:
        raise UnknownForm(f"有几种表格的标题都是“{name}”：{have}", advice="请写名称")
    raise UnknownForm(f"没有名为“{name}”的表格，已有：{have}")


def check_suffix(option: str, path: Path | None, *suffixes: str) -> None:
    """Finds out whether a file that is to be written is called what it will be.

    Raises:
        BadUsage: another program would take it for something else.
    """
    if path is not None and path.suffix.lower() not in suffixes:
        raise BadUsage(
            f"{option} 写的文件名应以 {suffixes[0]} 结尾，写的是“{path.name}”",
            advice="请改正文件名",
        )


def check_outputs(lines: Path | None, sheet: Path | None) -> None:
    """Finds out whether results and sheet are not called what they are not, so that nothing opens them.

    Raises:
        BadUsage: one is.
    """
    if lines is not None and lines.suffix.lower() in (".xlsx", *_DOCUMENTS):
        raise BadUsage(
            f"-o 写出的是 JSON lines，不是 {lines.suffix} 文件：{lines}",
            advice="请改名为 .jsonl；汇总表请用 --xlsx 给出",
        )
    if sheet is not None and sheet.suffix.lower() in (".jsonl", ".json", *_DOCUMENTS):
        raise BadUsage(f"--xlsx 写出的是 .xlsx，不是 {sheet.suffix} 文件：{sheet}", advice="请改名为 .xlsx")


def is_path(name: str) -> bool:
    """Whether a form is named by the file of its definition."""
    return Path(name).suffix.lower() in (".yaml", ".yml")


def read_settings() -> "Settings":
    """The settings, as the environment says."""
    from service.settings import Settings

    return Settings.read(os.environ)


def say(text: str) -> None:
    """Talk goes to standard error, which leaves standard output to data."""
    typer.echo(text, err=True)
