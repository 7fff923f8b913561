"""Runs all tests in two processes side by side: those that drive a browser, which mostly wait, and all
others.

    python -m tests [ARGUMENTS OF PYTEST]

The results of the browser tests are printed once the others are done. The exit code is 0 only where both
succeed.
"""

import subprocess
import sys
import tempfile

_PAGES = "tests/service/pages"


def main(arguments: list[str]) -> int:
    """Runs both, and returns the worse exit code."""
    pytest = [sys.executable, "-m", "pytest", *arguments]
    with tempfile.TemporaryFile("w+") as told:
        # The cache stores which tests failed last. Two processes would overwrite each other's.
        pages = subprocess.Popen(
            [*pytest, "-p", "no:cacheprovider", _PAGES], stdout=told, stderr=subprocess.STDOUT
        )
        try:
            others = subprocess.call([*pytest, "tests", f"--ignore={_PAGES}"])
            code = pages.wait()
        finally:
            if pages.poll() is None:
                pages.terminate()
                pages.wait()
            told.seek(0)
            sys.stdout.write(told.read())
    return max(abs(others), abs(code))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
