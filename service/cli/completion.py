"""Completion by the Tab key: the script that a shell loads, and what may be typed where."""

import os
from typing import Annotated, Literal

import typer

from models.errors import SealformError
from service.cli.base import known_forms
from service.cli.help import command

# The shell's script asks through it.
_ASKS = "_SEALFORM_COMPLETE"


def register(app: typer.Typer) -> None:
    """Adds the command to `app`."""
    command(
        app,
        "sealform completion bash > ~/.local/share/bash-completion/completions/sealform",
        "sealform completion zsh > ~/.zfunc/_sealform",
        "sealform completion fish > ~/.config/fish/completions/sealform.fish",
    )(completion)


def completion(
    context: typer.Context,
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash、zsh 或 fish")
    ],
) -> None:
    """输出 Tab 补全的脚本：命令、选项、表格名称。放到示例中的位置后，重新打开终端即生效。

    那个文件夹还没有的，先用 mkdir -p 新建。zsh 还须在 ~/.zshrc 中写 fpath+=~/.zfunc; autoload -Uz compinit; compinit。
    """
    from typer.completion import get_completion_inspect_parameters, shell_complete

    get_completion_inspect_parameters()  # makes the shells known
    shell_complete(context.find_root().command, {}, "sealform", _ASKS, f"source_{shell}")


def prepare() -> None:
    """Lets the library answer a shell that asks; without a question this loads nothing."""
    if _ASKS in os.environ:
        from typer.completion import get_completion_inspect_parameters

        get_completion_inspect_parameters()  # makes the shells known


def form_names(incomplete: str) -> list[str]:
    """The forms whose name or title begins with what was typed; none where the definitions can't be read."""
    try:
        forms = known_forms(None).values()
    except SealformError:
        return []
    return [word for form in forms for word in (form.name, form.title) if word.startswith(incomplete)]
