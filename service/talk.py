"""What the command line says on standard error: lines for a person, and a bar where a terminal shows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class _Rate(ProgressColumn):
    """Finished a minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed * 60:.0f} 份/分" if task.speed else "… 份/分")


# Called once for each that is finished, with how things stand now.
Advance = Callable[[str], None]


@contextmanager
def progress(console: Console, what: str, total: int) -> Iterator[Advance]:
    """A bar with rate and time left while something is done `total` times; nothing where `console` is no terminal."""
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TextColumn("剩余"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[state]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=total, state="")
        yield lambda state: bar.update(task, advance=1, state=state)


def to_stderr() -> Console:
    """Standard error; texts are shown as they are, because a file's name may look like markup."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)
