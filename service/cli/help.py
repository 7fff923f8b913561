"""The command line's own words in Chinese: its help, and what it says of bad usage. The library has them in
English."""

import re
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException

_USAGE = "用法："
_WIDEST = 100
_INDENT = 2
_WIDEST_NAME = 24
# A line begins with none of these, and a word of Latin letters is not broken.
_CLOSING = "，。、；：？！）】》”’,.;:)"
# Where a line ended in the source: a blank that Chinese does not want.
_JOINT = re.compile(r"(?<=[^!-~]) (?=[^!-~])")
_PIECE = re.compile(r"[!-~]+|.", re.DOTALL)

# What the library says, and what it means; `{0}` is what the first pair of brackets found.
_MESSAGES: tuple[tuple[str, str], ...] = (
    (r"No such option: (\S+) \(Possible options: (.*)\)", "没有 {0} 这个选项，相近的有 {1}"),
    (r"No such option: (\S+)", "没有 {0} 这个选项"),
    (r"No such command '(.*)'\. Did you mean (.*)\?", "没有 {0} 这个命令，相近的有 {1}"),
    (r"No such command '(.*)'\. Did you mean (.*)", "没有 {0} 这个命令，相近的有 {1}"),
    (r"No such command '(.*)'\.", "没有 {0} 这个命令"),
    (r"Missing command\.", "没有写命令"),
    (r"Missing argument '(.*)'\.", "缺少参数 {0}"),
    (r"Missing option '(.*)'\.", "缺少必填的选项 {0}"),
    (r"Option '(.*)' requires an argument\.", "选项 {0} 后面要写一个值"),
    (r"Option '(.*)' does not take a value\.", "选项 {0} 后面不写值"),
    (r"Got unexpected extra argument\(s\) \((.*)\)", "多出了参数：{0}"),
    (r"(?:Input should be a valid integer|.*is not a valid int).*", "应为整数"),
    (r"(?:Input should be a valid number|.*is not a valid float).*", "应为数字"),
    (r"Input should be a finite number", "应为有限的数字"),
    (r"Input should be less than or equal to (.*)", "应不大于 {0}"),
    (r"Input should be greater than or equal to (.*)", "应不小于 {0}"),
    (
        r"(?:Value error, )?'(.*)' does not match the formats '%Y-%m-%d'\.",
        "应为日期，如 2021-03-01，写的是“{0}”",
    ),
    (r"(?:Path|File|Directory) '(.*)' does not exist\.", "没有这个文件：{0}"),
    (r"(?:Path|File) '(.*)' is a directory\.", "应为文件，但这是文件夹：{0}"),
    (r"(?:Path|Directory) '(.*)' is a file\.", "应为文件夹，但这是文件：{0}"),
    (r"(?:Path|File|Directory) '(.*)' is not (?:readable|writable)\.", "没有权限：{0}"),
    (r"Invalid value for (.*?): (.*)", "{0}：{1}"),
    (r"Invalid value: (.*)", "{0}"),
    (r"(?:Value error, )?(.*) is not one of (.*)\.", "应为 {1} 之一，写的是“{0}”"),
)
_KNOWN = [(re.compile(pattern, re.IGNORECASE | re.DOTALL), words) for pattern, words in _MESSAGES]


def explain(error: TyperException) -> str:
    """What is wrong with how a command was called, how it is called, and where more is said."""
    context = getattr(error, "ctx", None)
    if error.format_message().startswith(_USAGE):
        return error.format_message()  # called without anything, which asks for help
    wrong = f"错误：{in_chinese(error.format_message())}"
    if context is None:
        return wrong
    return f"{usage(context)}\n{wrong}\n说明和示例：{context.command_path} --help"


def in_chinese(message: str) -> str:
    """A message of the library in Chinese; one that is in Chinese already, or not known, as it is."""
    for pattern, words in _KNOWN:
        if found := pattern.fullmatch(message):
            return words.format(
                *(in_chinese(group).replace("', '", "、").replace("'", "") for group in found.groups())
            )
    return message


