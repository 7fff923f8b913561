"""Many files converted by LibreOffice in one run, which takes little longer than one file does."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

_SECONDS = 1200  # most that a run may take


def converted(files: Sequence[Path], suffix: str) -> list[Path]:
    """Convert files to `suffix`, such as "pdf", beside each of them, and return the new ones in the same
    order. The files must lie in one folder. Raises FileNotFoundError without LibreOffice, and
    CalledProcessError or TimeoutExpired where it fails."""
    with tempfile.TemporaryDirectory() as profile:
        command = ["soffice", f"-env:UserInstallation={Path(profile).as_uri()}", "--headless", "--convert-to"]
        command += [suffix, "--outdir", str(files[0].parent), *map(str, files)]
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
    return [file.with_suffix(f".{suffix}") for file in files]
