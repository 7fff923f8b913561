"""A definition's own Word file: where it lies, and what of the form has no place in it."""

from dataclasses import dataclass
from pathlib import Path

from extractor import Options, spots_in
from models.errors import BadUsage, TooLarge
from models.form import FormDefinition
from models.template import Spot, Unplaced


@dataclass(frozen=True)
class Template:
    """The bytes of a .docx, where in it the answers go, what can't be put there, and how it is printed."""

    data: bytes
    spots: tuple[Spot, ...]
    unplaced: tuple[Unplaced, ...]
    options: Options


def template_of(form: FormDefinition, folder: Path, options: Options) -> Template | None:
    """The template of `form`, whose definition lies in `folder`; None where it has none.

    Raises:
        BadUsage: the file is missing, or leads out of the folder. UnreadableFile: it can't be read.
    """
    if form.template is None:
        return None
    path = (folder / form.template).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise BadUsage(f"模板不在定义文件所在的文件夹中：{form.template}", advice="请把模板放到定义文件旁边")
    if not path.is_file():
        raise BadUsage(f"没有模板文件：{folder / form.template}", advice="请把模板放到定义文件旁边")
    most = options.limits.file_bytes
    with path.open("rb") as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise TooLarge(f"模板超过 {most >> 20} MiB")
    return Template(data, *spots_in(form, data, options), options)
