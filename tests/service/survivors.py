"""Who is still alive of what a test started: every descendant bears the mark, also one whose parents are
dead."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_NAME = "TEST_OF_SEALFORM"
_ANEW = "spawn_main"


@dataclass(frozen=True)
class Mark:
    """Something to put into the environment of a process, which all that it starts inherits."""

    text: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def environment(self) -> dict[str, str]:
        return {_NAME: self.text}

    def alive(self, part: bytes = b"") -> dict[int, str]:
        """{id: command line} of the processes with this mark whose command line holds `part`."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    command = (folder / "cmdline").read_bytes()
                    if (
                        part in command
                        and f"{_NAME}={self.text}".encode() in (folder / "environ").read_bytes()
                    ):
                        found[int(folder.name)] = command.replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    pass  # it has ended, or is not ours
        return found

    def readers(self) -> dict[int, str]:
        """The same of the processes that read: those that were begun anew, and copies of who asks, which
        bear his command line."""
        every = self.alive()
        return {
            process: command
            for process, command in every.items()
            if _ANEW in command or every.get(_parent(process)) == command
        }

    def wait_for_end(self, seconds: float = 20.0) -> dict[int, str]:
        """The processes that are still alive after so long; none as soon as there are none."""
        deadline = time.monotonic() + seconds
        while (found := self.alive()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found


@dataclass
class Memory:
    """The most that a worker was resident, in MiB, by the time at which it was seen."""

    peaks: list[tuple[float, float]] = field(default_factory=list)

    @property
    def most(self) -> float:
        return max(peak for _, peak in self.peaks)

    @property
    def growth(self) -> float:
        """How much higher the highest peak of the second half of the run is than that of the first: 0.05 is 5
        %."""
        middle = (self.peaks[0][0] + self.peaks[-1][0]) / 2
        first = max(peak for at, peak in self.peaks if at <= middle)
        return max(peak for at, peak in self.peaks if at > middle) / first - 1


@contextmanager
def watched(mark: Mark, every: float = 0.5) -> Iterator[Memory]:
    """Watches the workers with this mark while it is entered."""
    memory, ended = Memory(), threading.Event()

    def watch() -> None:
        while not ended.wait(every):
            for process in mark.readers():
                peak = _peak(process)
                if peak:
                    memory.peaks.append((time.monotonic(), peak))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        ended.set()
        thread.join()


def _parent(process: int) -> int:
    told = told_of(Path(f"/proc/{process}/stat"))
    return int(told[1]) if told else 0


def told_of(stat: Path) -> list[str]:
    """What the system tells of a process or thread, from its state and its parent on; nothing where it has
    ended."""
    try:
        # The name before these may hold anything.
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _peak(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
