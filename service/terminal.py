"""Output of the command line on standard error: lines of text for a person, and a progress bar where standard
error is a terminal."""

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
    """Shows how many submissions are finished per minute."""

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
    """Standard error that ignores write errors. A terminal may be closed in the middle of a run; the run then
    loses its messages, not its results."""

    encoding = "utf-8"

    def __init__(self) -> None:
        # The stream is taken at this moment, because rich replaces `sys.stderr` while a bar is shown, and its
        # replacement writes to this object.
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
    """Returns a console on standard error. It prints texts without markup, because a file name may look like
    markup."""
    return Console(
        file=cast(IO[str], _StandardError()), markup=False, highlight=False, emoji=False, soft_wrap=True
    )
