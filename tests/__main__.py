"""Runs all tests in four processes side by side: the browser tests, the tests of workers and the other tests
of the service, which mostly wait for something, and all others, which compute.

    python -m tests [ARGUMENTS OF PYTEST]

The first three write into files, which are printed once the others are done. The exit code is 0 only where
all four succeed.
"""

import subprocess
import sys
import tempfile
from contextlib import ExitStack

# Each is a folder without the folders before it.
_ASIDE = ("tests/service/pages", "tests/service/jobs", "tests/service")


def main(arguments: list[str]) -> int:
    """Runs all four, and returns the worst exit code."""
    pytest = [sys.executable, "-m", "pytest", *arguments]
    codes = []
    with ExitStack() as started:
        aside = []
        for number, folder in enumerate(_ASIDE):
            told = started.enter_context(tempfile.TemporaryFile("w+"))
            # The cache stores which tests failed last. Several processes would overwrite each other's.
            command = [*pytest, "-p", "no:cacheprovider", folder, *_without(_ASIDE[:number])]
            one = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT)
            started.callback(_end, one)
            aside.append((one, told))
        codes.append(subprocess.call([*pytest, "tests", *_without(_ASIDE)]))
        for one, told in aside:
            codes.append(one.wait())
            told.seek(0)
            sys.stdout.write(told.read())
    return max(abs(code) for code in codes)


def _without(folders: tuple[str, ...]) -> list[str]:
    return [f"--ignore={folder}" for folder in folders]


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
