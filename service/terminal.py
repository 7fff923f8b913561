"""What the command line says on standard error: lines for a person, and a bar where a terminal shows it."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    """Finished a minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed * 60:.0f} 份/分" if task.speed else "… 份/分")


class _Left(ProgressColumn):
    """The time left, as whoever does the work expects it."""

    max_refresh = 0.5

    def __init__(self, left: Callable[[], float | None]) -> None:
        super().__init__()
        self._left = left

    def render(self, task: Task) -> Text:
        seconds = self._left()
        if seconds is None:
            return Text("-:--")
        return Text(f"{int(seconds) // 60}:{int(seconds) % 60:02}")


# Called once for each that is finished, with how things stand now.
Advance = Callable[[str], None]


@contextmanager
def progress(
    console: Console, what: str, total: int, left: Callable[[], float | None] | None = None
) -> Iterator[Advance]:
    """A bar with rate and time left while something is done `total` times; nothing where `console` is no
    terminal. `left` says how many seconds are left, where they differ much from one to another."""
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TextColumn("剩余"),
        _Left(left) if left else TimeRemainingColumn(),
        TextColumn("{task.fields[state]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=total, state="")
        yield lambda state: bar.update(task, advance=1, state=state)


class _StandardError(io.TextIOBase):
    """Standard error, which may be gone: a terminal that is closed in the middle of a run must cost words,
    not results."""

    encoding = "utf-8"

    def __init__(self) -> None:
        # The stream itself: while a bar is shown, `sys.stderr` stands for the console that writes to this.
        self._stream = sys.stderr

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()


def to_stderr() -> Console:
    """Standard error; texts are shown as they are, because a file's name may look like markup."""
    return Console(
        file=cast(IO[str], _StandardError()), markup=False, highlight=False, emoji=False, soft_wrap=True
    )
