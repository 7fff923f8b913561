"""What the commands share: the options that mean the same everywhere, and how a form is named."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import UnknownForm

if TYPE_CHECKING:
    from models.form import FormDefinition
    from service.settings import Settings

Overwrite = Annotated[bool, typer.Option("--overwrite", help="覆盖已有的文件，不写则不动它")]
FormsFolder = Annotated[Path | None, typer.Option("--forms", metavar="DIR", help="改用此文件夹中的表格定义")]


def known_forms(folder: Path | None) -> "dict[str, FormDefinition]":
    """The definitions by name, of `folder` or of where the settings say."""
    from service.forms.definitions import load_forms

    return load_forms(folder or read_settings().forms)


def choose(name: str, known: "dict[str, FormDefinition]") -> "FormDefinition":
    """The form of that name or path.

    Raises:
        UnknownForm: there is none of that name.
    """
    from service.forms.definitions import load_form

    if is_path(name):
        return load_form(Path(name))
    if name not in known:
        raise UnknownForm(f"没有名为“{name}”的表格，已有：{'、'.join(known)}")
    return known[name]


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