def usage(context: typer.Context) -> str:
    """How the command is called, in one line."""
    command = context.command
    params = command.get_params(context)
    pieces = [
        f"{min(param.opts, key=len)} {_name(param)}"
        for param in params
        if isinstance(param, TyperOption) and param.required
    ]
    arguments = [param for param in params if isinstance(param, TyperArgument)]
    pieces += [_name(param) if param.required else f"[{_name(param)}]" for param in arguments]
    commands = ["命令", "…"] if isinstance(command, TyperGroup) else []
    return " ".join([f"{_USAGE}{context.command_path}", "[选项]", *commands, *pieces])


class Command(TyperCommand):
    """A command whose help is in Chinese, and ends in examples."""

    def get_help(self, ctx: Any) -> str:
        """What `--help` shows."""
        return "\n".join(_help(self, ctx))


class Group(TyperGroup):
    """A command of commands, as `Command`."""

    def get_help(self, ctx: Any) -> str:
        """What `--help` shows."""
        return "\n".join(_help(self, ctx))


def command(
    app: typer.Typer, *examples: str, name: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds a function to `app` as a command; `examples` are whole command lines."""
    return app.command(name, cls=Command, epilog="\n".join(examples))


def in_columns(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows with blanks, by which a terminal shows their columns below each other."""
    widths = [max(map(_cells, column)) for column in zip(*rows, strict=True)]
    return [
        tuple(cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def _help(command: TyperCommand | TyperGroup, context: typer.Context) -> Iterator[str]:
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    yield usage(context)
    for paragraph in (command.help or "").split("\n\n"):
        yield ""
        yield from _wrap(_JOINT.sub("", " ".join(paragraph.split())), width, _INDENT)
    params = [param for param in command.get_params(context) if not getattr(param, "hidden", False)]
    yield from _section("参数", (_argument(one) for one in params if isinstance(one, TyperArgument)), width)
    if isinstance(command, TyperGroup):
        inner = ((name, (one.help or "").partition("\n\n")[0]) for name, one in command.commands.items())
        yield from _section("命令", inner, width)
    yield from _section("选项", (_option(one) for one in params if isinstance(one, TyperOption)), width)
    if command.epilog:
        yield ""
        yield "示例："
        # A line that is copied must not be broken.
        yield from (f"{' ' * _INDENT}{example}" for example in command.epilog.splitlines())


def _section(title: str, rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    rows = list(rows)
    if not rows:
        return
    yield ""
    yield f"{title}："
    column = _INDENT + min(_WIDEST_NAME, max(_cells(name) for name, _ in rows)) + 2
    for name, words in rows:
        lines = _wrap(words, width, column)
        first = f"{' ' * _INDENT}{name}"
        if _cells(first) + 2 > column:
            yield first
        elif lines:
            yield first + " " * (column - _cells(first)) + lines.pop(0).lstrip()
        else:
            yield first
        yield from lines


def _name(param: TyperArgument | TyperOption) -> str:
    return param.metavar or (param.name or "").upper()


def _argument(param: TyperArgument) -> tuple[str, str]:
    return _name(param), _with_notes(param.help or "", ["必填"] if param.required else [])


def _option(param: TyperOption) -> tuple[str, str]:
    names = ", ".join(sorted(param.opts, key=len))
    if not (param.is_flag or param.count):
        names += f" {_name(param)}"
    if param.name == "help":
        return names, "显示这段说明"
    notes = ["必填"] if param.required else []
    if not param.is_flag and param.default not in (None, (), []):
        notes.append(f"默认 {param.default}")
    if param.min is not None and param.max is not None:
        notes.append(f"{param.min:g} 至 {param.max:g}")
    elif param.min is not None:
        notes.append(f"不小于 {param.min:g}")
    return names, _with_notes(param.help or "", notes)


def _with_notes(words: str, notes: list[str]) -> str:
    return f"{words}（{'；'.join(notes)}）" if notes else words


def _wrap(text: str, width: int, indent: int) -> list[str]:
    """Lines of at most `width` cells of a terminal, each after `indent` blanks."""
    lines, line = list[str](), ""
    for piece in _PIECE.findall(text):
        if line and _cells(line + piece) > width - indent and piece[0] not in _CLOSING:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [" " * indent + each for each in [*lines, line] if each]


def _cells(text: str) -> int:
    """How wide a terminal shows it: a Chinese character takes two cells."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)
