"""Fixtures that several tests need: the shipped forms, and LibreOffice where it is installed."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import settings

from models.form import FormDefinition

# A deadline of an example measures how busy the machine is.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")

FIXTURES = Path(__file__).parent.parent / "fixtures"
CONVERSION_SECONDS = 120

Convert = Callable[[list[Path], str], list[Path]]
Forms = Mapping[str, FormDefinition]


@pytest.fixture(scope="session")
def forms() -> Forms:
    """Returns the definitions in fixtures/forms by name."""
    texts = (path.read_text("utf-8") for path in sorted((FIXTURES / "forms").glob("*.yaml")))
    every = [FormDefinition.model_validate(yaml.safe_load(text)) for text in texts]
    return {form.name: form for form in every}


@pytest.fixture(scope="session")
def soffice(tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """Returns a function that converts files with LibreOffice. `soffice(files, "pdf")` returns the new files
    in the same order. A filter may follow the suffix, after a colon. One call with many files takes little
    longer than one with a single file."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("needs LibreOffice: soffice is not on the path")
    profile = tmp_path_factory.mktemp("libreoffice")

    def convert(files: list[Path], suffix: str) -> list[Path]:
        folder = tmp_path_factory.mktemp("converted")
        command = [
            program,
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--convert-to",
            suffix,
            "--outdir",
            str(folder),
        ]
        # soffice is a script that starts the real program, so a time-out must end the whole group.
        process = subprocess.Popen(
            [*command, *map(str, files)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=CONVERSION_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        made = [folder / f"{file.stem}.{suffix.partition(':')[0]}" for file in files]
        missing = [file.name for file in made if not file.exists()]
        assert not missing, f"LibreOffice made no {missing}: {said.decode(errors='replace')}"
        return made

    return convert
