"""Runs all tests, shared out among processes of which four run side by side: many tests wait for a browser, a
server or another process, and leave the processor to those that compute.

    python -m tests [ARGUMENTS OF PYTEST]

What a share printed is shown when it ends. The exit code is 0 only where all succeed.
"""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from glob import glob

# Each is a folder without the others in it, or some of the files of one. Those that take longest, or mostly
# wait, come first.
_SHARES = (
    "tests/service/pages/test_[a-i]*.py",
    "tests/service/pages/test_[!a-i]*.py",
    "tests/service/jobs",
    "tests/extractor",
    "tests/service",
    "tests",
    "tests/service/web",
    "tests/service/store",
)
_AT_ONCE = 4


def _folder(share: str) -> str:
    return share if os.path.isdir(share) else os.path.dirname(share)


def main(arguments: list[str]) -> int:
    """Runs all shares, and returns the worst exit code."""
    # The cache stores which tests failed last. Several processes would overwrite each other's.
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    # Compiled modules are kept: hundreds of processes are started, and each would compile all anew.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    running: set[subprocess.Popen[str]] = set()
    stopped = threading.Event()

    def run(share: str) -> tuple[int, str, float]:
        if stopped.is_set():
            return 1, "", 0.0
        began = time.monotonic()
        within = {_folder(other) for other in _SHARES if other.startswith(f"{share}/")}
        files = sorted(glob(share))
        command = [*pytest, *files, *(f"--ignore={other}" for other in sorted(within))]
        process = subprocess.Popen(
            command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        running.add(process)
        said, _ = process.communicate()
        running.discard(process)
        return process.returncode, said, time.monotonic() - began

    codes = []
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        try:
            shares = {threads.submit(run, share): share for share in _SHARES}
            for done in as_completed(shares):
                code, said, seconds = done.result()
                codes.append(abs(code))
                print(f"==== {shares[done]}: {seconds:.0f} s\n{said}", flush=True)
        finally:
            stopped.set()
            for process in list(running):
                process.terminate()
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
