"""A real terminal for the command."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

from tests.service.survivors import Mark

ROOT = Path(__file__).parents[2]
SECONDS = 90


class Terminal:
    """A command in a session of its own whose terminal we hold."""

    def __init__(self, folder: Path, *arguments: str, module: str = "service.cli") -> None:
        self.mark, self.shown = Mark(), ""
        self._ours, theirs = pty.openpty()
        # Wide enough for the whole bar.
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, b"\x20\x00\xf0\x00" + bytes(4))
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            **self.mark.environment,
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm",
            "TMPDIR": str(temporary),
        }

        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # Whoever runs the tests in the background may have these ignored.
            for name in (signal.SIGINT, signal.SIGHUP):
                signal.signal(name, signal.SIG_DFL)

        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=folder, env=environment, start_new_session=True,
            stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=take_terminal,
        )  # fmt: skip
        os.close(theirs)

    def press(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def kill(self) -> None:
        self.process.kill()

    def hang_up(self) -> None:
        os.close(self._ours)

    def show_until(self, is_enough: Callable[[], bool]) -> None:
        """Takes what is shown until then, or until the command ends."""
        deadline = time.monotonic() + SECONDS
        while not is_enough():
            assert time.monotonic() < deadline, self.shown
            if select.select([self._ours], [], [], 0.05)[0]:
                try:
                    data = os.read(self._ours, 65536)
                except OSError:
                    break  # nobody holds the other end any more
                self.shown += data.decode("utf-8", "replace")
        if self.process.poll() is not None:
            self.process.wait()

    def end(self) -> int:
        self.show_until(lambda: False)
        return self.process.wait(SECONDS)
