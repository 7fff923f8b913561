"""LibreOffice ends with whoever started it, and leaves nothing, also where that was killed without
warning."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from extractor.readers.office import _socket
from tests.service.survivors import Mark

ROOT = Path(__file__).parents[3]
OLD = ROOT / "fixtures/inbox/X01_lo_A01_lit_ballot_check.doc"
CONVERT = (
    f"from extractor.readers.office import to_docx\nto_docx(open({str(OLD)!r}, "
    "'rb').read(), '.doc', 'soffice', 300)"
)


def test_a_killed_conversion_leaves_no_process_and_no_socket(tmp_path: Path) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("needs LibreOffice: soffice is not on the path")
    mark = Mark()
    environment = {**os.environ, **mark.environment, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", CONVERT], cwd=ROOT, env=environment)
    deadline = time.monotonic() + 120
    sockets: list[Path] = []
    while not any(socket.exists() for socket in sockets) and time.monotonic() < deadline:
        assert process.poll() is None
        sockets = [_socket((folder / "profile").as_uri()) for folder in tmp_path.glob("sealform-*")]
        time.sleep(0.02)
    assert [socket.exists() for socket in sockets] == [True], "its name is known"
    process.kill()
    process.wait()
    assert mark.wait_for_end() == {}
    assert [socket.exists() for socket in sockets] == [False]
